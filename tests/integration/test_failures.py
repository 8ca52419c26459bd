"""What could not be read is told a page at a time with its reason, and is read again when somebody asks for that."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

import strongroom
from strongroom.domain.scope import Actor
from strongroom.errors import BlobNotFound, UsageError
from strongroom.room import Room
from strongroom.testing.fakes import FixedPolicy


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with strongroom.init(tmp_path / "room", workers=1) as made:
        made.create_container("papers")
        made.create_container("other")
        for n in range(5):
            made.upload("papers", f"broken-{n}.pdf", b"%PDF-1.7\n" + bytes(200 + n))
        made.upload("papers", "odd.bin", bytes(range(256)) * 3)
        made.upload("papers", "good.txt", b"Some words about the harbour.")
        made.upload("other", "bad.png", b"\x89PNG\r\n\x1a\n" + bytes(100))
        made.analyze()
        yield made


def every(room: Room, limit: int) -> list[str]:
    names, after = [], ""
    while True:
        page = room.failures(after=after, limit=limit)
        names += [failure.name for failure in page.failures]
        assert len({failure.sha256 for failure in page.failures}) <= limit
        if page.next is None:
            return names
        after = page.next


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_of_failures_fit_together(room: Room, limit: int):
    told = every(room, limit)
    examples = {failure.name for failure in room.status().failures}
    assert examples <= set(told)
    assert len(told) == len(set(told)) == 7
    assert told[-1] == "papers/odd.bin"


def test_a_scope_shows_its_own_failures(room: Room):
    granted = room.vault.container("other", room.scope("list")).id
    guest = room.acting(Actor(name="guest"), FixedPolicy([granted]))
    assert every(guest, 10) == ["other/bad.png"]
    assert guest.retry() == 1
    with pytest.raises(BlobNotFound):
        room.retry(["papers/none.pdf"])


@pytest.mark.parametrize("after", ["nonsense", "bytes:x", "bytes:" + "9" * 30, "reading:'; DROP", "kind"])
def test_a_page_that_there_is_not_is_refused(room: Room, after: str):
    with pytest.raises(UsageError):
        room.failures(after=after)
    with pytest.raises(UsageError):
        room.failures(limit=0)


def test_what_failed_is_pending_again_and_read_again(room: Room):
    before = room.coverage()
    assert (before.pending, before.failed) == (0, 6)
    assert room.retry(["papers/broken-1.pdf"]) == 1
    assert room.coverage().pending == 1
    assert room.retry() == 5
    assert (room.coverage().pending, room.coverage().failed) == (6, 0)
    room.analyze()
    assert room.coverage() == before
    assert not [fault for fault in room.check() if fault.kind.endswith("segments")]


def test_a_mounted_file_that_could_not_be_opened_is_tried_again(room: Room, tmp_path: Path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").write_text("words of the lighthouse keeper")
    room.mount(tmp_path / "out", name="outside")
    with room._parts.catalog.write() as tx:
        tx.execute(sa.text("UPDATE versions SET fault = 'it cannot be read: Permission denied' WHERE name = 'a.txt'"))
    assert "outside/a.txt" in every(room, 100)
    assert room.coverage().failed == 7
    assert room.retry(["outside/a.txt"]) == 1
    room.analyze()
    assert "outside/a.txt" not in every(room, 100)
    assert room.card("outside/a.txt").type == "text"
