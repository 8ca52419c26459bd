"""The executor of one machine: a process a worker, each loading its models once."""

import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from strongroom.engine.crew import Crew, Ran
from strongroom.engine.process import sweep_directories
from strongroom.errors import RoomError, UsageError
from strongroom.ports.executor import BatchFunction, Done, Limits, Lost

R = TypeVar("R")


class LocalExecutor:
    """Runs batches in worker processes; one bad item costs that item and nothing else.

    A worker that crashes, raises, or passes a limit has its batch cut up and run again until the bad item is alone.
    Workers are started when there is work for them and end with the iterator of `map`, with all that they started.
    """

    def __init__(self, workers: int) -> None:
        """Take a number of workers; nothing is started yet.

        Args:
            workers: Processes that may run at a time.

        Raises:
            UsageError: There must be one at least.
        """
        if workers < 1:
            raise UsageError(f"workers is {workers}: at least one is needed")
        self.workers = workers

    def map(
        self, make: Callable[[], BatchFunction[R]], batches: Iterable[Sequence[str]], limits: Limits
    ) -> Iterator[Done[R] | Lost]:
        """Run every batch; see `strongroom.ports.Executor.map`.

        Batches are read in the caller's thread, at most ``workers`` ahead of those being run. Closing the iterator, or an
        exception in the caller, ends all workers at once.

        Raises:
            UsageError: ``make`` cannot be pickled.
            RoomError: Workers cannot be started, or crash while they load their models.
        """
        try:
            packed = pickle.dumps(make)
        except Exception as error:
            raise UsageError(f"make cannot be sent to a worker ({error}); define it at the top of a module") from error
        sweep_directories()
        crew = Crew(packed, limits, self.workers)
        finished = False
        try:
            yield from self._run(crew, iter(batches))
            finished = True
        finally:
            crew.end(gently=finished)

    def _run(self, crew: Crew, batches: Iterator[Sequence[str]]) -> Iterator[Done[R] | Lost]:
        open_items, more = 0, True
        while more or open_items:
            while more and crew.waiting < self.workers:
                batch = next(batches, None)
                more = batch is not None
                if batch:
                    open_items += len(batch)
                    crew.add(tuple(batch))
                elif open_items:
                    break
            if open_items:
                outcome: Done[R] | Lost = _told(crew.outcomes.get())
                open_items -= 1 if isinstance(outcome, Lost) else len(outcome.ids)
                yield outcome


def _told(outcome: Ran | Lost | BaseException) -> Done[R] | Lost:
    if isinstance(outcome, BaseException):
        raise outcome
    if isinstance(outcome, Lost):
        return outcome
    try:
        return Done(ids=outcome.ids, result=pickle.loads(outcome.packed))  # noqa: S301 - our own worker wrote it
    except Exception as error:
        raise RoomError(f"a worker's result cannot be read here: {type(error).__name__}: {error}") from error
