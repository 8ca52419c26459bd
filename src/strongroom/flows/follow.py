"""Going on reading as files arrive: what is pending now, then what comes, until somebody says stop."""

import time
from collections.abc import Callable, Iterator, Sequence

from strongroom.flows.pending import Pending
from strongroom.storage.catalog import Catalog

PAUSE = 0.5
"""Seconds between two looks at a catalog that has not changed."""


class Follow:
    """Never-ending batches of what is pending, at a bounded rate."""

    def __init__(
        self, catalog: Catalog, pending: Pending, settle: Callable[[], None], until: Callable[[], bool], rate: float
    ) -> None:
        """Take the parts.

        Args:
            catalog: Says by its revision whether anything changed.
            pending: Says what is to be done now.
            settle: Writes down all that came back; called whenever nothing is left to do.
            until: Says when to stop; asked often.
            rate: Contents a second at the most; 0 for as fast as it goes.
        """
        self._catalog, self._pending, self._settle, self._until = catalog, pending, settle, until
        self._rate = rate
        self._free_at = 0.0

    def batches(self) -> Iterator[Sequence[str]]:
        """Give batches for an executor, and wait while there are none."""
        while not self._until():
            seen = self._revision()
            for batch in self._pending.batches():
                yield batch
                if self._until():
                    return
                self._hold_back(len(batch))
            self._settle()
            self._wait(seen)

    def _hold_back(self, contents: int) -> None:
        if not self._rate or not contents:
            return
        self._free_at = max(self._free_at, time.monotonic()) + contents / self._rate
        while (left := self._free_at - time.monotonic()) > 0 and not self._until():
            time.sleep(min(left, PAUSE))

    def _wait(self, seen: str) -> None:
        """Wait until the catalog is not as it was seen."""
        while self._revision() == seen and not self._until():
            time.sleep(PAUSE)

    def _revision(self) -> str:
        with self._catalog.read() as tx:
            return self._catalog.revision(tx)
