"""The last step of every write: rows and references change together, then what they let go of is removed.

Changes that come while another one is being committed share the next transaction, each within a savepoint: so one fsync
makes many writers' changes durable, and no thread waits idle for work (group commit with a leader: DeWitt et al. 1984).
"""

import os
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from strongroom.domain.outcome import KeptObject
from strongroom.errors import Conflict, NotFound, StorageFull, StrongroomError, UsageError
from strongroom.storage.catalog import Catalog, Transaction, objects
from strongroom.storage.objects import Objects
from strongroom.vault.writer import Writer

R = TypeVar("R")
Change = Callable[[Transaction], tuple[R, Collection[str]]]
Freed = list[tuple[str, str]]

UNDONE = (Conflict, NotFound, StorageFull, UsageError)
"""What is certain not to have been committed, unlike a connection that was lost."""


@dataclass(kw_only=True, slots=True, eq=False)
class Member:
    """One caller's change on its way."""

    kept: Sequence[KeptObject]
    change: Change[Any]
    result: Any = None
    error: BaseException | None = None
    is_done: bool = False
    loosened: Collection[str] = field(default=())


class Committer:
    """Commits changes and removes the bytes that they freed, never before the commit; any number of threads may use it."""

    def __init__(self, catalog: Catalog, bodies: Objects, writer: Writer) -> None:
        """Take the parts."""
        self._catalog, self._bodies, self._writer = catalog, bodies, writer
        self._removed: set[str] = set()
        self._freed: Freed = []
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._guard, self._turn = threading.Lock(), threading.Lock()
        self._waiting: list[Member] = []

    def commit(self, kept: Sequence[KeptObject], change: Change[R], *, is_waited_for: bool = False) -> R:
        """Run a change in one durable transaction, perhaps together with those of other threads.

        Args:
            kept: Objects that get their rows with it.
            change: Gives its result, and the objects that may have lost their last reference. It has no effect but on the
                transaction, and may be run again.
            is_waited_for: Whether what was freed is to be removed later, by `remove_freed`.

        Raises:
            StrongroomError: From the change; then nothing has happened, and the kept objects are removed again.
        """
        if self._pid != os.getpid():  # a forked child: threads that held the locks are not here
            self._begin()
        mine = Member(kept=kept, change=change)
        freed: Freed = []
        with self._guard:
            self._waiting.append(mine)
        with self._turn:
            if not mine.is_done:
                with self._guard:
                    group, self._waiting = self._waiting, []
                freed = self._settle(group)
        if is_waited_for:
            with self._guard:
                self._freed += freed
        else:
            self.remove(freed)
        if mine.error is None:
            self._writer.settle(one.object_id for one in kept)
            return cast("R", mine.result)
        if isinstance(mine.error, UNDONE):
            for one in kept:
                self._writer.discard(one)
        raise mine.error

    def _settle(self, group: Sequence[Member]) -> Freed:
        """Commit the changes of a group, together or else one by one; gives what they freed."""
        try:
            if len(group) > 1:
                together = self._together(group)
                if together is not None:
                    return together
            return [one for member in group for one in self._alone(member)]
        finally:
            for member in group:
                member.is_done = True

    def _alone(self, member: Member) -> Freed:
        removed = self._notes()

        def act(tx: Transaction) -> Freed:
            objects.forget(tx, removed)
            objects.adopt(tx, member.kept)
            member.result, loosened = member.change(tx)
            return objects.release(tx, loosened)

        try:
            freed = self._catalog.change(act)
        except BaseException as error:  # noqa: BLE001 - it is raised where the change came from
            member.error = error
            return []
        self._forget(removed)
        return freed

    def _together(self, group: Sequence[Member]) -> Freed | None:
        """Commit changes in one transaction; None, and nothing has happened, where they must be committed one by one."""
        removed = self._notes()
        is_whole = False

        def act(tx: Transaction) -> Freed:
            nonlocal is_whole
            is_whole = False
            objects.forget(tx, removed)
            for member in group:
                _within_savepoint(tx, member)
            freed = objects.release(tx, {one for member in group for one in member.loosened})
            is_whole = True
            return freed

        try:
            freed = self._catalog.change(act)
        except BaseException as error:  # noqa: BLE001
            if not is_whole or isinstance(error, UNDONE):
                return None
            for member in group:
                member.error = error
            return []
        self._forget(removed)
        return freed

    def remove(self, freed: Sequence[tuple[str, str]]) -> None:
        """Remove the bytes of objects noted as garbage; the notes go with the next commit."""
        if freed:
            self._bodies.delete(freed)
            with self._guard:
                self._removed.update(one for one, _ in freed)

    def remove_freed(self) -> None:
        """Remove the bytes that commits freed which somebody waited for."""
        with self._guard:
            freed, self._freed = self._freed, []
        self.remove(freed)

    def _notes(self) -> frozenset[str]:
        with self._guard:
            return frozenset(self._removed)

    def _forget(self, removed: frozenset[str]) -> None:
        with self._guard:
            self._removed -= removed

    def close(self) -> None:
        """Clear the notes that are left."""
        with self._guard:
            removed, self._removed = frozenset(self._removed), set()
        if removed:
            with self._catalog.write() as tx:
                objects.forget(tx, removed)


def _within_savepoint(tx: Transaction, member: Member) -> None:
    """Run one change of many, so that what it refuses undoes only its own doing."""
    member.result, member.error, member.loosened = None, None, ()
    tx.exec_driver_sql("SAVEPOINT member")
    try:
        objects.adopt(tx, member.kept)
        member.result, member.loosened = member.change(tx)
    except StrongroomError as error:
        tx.exec_driver_sql("ROLLBACK TO SAVEPOINT member")
        member.error = error
    tx.exec_driver_sql("RELEASE SAVEPOINT member")
