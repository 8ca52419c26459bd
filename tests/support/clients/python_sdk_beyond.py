"""azure-storage-blob: what Azurite answers with 501, or not as Azure does."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import BlobBlock, BlobServiceClient, ImmutabilityPolicy, RetentionPolicy

from clients.place import Place, noise

PAGE = 512
MIB = 1 << 20


class PythonSdkBeyond:
    """The synchronous SDK, and what is asked of Azurite in its issues."""

    def __init__(self, place: Place) -> None:
        self._service = BlobServiceClient.from_connection_string(place.connection, retry_total=0)
        self._box = self._service.get_container_client(place.name)
        self._box.create_container()
        self._box.upload_blob("source", noise(3 * MIB))
        self._source = f"{self._box.url}/source?{place.sas('r')}"

    def _close(self) -> None:
        self._service.set_service_properties(delete_retention_policy=RetentionPolicy(enabled=False))
        self._service.close()

    def put_a_blob_from_a_url(self) -> None:
        copy = self._box.get_blob_client("from-url")
        copy.upload_blob_from_url(self._source)
        assert copy.download_blob().readall() == noise(3 * MIB)

    def put_blocks_from_a_url(self) -> None:
        copy = self._box.get_blob_client("from-url-blocks")
        copy.stage_block_from_url("a", self._source, source_offset=MIB, source_length=MIB)
        copy.stage_block_from_url("b", self._source, source_offset=0, source_length=MIB)
        copy.commit_block_list([BlobBlock("b"), BlobBlock("a")])
        assert copy.download_blob().readall() == noise(3 * MIB)[: 2 * MIB]

    def append_from_a_url(self) -> None:
        copy = self._box.get_blob_client("from-url-appended")
        copy.create_append_blob()
        copy.append_block_from_url(self._source, source_offset=10, source_length=1000)
        assert copy.download_blob().readall() == noise(3 * MIB)[10:1010]

    def put_pages_from_a_url(self) -> None:
        copy = self._box.get_blob_client("from-url-pages")
        copy.create_page_blob(4 * PAGE)
        copy.upload_pages_from_url(self._source, offset=PAGE, length=PAGE, source_offset=0)
        assert copy.download_blob().readall() == bytes(PAGE) + noise(3 * MIB)[:PAGE] + bytes(2 * PAGE)

    def tell_which_pages_changed(self) -> None:
        disk = self._box.get_blob_client("disk")
        disk.create_page_blob(8 * PAGE)
        disk.upload_page(noise(2 * PAGE), offset=0, length=2 * PAGE)
        before = disk.create_snapshot()
        disk.upload_page(noise(PAGE, 3), offset=4 * PAGE, length=PAGE)
        disk.clear_page(offset=0, length=PAGE)
        found = [(one.start, one.end, one.cleared) for one in disk.list_page_ranges(previous_snapshot=before)]
        assert sorted(found) == [(0, 511, True), (2048, 2559, False)]

    def undelete_a_blob(self) -> None:
        self._service.set_service_properties(delete_retention_policy=RetentionPolicy(enabled=True, days=7))
        time.sleep(0.1)
        blob = self._box.get_blob_client("precious")
        blob.upload_blob(b"kept")
        blob.delete_blob()
        with pytest.raises(ResourceNotFoundError):
            blob.download_blob()
        found = list(self._box.list_blobs("precious", include=["deleted"]))
        assert [(one.name, one.deleted, one.remaining_retention_days is not None) for one in found] == [
            ("precious", True, True)
        ]
        blob.undelete_blob()
        assert blob.download_blob().readall() == b"kept"

    def keep_what_is_overwritten(self) -> None:
        blob = self._box.get_blob_client("overwritten")
        blob.upload_blob(b"first")
        blob.upload_blob(b"second", overwrite=True)
        kept = [one for one in self._box.list_blobs("overwritten", include=["deleted", "snapshots"]) if one.deleted]
        assert len(kept) == 1
        blob.undelete_blob()
        with self._box.get_blob_client("overwritten", snapshot=kept[0].snapshot) as old:
            assert old.download_blob().readall() == b"first"

    def set_a_legal_hold(self) -> None:
        blob = self._box.get_blob_client("held")
        blob.upload_blob(b"evidence")
        blob.set_legal_hold(True)
        assert blob.get_blob_properties().has_legal_hold
        with pytest.raises(HttpResponseError):
            blob.delete_blob()
        with pytest.raises(HttpResponseError):
            blob.upload_blob(b"other", overwrite=True)
        blob.set_legal_hold(False)
        blob.delete_blob()

    def set_an_immutability_policy(self) -> None:
        blob = self._box.get_blob_client("immutable")
        blob.upload_blob(b"evidence")
        until = datetime.now(UTC) + timedelta(days=1)
        blob.set_immutability_policy(ImmutabilityPolicy(expiry_time=until, policy_mode="Unlocked"))
        assert blob.get_blob_properties().immutability_policy.policy_mode.lower() == "unlocked"
        with pytest.raises(HttpResponseError):
            blob.delete_blob()
        blob.delete_immutability_policy()
        blob.delete_blob()

    def undelete_a_container(self) -> None:
        self._box.delete_container()
        name = self._box.container_name
        gone = [one for one in self._service.list_containers(name, include_deleted=True) if one.name == name]
        assert [one.deleted for one in gone] == [True]
        self._service.undelete_container(name, gone[0].version)
        assert self._box.download_blob("source").readall() == noise(3 * MIB)
