"""`analyze`: the catalog says what is pending, workers read it, index and catalog are written; there is no queue."""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import pyarrow as pa

from strongroom.domain.analysis import Cost, State
from strongroom.domain.outcome import Outcome
from strongroom.domain.progress import OnProgress
from strongroom.domain.status import Analyzed
from strongroom.flows import naming
from strongroom.flows.follow import Follow
from strongroom.flows.parts import Parts
from strongroom.flows.pending import Pending
from strongroom.flows.placing import place_all
from strongroom.flows.pruning import prune
from strongroom.flows.tally import Tally
from strongroom.flows.worker import FINGERPRINT, BatchResult, Plan, open_worker
from strongroom.index import IndexWriter
from strongroom.ports import Done, Executor, Limits, Lost
from strongroom.storage.catalog import Transaction, analyses, backlog, blobs, now, stretches

FLUSH_ROWS = 4096
FLUSH_SECONDS = 2.0
TEND_SECONDS = 60.0
"""How often the index is tended while a room is followed: a search reads the few new rows without an index."""


def _never() -> bool:
    return False


def analyze(
    parts: Parts,
    executor: Executor,
    *,
    containers: frozenset[int] | None,
    retry_failed: bool,
    depth: Cost,
    on_progress: OnProgress,
    until: Callable[[], bool] | None = None,
    is_stopped: Callable[[], bool] = _never,
) -> Analyzed:
    """Read everything that is pending; interrupted at any moment, the next call goes on from there.

    Args:
        parts: An open room.
        executor: Runs the workers.
        containers: Only what these hold; None is all.
        retry_failed: Whether what failed before is read again.
        depth: The last pass to run.
        on_progress: Is told of each step.
        until: Says when to stop reading what arrives meanwhile; None is as soon as nothing is pending.
        is_stopped: Says whether somebody stopped it: what workers have in hand is then finished and written down.

    Raises:
        ModelMissing: A model that the settings name is not pulled.
        StorageError: The vault, the catalog or the index cannot be written.
    """
    started, settings = time.monotonic(), parts.settings
    writer, tally = IndexWriter(parts.table), Tally(on_progress)
    failed_before = now() if retry_failed else None
    returns = Returns(parts, writer, tally)
    pending = Pending(
        parts.catalog,
        [spec for spec in parts.specs if spec.cost <= depth],
        containers=containers,
        failed_before=failed_before,
        batch=settings.batch,
        tally=tally,
        record=returns.record,
        newcomers_first=until is not None,
    )
    batches = pending.batches()
    if until is not None:
        settling = Settling(parts, writer, returns)
        ends = partial(_any, until, is_stopped)
        batches = Follow(parts.catalog, pending, settling.settle, ends, settings.follow_rate).batches()
    prune(parts, writer)
    naming.settle(parts.catalog)
    place_all(parts, writer)
    limits = Limits(seconds=settings.file_seconds, memory=settings.file_memory)
    plan = Plan(room=parts.layout.root, settings=settings, failed_before=failed_before)
    for outcome in executor.map(partial(open_worker, plan), _unless(is_stopped, batches), limits):
        returns.take(outcome)
    returns.record()
    place_all(parts, writer)
    writer.tend()
    return Analyzed(
        contents=tally.contents,
        failed=tally.failed,
        segments=returns.segments,
        seconds=time.monotonic() - started,
        is_stopped=is_stopped(),
    )


def _unless(is_stopped: Callable[[], bool], batches: Iterator[Sequence[str]]) -> Iterator[Sequence[str]]:
    """Hand out batches until somebody stops that."""
    for batch in batches:
        if is_stopped():
            return
        yield batch


def _any(*ends: Callable[[], bool]) -> bool:
    return any(end() for end in ends)


class Settling:
    """What is done whenever nothing is pending, while a room is followed."""

    def __init__(self, parts: Parts, writer: IndexWriter, returns: "Returns") -> None:
        """Take the parts."""
        self._parts, self._writer, self._returns = parts, writer, returns
        self._tended = time.monotonic()

    def settle(self) -> None:
        """Write what came back, follow what moved or went, and tend the index once a while."""
        self._returns.record()
        prune(self._parts, self._writer)
        place_all(self._parts, self._writer)
        if time.monotonic() - self._tended > TEND_SECONDS:
            self._writer.tend()
            self._tended = time.monotonic()


class Returns:
    """What came back from workers: gathered, then written to the index first and to the catalog after.

    Both can be done twice without harm, so a run that is killed between them only does some work again.
    """

    def __init__(self, parts: Parts, writer: IndexWriter, tally: Tally) -> None:
        """Start with nothing."""
        self._parts = parts
        self._writer = writer
        self._tally = tally
        self._ids: list[str] = []
        self._tables: list[pa.Table] = []
        self._outcomes: list[Outcome] = []
        self._lost: list[tuple[str, int, str]] = []
        self._since = time.monotonic()
        self.segments = 0
        """Segments written so far."""

    def take(self, outcome: Done[BatchResult] | Lost) -> None:
        """Take one outcome of the executor, and write when enough has come together."""
        if isinstance(outcome, Lost):
            self._ids.append(outcome.id)
            self._lose(outcome)
            self._tally.came_back([outcome.id], [outcome.reason])
        else:
            self._ids += outcome.ids
            self._take_result(outcome.ids, outcome.result)
        rows = sum(table.num_rows for table in self._tables)
        if rows >= FLUSH_ROWS or time.monotonic() - self._since > FLUSH_SECONDS:
            self.record()

    def _take_result(self, ids: Sequence[str], result: BatchResult) -> None:
        reasons = [run.reason or "" for one in result.outcomes for run in one.runs if run.state == State.FAILED]
        reasons += [one.fault for one in result.outcomes if one.fault is not None]
        self._clear_earlier(result.outcomes)
        for kept in result.spilled:
            with self._parts.vault.read_object(kept) as stream:
                self._merge(pa.ipc.open_stream(stream).read_all())
        self._parts.vault.discard(result.spilled)
        if result.segments:
            self._tables.append(pa.ipc.open_stream(result.segments).read_all())
        self._outcomes += result.outcomes
        stopped = {one.sha256 for one in result.outcomes if any(run.stopped for run in one.runs)}
        on_the_way = [id_ for id_ in ids if id_.split(":", 1)[1] in stopped]
        self._tally.came_back(ids, reasons, on_the_way)

    def _lose(self, lost: Lost) -> None:
        step, key = lost.id.split(":", 1)
        if step == FINGERPRINT:
            with self._parts.catalog.write() as tx:
                blobs.fault(tx, int(key), lost.reason)
        else:
            self._lost.append((key, int(step), lost.reason))

    def _clear_earlier(self, outcomes: Sequence[Outcome]) -> None:
        """Take from the index what an earlier reading of the same contents wrote and this one may not write again."""
        with self._parts.catalog.read() as tx:
            runs = {(one.sha256, run.analyzer): run for one in stretches.current(tx, outcomes) for run in one.runs}
            earlier = analyses.earlier(tx, runs)
        for (analyzer, version), sha256s in earlier.items():
            own = {sha for sha in sha256s if runs[sha, analyzer].began and runs[sha, analyzer].version == version}
            gone = [sha for sha in sha256s if sha not in own]  # what goes on from a checkpoint needs what was before it
            if gone:
                self._writer.supersede(gone, analyzer, version)

    def _merge(self, table: pa.Table) -> None:
        self.segments += table.num_rows
        self._writer.merge(table)

    def _write(self, tx: Transaction) -> list[tuple[str, str]]:
        freed = analyses.record(tx, self._outcomes)
        for sha256, cost, reason in self._lost:
            analyses.lose(tx, sha256, [spec for spec in self._parts.specs if spec.cost <= cost], reason)
        return freed

    def record(self) -> None:
        """Write what has come together, and let go of it."""
        if self._tables:
            self._merge(pa.concat_tables(self._tables))
        if self._outcomes or self._lost:
            self._parts.vault.remove_freed(self._parts.catalog.change(self._write))
        self._tally.recorded(self._ids, self._left())
        self._ids, self._tables, self._outcomes, self._lost = [], [], [], []
        self._since = time.monotonic()

    def _left(self) -> dict[str, float]:
        """Give what is left to do of what was recorded now, where the pass counts by the length of recordings."""
        cost = self._tally.media_of
        if cost is None:
            return {}
        named = {id_.split(":", 1)[1]: id_ for id_ in self._ids}
        with self._parts.catalog.read() as tx:
            left = backlog.left(tx, named, self._parts.specs, cost)
        return {named[sha256]: seconds for sha256, seconds in left.items()}
