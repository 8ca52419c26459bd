"""Columns that are kept in memory say what the table says, whatever was written meanwhile."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from strongroom.domain.segments import Placement, segment_schema, to_table
from strongroom.storage.tables import SegmentTable
from strongroom.storage.tables.kept import KEPT, WORTH, Columns, Kept
from strongroom.storage.tables.view import ROW

SCHEMA = segment_schema(8, 16)
DATE = datetime(2001, 2, 3, 4, 5, 6, 789, tzinfo=UTC)


def rows(*numbers: int, **more: Any) -> pa.Table:
    given = {"containers": ["1"], "kind": "passage", "type": "text", "analyzer": "text", "version": 1, "extensions": ["txt"]}
    parts = [{"segment_id": f"s{n}", "content_sha256": f"c{n // 3}", "text": f"number {n}", "size": n} for n in numbers]
    return to_table([given | part | more for part in parts], SCHEMA)


@pytest.fixture
def table(tmp_path: Path) -> SegmentTable:
    made = SegmentTable(tmp_path / "segments", 8, 16)
    made.merge(rows(*range(50), language="en", taken_at=DATE))
    made.merge(rows(*range(50, 80), kind="image"))
    return made


def named(table: SegmentTable) -> dict[str, int]:
    found = table.rows(["segment_id", ROW])
    return dict(zip(found.column(0).to_pylist(), found.column(ROW).to_pylist(), strict=True))


def keep(table: SegmentTable) -> Columns:
    """Ask for all rows until they are kept."""
    view = table.view()
    for _ in range(WORTH):
        view.take(list(named(table).values()), KEPT)
    table.kept.settle()
    return table.kept.of(view._dataset)


def of_lance(table: SegmentTable, given: Sequence[int]) -> list[dict[str, Any]]:
    return table.view()._dataset._take_rows(list(given), columns=list(KEPT)).to_pylist()


def test_what_is_asked_for_often_is_kept_and_says_the_same(table: SegmentTable):
    every = named(table)
    order = [every[f"s{n}"] for n in (70, 3, 55, 49, 0, 79, 3)]
    before = table.view().take(order, KEPT)
    assert table.kept.size == 0, "one search is not worth reading whole columns"
    columns = keep(table)
    assert 0 < table.kept.size < 80 * 100
    kept = columns.take(order, KEPT)
    assert kept is not None
    assert kept.schema == before.drop_columns([ROW]).schema
    assert kept.to_pylist() == before.drop_columns([ROW]).to_pylist() == of_lance(table, order)
    assert table.view().take(order, KEPT).equals(before)


def test_columns_that_are_not_kept_come_from_the_table(table: SegmentTable):
    asked, every = ("text", "content_sha256", "size", "kind"), named(table)
    order = [every[f"s{n}"] for n in (60, 1, 59, 0)]
    before = table.view().take(order, asked)
    columns = keep(table)
    part = columns.take(order, asked)
    assert part is not None
    assert part.column_names == ["content_sha256", "kind"]
    assert columns.take(order, ("text", "size")) is None
    assert table.view().take(order, asked).equals(before)
    assert before.column("text").to_pylist() == ["number 60", "number 1", "number 59", "number 0"]


def test_a_placement_a_deletion_and_a_merge_are_seen_at_once(table: SegmentTable):
    keep(table)
    table.place({f"c{n}": Placement(containers=(2,), extensions=("pdf",), dated_at=DATE) for n in range(15, 27)})
    table.delete(["c1", "c17"])
    table.merge(rows(1000, 20, 21, language="de"))
    for _ in range(2):
        every = named(table)
        assert len(every) == 80 - 6 + 1
        given = list(every.values())
        taken = table.view().take(given, KEPT)
        assert taken.drop_columns([ROW]).to_pylist() == of_lance(table, given)
        dates = dict(zip(every, taken.column("taken_at").to_pylist(), strict=True))
        assert dates["s70"] == DATE, "placed since"
        assert taken.column("language").to_pylist().count("de") == 3
        assert keep(table).take(given, KEPT) is not None
        table.tend(finish=True)


def test_an_older_view_gives_what_it_gave(table: SegmentTable):
    keep(table)
    old, every = table.view(), named(table)
    before = old.take(list(every.values()), KEPT)
    table.place({"c20": Placement(containers=(2,), extensions=("pdf",), dated_at=DATE)})
    table.tend(finish=True)
    keep(table)
    assert old.take(list(every.values()), KEPT).equals(before)


def test_what_a_newer_version_no_longer_has_is_not_kept(table: SegmentTable):
    keep(table)
    table.erase({f"c{n}" for n in range(40)})
    table.view()
    assert table.kept.size == 0


def test_no_more_is_kept_than_may_be(table: SegmentTable):
    dataset, every = table.view()._dataset, named(table)
    kept = Kept(most=1500, worth=1)
    columns = kept.of(dataset)
    for n in (0, 60, 0, 60):
        columns.take([every[f"s{n}"]], KEPT)
        kept.settle()
        assert 0 < kept.size <= 1500
    assert columns.take([every["s60"]], KEPT) is not None
    assert columns.take([every["s0"], every["s60"]], KEPT) is None, "both do not fit"
    none = Kept(most=100, worth=1)
    assert none.of(dataset).take([every["s0"]], KEPT) is None
    none.settle()
    assert none.size == 0


def test_a_version_that_was_cleaned_away_is_read_no_more(table: SegmentTable):
    """The reading of its columns fails, which harms no search; the newest version is kept all the same."""
    dataset, every = table.view()._dataset, named(table)
    table.merge(rows(*range(100, 110)))
    table.erase({"c1"})
    old = Kept(worth=1)
    assert old.of(dataset).take([every["s60"]], KEPT) is None
    old.settle()
    assert old.size == 0
    assert keep(table).take(list(named(table).values()), KEPT) is not None
