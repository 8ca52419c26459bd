"""Blobs are written, labelled, browsed and deleted through the room, within what the scope grants and what protects them."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import strongroom
from strongroom.domain.condition import Condition
from strongroom.domain.scope import Actor
from strongroom.errors import (
    AccessDenied,
    AlreadyExists,
    BlobNotFound,
    ConditionFailed,
    Conflict,
    ContainerNotFound,
    NameRefused,
    UsageError,
)
from strongroom.room import Room
from strongroom.storage.catalog import acts
from strongroom.testing.fakes import FixedPolicy


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with strongroom.init(tmp_path / "room", workers=1) as made:
        made.create_container("papers")
        yield made


def verbs(room: Room) -> list[str]:
    with room._parts.catalog.read() as tx:
        return [act.verb for _, act in acts.list(tx, -1, 1000)]


def content(room: Room, name: str) -> bytes:
    return b"".join(room.open(name).chunks())


def test_an_upload_is_durable_and_recorded(room: Room):
    blob = room.upload("papers", "a/b.txt", io.BytesIO(b"words"), content_type="text/plain", tags={"case": "7"})
    assert (blob.size, blob.content_type, blob.tags) == (5, "text/plain", {"case": "7"})
    assert content(room, "papers/a/b.txt") == b"words"
    assert room.blob("papers", "a/b.txt").etag == blob.etag
    assert "upload" in verbs(room)


def test_an_upload_replaces_only_where_it_may(room: Room):
    room.upload("papers", "a.txt", b"first")
    with pytest.raises(ConditionFailed):
        room.upload("papers", "a.txt", b"second", overwrite=False)
    room.upload("papers", "a.txt", b"third")
    assert content(room, "papers/a.txt") == b"third"
    for name in ("", "a\nb"):
        with pytest.raises(NameRefused):
            room.upload("papers", name, b"x")
    with pytest.raises(ContainerNotFound):
        room.upload("nowhere", "a.txt", b"x")


def test_an_upload_that_broke_off_goes_on(room: Room):
    assert room.uploaded_blocks("papers", "big.bin") == {}
    assert room.upload_block("papers", "big.bin", "0001", b"a" * 100_000) == 100_000
    room.upload_block("papers", "big.bin", "0000", [b"b" * 50_000, b"c" * 50_000])
    assert room.uploaded_blocks("papers", "big.bin") == {"0000": 100_000, "0001": 100_000}
    with pytest.raises(BlobNotFound):
        room.blob("papers", "big.bin")
    with pytest.raises(UsageError):
        room.finish_upload("papers", "big.bin", ["0000", "0001", "0002"])
    blob = room.finish_upload("papers", "big.bin", ["0000", "0001"], content_type="text/plain")
    assert (blob.size, blob.content_type) == (200_000, "text/plain")
    with room.open("papers/big.bin") as unread:
        assert (unread.sha256, unread.etag, unread.media_type, unread.size) == ("", blob.etag, "text/plain", 200_000)
        assert unread.read_at(49_999, 2) == b"bc"
    with pytest.raises(BlobNotFound):
        room.open("papers/big.bin!/inside")
    room.analyze()
    assert content(room, "papers/big.bin") == b"b" * 50_000 + b"c" * 50_000 + b"a" * 100_000
    assert room.uploaded_blocks("papers", "big.bin") == {}


def test_tags_and_metadata_are_replaced(room: Room):
    room.upload("papers", "a.txt", b"x", tags={"old": "1"}, metadata={"source": "desk"})
    assert room.set_tags("papers", "a.txt", {"case": "7", "state": "read it"}).tags == {"case": "7", "state": "read it"}
    assert room.set_metadata("papers", "a.txt", {"who": "me"}).metadata == {"who": "me"}
    assert room.blob("papers", "a.txt").tags == {"case": "7", "state": "read it"}


@pytest.mark.parametrize(
    "tags",
    [{f"t{n}": "x" for n in range(11)}, {"": "x"}, {"a" * 129: "x"}, {"a": "x" * 257}, {"a": "é"}, {"a?": "b"}],
)
def test_tags_that_no_blob_may_have_are_refused(room: Room, tags: dict[str, str]):
    room.upload("papers", "a.txt", b"x")
    with pytest.raises(UsageError):
        room.set_tags("papers", "a.txt", tags)


@pytest.mark.parametrize(
    "metadata", [{"a-b": "x"}, {"": "x"}, {"1a": "x"}, {"a": "x\r\nInjected: 1"}, {"a": "x" * 9000}, {"a": "漢"}]
)
def test_metadata_that_no_header_carries_is_refused(room: Room, metadata: dict[str, str]):
    room.upload("papers", "a.txt", b"x")
    with pytest.raises(UsageError):
        room.set_metadata("papers", "a.txt", metadata)
    with pytest.raises(UsageError):
        room.upload("papers", "b.txt", b"x", metadata=metadata)


def test_what_is_leased_or_protected_stays(room: Room):
    room.upload("papers", "a.txt", b"x")
    container = room.vault.container("papers", room.scope("list"))
    lease = "4a3c6a1e-5d3b-4a51-9d1c-0f6f3f6a7b10"
    room.vault.acquire_lease(container, "a.txt", seconds=60, proposed=lease)
    for change in (
        lambda: room.upload("papers", "a.txt", b"y"),
        lambda: room.delete_blob("papers", "a.txt"),
        lambda: room.set_tags("papers", "a.txt", {"a": "b"}),
        lambda: room.set_metadata("papers", "a.txt", {"a": "b"}),
    ):
        with pytest.raises(ConditionFailed):
            change()
    room.upload("papers", "a.txt", b"y", lease_id=lease)
    room.vault.protect(container, "a.txt", datetime.now(UTC) + timedelta(days=2), condition=Condition(lease_id=lease))
    with pytest.raises(Conflict):
        room.delete_blob("papers", "a.txt", lease_id=lease)


def test_a_deleted_blob_is_gone_and_told_of(room: Room):
    room.upload("papers", "a.txt", b"x")
    assert room.delete_blob("papers", "a.txt")
    with pytest.raises(BlobNotFound):
        room.delete_blob("papers", "a.txt")
    room.keep_deleted(blob_days=3)
    room.upload("papers", "a.txt", b"x")
    assert not room.delete_blob("papers", "a.txt")
    assert verbs(room).count("delete") == 2


def test_containers_are_browsed_folder_by_folder(room: Room):
    for name in ("a/1.txt", "a/2.txt", "a/deep/3.txt", "b.txt", "c.txt"):
        room.upload("papers", name, b"x")
    first = room.browse("papers", limit=2)
    assert (first.folders, [blob.name for blob in first.blobs]) == (("a/",), ["b.txt"])
    assert first.next is not None
    second = room.browse("papers", after=first.next)
    assert (second.folders, [blob.name for blob in second.blobs], second.next) == ((), ["c.txt"], None)
    inside = room.browse("papers", prefix="a/")
    assert (inside.folders, [blob.name for blob in inside.blobs]) == (("a/deep/",), ["a/1.txt", "a/2.txt"])
    assert len(room.browse("papers", folded=False).blobs) == 5
    with pytest.raises(UsageError):
        room.browse("papers", limit=0)


def test_a_mount_is_only_read(room: Room, tmp_path: Path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.txt").write_text("mine")
    room.mount(tmp_path / "outside", name="outside")
    for change in (
        lambda: room.upload("outside", "a.txt", b"y"),
        lambda: room.delete_blob("outside", "a.txt"),
        lambda: room.set_metadata("outside", "a.txt", {"a": "b"}),
    ):
        with pytest.raises(UsageError):
            change()
    assert (tmp_path / "outside" / "a.txt").read_text() == "mine"


def test_nobody_changes_what_they_are_not_granted(room: Room):
    room.create_container("secret")
    room.upload("secret", "a.txt", b"x")
    granted = room.vault.container("papers", room.scope("list")).id
    guest = room.acting(Actor(name="guest"), FixedPolicy([granted]))
    for change in (
        lambda: guest.upload("secret", "b.txt", b"y"),
        lambda: guest.upload_block("secret", "b.txt", "00", b"y"),
        lambda: guest.uploaded_blocks("secret", "b.txt"),
        lambda: guest.finish_upload("secret", "b.txt", []),
        lambda: guest.delete_blob("secret", "a.txt"),
        lambda: guest.set_tags("secret", "a.txt", {}),
        lambda: guest.set_metadata("secret", "a.txt", {}),
        lambda: guest.browse("secret"),
        lambda: guest.blob("secret", "a.txt"),
    ):
        with pytest.raises(ContainerNotFound):
            change()
    with pytest.raises(AccessDenied):
        guest.create_container("mine")
    with pytest.raises(AlreadyExists):
        room.create_container("secret")
