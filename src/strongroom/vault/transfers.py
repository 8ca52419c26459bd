"""Copies from other servers: begun, on their way, ended."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from time import monotonic

from strongroom.domain.blob import Blob, Copy
from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import Container
from strongroom.errors import ConditionFailed
from strongroom.storage.catalog import Transaction, landings, transfers
from strongroom.storage.catalog.catalog import now
from strongroom.storage.names import check_blob_name
from strongroom.vault import write
from strongroom.vault.contents import Contents
from strongroom.vault.write import Bytes, Traits

BEAT_SECONDS = 2.0
"""How often it is noted how far a copy has come, and looked whether it is still wanted."""
SILENT_AFTER = timedelta(minutes=5)
"""When a copy of which nothing was heard is taken for one whose server has died; longer than any server waits for bytes."""


class Transfers(Contents):
    """Copies from other servers."""

    def put_copy(
        self,
        container: Container,
        name: str,
        source: Bytes,
        *,
        traits: Traits,
        record: Copy,
        condition: Condition = ALWAYS,
    ) -> Blob:
        """Write a blob that is a copy of what is not in this room, streaming.

        Args:
            container: Where.
            name: The blob's name; one that exists is replaced.
            source: Its bytes.
            traits: What it is told to be.
            record: How it is told to be a copy: its id and source.
            condition: What must hold of the blob that is there.

        Raises:
            ConditionFailed: The condition does not hold.
            StorageFull: No space is left; nothing was written.
        """
        write.need_stored(container)
        check_blob_name(name)
        kept = self._writer.keep(write.chunks_of(source), with_md5=True)
        ended = replace(record, status="success", done=kept.size, total=kept.size, completed_at=now())
        landing = replace(write.landing(name, traits, kept), copy=ended, md5=traits.md5 or kept.md5)
        return write.land(self._committer, (kept,), lambda tx: landings.land(tx, container, [landing], condition))

    def begin_copy(self, container: Container, name: str, traits: Traits, record: Copy, condition: Condition = ALWAYS) -> Blob:
        """Make an empty blob whose copy is pending: `receive_copy` gives it its bytes.

        Raises:
            ConditionFailed: The condition does not hold.
        """
        write.need_stored(container)
        check_blob_name(name)
        landing = replace(write.landing(name, replace(traits, size=0)), copy=record)
        return write.land(self._committer, (), lambda tx: transfers.begin(tx, container, landing, condition))

    def receive_copy(self, version_id: int, chunks: Iterable[bytes]) -> bool:
        """Give a pending copy its bytes, streaming; how far it has come shows meanwhile.

        Args:
            version_id: The key of what `begin_copy` made.
            chunks: Its bytes; what iterating raises is raised on, and the copy stays pending.

        Returns:
            False where it was aborted, overwritten or deleted meanwhile; the bytes are then gone.
        """
        try:
            kept = self._writer.keep(self._beaten(version_id, chunks), with_md5=True)

            def change(tx: Transaction) -> tuple[None, frozenset[str]]:
                transfers.finish(tx, version_id, kept)
                return None, frozenset()

            self._committer.commit((kept,), change)
        except ConditionFailed:
            return False
        return True

    def _beaten(self, version_id: int, chunks: Iterable[bytes]) -> Iterator[bytes]:
        done, noted = 0, monotonic()
        for chunk in chunks:
            done += len(chunk)
            if monotonic() - noted > BEAT_SECONDS:
                self._catalog.change(partial(transfers.progress, version_id=version_id, done=done))
                noted = monotonic()
            yield chunk

    def fail_copy(self, version_id: int, why: str) -> None:
        """End a pending copy that failed; the blob stays, empty, and tells why."""
        self._catalog.change(lambda tx: transfers.stop(tx, version_id, transfers.FAILED, why))

    def abort_copy(self, container: Container, name: str, copy_id: str, lease_id: str | None = None) -> None:
        """End a pending copy; the blob stays, empty.

        Raises:
            BlobNotFound: There is no such blob.
            ConditionFailed: Another holds a lease.
            Conflict: It is no such copy, or not pending any more.
        """
        write.need_stored(container)
        self._catalog.change(lambda tx: transfers.abort(tx, container, name, copy_id, lease_id))

    def fail_old_copies(self, silent: timedelta = SILENT_AFTER) -> int:
        """End pending copies whose server has died; gives how many.

        Args:
            silent: How long nothing must have been heard of one.
        """
        before = now() - silent
        with self._catalog.read() as tx:
            found = transfers.old(tx, before)
        for version_id in found:
            self.fail_copy(version_id, "500 InternalError The server stopped before all bytes had come: copy it again.")
        return len(found)
