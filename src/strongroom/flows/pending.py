"""What is still to be done, asked of the catalog a page at a time and handed out in batches."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from strongroom.domain.analysis import AnalyzerSpec, Cost
from strongroom.errors import RoomDamaged
from strongroom.flows.tally import Tally
from strongroom.flows.worker import FINGERPRINT, item
from strongroom.storage.catalog import Catalog, analyses, backlog, blobs, contents, stretches

PAGE = 1000
NEWCOMERS_SECONDS = 1.0
"""How often a later pass looks for what arrived meanwhile."""
Mark: TypeAlias = frozenset[tuple[str, int, float]]
"""How far a content is read: the analyzers that finished it or are on the way, each with version and place."""
STEPS = {Cost.CHEAP: "reading", Cost.READING: "reading scans", Cost.DEEP: "reading deeper", Cost.LAST: "finding names"}


class Pending:
    """Batches of work for an executor: fingerprints first, then pass by pass, the cheap one over everything first.

    Members that a content turns out to have are pending as soon as they are recorded, and a long recording is until its last
    stretch is read, so a pass asks again until nothing is left: long ones go round, a stretch each time. While the answer
    depends on what workers still hold, an empty batch is given (see `strongroom.ports.Executor.map`).
    """

    def __init__(
        self,
        catalog: Catalog,
        specs: Sequence[AnalyzerSpec],
        *,
        containers: frozenset[int] | None,
        failed_before: datetime | None,
        batch: int,
        tally: Tally,
        record: Callable[[], None],
        newcomers_first: bool = False,
    ) -> None:
        """Ask a catalog.

        Args:
            catalog: Says what is pending.
            specs: Of the room's analyzers.
            containers: Only what these hold; None is all.
            failed_before: What failed before this instant is pending too; None leaves failures alone.
            batch: Ids in a batch.
            tally: Counts what is handed out.
            record: Writes down what came back and is not recorded yet.
            newcomers_first: Whether what arrives during a later pass is read cheaply before that pass goes on.
        """
        self._catalog = catalog
        self._specs = specs
        self._containers = containers
        self._failed_before = failed_before
        self._batch = batch
        self._tally = tally
        self._record = record
        self._late: dict[str, Mark] = {}
        self._newcomers_first = newcomers_first
        self._looked = time.monotonic()

    def batches(self) -> Iterator[Sequence[str]]:
        """Give batches of ids, each made by `strongroom.flows.worker.item`, until nothing is pending."""
        yield from self._fingerprints()
        for cost in Cost:
            if cost is Cost.CHEAP or any(spec.cost == cost for spec in self._specs):
                self._late.clear()
                yield from self._pass(cost, [spec for spec in self._specs if spec.cost <= cost])

    def _fingerprints(self) -> Iterator[Sequence[str]]:
        with self._catalog.read() as tx:
            total = blobs.unread_count(tx, self._containers)
        self._tally.begin("fingerprinting", total)
        after = 0
        while page := self._unread(after):
            after = page[-1]
            yield from self._hand_out(FINGERPRINT, [str(key) for key in page])
        while self._tally.out:
            yield from self._wait()

    def _newcomers(self) -> Iterator[Sequence[str]]:
        """Give what arrived since, to be fingerprinted or read cheaply, at most once a while."""
        if not self._newcomers_first or time.monotonic() - self._looked < NEWCOMERS_SECONDS:
            return
        self._looked = time.monotonic()
        out = self._tally.out
        unread = [str(key) for key in self._unread(0)]
        yield from self._hand_out(FINGERPRINT, [key for key in unread if item(FINGERPRINT, key) not in out])
        cheap = self._page([spec for spec in self._specs if spec.cost <= Cost.CHEAP], "")
        busy = self._busy()
        yield from self._hand_out(str(int(Cost.CHEAP)), [sha256 for sha256 in cheap if sha256 not in busy])

    def _busy(self) -> set[str]:
        """Give the keys that are out, whatever for."""
        return {id_.split(":", 1)[1] for id_ in self._tally.out}

    def _unread(self, after: int) -> list[int]:
        with self._catalog.read() as tx:
            return blobs.unread(tx, self._containers, after=after, limit=PAGE)

    def _pass(self, cost: Cost, specs: Sequence[AnalyzerSpec]) -> Iterator[Sequence[str]]:
        self._begin(cost, specs)
        first, more = True, True
        while more:
            # what was out may be pending again: only a round that finds nothing while nothing is out is the last one
            more, found, after = bool(self._tally.out), False, ""
            while page := self._page(specs, after):
                after = page[-1]
                busy = self._busy()
                here = [sha256 for sha256 in page if sha256 not in busy]
                if here and not first:
                    self._refuse_circles(here)
                found = found or bool(here)
                yield from self._hand_out_contents(cost, here)
            more = more or found
            if not found:
                yield from self._wait()
            elif self._tally.out:
                self._record()
            first = False

    def _begin(self, cost: Cost, specs: Sequence[AnalyzerSpec]) -> None:
        with self._catalog.read() as tx:
            total = analyses.pending_count(tx, specs, containers=self._containers, failed_before=self._failed_before)
            seconds = backlog.total(tx, specs, cost, containers=self._containers) if cost is Cost.DEEP else None
        if seconds is None:
            self._tally.begin(STEPS[cost], total)
        else:
            self._tally.begin(STEPS[cost], seconds, media_of=cost)

    def _page(self, specs: Sequence[AnalyzerSpec], after: str) -> list[str]:
        with self._catalog.read() as tx:
            return analyses.pending(
                tx, specs, containers=self._containers, failed_before=self._failed_before, after=after, limit=PAGE
            )

    def _refuse_circles(self, page: Sequence[str]) -> None:
        """Refuse what is pending once more although it got no further since it was last handed out."""
        marks = self._marks(page)
        again = [sha256 for sha256 in page if self._late.get(sha256) == marks[sha256]]
        if again:
            raise RoomDamaged(
                f"{len(again):,} contents are pending again after they were read ({min(again)} is one): run `strongroom check`"
            )
        self._late.update(marks)

    def _marks(self, page: Sequence[str]) -> dict[str, Mark]:
        with self._catalog.read() as tx:
            due = analyses.due(tx, page, self._specs)
            begun = stretches.stretches(tx, page)
        marks: dict[str, set[tuple[str, int, float]]] = {sha256: set() for sha256 in page}
        for sha256, specs in due.items():
            marks[sha256] |= {(spec.name, spec.version, 0.0) for spec in specs}
        for (sha256, analyzer), stretch in begun.items():
            marks[sha256].add((analyzer, stretch.version, stretch.reached))
        return {sha256: frozenset(mark) for sha256, mark in marks.items()}

    def _hand_out_contents(self, cost: Cost, page: Sequence[str]) -> Iterator[Sequence[str]]:
        """Hand out what may take long one by one, so that an interruption costs a stretch a worker at most."""
        step = str(int(cost))
        if cost is Cost.CHEAP:
            yield from self._hand_out(step, page)
            return
        with self._catalog.read() as tx:
            alone = set(page) if cost is Cost.DEEP else contents.durations(tx, page).keys()
            left = backlog.left(tx, page, self._specs, cost) if self._tally.media_of is not None else {}
        yield from self._hand_out(step, [sha256 for sha256 in page if sha256 not in alone])
        for sha256 in page:
            yield from self._newcomers()
            if sha256 in alone and sha256 not in self._busy():
                yield from self._hand_out(step, [sha256], left)

    def _hand_out(self, step: str, keys: Sequence[str], left: Mapping[str, float] | None = None) -> Iterator[Sequence[str]]:
        for start in range(0, len(keys), self._batch):
            some = keys[start : start + self._batch]
            ids = [item(step, key) for key in some]
            self._tally.hand_out(ids, {item(step, key): (left or {}).get(key, 0.0) for key in some})
            yield ids

    def _wait(self) -> Iterator[Sequence[str]]:
        """Write down what came back; where something is out still, wait for it."""
        if self._tally.out:
            self._record()
            if self._tally.out:
                yield ()
