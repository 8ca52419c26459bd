"""The default ledger: acts are rows of the catalog, durable before their result is shown.

Acts that come while others are being committed share the next transaction, so that fifty readers do not wait for fifty
syncs of the disk, one after another (group commit with a leader: DeWitt et al. 1984).
"""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from strongroom.ports import Act
from strongroom.storage.catalog import Catalog, acts

MOST = 256
"""Acts in one transaction."""


@dataclass(kw_only=True, slots=True, eq=False)
class Waiting:
    """One caller's act on its way."""

    act: Act
    index: int = -1
    error: BaseException | None = None
    is_done: bool = False


class CatalogLedger:
    """Keeps acts in the catalog; implements `strongroom.ports.Ledger`. Threads may share it."""

    def __init__(self, catalog: Catalog) -> None:
        """Record into an open catalog."""
        self._catalog = catalog
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._guard, self._turn = threading.Lock(), threading.Lock()
        self._waiting: list[Waiting] = []

    def append(self, act: Act) -> int:
        """Record an act and give its index, counted from 0; it is durable on return."""
        if self._pid != os.getpid():  # a forked child: threads that held the locks are not here
            self._begin()
        mine = Waiting(act=act)
        with self._guard:
            self._waiting.append(mine)
        with self._turn:
            while not mine.is_done:
                with self._guard:
                    group, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                self._settle(group)
        if mine.error is not None:
            raise mine.error
        return mine.index

    def _settle(self, group: Sequence[Waiting]) -> None:
        """Record a group, together or else one by one: what is wrong with one act must not undo another."""
        if not self._is_settled(group) and len(group) > 1:
            for one in group:
                self._is_settled([one])
        for one in group:
            one.is_done = True

    def _is_settled(self, group: Sequence[Waiting]) -> bool:
        """Record acts in one transaction; False where none of them was written, so that it may be tried again."""
        is_whole = False
        try:
            with self._catalog.write(is_counted=False) as tx:
                first = acts.append(tx, [one.act for one in group])
                is_whole = True
        except BaseException as error:  # noqa: BLE001 - it is raised where the act came from
            for one in group:
                one.error = error
            return is_whole
        for index, one in enumerate(group, first):
            one.index, one.error = index, None
        return True
