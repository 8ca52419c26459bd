"""An executor without processes, for unit tests of what is built on one."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from strongroom.engine.narrow import narrow
from strongroom.engine.worker import reason
from strongroom.ports.executor import ENDS_ALL, BatchFunction, Done, Limits, Lost

R = TypeVar("R")


class InlineExecutor:
    """Runs batches in the caller's own process, one after another; limits are not kept, and a crash is a crash."""

    def map(
        self,
        make: Callable[[], BatchFunction[R]],
        batches: Iterable[Sequence[str]],
        limits: Limits,  # noqa: ARG002 - the port has it
    ) -> Iterator[Done[R] | Lost]:
        """Run every batch; see `strongroom.ports.Executor.map`."""
        function: BatchFunction[R] | None = None
        for batch in filter(None, batches):
            function = function or make()
            line = deque([tuple(batch)])
            while line:
                ids = line.popleft()
                started: list[str] = []
                try:
                    yield Done(ids=ids, result=function(ids, started.append))
                except ENDS_ALL:
                    raise
                except Exception as error:  # noqa: BLE001 - whatever the function raises costs one item
                    if len(ids) == 1:
                        yield Lost(id=ids[0], reason=reason(error))
                    else:
                        line.extendleft(reversed([*narrow(ids, ids.index(started[-1]) if started else -1)]))
