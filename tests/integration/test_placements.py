"""Placements: what segments repeat of where contents are stored, and how a race with a move ends."""

from datetime import UTC, datetime

import pytest

from strongroom.storage.catalog import Catalog, placements
from strongroom.testing.shelf import Shelf, digest, outcome, run


@pytest.fixture
def shelf(catalog: Catalog) -> Shelf:
    shelf = Shelf(catalog)
    shelf.container("one")
    return shelf


def place_all(shelf: Shelf) -> None:
    with shelf.catalog.write() as tx:
        placements.placed(tx, placements.tokens(tx, placements.unplaced(tx, 100)))


def unplaced(shelf: Shelf) -> set[str]:
    with shelf.catalog.read() as tx:
        return set(placements.unplaced(tx, 100))


def test_a_member_is_placed_with_its_archive_and_by_its_own_name(shelf: Shelf):
    one_at = datetime(2020, 5, 1, tzinfo=UTC)
    two = shelf.container("two")
    shelf.put("one", {"A.ZIP": "zip"}, modified_at=one_at)
    shelf.put("two", {"b.zip": "zip"}, metadata={"mtime": "2019-01-02T03:04:05+00:00"})
    shelf.record(outcome("zip", "application/zip", run("unpack", members={"in/Report.PDF": "pdf", "noext": "pdf"})))
    with shelf.catalog.read() as tx:
        found = placements.placements(tx, [digest("zip"), digest("pdf"), digest("nowhere")])
    assert found[digest("zip")].extensions == ("zip",)
    assert found[digest("pdf")].extensions == ("pdf",)
    assert two in found[digest("pdf")].containers
    assert len(found[digest("pdf")].containers) == 2
    assert {found[digest(one)].dated_at for one in ("zip", "pdf")} == {datetime(2019, 1, 2, 3, 4, 5, tzinfo=UTC)}
    assert found[digest("nowhere")].containers == ()


@pytest.mark.parametrize(
    ("mtime", "expected"),
    [
        ("86400", datetime(1970, 1, 2, tzinfo=UTC)),
        ("86400.5", datetime(1970, 1, 2, 0, 0, 0, 500_000, tzinfo=UTC)),
        ("1999-12-31T23:00:00-01:00", datetime(2000, 1, 1, tzinfo=UTC)),
        ("yesterday", datetime(2024, 1, 1, tzinfo=UTC)),
        ("1e300", datetime(2024, 1, 1, tzinfo=UTC)),
        ("nan", datetime(2024, 1, 1, tzinfo=UTC)),
    ],
)
def test_the_file_time_is_read_from_metadata_where_it_can_be(shelf: Shelf, mtime: str, expected: datetime):
    shelf.put("one", {"a": "a"}, metadata={"mtime": mtime}, modified_at=datetime(2024, 1, 1, tzinfo=UTC))
    with shelf.catalog.read() as tx:
        assert placements.placements(tx, [digest("a")])[digest("a")].dated_at == expected


def test_each_change_of_a_blob_moves_its_content_and_all_that_is_inside(shelf: Shelf):
    shelf.container("two")
    shelf.put("one", {"a.zip": "zip", "other": "other"})
    shelf.record(outcome("zip", "application/zip", run("unpack", members={"b.zip": "inner"})))
    shelf.record(outcome("inner", "application/zip", run("unpack", members={"c": "c"})))
    inside = {digest(label) for label in ("zip", "inner", "c")}
    place_all(shelf)
    assert unplaced(shelf) == set()
    shelf.put("two", {"again.zip": "zip"})
    assert unplaced(shelf) == inside
    place_all(shelf)
    shelf.remove("two", "again.zip")
    assert unplaced(shelf) == inside
    place_all(shelf)
    shelf.record(outcome("other", "application/zip", run("unpack", members={"c": "c"})))
    assert unplaced(shelf) == {digest("c")}


def test_a_content_that_moved_meanwhile_is_not_marked_as_placed(shelf: Shelf):
    shelf.put("one", {"a": "a", "b": "b"})
    with shelf.catalog.read() as tx:
        told = placements.tokens(tx, [digest("a"), digest("b")])
    shelf.put("one", {"a2": "a"})
    with shelf.catalog.write() as tx:
        placements.placed(tx, told)
    assert unplaced(shelf) == {digest("a")}
