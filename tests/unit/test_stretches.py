"""An analyzer that works for long is stopped at a checkpoint, and goes on there."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pytest

from strongroom.domain.analysis import AnalyzerSpec, State
from strongroom.domain.findings import UTTERANCE, Checkpoint, Finding, Problem, Property, Rendition, Segment
from strongroom.domain.locator import Locator
from strongroom.domain.outcome import KeptObject, Run, Stretch
from strongroom.domain.segments import Placement, segment_schema
from strongroom.domain.settings import Settings
from strongroom.errors import Unreadable
from strongroom.flows.reading import Reader
from strongroom.flows.sink import Origin, SegmentSink
from strongroom.testing.source import BytesSource

MINUTES = 5


@dataclass
class Long:
    """Says something each minute, with a checkpoint after it."""

    spec: AnalyzerSpec = field(default_factory=lambda: AnalyzerSpec(name="long", version=1, accepts=("*/*",)))
    breaks_at: float | None = None
    stuck: bool = False

    def analyze(self, source: Any, tools: Any) -> Iterator[Finding]:
        if source.reached == 0:
            yield Property(name="duration", value=60.0 * MINUTES)
            yield Problem(reason="it begins with noise")
        for minute in range(int(source.reached // 60), MINUTES):
            at = 60.0 * minute
            if self.breaks_at == at:
                raise Unreadable("it breaks off")
            yield Segment(kind=UTTERANCE, locator=Locator(t_start=at, t_end=at + 60), language="en", text="")
            yield Rendition(role=f"words-{minute}", media_type="text/plain", data=b"words")
            if self.stuck:
                yield Checkpoint(at=source.reached, of=None)
            elif minute < MINUTES - 1:
                yield Checkpoint(at=at + 60, of=60.0 * MINUTES)


class Keeper:
    """Keeps nothing."""

    def keep(self, chunks: Any) -> KeptObject:
        size = sum(map(len, chunks))
        return KeptObject(object_id="", place="pack", size=size, sha256="0" * 64)


def read(analyzer: Long, *, stretch_seconds: float, stretch: Stretch | None = None) -> tuple[Run, list[dict[str, Any]]]:
    batches: list[pa.RecordBatch] = []
    schema = segment_schema(8, 8)
    tools: Any = None
    sink = SegmentSink(schema, tools, batches.append)
    vault: Any = Keeper()
    reader = Reader(vault, tools, Settings(stretch_seconds=stretch_seconds), sink, lambda _: None)
    source = BytesSource(b"sound")
    source.reached = stretch.reached if stretch else 0.0
    origin = Origin(
        sha256=source.sha256,
        size=source.size,
        media_type="audio/wav",
        type="audio",
        placement=Placement(containers=(1,), extensions=("wav",), dated_at=None),
    )
    run = reader.run(analyzer, source, origin, stretch)
    sink.flush()
    return run, [row for batch in batches for row in batch.to_pylist()]


def follow(run: Run) -> Stretch:
    assert run.stopped is not None
    return Stretch(
        version=run.version,
        reached=run.stopped.at,
        total=run.stopped.of,
        segments=run.segments,
        seconds=run.seconds,
        properties=run.properties,
        problems=run.problems,
        troubles=run.troubles,
    )


def test_stretches_together_are_what_one_reading_gives():
    whole, rows = read(Long(), stretch_seconds=1000)
    assert whole.stopped is None
    stretch, got, roles = None, [], []
    for minute in range(MINUTES):
        run, some = read(Long(), stretch_seconds=1e-9, stretch=stretch)
        assert run.began == 60.0 * minute
        got += some
        roles += [one.role for one in run.renditions]
        stretch = follow(run) if run.stopped else None
    assert stretch is None
    assert got == rows
    assert roles == [one.role for one in whole.renditions]
    for name in ("state", "reason", "segments", "properties", "problems", "troubles"):
        assert getattr(run, name) == getattr(whole, name)


def test_every_row_of_a_recording_says_how_long_it_is():
    _, rows = read(Long(), stretch_seconds=1e-9)
    run, _ = read(Long(), stretch_seconds=1e-9)
    _, later = read(Long(), stretch_seconds=1e-9, stretch=follow(run))
    assert {row["duration"] for row in rows + later} == {300.0}


def test_a_short_one_is_read_at_once():
    run, rows = read(Long(), stretch_seconds=60)
    assert (run.stopped, len(rows)) == (None, MINUTES)


def test_it_stops_at_no_checkpoint_that_does_not_get_on():
    run, rows = read(Long(stuck=True), stretch_seconds=1e-9)
    assert (run.stopped, len(rows)) == (None, MINUTES)


@pytest.mark.parametrize("at", [60.0, 120.0])
def test_what_breaks_in_a_stretch_fails_with_all_that_was_found(at: float):
    run, _ = read(Long(), stretch_seconds=1e-9)
    failed, _ = read(Long(breaks_at=at), stretch_seconds=1000, stretch=follow(run))
    assert (failed.state, failed.stopped, failed.began) == (State.FAILED, None, 60.0)
    assert failed.segments == at // 60
    assert failed.reason == "it breaks off; it begins with noise"
