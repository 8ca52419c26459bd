"""Deleting, versions, snapshots, tiers and holds, asked by Azure's own client."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import (
    BlobClient,
    BlobServiceClient,
    ContainerClient,
    ContentSettings,
    ImmutabilityPolicy,
    RetentionPolicy,
)

import strongroom
from strongroom.room import Room
from strongroom.testing.azure import EVERYTHING
from strongroom.testing.blob_service import blob_service
from strongroom.vault import Keeping


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with strongroom.init(tmp_path / "room") as opened:
        yield opened


@pytest.fixture
def client(room: Room) -> Iterator[BlobServiceClient]:
    with (
        blob_service(room) as service,
        BlobServiceClient.from_connection_string(service.connection_string, retry_total=0) as connected,
    ):
        yield connected


@pytest.fixture
def box(client: BlobServiceClient) -> ContainerClient:
    return client.create_container("box")


def keep_versions(room: Room) -> None:
    room.vault.set_keeping(room.vault.container("box", EVERYTHING), Keeping(keeps_versions=True))


def versions(box: ContainerClient, name: str) -> list[str]:
    return [one.version_id for one in box.list_blobs(include=["versions"]) if one.name == name]


def code(caught: pytest.ExceptionInfo[HttpResponseError]) -> tuple[int | None, str]:
    return caught.value.status_code, str(getattr(caught.value.error_code, "value", caught.value.error_code))


def at_version(blob: BlobClient, version: str) -> bytes:
    return blob.download_blob(version_id=version).readall()


def test_versions_are_kept_listed_read_promoted_and_deleted(room: Room, box: ContainerClient):
    keep_versions(room)
    blob = box.get_blob_client("a")
    first, second = (blob.upload_blob(data, overwrite=True)["version_id"] for data in (b"version1", b"version2"))
    assert versions(box, "a") == [first, second]
    assert (at_version(blob, first), blob.download_blob().readall()) == (b"version1", b"version2")
    assert blob.get_blob_properties().version_id == second
    blob.start_copy_from_url(f"{blob.url}?versionid={first}")
    assert blob.download_blob().readall() == b"version1"
    assert len(versions(box, "a")) == 3
    blob.delete_blob()
    assert not blob.exists()
    assert len(versions(box, "a")) == 3
    assert [one.has_versions_only for one in box.list_blobs(include=["deletedwithversions"])] == [True]
    blob.delete_blob(version_id=first)
    assert first not in versions(box, "a")
    with pytest.raises(ResourceNotFoundError):
        blob.download_blob(version_id="2020-01-01T00:00:00.0000000Z")


def test_metadata_and_snapshots_make_versions(room: Room, box: ContainerClient):
    keep_versions(room)
    blob = box.get_blob_client("a")
    first = blob.upload_blob(b"version1")["version_id"]
    second = blob.set_blob_metadata({"k": "v"})["version_id"]
    third = blob.create_snapshot()["version_id"]
    assert versions(box, "a") == [first, second, third]
    assert blob.get_blob_properties(version_id=first).metadata == {}
    with pytest.raises(ResourceExistsError):
        blob.delete_blob()
    blob.delete_blob(delete_snapshots="include")
    assert versions(box, "a") == [first, second, third]
    assert not [one for one in box.list_blobs(include=["snapshots"]) if one.snapshot]


def test_deleted_blobs_are_listed_and_come_back(client: BlobServiceClient, box: ContainerClient):
    client.set_service_properties(delete_retention_policy=RetentionPolicy(enabled=True, days=5))
    blob = box.upload_blob("a", b"first", metadata={"k": "v"})
    blob.create_snapshot()
    blob.delete_blob(delete_snapshots="include")
    assert not list(box.list_blobs(include=["snapshots"]))
    gone = list(box.list_blobs(include=["deleted", "snapshots"]))
    assert sorted((one.deleted, bool(one.snapshot)) for one in gone) == [(True, False), (True, True)]
    assert {one.remaining_retention_days for one in gone} <= {4, 5}
    blob.undelete_blob()
    assert blob.download_blob().readall() == b"first"
    assert len(list(box.list_blobs(include=["snapshots"]))) == 2
    assert blob.get_blob_properties().metadata == {"k": "v"}


def test_headers_are_cleared_and_tiers_set(box: ContainerClient):
    blob = box.upload_blob("a", b"first", content_settings=ContentSettings(content_type="text/plain", cache_control="no-store"))
    blob.set_http_headers(ContentSettings(content_language="de"))
    shown = blob.get_blob_properties().content_settings
    assert (shown.content_type, shown.cache_control, shown.content_language) == (None, None, "de")
    blob.set_standard_blob_tier("Archive")
    with pytest.raises(HttpResponseError) as caught:
        blob.download_blob()
    assert code(caught) == (409, "BlobArchived")
    blob.set_standard_blob_tier("Hot", rehydrate_priority="High")
    assert blob.download_blob().readall() == b"first"
    assert blob.get_blob_properties().blob_tier == "Hot"
    page = box.get_blob_client("p")
    page.create_page_blob(1024)
    page.set_premium_page_blob_tier("P10")
    page.resize_blob(512)
    assert page.set_sequence_number("update", "9")["blob_sequence_number"] == 9
    assert page.get_blob_properties().size == 512


def test_holds_and_policies_keep_a_blob(box: ContainerClient):
    blob = box.upload_blob("a", b"first")
    until = datetime.now(UTC) + timedelta(days=1)
    told = blob.set_immutability_policy(ImmutabilityPolicy(expiry_time=until, policy_mode="Unlocked"))
    assert str(told["immutability_policy_mode"]).lower() == "unlocked"
    for act in (blob.delete_blob, lambda: blob.upload_blob(b"x", overwrite=True), lambda: blob.set_blob_metadata({})):
        with pytest.raises(HttpResponseError) as caught:
            act()
        assert code(caught) == (409, "BlobImmutableDueToPolicy")
    assert blob.get_blob_properties().immutability_policy.policy_mode.lower() == "unlocked"
    blob.delete_immutability_policy()
    assert blob.set_legal_hold(True)["legal_hold"]
    with pytest.raises(HttpResponseError) as caught:
        box.delete_container()
    assert caught.value.status_code == 409
    blob.set_legal_hold(False)
    blob.delete_blob()


def test_conditions_and_batches_of_deletes(box: ContainerClient):
    for name in ("a", "b", "c"):
        box.upload_blob(name, b"1")
    with pytest.raises(ResourceModifiedError):
        box.delete_blob("a", etag='"0x1"', match_condition=MatchConditions.IfNotModified)
    replies = list(box.delete_blobs("a", "b", "none", raise_on_any_failure=False))
    assert [reply.status_code for reply in replies] == [202, 202, 404]
    assert [one.name for one in box.list_blobs()] == ["c"]
    assert [reply.status_code for reply in box.set_standard_blob_tier_blobs("Cool", "c")] == [200]


@pytest.mark.parametrize("size", [3, 1 << 20], ids=["small", "large"])
def test_names_of_metadata_keep_their_letters(box: ContainerClient, size: int):
    """Azure keeps the case in which they were set: https://learn.microsoft.com/rest/api/storageservices/set-blob-metadata."""
    metadata = {"Who": "Ann", "when": "1931", "UP_1": "x"}
    blob = box.upload_blob("a", bytes(size), metadata=metadata)
    assert blob.get_blob_properties().metadata == metadata
    assert next(iter(box.list_blobs(include=["metadata"]))).metadata == metadata
    blob.set_blob_metadata({"WHO": "Bea"})
    assert blob.get_blob_properties().metadata == {"WHO": "Bea"}
    box.set_container_metadata({"Kind": "letters"})
    assert box.get_container_properties().metadata == {"Kind": "letters"}
