"""The blob service is the same over every catalog and every object store."""

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError
from azure.storage.blob import BlobBlock, BlobServiceClient, ContainerClient

import strongroom
from strongroom.testing.blob_service import blob_service

SIZES = (0, 1, 4096, 64 * 1024 + 1, 3 << 20)


@pytest.fixture(params=["sqlite+directory", "postgresql+directory", "sqlite+s3", "postgresql+azure"])
def container(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ContainerClient]:
    """A container of a served room, by the official client."""
    catalog, vault = request.param.split("+")
    settings: dict[str, str] = {}
    if catalog == "postgresql":
        make: Callable[[], str] = request.getfixturevalue("new_postgres")
        settings["catalog_url"] = make()
    if vault == "s3":
        settings["vault_url"] = f"s3://{request.getfixturevalue('bucket')}/vault"
    elif vault == "azure":
        settings["vault_url"] = f"az://{request.getfixturevalue('azure_container')}/vault"
    with (
        strongroom.init(tmp_path / "room", **settings) as room,
        blob_service(room) as service,
        BlobServiceClient.from_connection_string(service.connection_string) as client,
    ):
        yield client.create_container("things")


def test_blobs_of_every_size_come_back(container: ContainerClient):
    bodies = {f"{size}.bin": random.Random(size).randbytes(size) for size in SIZES}
    for name, body in bodies.items():
        container.upload_blob(name, body, metadata={"size": str(len(body))})
    assert [blob.name for blob in container.list_blobs()] == sorted(bodies)
    for name, body in bodies.items():
        assert container.download_blob(name).readall() == body
        assert (
            container.download_blob(name, offset=len(body) // 2, length=max(len(body) // 4, 1)).readall()
            == (body[len(body) // 2 :][: max(len(body) // 4, 1)])
            if body
            else True
        )
        assert container.get_blob_client(name).get_blob_properties().metadata == {"size": str(len(body))}


def test_blocks_appends_pages_copies_and_snapshots(container: ContainerClient):
    blocks = [os.urandom(100_000) for _ in range(3)]
    blob = container.get_blob_client("blocks")
    for number, block in enumerate(blocks):
        blob.stage_block(f"{number:04}", block)
    blob.commit_block_list([BlobBlock(f"{number:04}") for number in (2, 0, 1)])
    assert blob.download_blob().readall() == blocks[2] + blocks[0] + blocks[1]

    log = container.get_blob_client("log")
    log.create_append_blob()
    for number in range(3):
        log.append_block(f"line {number}\n")
    assert log.download_blob().readall() == b"line 0\nline 1\nline 2\n"

    disk = container.get_blob_client("disk")
    disk.create_page_blob(1 << 20)
    disk.upload_page(b"\x07" * 1024, offset=512, length=1024)
    assert disk.download_blob(offset=0, length=2048).readall() == bytes(512) + b"\x07" * 1024 + bytes(512)

    copy = container.get_blob_client("copy")
    copy.start_copy_from_url(blob.url)
    snapshot = blob.create_snapshot()["snapshot"]
    blob.upload_blob(b"new", overwrite=True)
    assert copy.download_blob().readall() == blocks[2] + blocks[0] + blocks[1]
    assert container.get_blob_client("blocks", snapshot=snapshot).download_blob().readall() == copy.download_blob().readall()


def test_conditions_and_leases_hold(container: ContainerClient):
    blob = container.get_blob_client("one")
    first = blob.upload_blob(b"1")
    with pytest.raises(ResourceExistsError):
        blob.upload_blob(b"2")
    blob.upload_blob(b"2", overwrite=True)
    with pytest.raises(ResourceModifiedError):
        blob.delete_blob(etag=first["etag"], match_condition=_if_same())
    lease = blob.acquire_lease(15)
    with pytest.raises(HttpResponseError, match="lease"):
        blob.delete_blob()
    blob.delete_blob(lease=lease)
    assert not blob.exists()


def _if_same() -> object:
    from azure.core import MatchConditions

    return MatchConditions.IfNotModified
