"""Coverage: pending before failed before searched; what no analyzer takes is skipped; blobs without a hash count too."""

import pytest

from strongroom.domain.analysis import AnalyzerSpec, Coverage, State
from strongroom.domain.scope import Scope
from strongroom.storage.catalog import Catalog, blobs, coverage, reach, retries
from strongroom.testing.shelf import EVERYTHING, Shelf, digest, only, outcome, run

SPECS = (
    AnalyzerSpec(name="words", version=1, accepts=("text/*",)),
    AnalyzerSpec(name="lines", version=1, accepts=("text/plain",)),
)


@pytest.fixture
def shelf(catalog: Catalog) -> Shelf:
    shelf = Shelf(catalog)
    shelf.container("one")
    return shelf


def covered(shelf: Shelf, scope: Scope = EVERYTHING) -> tuple[int, int, int, int]:
    with shelf.catalog.read() as tx:
        found = coverage.coverage(tx, SPECS, scope)
    return (found.searched, found.pending, found.failed, found.skipped)


def test_an_empty_room_is_covered(shelf: Shelf):
    assert covered(shelf) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("media", "states", "expected"),
    [
        (None, (), "pending"),
        ("text/plain", (), "pending"),
        ("text/plain", (("words", State.FAILED),), "pending"),
        ("text/plain", (("words", State.FAILED), ("lines", State.DONE)), "failed"),
        ("text/plain", (("words", State.DONE), ("lines", State.DONE)), "searched"),
        ("text/plain", (("words", State.SKIPPED), ("lines", State.DONE)), "searched"),
        ("text/plain", (("words", State.SKIPPED), ("lines", State.SKIPPED)), "skipped"),
        ("text/csv", (("words", State.DONE),), "searched"),
        ("video/mp4", (), "skipped"),
        ("video/mp4", (("gone", State.FAILED),), "skipped"),
    ],
)
def test_a_content_counts_once_by_its_worst_state(
    shelf: Shelf, media: str | None, states: tuple[tuple[str, State], ...], expected: str
):
    shelf.put("one", {"a": "a", "b": "a"})
    if media:
        shelf.record(outcome("a", media, *(run(name, state=state) for name, state in states)))
    with shelf.catalog.read() as tx:
        found = coverage.coverage(tx, SPECS, EVERYTHING)
    assert {name: getattr(found, name) for name in ("searched", "pending", "failed", "skipped")} == {
        "searched": 0,
        "pending": 0,
        "failed": 0,
        "skipped": 0,
        expected: 1,
    }


def test_a_scope_counts_each_content_of_its_containers_once_and_nothing_else(shelf: Shelf):
    two, three = shelf.container("two"), shelf.container("three")
    shelf.put("one", {"a": "a"})
    shelf.put("two", {"a": "a", "b": "b"})
    shelf.put("three", {"b": "b", "c.zip": "c"})
    shelf.record(outcome("a", "text/csv", run("words")), outcome("c", "application/zip", run("unpack", members={"d": "d"})))
    assert covered(shelf) == (1, 2, 0, 1)
    assert covered(shelf, only(two)) == (1, 1, 0, 0)
    assert covered(shelf, only(two, three)) == (1, 2, 0, 1)
    assert covered(shelf, only()) == (0, 0, 0, 0)
    shelf.delete_container("three")
    assert covered(shelf) == (1, 1, 0, 0)


def test_large_containers_are_counted_the_same(shelf: Shelf, monkeypatch: pytest.MonkeyPatch):
    two = shelf.container("two")
    shelf.put("one", {str(i): str(i) for i in range(6)})
    shelf.put("two", {str(i): str(i) for i in range(3, 9)})
    shelf.record(outcome("4", "text/csv", run("words")), outcome("8", "video/mp4"))
    before = covered(shelf, only(two))
    monkeypatch.setattr(reach, "LARGE", 2)
    assert covered(shelf, only(two)) == before == (1, 4, 0, 1)


def test_blobs_without_a_hash_are_pending_until_their_bytes_turn_out_unreadable(shelf: Shelf):
    two = shelf.container("two")
    shelf.put("one", {"a": "a", "b": "b"}, sha256=None)
    assert covered(shelf) == (0, 2, 0, 0)
    with shelf.catalog.write() as tx:
        blobs.fault(tx, blobs.unread(tx, None, after=0, limit=1)[0], "permission denied")
    assert covered(shelf) == (0, 1, 1, 0)
    assert covered(shelf, only(two)) == (0, 0, 0, 0)
    with shelf.catalog.read() as tx:
        ((_, fault),) = retries.unreadable(tx, EVERYTHING, 0, 10)
        assert (fault.name, fault.reason, fault.state) == ("one/a", "permission denied", State.FAILED)
        assert retries.unreadable(tx, only(two), 0, 10) == []
        assert coverage.by_type(tx, SPECS, EVERYTHING) == {
            coverage.UNKNOWN: Coverage(searched=0, pending=1, failed=1, skipped=0)
        }


def test_coverage_by_type_adds_up_to_the_whole(shelf: Shelf):
    shelf.put("one", {"a": "a", "b": "b", "c": "c"})
    shelf.record(outcome("a", "text/csv", run("words")), outcome("b", "video/mp4"))
    with shelf.catalog.read() as tx:
        assert coverage.by_type(tx, SPECS, EVERYTHING) == {
            "text": Coverage(searched=1, pending=0, failed=0, skipped=0),
            "unknown": Coverage(searched=0, pending=1, failed=0, skipped=0),
            "video": Coverage(searched=0, pending=0, failed=0, skipped=1),
        }


def test_every_failure_within_the_scope_is_listed_with_name_and_reason(shelf: Shelf):
    two = shelf.container("two")
    shelf.put("one", {"a": "a", "b": "b"})
    shelf.put("two", {"c": "c"})
    failed = {"state": State.FAILED, "reason": "it is cut short"}
    shelf.record(
        outcome("a", "text/plain", run("words", **failed), run("lines", reason="page 3 is missing")),
        outcome("b", "text/csv", run("words")),
        outcome("c", None, fault="it went away"),
    )
    with shelf.catalog.read() as tx:
        found = [(f.sha256, f.name, f.analyzer, f.reason, f.state) for f in coverage.failures(tx, EVERYTHING, "", 10)]
        assert found == sorted(
            [
                (digest("a"), "one/a", "lines", "page 3 is missing", State.DONE),
                (digest("a"), "one/a", "words", "it is cut short", State.FAILED),
                (digest("c"), "two/c", "bytes", "it went away", State.FAILED),
            ]
        )
        assert [f.name for f in coverage.failures(tx, only(two), "", 10)] == ["two/c"]
        first = coverage.failures(tx, EVERYTHING, "", 1)
        rest = coverage.failures(tx, EVERYTHING, first[-1].sha256, 10)
        assert len(first) + len(rest) == 3
    shelf.remove("two", "c")
    with shelf.catalog.read() as tx:
        assert [f.analyzer for f in coverage.failures(tx, EVERYTHING, "", 10)] == ["lines", "words"]
