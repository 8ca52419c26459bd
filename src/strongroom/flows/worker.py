"""The function that is sent to workers: ids in, outcomes and one Arrow table out."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path

import pyarrow as pa

from strongroom.domain.analysis import Cost
from strongroom.domain.content import Content
from strongroom.domain.entities import ANALYZER
from strongroom.domain.media import EMPTY, type_of
from strongroom.domain.outcome import KeptObject, Outcome, Run, Stretch
from strongroom.domain.segments import Placement
from strongroom.domain.settings import Settings
from strongroom.errors import ContentNotFound, RoomDamaged, SourceChanged, SourceUnread
from strongroom.flows.naming import WITH_NAMES, Namer
from strongroom.flows.parts import Parts, open_parts
from strongroom.flows.reading import Reader, accepted
from strongroom.flows.sink import Origin, SegmentSink
from strongroom.ports import BatchFunction, OnItem, Source
from strongroom.storage.catalog import analyses, contents, placements, stretches
from strongroom.vault import Vault

FINGERPRINT = "fingerprint"
INLINE_BYTES = 16 * 1024**2
"""Segments beyond this many bytes are kept in the vault on their way, so that a worker's memory stays bounded."""
HEAD = 64 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a worker needs to open the room; it travels to wherever the worker is."""

    room: Path
    """The room's directory."""
    settings: Settings
    """The room's settings."""
    failed_before: datetime | None = None
    """What failed before this instant is read again; None leaves failures alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchResult:
    """What a batch gave."""

    outcomes: tuple[Outcome, ...] = ()
    """One for each content that was read."""
    segments: bytes = b""
    """An Arrow IPC stream of the segments schema; empty where there are none."""
    spilled: tuple[KeptObject, ...] = ()
    """Objects of the vault that hold more such streams, in order; the receiver discards them."""


def item(step: str, key: object) -> str:
    """Name one piece of work: a step (`FINGERPRINT`, or the number of a pass) and what it is done to."""
    return f"{step}:{key}"


def open_worker(plan: Plan) -> BatchFunction[BatchResult]:
    """Open the room in a worker and give the function that reads batches.

    Raises:
        StrongroomError: The room cannot be opened.
    """
    return BatchReader(open_parts(plan.room, plan.settings), plan.failed_before).read


@dataclass(slots=True)
class Spool:
    """Segments of a batch: in memory while they are few, in the vault beyond."""

    vault: Vault
    schema: pa.Schema
    batches: list[pa.RecordBatch] = field(default_factory=list)
    held: int = 0
    spilled: list[KeptObject] = field(default_factory=list)

    def write(self, batch: pa.RecordBatch) -> None:
        """Take one slice of segments."""
        self.batches.append(batch)
        self.held += batch.nbytes
        if self.held > INLINE_BYTES:
            self.spilled.append(self.vault.keep([self.take()]))

    def take(self) -> bytes:
        """Give what is in memory as one stream, and hold it no longer."""
        if not self.batches:
            return b""
        out = io.BytesIO()
        with pa.ipc.new_stream(out, self.schema) as writer:
            for batch in self.batches:
                writer.write_batch(batch)
        self.batches, self.held = [], 0
        return out.getvalue()


class BatchReader:
    """Reads batches of contents; its models are loaded once."""

    def __init__(self, parts: Parts, failed_before: datetime | None = None) -> None:
        """Work on an open room.

        Args:
            parts: The room's.
            failed_before: What failed before this instant is read again.
        """
        self._parts = parts
        self._failed_before = failed_before
        self._specs = parts.specs
        self._last = next((spec for spec in parts.specs if spec.name == ANALYZER), None)

    def read(self, ids: Sequence[str], on_item: OnItem) -> BatchResult:
        """Read one batch.

        Args:
            ids: Made by `item`.
            on_item: Called whenever work on an id begins or gets on.
        """
        steps = [name.split(":", 1) for name in ids]
        for step, key in steps:
            if step == FINGERPRINT:
                on_item(item(step, key))
                self._parts.vault.fingerprint(int(key), on_beat=partial(on_item, item(step, key)))
        wanted = {key: int(step) for step, key in steps if step != FINGERPRINT}
        return self._read_contents(wanted, on_item) if wanted else BatchResult()

    def _read_contents(self, wanted: dict[str, int], on_item: OnItem) -> BatchResult:
        parts = self._parts
        spool = Spool(parts.vault, parts.schema)
        sink = SegmentSink(parts.schema, parts.toolbox, spool.write)

        def beat(key: str) -> None:
            on_item(item(str(wanted[key]), key))

        reader = Reader(parts.vault, parts.toolbox, parts.settings, sink, beat)
        with parts.catalog.read() as tx:
            known = contents.contents(tx, wanted)
            due = analyses.due(tx, wanted, self._specs, failed_before=self._failed_before)
            begun = stretches.stretches(tx, wanted)
            lengths = contents.durations(tx, wanted)
            placed = placements.placements(tx, wanted)
        outcomes = []
        for sha256, cost in wanted.items():
            if sha256 in known:
                on_item(item(str(cost), sha256))
                try:
                    if cost >= Cost.LAST and due[sha256] == (self._last,):
                        outcomes.append(self._name(known[sha256], beat))
                    else:
                        due_now = {spec.name: begun.get((sha256, spec.name)) for spec in due[sha256] if spec.cost <= cost}
                        outcomes.append(self._read_one(reader, known[sha256], due_now, placed[sha256], lengths.get(sha256)))
                except (SourceChanged, SourceUnread, ContentNotFound, RoomDamaged) as error:
                    outcomes.append(Outcome(sha256=sha256, media_type=None, type=None, runs=(), fault=str(error)))
                on_item(item(str(cost), sha256))
        sink.flush()  # its time, of many contents' last segments, counts from the beat above and not with the last one's
        return BatchResult(outcomes=tuple(outcomes), segments=spool.take(), spilled=tuple(spool.spilled))

    def _name(self, content: Content, on_beat: Callable[[str], None]) -> Outcome:
        """Find what a content names; every other analyzer has read it, so that all its texts are in the index."""
        model = self._parts.toolbox.names if self._last is not None and self._last.version == WITH_NAMES else None
        self._parts.table.look()
        run = Namer(self._parts.table, model, on_beat).run(content.sha256)
        return Outcome(sha256=content.sha256, media_type=content.media_type, type=content.type, runs=(run,))

    def _read_one(
        self,
        reader: Reader,
        content: Content,
        due: Mapping[str, Stretch | None],
        placement: Placement,
        duration: float | None,
    ) -> Outcome:
        with self._parts.vault.source(content.sha256) as source:
            media_type = content.media_type or self._identify(source)
            origin = Origin(
                sha256=content.sha256,
                size=content.size,
                media_type=media_type,
                type=type_of(media_type),
                placement=placement,
                duration=duration,
            )
            source.media_type = media_type
            runs: list[Run] = []
            for analyzer in accepted(self._parts.analyzers, media_type, frozenset(due)):
                stretch = due[analyzer.spec.name]
                if stretch is not None and stretch.version != analyzer.spec.version:
                    stretch = None
                source.reached = stretch.reached if stretch is not None else 0.0
                runs.append(reader.run(analyzer, source, origin, stretch))
                if analyzer.spec.name == analyses.MEDIA:
                    origin = replace(origin, duration=analyses.seconds_of(runs[-1].properties))
            return Outcome(sha256=content.sha256, media_type=media_type, type=origin.type, runs=tuple(runs))

    def _identify(self, source: Source) -> str:
        if source.size == 0:
            return EMPTY
        with source.open() as stream:
            head = stream.read(HEAD)
            stream.seek(0)
            return self._parts.toolbox.filetypes.identify(head, source.size, source.name, stream)
