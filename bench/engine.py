"""What the engine costs: files a second with work that does nothing, beside a bare pool of processes in the same run.

Run it with ``python bench/engine.py``. The pool loses a whole run to one crashed file; the engine must not be bought
with much time. The parent's memory is measured over 100,000 files.
"""

import resource
import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import psutil
from rich.console import Console
from rich.table import Table

from strongroom.engine import LocalExecutor
from strongroom.ports import Done, Limits
from strongroom.ports.executor import BatchFunction, OnItem

FILES, MANY, WORKERS, ROUNDS = 20_000, 100_000, 2, 5
LIMITS = Limits(seconds=300, memory=3 << 29)


def nothing(ids: Sequence[str], on_item: OnItem) -> list[str]:
    """Do for each id what every analyzer does at the least: say that it begins, and give an answer."""
    for item in ids:
        on_item(item)
    return list(ids)


def make() -> BatchFunction[list[str]]:
    """Build the batch function."""
    return nothing


def bare(ids: Sequence[str]) -> list[str]:
    """Do the same in the pool, which has no marks."""
    return nothing(ids, lambda _: None)


def batches(count: int, size: int) -> Iterator[list[str]]:
    """Give ids like those of contents: 64 hexadecimal digits."""
    for at in range(0, count, size):
        yield [f"{index:064x}" for index in range(at, min(at + size, count))]


def pool(size: int) -> float:
    """Give files a second of the bare pool, once its processes run."""
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as workers:
        list(workers.map(bare, batches(4 * WORKERS, 1)))
        began = time.perf_counter()
        assert sum(map(len, workers.map(bare, batches(FILES, size)))) == FILES
        return FILES / (time.perf_counter() - began)


def engine(count: int, size: int) -> float:
    """Give files a second of the engine, from the first outcome to the last."""
    outcomes = LocalExecutor(WORKERS).map(make, batches(count, size), LIMITS)
    first = next(outcomes)
    began = time.perf_counter()
    rest = sum(len(outcome.ids) for outcome in outcomes if isinstance(outcome, Done))
    assert isinstance(first, Done)
    assert rest + len(first.ids) == count
    return rest / (time.perf_counter() - began)


def main() -> None:
    """Print the table."""
    title = f"{FILES:,} files, {WORKERS} workers, median of {ROUNDS} runs in turn"
    table = Table("batch", "engine, files/s", "bare pool, files/s", "engine / pool", title=title)
    for size in (1, 16, 64):
        rates = [(engine(FILES, size), pool(size)) for _ in range(ROUNDS)]
        ours, theirs = (statistics.median(column) for column in zip(*rates, strict=True))
        table.add_row(str(size), f"{ours:,.0f}", f"{theirs:,.0f}", f"{ours / theirs:.2f}")
    console = Console()
    console.print(table)
    before = psutil.Process().memory_info().rss
    engine(MANY, 16)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    console.print(f"parent's memory over {MANY:,} files: {before / 2**20:.0f} MiB before, {peak / 2**20:.0f} MiB at most")


if __name__ == "__main__":
    from engine import main as run  # workers find `make` in a module, never in a script

    run()
