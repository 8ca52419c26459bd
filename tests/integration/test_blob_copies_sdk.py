"""Copies, From-URL operations and pages over HTTP, as Azure's own client asks for them."""

import time
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import (
    BlobBlock,
    BlobClient,
    BlobSasPermissions,
    BlobServiceClient,
    BlobType,
    ContainerClient,
    StandardBlobTier,
    generate_blob_sas,
)

import strongroom
from strongroom.testing.blob_service import Service, blob_service

LARGE = bytes(range(256)) * 2048
PAGE = 512
PATIENCE = 60.0


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with strongroom.init(tmp_path_factory.mktemp("served") / "room") as room, blob_service(room) as running:
        yield running


@pytest.fixture
def client(service: Service) -> Iterator[BlobServiceClient]:
    with BlobServiceClient.from_connection_string(service.connection_string, retry_total=0) as made:
        yield made


@pytest.fixture
def box(client: BlobServiceClient, request: pytest.FixtureRequest) -> ContainerClient:
    name = request.node.name.replace("_", "-").removeprefix("test-")[:63].strip("-")
    return client.create_container(name)


@pytest.fixture
def source(box: ContainerClient) -> BlobClient:
    return box.upload_blob("source é & co.bin", LARGE, metadata={"one": "1"}, tags={"k": "v"})


def signed(blob: BlobClient, service: Service, *, read: bool = True) -> str:
    sas = generate_blob_sas(
        account_name=service.account,
        container_name=blob.container_name,
        blob_name=blob.blob_name,
        account_key=service.key,
        permission=BlobSasPermissions(read=read, write=not read),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    return f"{blob.url}?{sas}"


def code_of(error: pytest.ExceptionInfo[HttpResponseError]) -> tuple[int | None, str | None]:
    code = getattr(error.value, "error_code", None)
    return error.value.status_code, getattr(code, "value", code)


def test_a_copy_is_there_when_the_reply_is(box: ContainerClient, source: BlobClient) -> None:
    target = box.get_blob_client("copy")
    told = target.start_copy_from_url(source.url)
    assert told["copy_status"] == "success"
    properties = target.get_blob_properties()
    assert (properties.metadata, properties.copy.status, properties.copy.id) == ({"one": "1"}, "success", told["copy_id"])
    assert (properties.copy.source, properties.copy.progress) == (source.url, f"{len(LARGE)}/{len(LARGE)}")
    assert target.download_blob().readall() == LARGE
    told = target.start_copy_from_url(source.url, requires_sync=True, metadata={"two": "2"}, tags={"x": "y"})
    assert (told["copy_status"], target.get_blob_properties().metadata, target.get_blob_tags()) == (
        "success",
        {"two": "2"},
        {"x": "y"},
    )
    with pytest.raises(HttpResponseError) as caught:
        target.abort_copy(told["copy_id"])
    assert code_of(caught) == (409, "NoPendingCopyOperation")


def test_a_signed_source_is_read_and_one_that_may_not_be_is_not(
    box: ContainerClient, source: BlobClient, service: Service
) -> None:
    target = box.get_blob_client("copy")
    assert target.start_copy_from_url(signed(source, service))["copy_status"] == "success"
    assert target.get_blob_properties().copy.source == source.url
    missing = box.get_blob_client("missing")
    for url, expected in (
        (signed(source, service).replace("sig=", "sig=A"), (403, "CannotVerifyCopySource")),
        (signed(source, service, read=False), (403, "CannotVerifyCopySource")),
        (signed(missing, service), (404, "CannotVerifyCopySource")),
        (missing.url, (404, "BlobNotFound")),
        ("http://169.254.169.254/latest/meta-data", (404, "CannotVerifyCopySource")),
        (source.url.replace(f":{service.port}", ":1"), (404, "CannotVerifyCopySource")),
    ):
        with pytest.raises(HttpResponseError) as caught:
            target.start_copy_from_url(url)
        assert code_of(caught) == expected, url


def test_blobs_blocks_and_appends_come_from_urls(box: ContainerClient, source: BlobClient, service: Service) -> None:
    url = signed(source, service)
    target = box.get_blob_client("put")
    target.upload_blob_from_url(url, overwrite=True, tags={"x": "y"}, standard_blob_tier=StandardBlobTier.COOL)
    properties = target.get_blob_properties()
    assert (target.download_blob().readall(), properties.blob_tier, target.get_blob_tags()) == (LARGE, "Cool", {"x": "y"})
    with pytest.raises(HttpResponseError) as caught:
        target.upload_blob_from_url(url, overwrite=False)
    assert code_of(caught) == (409, "BlobAlreadyExists")
    half = len(LARGE) // 2
    blocks = box.get_blob_client("blocks")
    blocks.stage_block_from_url(b64encode(b"1").decode(), url, source_offset=0, source_length=half)
    blocks.stage_block_from_url(b64encode(b"2").decode(), url, source_offset=half, source_length=half)
    blocks.commit_block_list([BlobBlock(b64encode(b"1").decode()), BlobBlock(b64encode(b"2").decode())])
    assert blocks.download_blob().readall() == LARGE
    log = box.get_blob_client("log")
    log.create_append_blob()
    assert log.append_block_from_url(url, source_offset=1, source_length=10)["blob_append_offset"] == "0"
    assert log.append_block_from_url(url)["blob_committed_block_count"] == 2
    assert log.download_blob().readall() == LARGE[1:11] + LARGE


def test_pages_are_written_listed_and_compared(box: ContainerClient, source: BlobClient, service: Service) -> None:
    disk = box.get_blob_client("disk")
    disk.create_page_blob(8 * PAGE)
    disk.upload_page(b"a" * PAGE, offset=0, length=PAGE)
    disk.upload_page(b"b" * 2 * PAGE, offset=4 * PAGE, length=2 * PAGE, validate_content=True)
    before = disk.create_snapshot()["snapshot"]
    disk.clear_page(0, PAGE)
    told = disk.upload_pages_from_url(signed(source, service), offset=7 * PAGE, length=PAGE, source_offset=PAGE)
    assert told["blob_sequence_number"] == 0
    expected = bytes(4 * PAGE) + b"b" * 2 * PAGE + bytes(PAGE) + LARGE[PAGE : 2 * PAGE]
    assert disk.download_blob().readall() == expected
    assert disk.download_blob(offset=PAGE - 1, length=PAGE).readall() == bytes(PAGE)
    assert [(one.start, one.end) for one in disk.list_page_ranges()] == [(4 * PAGE, 6 * PAGE - 1), (7 * PAGE, 8 * PAGE - 1)]
    paged = list(disk.list_page_ranges(results_per_page=1))
    assert len(paged) == 2
    changed = [(one.start, one.end, one.cleared) for one in disk.list_page_ranges(previous_snapshot=before)]
    assert sorted(changed) == [(0, PAGE - 1, True), (7 * PAGE, 8 * PAGE - 1, False)]
    disk.resize_blob(2 * PAGE)
    disk.set_sequence_number("update", "7")
    properties = disk.get_blob_properties()
    assert (properties.size, properties.page_blob_sequence_number, properties.blob_type) == (2 * PAGE, 7, BlobType.PAGEBLOB)
    with pytest.raises(HttpResponseError) as caught:
        disk.upload_page(b"a" * PAGE, offset=0, length=PAGE, if_sequence_number_lt=7)
    assert code_of(caught) == (412, "SequenceNumberConditionNotMet")
    box.get_blob_client("backup").start_copy_from_url(f"{disk.url}?snapshot={before}", incremental_copy=True)
    assert box.get_blob_client("backup").get_blob_properties().copy.incremental_copy


def test_a_mounted_folder_is_a_source_too(service: Service, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (tmp_path / "photo.bin").write_bytes(LARGE)
    with strongroom.init(tmp_path_factory.mktemp("mounted") / "room") as room:
        room.mount(str(tmp_path), name="pictures")
        with blob_service(room) as running:
            made = BlobServiceClient.from_connection_string(running.connection_string, retry_total=0)
            box = made.create_container("letters")
            seen = made.get_blob_client("pictures", "photo.bin")
            box.get_blob_client("a").upload_blob_from_url(seen.url)
            assert box.get_blob_client("a").download_blob().readall() == LARGE
            told = box.get_blob_client("b").start_copy_from_url(seen.url, requires_sync=True)
            assert told["copy_status"] == "success"
            assert box.get_blob_client("b").download_blob().readall() == LARGE
            with pytest.raises(HttpResponseError) as caught:
                made.get_blob_client("pictures", "new").upload_blob_from_url(box.get_blob_client("a").url)
            assert caught.value.status_code == 403
            made.close()


def test_another_room_is_copied_from_where_the_setting_opens_it(
    service: Service, source: BlobClient, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The copy goes on after the reply: whoever polls sees it end."""
    url = signed(source, service)
    folder = tmp_path_factory.mktemp("elsewhere")
    with (
        strongroom.init(folder / "room", copy_sources="127.0.0.0/8") as room,
        blob_service(room) as running,
        BlobServiceClient.from_connection_string(running.connection_string, retry_total=0) as made,
    ):
        box = made.create_container("letters")
        target = box.get_blob_client("a")
        assert target.start_copy_from_url(url)["copy_status"] in ("pending", "success")
        end = time.monotonic() + PATIENCE
        while target.get_blob_properties().copy.status == "pending" and time.monotonic() < end:
            time.sleep(0.05)
        properties = target.get_blob_properties()
        assert (properties.copy.status, properties.copy.progress) == ("success", f"{len(LARGE)}/{len(LARGE)}")
        assert (target.download_blob().readall(), properties.metadata) == (LARGE, {"one": "1"})
        box.get_blob_client("b").upload_blob_from_url(url)
        assert box.get_blob_client("b").download_blob().readall() == LARGE
        with pytest.raises(HttpResponseError) as caught:
            target.start_copy_from_url(url.replace("sig=", "sig=A"))
        assert code_of(caught) == (403, "CannotVerifyCopySource")
