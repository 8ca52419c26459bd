"""What stretches of long recordings leave in the catalog, on SQLite and PostgreSQL."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from strongroom.domain.analysis import AnalyzerSpec, Cost, State
from strongroom.domain.findings import Checkpoint
from strongroom.domain.outcome import KeptMember, Run
from strongroom.storage.catalog import Catalog, analyses, backlog, contents, now, stretches
from strongroom.testing.shelf import Shelf, digest, kept, outcome, run

LONG = AnalyzerSpec(name="long", version=1, accepts=("audio/*",), cost=Cost.DEEP)
OTHER = AnalyzerSpec(name="other", version=1, accepts=("audio/*",), cost=Cost.DEEP)
MEDIA = AnalyzerSpec(name="media", version=1, accepts=("audio/*",))


@pytest.fixture
def shelf(catalog: Catalog) -> Shelf:
    shelf = Shelf(catalog)
    shelf.container("one")
    shelf.put("one", {"a": "a"})
    return shelf


def stretch(began: float, at: float | None, *, member: str = "", version: int = 1, name: str = "long") -> Run:
    """Give a stretch of a minute each with one segment and one member; `at` is None for the last one."""
    members = (KeptMember(path=member, object=kept(member)),) if member else ()
    return Run(
        analyzer=name,
        version=version,
        state=State.DONE,
        segments=int((at or 300) // 60),
        seconds=(at or 300) / 10,
        properties={"minutes": int((at or 300) // 60)},
        members=members,
        began=began,
        stopped=None if at is None else Checkpoint(at=at, of=300.0),
    )


def pending(shelf: Shelf, *specs: AnalyzerSpec) -> list[str]:
    with shelf.catalog.read() as tx:
        found = analyses.pending(tx, specs or [LONG], containers=None, after="", limit=10)
    return [sha256 for sha256 in found if sha256 == digest("a")]


def reached(shelf: Shelf, version: int = 1) -> float:
    with shelf.catalog.read() as tx:
        return stretches.reached(tx, digest("a"), "long", version)


def rows(shelf: Shelf, table: str) -> list[tuple[object, ...]]:
    with shelf.catalog.read() as tx:
        return [tuple(row) for row in tx.execute(sa.text(f"SELECT * FROM {table}"))]


def members(shelf: Shelf) -> list[str]:
    with shelf.catalog.read() as tx:
        return list(tx.scalars(sa.text("SELECT path FROM members ORDER BY seq")))


def test_a_content_stays_pending_until_its_last_stretch(shelf: Shelf):
    for began in (0.0, 60.0, 120.0):
        shelf.record(outcome("a", "audio/wav", stretch(began, began + 60, member=f"m{began}")))
        assert pending(shelf) == [digest("a")]
        assert reached(shelf) == began + 60
        assert rows(shelf, "analyses") == []
    shelf.record(outcome("a", "audio/wav", stretch(180.0, None, member="last")))
    assert pending(shelf) == []
    assert rows(shelf, "stretches") == []
    assert members(shelf) == ["m0.0", "m60.0", "m120.0", "last"]
    with shelf.catalog.read() as tx:
        assert analyses.written(tx, after=("", ""), limit=10) == [(digest("a"), "long", 1, 5)]
        assert tx.execute(sa.text("SELECT seconds, segments FROM analyses")).one() == (30.0, 5)
        assert analyses.properties(tx, [digest("a")]) == {digest("a"): {"minutes": 5}}


def test_what_began_elsewhere_than_reading_stands_changes_nothing(shelf: Shelf):
    first, second = stretch(0.0, 60.0, member="one"), stretch(60.0, 120.0, member="two")
    shelf.record(outcome("a", "audio/wav", first))
    shelf.record(outcome("a", "audio/wav", second))
    before = rows(shelf, "stretches"), members(shelf)
    for stale in (first, second, stretch(180.0, 240.0), stretch(0.0, 240.0)):
        shelf.record(outcome("a", "audio/wav", stale))
        assert (rows(shelf, "stretches"), members(shelf)) == before
    shelf.record(outcome("a", "audio/wav", stretch(0.0, None, member="all")))
    for stale in (first, second, stretch(60.0, None)):
        shelf.record(outcome("a", "audio/wav", stale))
        assert rows(shelf, "stretches") == []
        assert members(shelf) == ["all"]
        assert pending(shelf) == []


def test_another_version_begins_anew(shelf: Shelf):
    shelf.record(outcome("a", "audio/wav", stretch(0.0, 60.0, member="old")))
    assert (reached(shelf), reached(shelf, 2)) == (60.0, 0.0)
    with shelf.catalog.read() as tx:
        assert analyses.earlier(tx, [(digest("a"), "long")]) == {("long", 1): [digest("a")]}
    shelf.record(outcome("a", "audio/wav", stretch(0.0, 120.0, member="new", version=2)))
    assert (reached(shelf), reached(shelf, 2)) == (0.0, 120.0)
    assert members(shelf) == ["new"]
    shelf.record(outcome("a", "audio/wav", stretch(120.0, None, version=2)))
    newer = replace(LONG, version=3)
    shelf.record(outcome("a", "audio/wav", stretch(0.0, 60.0, version=3)))
    assert rows(shelf, "analyses") == []
    assert pending(shelf, newer) == [digest("a")]


def test_a_stretch_that_kills_its_worker_fails_the_content_and_keeps_what_was_read(shelf: Shelf):
    shelf.record(outcome("a", "audio/wav", stretch(0.0, 60.0, member="one")))
    with shelf.catalog.write() as tx:
        analyses.lose(tx, digest("a"), [LONG], "its worker was killed")
    assert pending(shelf) == []
    assert members(shelf) == ["one"]
    assert reached(shelf) == 60.0
    with shelf.catalog.read() as tx:
        found = tx.execute(sa.text("SELECT state, reason, segments FROM analyses")).one()
        assert found == ("failed", "its worker was killed; what comes before 0:01:00 is read, and kept", 1)
        assert analyses.written(tx, after=("", ""), limit=10) == [(digest("a"), "long", 1, 1)]
        later = now() + timedelta(seconds=1)
        again = analyses.pending(tx, [LONG], containers=None, failed_before=later, after="", limit=10)
    assert digest("a") in again
    shelf.record(outcome("a", "audio/wav", stretch(60.0, 120.0, member="two")))
    assert pending(shelf) == [digest("a")]
    assert members(shelf) == ["one", "two"]


def test_a_retry_replaces_the_members_that_the_failure_found_after_the_checkpoint(shelf: Shelf):
    shelf.record(outcome("a", "audio/wav", stretch(0.0, 60.0, member="one")))
    failed = replace(stretch(60.0, None, member="half"), state=State.FAILED, reason="broken")
    shelf.record(outcome("a", "audio/wav", failed))
    assert members(shelf) == ["one", "half"]
    shelf.record(outcome("a", "audio/wav", stretch(60.0, None, member="two")))
    assert members(shelf) == ["one", "two"]
    assert rows(shelf, "stretches") == []


def test_stretches_go_with_their_content(shelf: Shelf):
    shelf.record(outcome("a", "audio/wav", stretch(0.0, 60.0)))
    shelf.remove("one", "a")
    with shelf.catalog.write() as tx:
        contents.drop(tx, [digest("a")])
    assert rows(shelf, "stretches") == rows(shelf, "contents") == []


def test_the_length_that_media_tells_is_kept(shelf: Shelf):
    for said, length in (({"duration": 300.0}, {digest("a"): 300.0}), ({"duration": float("nan")}, {}), ({}, {})):
        shelf.record(outcome("a", "audio/wav", run("media", properties=dict(said)), run("odd", properties={"duration": 7})))
        with shelf.catalog.read() as tx:
            assert contents.durations(tx, [digest("a")]) == length


def test_what_is_left_is_told_in_seconds_of_recordings(shelf: Shelf):
    shelf.put("one", {"b": "b", "c": "c"})
    specs = [MEDIA, LONG, OTHER]

    def left() -> tuple[float | None, float]:
        with shelf.catalog.read() as tx:
            whole = backlog.total(tx, specs, Cost.DEEP, containers=None)
            return whole, sum(backlog.left(tx, [digest("a"), digest("b")], specs, Cost.DEEP).values())

    assert left()[0] is None
    for label, seconds in (("a", 300.0), ("b", 100.0)):
        shelf.record(outcome(label, "audio/wav", run("media", properties={"duration": seconds})))
    shelf.record(outcome("c", "audio/wav", run("media")))
    assert left() == (400.0, 400.0)
    shelf.record(outcome("a", "audio/wav", stretch(0.0, 60.0), stretch(0.0, 120.0, name="other")))
    assert left() == (310.0, 310.0)
    shelf.record(outcome("a", "audio/wav", stretch(120.0, None, name="other")))
    assert left() == (220.0, 220.0)
    shelf.record(outcome("a", "audio/wav", stretch(60.0, None)), outcome("b", "audio/wav", run("long"), run("other")))
    assert left()[1] == 0.0
