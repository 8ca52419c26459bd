"""What a room stores is summed over time by container and type, as far as the scope shows it."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

import strongroom
from strongroom.domain.scope import Actor
from strongroom.errors import UsageError
from strongroom.flows import growth as flow
from strongroom.storage.catalog import Catalog
from strongroom.storage.catalog import growth as sums
from strongroom.testing.fakes import FixedPolicy
from strongroom.testing.shelf import EVERYTHING, Shelf, only, outcome, run

TODAY = datetime.now(UTC).date()


def wrote(catalog: Catalog, name: str, days_ago: int, *, deleted: int | None = None) -> None:
    """Say that a blob was written, and perhaps deleted, so many days ago."""
    at = datetime.now(UTC) - timedelta(days=days_ago)
    gone = None if deleted is None else int((datetime.now(UTC) - timedelta(days=deleted)).timestamp() * 1e6)
    with catalog.write() as tx:
        text = "UPDATE versions SET version = :version, deleted_at = :gone WHERE name = :name"
        tx.execute(sa.text(text), {"version": f"{at:%Y-%m-%dT%H:%M:%S}.0000000Z", "gone": gone, "name": name})


def test_what_came_and_went_is_summed_by_day(catalog: Catalog):
    shelf = Shelf(catalog)
    first, _ = shelf.container("letters"), shelf.container("photos")
    shelf.put("letters", {"a": "four", "b": "sixsix"})
    shelf.put("photos", {"c": "tenlettrs!"})
    shelf.record(outcome("four", "text/plain", run("text")), outcome("tenlettrs!", "image/png", run("image")))
    wrote(catalog, "a", 30)
    wrote(catalog, "b", 30, deleted=10)
    wrote(catalog, "c", 5)
    day, later, left = (str(TODAY - timedelta(days=n)) for n in (30, 5, 10))
    with catalog.read() as tx:
        assert sorted(sums.arrived(tx, EVERYTHING, "container")) == [(first, day, 2, 10), (first + 1, later, 1, 10)]
        (gone,) = sums.departed(tx, EVERYTHING, "container")
        assert (gone[0], date(1970, 1, 1) + timedelta(days=gone[1]), *gone[2:]) == (first, date.fromisoformat(left), 1, 6)
        assert sorted(sums.arrived(tx, EVERYTHING, "type")) == [
            ("image", later, 1, 10),
            ("text", day, 1, 4),
            ("unknown", day, 1, 6),
        ]
        assert sums.current(tx, EVERYTHING) == (2, 14)
        assert sums.every(tx, EVERYTHING) == (3, 20)
        assert sums.arrived(tx, only(first), "container") == [(first, day, 2, 10)]
        assert sums.names(tx, only(first)) == {first: "letters"}
        assert sums.content_count(tx, only(first)) == 2
        assert sums.stored(tx, only(first)) == 0
        assert sums.arrived(tx, only(), "type") == []
    shelf.delete_container("photos")
    with catalog.read() as tx:
        assert sums.arrived(tx, EVERYTHING, "container") == [(first, day, 2, 10)]


@pytest.mark.parametrize(("days", "step", "count"), [(30, "day", 31), (800, "week", 116), (4000, "month", 132)])
def test_the_number_of_points_is_bounded(days: int, step: str, count: int):
    begun = TODAY - timedelta(days=days)
    found, points = flow._points([("a", begun, 1, 10), ("b", TODAY, 2, 5)], ("a", "b"), TODAY)
    every = list(points)
    assert found == step
    assert count - 1 <= len(every) <= count + 1
    assert (every[0].total.size, every[-1].total.size, every[-1].parts[1].blobs) == (10, 15, 2)
    assert every[-1].until >= TODAY > every[-2].until


def test_many_parts_are_summed_but_for_the_largest():
    steps = [(f"c{n:02}", TODAY, 1, n) for n in range(30)]
    named = flow._largest(steps)
    assert named[:2] == ("c29", "c28")
    assert named[-1] == "others"
    (point,) = flow._points(steps, named, TODAY)[1]
    assert point.parts[-1].blobs == 30 - 11
    assert sum(part.size for part in point.parts) == point.total.size == sum(range(30))


def test_a_room_tells_how_it_grew(tmp_path: Path):
    with strongroom.init(tmp_path / "room", workers=1) as room:
        empty = room.growth()
        assert (empty.points, empty.current.blobs, empty.stored) == ((), 0, 0)
        room.create_container("papers")
        room.create_container("other")
        for name in ("a.txt", "b.txt"):
            room.upload("papers", name, b"the same words")
        room.upload("other", "c.txt", b"others")
        grown = room.growth()
        assert grown.parts == ("papers", "other")
        assert grown.points[-1].total.size == grown.current.size == 34
        assert (grown.contents, grown.kept.blobs) == (2, 0)
        assert grown.stored >= 20
        room.analyze()
        assert room.growth(by="type").parts == ("text",)
        granted = room.vault.container("other", room.scope("list")).id
        guest = room.acting(Actor(name="guest"), FixedPolicy([granted])).growth()
        assert (guest.parts, guest.current.size, guest.contents, guest.stored) == (("other",), 6, 1, 6)
        with pytest.raises(UsageError):
            room.growth(by="colour")
