"""The last step of every write: rows and references change together, then what they let go of is removed."""

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from strongroom.domain.outcome import KeptObject
from strongroom.errors import Conflict, NotFound, StorageFull, UsageError
from strongroom.storage.catalog import Catalog, Transaction, objects
from strongroom.storage.objects import Objects
from strongroom.vault.writer import Writer

R = TypeVar("R")


class Committer:
    """Commits changes and removes the bytes that they freed, never before the commit."""

    def __init__(self, catalog: Catalog, bodies: Objects, writer: Writer) -> None:
        """Take the parts."""
        self._catalog, self._bodies, self._writer = catalog, bodies, writer
        self._guard = threading.Lock()
        self._removed: set[str] = set()

    def commit(self, kept: Sequence[KeptObject], change: Callable[[Transaction], tuple[R, frozenset[str]]]) -> R:
        """Run a change in one durable transaction.

        Args:
            kept: Objects that get their rows with it.
            change: Gives its result, and the objects that may have lost their last reference.

        Raises:
            StrongroomError: From the change; then nothing has happened, and the kept objects are removed again.
        """
        with self._guard:
            removed = frozenset(self._removed)

        def act(tx: Transaction) -> tuple[R, list[tuple[str, str]]]:
            objects.forget(tx, removed)
            objects.adopt(tx, kept)
            result, loosened = change(tx)
            return result, objects.release(tx, loosened)

        try:
            result, freed = self._catalog.change(act)
        except (Conflict, NotFound, StorageFull, UsageError):  # certain not to have been committed, unlike a lost connection
            for one in kept:
                self._writer.discard(one)
            raise
        with self._guard:
            self._removed -= removed
        self._writer.settle(one.object_id for one in kept)
        self.remove(freed)
        return result

    def remove(self, freed: Sequence[tuple[str, str]]) -> None:
        """Remove the bytes of objects noted as garbage; the notes go with the next commit."""
        if freed:
            self._bodies.delete(freed)
            with self._guard:
                self._removed.update(one for one, _ in freed)

    def close(self) -> None:
        """Clear the notes that are left."""
        with self._guard:
            removed, self._removed = frozenset(self._removed), set()
        if removed:
            with self._catalog.write() as tx:
                objects.forget(tx, removed)
