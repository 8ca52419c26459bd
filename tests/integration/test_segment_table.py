"""The segments table keeps what was merged, finds it, places it and forgets it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from strongroom.domain.query import parse
from strongroom.domain.segments import Placement, segment_schema, to_table
from strongroom.errors import RoomVersionError, SettingError
from strongroom.storage.tables import SegmentTable, predicates, upkeep

SCHEMA = segment_schema(8, 16)


def row(number: int, text: str, **more: Any) -> dict[str, object]:
    given = {"segment_id": f"s{number}", "content_sha256": f"c{number}", "containers": ["1"], "kind": "passage", "text": text}
    return given | {"analyzer": "text", "version": 1, "type": "text", "size": number, "extensions": ["txt"]} | more


def rows(*given: dict[str, object]) -> pa.Table:
    return to_table(given, SCHEMA)


@pytest.fixture
def table(tmp_path: Path) -> SegmentTable:
    return SegmentTable(tmp_path / "segments", 8, 16)


def ids(table: SegmentTable, where: str | None = None) -> set[str]:
    return set(table.rows(["segment_id"], where).column(0).to_pylist())


def found(table: SegmentTable, *words: str, **more: Any) -> list[str]:
    return table.view().words(words, columns=["segment_id"], limit=10, **more).column("segment_id").to_pylist()


def test_merging_twice_is_merging_once(table: SegmentTable):
    table.merge(rows(row(1, "one"), row(2, "two")))
    table.merge(rows(row(2, "second"), row(3, "three")))
    assert ids(table) == {"s1", "s2", "s3"}
    assert found(table, "second") == ["s2"]
    assert found(table, "two") == []


def test_a_slice_of_a_large_table_merges(table: SegmentTable):
    whole = rows(*(row(n, f"number {n}") for n in range(3000)))
    for start in range(0, 3000, 1000):
        table.merge(whole.slice(start, 1000))
    assert table.count() == 3000


def test_two_rows_of_one_id_in_one_table_leave_the_last(table: SegmentTable):
    table.merge(rows(row(1, "early"), row(1, "late")))
    assert table.rows(["text"]).to_pylist() == [{"text": "late"}]


def test_words_are_found_in_any_inflection_case_and_accent_before_and_after_indexing(table: SegmentTable):
    table.merge(rows(row(1, "The runner was running"), row(2, "Über die Brücke"), row(3, "日本語の文章を検索する")))
    for _ in range(2):
        assert found(table, "RUNS") == ["s1"]
        assert found(table, "uber") == found(table, "BRÜCKE") == ["s2"]
        assert found(table, "検索") == ["s3"]
        assert found(table, phrases=("was running",)) == ["s1"]
        assert found(table, phrases=("running was",)) == []
        table.tend(finish=True)
        assert table.read(lambda view: view.tail) == 0


def test_vectors_are_found_and_rows_without_them_are_not(table: SegmentTable):
    near, far = np.eye(8, dtype=np.float16)[:2]
    table.merge(rows(row(1, "a", text_vector=near), row(2, "b", text_vector=far), row(3, "c")))
    view = table.view()
    result = view.nearest("text_vector", np.eye(8, dtype=np.float32)[0], columns=["segment_id"], limit=10)
    assert result.column("segment_id").to_pylist() == ["s1", "s2"]
    assert view.nearest("image_vector", np.ones(16, np.float32), limit=5).num_rows == 0


@pytest.mark.parametrize("bits", [1, upkeep.BITS])
def test_large_columns_get_an_index_and_answers_stay_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bits: int):
    """With the shorter codes of the first rooms, too."""
    monkeypatch.setattr(upkeep, "BITS", bits)
    monkeypatch.setattr(upkeep, "FLAT_BYTES", 2000)
    monkeypatch.setattr(upkeep, "PARTITION", 300)
    table = SegmentTable(tmp_path / "segments", 64, 16)
    dice = np.random.default_rng(1)
    vectors = dice.normal(size=(2000, 64))
    vectors[7:207:20] = vectors[7] + 0.3 * dice.normal(size=(10, 64))  # ten near neighbours among strangers
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    given = [row(n, "", text_vector=vectors[n].astype(np.float16)) for n in range(2000)]
    table.merge(to_table([*given, row(9000, "without")], table.schema))
    table.tend(finish=True)
    view = table.view()
    assert upkeep.partitions(view._dataset, "text_vector_idx") == 7
    exact = {f"s{n}" for n in np.argsort(-(vectors @ vectors[7]))[:10]}
    got = view.nearest("text_vector", vectors[7].astype(np.float32), columns=["segment_id"], limit=10)
    assert len(exact & set(got.column("segment_id").to_pylist())) == 10
    nothing = view.nearest("image_vector", np.ones(16, np.float32), columns=["segment_id"], limit=10)
    assert nothing.num_rows == 0, "an index of nothing finds nothing"
    assert upkeep.bits(view._dataset)["text_vector"] == bits
    later = [row(n, "", text_vector=vectors[n - 2000].astype(np.float16)) for n in range(2000, 3200)]
    table.merge(to_table(later, table.schema))
    monkeypatch.setattr(upkeep, "BITS", 5)
    table.tend(finish=True)
    assert upkeep.bits(table.view()._dataset)["text_vector"] == bits, "what is added has codes of the same length"
    got = table.view().nearest("text_vector", vectors[7].astype(np.float32), columns=["segment_id"], limit=20)
    assert set(got.column("segment_id").to_pylist()) == exact | {f"s{int(near[1:]) + 2000}" for near in exact}
    assert got.column("_distance").to_pylist() == sorted(got.column("_distance").to_pylist())


def test_a_placement_changes_the_filters_and_keeps_the_rest(table: SegmentTable):
    shot = datetime(2001, 1, 1, tzinfo=UTC)
    filed = datetime(2011, 1, 1, tzinfo=UTC)
    table.merge(rows(row(1, "alpha", taken_at=shot), row(2, "alpha"), row(3, "alpha")))
    table.tend(finish=True)
    place = Placement(containers=(7, 8), extensions=("pdf",), dated_at=filed)
    table.place({"c1": place, "c2": place, "unknown": place})
    assert ids(table, predicates.granted(frozenset({8}))) == {"s1", "s2"}
    assert ids(table, predicates.granted(frozenset({1}))) == {"s3"}
    assert set(found(table, "alpha", where=predicates.granted(frozenset({7})))) == {"s1", "s2"}
    dates = {r["segment_id"]: r["taken_at"] for r in table.rows(["segment_id", "taken_at"]).to_pylist()}
    assert dates == {"s1": shot, "s2": filed, "s3": None}
    table.tend(finish=True)
    assert ids(table, predicates.granted(frozenset({8}))) == {"s1", "s2"}


def test_filters_of_a_query_become_a_predicate(table: SegmentTable):
    year = datetime(2020, 5, 1, tzinfo=UTC)
    table.merge(
        rows(
            row(1, "a", type="image", language="en", extensions=["jpg"], taken_at=year),
            row(2, "b", type="text", language="de", extensions=["o'brien"], containers=["2"]),
            row(3, "c", type="pdf", extensions=None, containers=["1", "2"]),
        )
    )

    def kept(text: str, without: frozenset[int] = frozenset()) -> set[str]:
        return ids(table, predicates.filtered(parse(text), only=None, without=without))

    assert kept("type:image,pdf") == {"s1", "s3"}
    assert kept("-type:image") == {"s2", "s3"}
    assert kept("-lang:de") == {"s1", "s3"}
    assert kept("ext:o'brien") == {"s2"}
    assert kept("-ext:jpg") == {"s2", "s3"}
    assert kept("after:2020 before:2021") == {"s1"}
    assert kept("after:2020-05-02") == set()
    assert kept("size>=2 size<3") == {"s2"}
    assert kept("", frozenset({2})) == {"s1"}


def test_a_scope_without_containers_shows_nothing(table: SegmentTable):
    table.merge(rows(row(1, "a")))
    assert ids(table, predicates.granted(frozenset())) == set()
    assert predicates.granted(None) is None


def test_deleting_one_version_of_an_analyzer_leaves_the_others(table: SegmentTable):
    table.merge(rows(row(1, "a"), row(2, "a", content_sha256="c1", version=2), row(3, "a", content_sha256="c1", analyzer="x")))
    table.delete(["c1"], "text", 1)
    assert ids(table) == {"s2", "s3"}
    table.delete(["c1"])
    assert table.count() == 0


def test_what_is_erased_is_in_no_file_any_more(table: SegmentTable, tmp_path: Path):
    secret = np.full(8, 0.3337, np.float16)
    table.merge(rows(*(row(n, f"word{n} common", text_vector=np.ones(8, np.float16)) for n in range(50))))
    table.merge(rows(row(77, "quicksilver common", text_vector=secret)))
    table.tend(finish=True)
    holding = [
        p
        for p in tmp_path.rglob("*")
        if p.is_file() and (b"quicksilver" in (data := p.read_bytes()) or secret.tobytes() in data)
    ]
    assert holding, "the test must be able to see it"
    table.erase(["c77"], alone=True)
    for path in tmp_path.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        assert b"quicksilver" not in data
        assert secret.tobytes() not in data
    assert found(table, "quicksilver") == []
    assert len(found(table, "common")) == 10
    assert table.count() == 50


def test_writers_in_threads_lose_nothing_and_readers_never_fail(table: SegmentTable, tmp_path: Path):
    other = SegmentTable(tmp_path / "segments", 8, 16)

    def write(start: int) -> None:
        for n in range(start, start + 5):
            (table if start % 2 else other).merge(rows(row(n, f"text {n}")))

    def read(_: int) -> int:
        return len(found(table, "text"))

    with ThreadPoolExecutor(6) as pool:
        writing = [pool.submit(write, start) for start in (0, 105, 210, 315)]
        reading = [pool.submit(read, n) for n in range(40)]
        pool.submit(table.tend, finish=True).result()
        [future.result() for future in (*writing, *reading)]
    assert table.count() == other.count() == 20


def test_a_view_survives_the_cleaning_of_its_version(table: SegmentTable, tmp_path: Path):
    other = SegmentTable(tmp_path / "segments", 8, 16)
    table.merge(rows(*(row(n, "text here") for n in range(30))))
    assert len(found(table, "text")) == 10
    other.erase(["c3"], alone=True)
    assert table.count() == 29
    assert table.read(lambda view: view.words(["text"], columns=["segment_id"], limit=50).num_rows) == 29


def test_many_small_writes_leave_few_fragments_and_versions(table: SegmentTable, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(upkeep, "SMALL_FRAGMENTS", 8)
    monkeypatch.setattr(upkeep, "KEPT", upkeep.KEPT * 0)
    for n in range(20):
        table.merge(rows(row(n, f"text {n}")))
    table.tend(finish=True)
    dataset = table.view()._dataset
    assert len(dataset.get_fragments()) == 1
    assert len(dataset.versions()) == 1
    assert table.count() == 20


def test_an_index_of_another_model_says_which_setting_to_change(table: SegmentTable, tmp_path: Path):
    SegmentTable(tmp_path / "segments", 16, 16)  # empty: nothing is lost by making it anew
    again = SegmentTable(tmp_path / "segments", 8, 16)
    again.merge(rows(row(1, "a")))
    with pytest.raises(SettingError, match="text_model gives vectors of 16 numbers, but the index was written with 8"):
        SegmentTable(tmp_path / "segments", 16, 16)
    with pytest.raises(SettingError, match="picture_model"):
        SegmentTable(tmp_path / "segments", 8, 13)


def test_a_table_without_durations_gets_the_column_and_keeps_its_rows(tmp_path: Path):
    import lance

    old = rows(row(1, "old"), row(2, "gone")).drop_columns(["duration"])
    lance.write_dataset(old, tmp_path / "segments", schema=pa.schema([f for f in SCHEMA if f.name != "duration"]))
    with ThreadPoolExecutor(4) as pool:  # whoever is first
        tables = list(pool.map(lambda _: SegmentTable(tmp_path / "segments", 8, 16), range(4)))
    table = tables[0]
    assert table.rows(["segment_id", "duration"]).to_pylist() == [{"segment_id": f"s{n}", "duration": None} for n in (1, 2)]
    table.merge(rows(row(2, "long", duration=700.0), row(3, "short", duration=60.0)))
    tables[1].place({"c1": Placement(containers=(7,), extensions=(), dated_at=None)})
    assert ids(table) == {"s1", "s2", "s3"}
    assert ids(table, "duration > 600.0") == {"s2"}
    table.tend(finish=True)
    assert found(table, "long") == ["s2"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("duration>10m", {"s3"}),
        ("duration>=10m", {"s2", "s3"}),
        ("duration<10m", {"s1"}),
        ("-duration>10m", {"s1", "s2"}),
        ("duration>1m duration<=10m", {"s2"}),
        ("duration<1:00:00,5 -type:text", set()),
    ],
)
def test_recordings_are_found_by_their_duration(table: SegmentTable, text: str, expected: set[str]):
    table.merge(rows(*(row(n, "a", duration=seconds) for n, seconds in ((1, 59.9), (2, 600.0), (3, 3599.5), (4, None)))))
    assert ids(table, predicates.filtered(parse(text), only=None, without=frozenset())) == expected


def test_a_table_of_other_columns_is_another_version(tmp_path: Path):
    import lance

    lance.write_dataset(pa.table({"a": [1]}), tmp_path / "segments")
    with pytest.raises(RoomVersionError, match="another version"):
        SegmentTable(tmp_path / "segments", 8, 16)


def test_the_end_of_a_burst_merges_what_makes_a_full_fragment(table: SegmentTable, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(upkeep, "rows_a_fragment", lambda rows: 8)
    for n in range(7):
        table.merge(rows(row(n, f"text {n}")))
    table.tend(finish=True)
    assert len(table.view()._dataset.get_fragments()) == 7
    table.merge(rows(row(7, "text 7")))
    table.tend(finish=True)
    assert len(table.view()._dataset.get_fragments()) == 1
    assert sorted(found(table, "text")) == [f"s{n}" for n in range(8)]


@pytest.mark.parametrize(("rows", "full"), [(0, 1 << 15), (200_000, 1 << 16), (1_000_000, 1 << 18), (10**9, 1 << 20)])
def test_a_full_fragment_grows_with_the_table_in_doublings(rows: int, full: int):
    assert upkeep.rows_a_fragment(rows) == full
