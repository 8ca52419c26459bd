"""The port that runs one function over many batches, on this machine or on many."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeAlias, TypeVar

from strongroom.errors import ModelError, StorageFull, Unreachable

R = TypeVar("R")

ENDS_ALL = (ModelError, StorageFull, Unreachable)
"""Errors of a batch function that are no item's fault: they end the run, so that the items stay to be done."""

OnItem: TypeAlias = Callable[[str], None]
"""The batch function calls it with each id as it starts on it, so that a limit can be laid on one item."""

BatchFunction: TypeAlias = Callable[[Sequence[str], OnItem], R]
"""Runs in a worker: ids to one picklable result; running it twice on the same ids changes nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Bounds on a worker."""

    seconds: float
    """Wall time that one item may take; the worker is killed beyond it."""
    memory: int
    """Resident bytes that a worker may hold; it is killed beyond them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Done(Generic[R]):
    """A batch that was run."""

    ids: tuple[str, ...]
    """What was run."""
    result: R
    """What the function returned."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lost:
    """One item that killed its worker, passed a limit, or made the function raise when run alone."""

    id: str
    """The item."""
    reason: str
    """A sentence for people."""


class Executor(Protocol):
    """Runs batches of ids; one bad item costs that item and nothing else."""

    def map(
        self, make: Callable[[], BatchFunction[R]], batches: Iterable[Sequence[str]], limits: Limits
    ) -> Iterator[Done[R] | Lost]:
        """Run every batch; results come in any order.

        Args:
            make: Picklable; called once in each worker to build the batch function (it loads the models).
            batches: Read lazily, never far ahead of the workers. An empty batch means that what comes next depends on what
                is being run: another is asked for after the next outcome.
            limits: Bounds on each worker.

        Yields:
            ``Done`` for each batch or part of a batch that ran, ``Lost`` for each bad item; every id comes exactly once.

        Raises:
            StrongroomError: ``make`` itself raised it (a missing model, say), or the function raised one of `ENDS_ALL`:
                nothing can run.
        """
