"""What could not be read is counted by reason and analyzer, what waits is listed with who it waits for: in either database."""

from datetime import UTC, datetime, timedelta

import pytest

from strongroom.domain.analysis import AnalyzerSpec, Cost, Coverage, State
from strongroom.domain.scope import Scope
from strongroom.storage.catalog import Catalog, analyses, blobs, coverage, retries, troubles, waiting
from strongroom.storage.catalog.schema import analyses as analysis_rows
from strongroom.testing.shelf import EVERYTHING, Shelf, digest, only, outcome, run

SPECS = (
    AnalyzerSpec(name="deep", version=1, accepts=("text/plain",), cost=Cost.DEEP),
    AnalyzerSpec(name="words", version=1, accepts=("text/*",)),
)
LONG = "it is cut short, and this is told at such length that no index could hold it " * 100


@pytest.fixture
def shelf(catalog: Catalog) -> Shelf:
    """Of one: a and b failed for a reason, c for another, d in part; of two: a and e, of which no analyzer reads e."""
    shelf = Shelf(catalog)
    shelf.container("one")
    shelf.container("two")
    shelf.put("one", {name: name for name in "abcd"})
    shelf.put("two", {name: name for name in "ae"})
    failed = {"state": State.FAILED, "reason": LONG}
    shelf.record(
        outcome("a", "text/plain", run("words", **failed), run("deep", reason="page 3 is missing")),
        outcome("b", "text/csv", run("words", **failed)),
        outcome("c", "text/csv", run("words", state=State.FAILED, reason="it is locked")),
        outcome("d", "text/plain", run("words"), run("deep", state=State.SKIPPED, reason="it takes too long")),
        outcome("e", "video/mp4"),
    )
    return shelf


def ids(shelf: Shelf) -> tuple[int, int]:
    with shelf.catalog.read() as tx:
        rows = dict(tx.exec_driver_sql("SELECT name, id FROM containers").all())
    return rows["one"], rows["two"]


def told(shelf: Shelf, scope: Scope = EVERYTHING, *, skipped: bool = False, **page: int) -> list[tuple[str, str, State, int]]:
    with shelf.catalog.read() as tx:
        found = troubles.groups(tx, SPECS, scope, skipped=skipped, **{"after": 0, "limit": 10, **page})
    for group in found:
        assert group.count >= len(group.examples) > 0
        assert {(one.reason, one.analyzer) for one in group.examples} == {(group.reason, group.analyzer)}
    return [(one.analyzer, one.reason, one.state, one.count) for one in found]


def test_failures_are_counted_by_reason_and_analyzer_the_most_frequent_first(shelf: Shelf):
    every = [
        ("words", LONG, State.FAILED, 2),
        ("words", "it is locked", State.FAILED, 1),
        ("deep", "page 3 is missing", State.DONE, 1),
    ]
    assert told(shelf) == every
    assert [group for n in range(4) for group in told(shelf, after=n, limit=1)] == every
    assert told(shelf, skipped=True) == [
        ("deep", "it takes too long", State.SKIPPED, 1),
        ("bytes", "no analyzer here reads video/mp4", State.SKIPPED, 1),
    ]


def test_a_scope_counts_its_own(shelf: Shelf):
    one, two = ids(shelf)
    assert told(shelf, only(two)) == [("words", LONG, State.FAILED, 1), ("deep", "page 3 is missing", State.DONE, 1)]
    assert told(shelf, only(one), skipped=True) == [("deep", "it takes too long", State.SKIPPED, 1)]
    assert told(shelf, only()) == []
    shelf.remove("one", "c")
    assert "it is locked" not in [reason for _, reason, _, _ in told(shelf)]


def test_blobs_whose_bytes_could_not_be_read_are_a_group_too(shelf: Shelf):
    shelf.put("two", {"x": "x", "y": "y"}, sha256=None)
    with shelf.catalog.write() as tx:
        for key in blobs.unread(tx, None, after=0, limit=9):
            blobs.fault(tx, key, "permission denied")
    assert ("bytes", "permission denied", State.FAILED, 2) in told(shelf)
    assert ("bytes", "permission denied", State.FAILED, 2) not in told(shelf, only(ids(shelf)[0]))
    with shelf.catalog.read() as tx:
        assert [one.name for _, one in retries.unreadable(tx, EVERYTHING, 0, 9, reason="permission denied")] == [
            "two/x",
            "two/y",
        ]
        assert retries.unreadable(tx, EVERYTHING, 0, 9, reason="another") == []


def test_the_files_of_one_group_are_listed(shelf: Shelf):
    with shelf.catalog.read() as tx:
        found = coverage.failures(tx, EVERYTHING, "", 10, analyzer="words", reason=LONG)
        assert {one.name for one in found} == {"one/a", "one/b"}
        assert {one.analyzer for one in found} == {"words"}
        assert [one.name for one in coverage.failures(tx, EVERYTHING, "", 10, analyzer="deep", reason=LONG)] == []
        assert retries.alike(tx, EVERYTHING, "", 10, analyzer=None, reason="it is locked") == [digest("c")]
        runs = retries.troubled(tx, [digest("a")], partly=True, analyzer="deep", reason="page 3 is missing")
        assert [one.analyzer for one in runs] == ["deep"]
        kinds = coverage.unread(tx, SPECS, EVERYTHING, "", 10, reason="no analyzer here reads video/mp4")
        assert [one.name for one in kinds] == ["two/e"]
        assert coverage.unread(tx, SPECS, EVERYTHING, "", 10, reason="it is empty") == []


def test_what_waits_is_listed_with_whom_it_waits_for_in_the_order_in_which_they_run(shelf: Shelf):
    shelf.put("one", {"new.txt": "new", "half.txt": "half"})
    shelf.put("two", {"raw": "raw"}, sha256=None)
    shelf.record(outcome("half", "text/plain"), outcome("d", "text/plain", run("words")))
    with shelf.catalog.read() as tx:
        found = waiting.pending(tx, SPECS, EVERYTHING, "", 10)
        assert {one.name: (one.type, one.analyzers) for one in found} == {
            "one/new.txt": (None, ()),
            "one/half.txt": ("text", ("words", "deep")),
        }
        assert [one.sha256 for one in found] == sorted(one.sha256 for one in found)
        assert waiting.pending(tx, SPECS, EVERYTHING, found[0].sha256, 10) == found[1:]
        assert waiting.pending(tx, SPECS, only(ids(shelf)[1]), "", 10) == []
        ((key, raw),) = waiting.unread(tx, EVERYTHING, 0, 10)
        assert (raw.name, raw.sha256) == ("two/raw", "")
        assert waiting.unread(tx, EVERYTHING, key, 10) == waiting.unread(tx, only(ids(shelf)[0]), 0, 10) == []


def test_each_container_has_its_own_coverage(shelf: Shelf):
    one, two = ids(shelf)
    shelf.put("two", {"raw": "raw"}, sha256=None)
    with shelf.catalog.read() as tx:
        assert coverage.by_container(tx, SPECS, EVERYTHING, [one, two]) == {
            one: Coverage(searched=1, pending=0, failed=3, skipped=0),
            two: Coverage(searched=0, pending=1, failed=1, skipped=1),
        }
        assert coverage.by_container(tx, SPECS, EVERYTHING, []) == {}
    shelf.delete_container("one")
    with shelf.catalog.read() as tx:
        (alone,) = coverage.by_container(tx, SPECS, EVERYTHING, [two]).values()
        assert alone == coverage.coverage(tx, SPECS, EVERYTHING)


def test_a_scope_is_told_its_own_rate(shelf: Shelf):
    one, two = ids(shelf)
    with shelf.catalog.write() as tx:
        long_ago = datetime.now(UTC) - timedelta(hours=1)
        here = analysis_rows.c.sha256.in_([digest("a"), digest("e")])
        tx.execute(analysis_rows.update().where(here).values(finished_at=long_ago))
    with shelf.catalog.read() as tx:
        assert analyses.rate(tx, containers=[one]) > 0
        assert analyses.rate(tx) == pytest.approx(analyses.rate(tx, containers=[one]), rel=0.5)
        assert analyses.rate(tx, containers=[two]) == analyses.rate(tx, containers=[]) == 0
