"""The ledger as its owner reads it: newest first, a page at a time, and the reading is written down."""

from pathlib import Path

import pytest

from front_door import open_front
from strongroom.domain.scope import Actor
from strongroom.errors import AccessDenied, UsageError


def test_acts_are_told_newest_first_and_a_page_at_a_time(tmp_path: Path) -> None:
    with open_front(tmp_path / "room") as front:
        room = front.room
        room.create_container("letters")
        room.upload("letters", "note.txt", b"a note")
        newest, before = room.acts(limit=2)
        assert [newest.act.verb, before.act.verb] == ["upload", "create_container"]
        assert newest.index == before.index + 1
        assert newest.at >= before.at
        assert all(one.index < before.index for one in room.acts(before=before.index))
        assert room.acts(limit=1)[0].act.verb == "read_ledger"


def test_only_owners_read_it(tmp_path: Path) -> None:
    with open_front(tmp_path / "room") as front:
        front.room.add_user("eve", role="editor")
        eve = front.room.acting(Actor(name="eve"), front.room.member_policy)
        with pytest.raises(AccessDenied):
            eve.acts()
        with pytest.raises(UsageError):
            front.room.acts(limit=0)
