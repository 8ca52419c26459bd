"""What is still to be done, asked of the catalog a page at a time and handed out in batches."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from strongroom.domain.analysis import AnalyzerSpec, Cost
from strongroom.errors import RoomDamaged
from strongroom.flows.tally import Tally
from strongroom.flows.worker import FINGERPRINT, item
from strongroom.storage.catalog import Catalog, analyses, blobs

PAGE = 1000
STEPS = {Cost.CHEAP: "reading", Cost.READING: "reading scans", Cost.DEEP: "reading deeper"}


class Pending:
    """Batches of work for an executor: fingerprints first, then pass by pass, the cheap one over everything first.

    Members that a content turns out to have are pending as soon as they are recorded, so a pass asks again until nothing is
    left. While the answer depends on what workers still hold, an empty batch is given (see `strongroom.ports.Executor.map`).
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
        """
        self._catalog = catalog
        self._specs = specs
        self._containers = containers
        self._failed_before = failed_before
        self._batch = batch
        self._tally = tally
        self._record = record
        self._late: set[str] = set()

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
        yield from self._wait()

    def _unread(self, after: int) -> list[int]:
        with self._catalog.read() as tx:
            return blobs.unread(tx, self._containers, after=after, limit=PAGE)

    def _pass(self, cost: Cost, specs: Sequence[AnalyzerSpec]) -> Iterator[Sequence[str]]:
        with self._catalog.read() as tx:
            total = analyses.pending_count(tx, specs, containers=self._containers, failed_before=self._failed_before)
        self._tally.begin(STEPS[cost], total)
        first, more = True, True
        while more:
            more, after = False, ""
            while page := self._page(specs, after):
                more, after = True, page[-1]
                if not first:
                    self._refuse_circles(page)
                yield from self._hand_out(str(int(cost)), page)
            yield from self._wait()
            first = False

    def _page(self, specs: Sequence[AnalyzerSpec], after: str) -> list[str]:
        with self._catalog.read() as tx:
            return analyses.pending(
                tx, specs, containers=self._containers, failed_before=self._failed_before, after=after, limit=PAGE
            )

    def _refuse_circles(self, page: Sequence[str]) -> None:
        again = self._late.intersection(page)
        if again:
            raise RoomDamaged(
                f"{len(again):,} contents are pending again after they were read ({min(again)} is one): run `strongroom check`"
            )
        self._late.update(page)

    def _hand_out(self, step: str, keys: Sequence[str]) -> Iterator[Sequence[str]]:
        for start in range(0, len(keys), self._batch):
            ids = [item(step, key) for key in keys[start : start + self._batch]]
            self._tally.hand_out(ids)
            yield ids

    def _wait(self) -> Iterator[Sequence[str]]:
        while self._tally.out:
            self._record()
            if self._tally.out:
                yield ()
