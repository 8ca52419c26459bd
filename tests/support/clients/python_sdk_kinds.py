"""azure-storage-blob: append blobs and page blobs."""

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient, BlobType

from clients.place import Place, noise

PAGE = 512


class PythonSdkKinds:
    """The synchronous SDK, with blobs that grow and blobs of pages."""

    def __init__(self, place: Place) -> None:
        self._service = BlobServiceClient.from_connection_string(place.connection, retry_total=0)
        self._box = self._service.get_container_client(place.name)
        self._box.create_container()

    def _close(self) -> None:
        self._box.delete_container()
        self._service.close()

    def append(self) -> None:
        blob = self._box.get_blob_client("log")
        blob.create_append_blob(metadata={"kind": "log"})
        offsets = [blob.append_block(noise(1000, number))["blob_append_offset"] for number in range(5)]
        assert offsets == [str(number * 1000) for number in range(5)]
        assert blob.download_blob().readall() == b"".join(noise(1000, number) for number in range(5))
        assert blob.get_blob_properties().append_blob_committed_block_count == 5

    def append_at_a_position(self) -> None:
        blob = self._box.get_blob_client("log")
        with pytest.raises(HttpResponseError, match="AppendPositionConditionNotMet"):
            blob.append_block(b"x", appendpos_condition=10)
        with pytest.raises(HttpResponseError, match="MaxBlobSizeConditionNotMet"):
            blob.append_block(b"x", maxsize_condition=10)
        blob.append_block(b"x", appendpos_condition=5000, maxsize_condition=5001)

    def append_a_stream(self) -> None:
        data = noise(300_000)
        self._box.upload_blob("grown", data[:100_000], blob_type=BlobType.APPENDBLOB)
        self._box.upload_blob("grown", data[100_000:], blob_type=BlobType.APPENDBLOB)
        assert self._box.download_blob("grown").readall() == data

    def seal(self) -> None:
        blob = self._box.get_blob_client("log")
        blob.seal_append_blob()
        with pytest.raises(HttpResponseError):
            blob.append_block(b"y")
        assert self._box.download_blob("log").readall()[-1:] == b"x"

    def write_pages(self) -> None:
        blob = self._box.get_blob_client("disk")
        blob.create_page_blob(8 * PAGE)
        blob.upload_page(noise(2 * PAGE), offset=PAGE, length=2 * PAGE)
        blob.upload_page(noise(PAGE, 2), offset=6 * PAGE, length=PAGE)
        zeros = bytes(PAGE)
        expected = zeros + noise(2 * PAGE) + 3 * zeros + noise(PAGE, 2) + zeros
        assert blob.download_blob().readall() == expected
        assert [(one.start, one.end) for one in blob.list_page_ranges()] == [(512, 1535), (3072, 3583)]

    def clear_pages(self) -> None:
        blob = self._box.get_blob_client("disk")
        blob.clear_page(offset=2 * PAGE, length=PAGE)
        assert [(one.start, one.end) for one in blob.list_page_ranges()] == [(512, 1023), (3072, 3583)]

    def resize_and_number(self) -> None:
        blob = self._box.get_blob_client("disk")
        blob.resize_blob(4 * PAGE)
        assert blob.get_blob_properties().size == 4 * PAGE
        blob.set_sequence_number("update", "7")
        blob.set_sequence_number("increment")
        assert blob.get_blob_properties().page_blob_sequence_number == 8
        with pytest.raises(HttpResponseError, match="SequenceNumberConditionNotMet"):
            blob.upload_page(noise(PAGE), offset=0, length=PAGE, if_sequence_number_lt=8)

    def put_pages_as_a_stream(self) -> None:
        data = noise(64 * PAGE)
        self._box.upload_blob("image", data, blob_type=BlobType.PAGEBLOB)
        assert self._box.download_blob("image").readall() == data

    def refuse_what_is_of_another_kind(self) -> None:
        self._box.upload_blob("block", b"x")
        with pytest.raises(HttpResponseError, match="InvalidBlobType"):
            self._box.get_blob_client("block").append_block(b"x")
        with pytest.raises(HttpResponseError, match="InvalidBlobType"):
            self._box.get_blob_client("block").upload_page(noise(PAGE), offset=0, length=PAGE)

    def list_kinds(self) -> None:
        found = {one.name: one.blob_type for one in self._box.list_blobs()}
        assert (found["disk"], found["log"], found["block"]) == (BlobType.PAGEBLOB, BlobType.APPENDBLOB, BlobType.BLOCKBLOB)
