"""Whatever a file holds, looking at it gives a value or one clear error, in bounded memory."""

import resource
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

import strongroom
from strongroom.domain.analysis import Cost
from strongroom.errors import StrongroomError
from strongroom.room import Room
from strongroom.testing.estate import write_estate

MOST_MEMORY = 1500 << 20
"""Resident bytes that looking at the worst of them may add."""


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("hostile")
    write_estate(folder / "files", 80)
    with strongroom.init(folder / "room", office="builtin") as made:
        made.add([f"{folder / 'files'}/"], to="estate")
        made.analyze(depth=Cost.CHEAP)
        with made._parts.catalog.write() as tx:
            tx.execute(sa.text("DELETE FROM renditions"))  # so that pictures are made when they are looked at
        yield made


LOOKS: dict[str, Callable[[Room, str], object]] = {
    "card": lambda room, name: room.card(name),
    "inside": lambda room, name: room.inside(name, limit=1000),
    "text": lambda room, name: room.text(name, limit=1000),
    "lines": lambda room, name: room.lines(name, 10, 100),
    "lines at a character": lambda room, name: room.lines(name, count=10, char=10**7),
    "table": lambda room, name: room.table(name, start=3, rows=50),
    "mail": lambda room, name: room.mail(name),
    "thumbnail": lambda room, name: room.thumbnail(name, size=64),
    "near duplicates": lambda room, name: room.near_duplicates(name),
    "bytes": lambda room, name: room.open(name).read_at(5, 100),
}


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.mark.parametrize("look", LOOKS)
def test_a_look_gives_a_value_or_one_clear_error(room: Room, look: str):
    names = [blob.sha256 for blob in room.list("estate") if blob.sha256]
    inside = [member.sha256 for name in names for member in room.inside(name, limit=5).members]
    before, told = peak(), list[str]()
    for name in [*names, *inside]:
        try:
            LOOKS[look](room, name)
        except StrongroomError as error:
            told.append(str(error).strip())
    assert all(told)
    assert peak() - before < MOST_MEMORY
