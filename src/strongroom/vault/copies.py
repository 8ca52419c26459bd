"""Copies, and what is written from elsewhere."""

from strongroom.domain.blob import Blob, Copy
from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import Container
from strongroom.domain.copying import AS_IT_IS, Changes
from strongroom.domain.outcome import KeptObject
from strongroom.domain.pages import ANY_NUMBER, PAGE, SequenceCondition
from strongroom.storage.catalog import Transaction, blocks, copies, holders, pages
from strongroom.storage.catalog.copies import Source
from strongroom.storage.catalog.landings import Landed
from strongroom.storage.names import check_blob_name
from strongroom.vault import write
from strongroom.vault.read import cut
from strongroom.vault.transfers import Transfers


class Copies(Transfers):
    """Copies, and what is written from elsewhere."""

    def copy(
        self,
        source: Source,
        container: Container,
        name: str,
        changes: Changes = AS_IT_IS,
        condition: Condition = ALWAYS,
        *,
        source_condition: Condition = ALWAYS,
    ) -> Blob:
        """Make a blob with the bytes of a stored one.

        Args:
            source: Container, name and version (None for the current one) of the other.
            container: Where to.
            name: The new blob's name.
            changes: What it has otherwise than the other.
            condition: What must hold of the blob that is there.
            source_condition: What must hold of the other.

        Raises:
            BlobNotFound: There is no such source.
            ConditionFailed: A condition does not hold.
            Conflict: What is there is of another kind, or protected, or the source is archived.
            UsageError: The changes do not fit the source.
        """
        write.need_stored(source[0])
        write.need_stored(container)
        check_blob_name(name)

        def change(tx: Transaction) -> Landed:
            return copies.copy(tx, source, container, name, changes, condition=condition, source_condition=source_condition)

        return write.land(self._committer, (), change)

    def copy_incremental(
        self, source: Source, container: Container, name: str, record: Copy, condition: Condition = ALWAYS
    ) -> Blob:
        """Copy a page blob's snapshot over an earlier one, and keep what the target now is as a snapshot.

        Raises:
            BlobNotFound: There is no such source.
            ConditionFailed: The condition does not hold.
            Conflict: The source is no later snapshot of the same page blob.
        """
        write.need_stored(container)
        check_blob_name(name)
        return write.land(
            self._committer, (), lambda tx: copies.incremental(tx, source, container, name, record=record, condition=condition)
        )

    def shared(self, blob: Blob, start: int, length: int) -> KeptObject | None:
        """Give the object that holds a range of a stored blob, where the range is all of it, so that more can be made of it."""
        with self._catalog.read() as tx:
            some = cut(holders.pieces(tx, blob.id), start, length)
            return copies.whole_object(tx, blob.id, some[0]) if len(some) == 1 else None

    def share_block(self, container: Container, name: str, block_id: str, kept: KeptObject, lease_id: str | None) -> None:
        """Put a block that is an object which is there already; see `stage_block`."""
        write.need_stored(container)
        check_blob_name(name)
        self._committer.commit((kept,), lambda tx: (None, blocks.stage(tx, container, name, block_id, kept, lease_id=lease_id)))

    def share_pages(
        self,
        source: tuple[Source, Blob, int, int],
        container: Container,
        name: str,
        start: int,
        *,
        condition: Condition = ALWAYS,
        sequence: SequenceCondition = ANY_NUMBER,
    ) -> Blob | None:
        """Put pages that are parts of objects which are there already.

        Args:
            source: The stored blob, what it was when it was looked at, first byte and length.
            container: Where to.
            name: The page blob.
            start: The first byte there, at a page.
            condition: What must hold of the page blob.
            sequence: What must hold of its sequence number.

        Returns:
            The page blob; None, and nothing is done, where the parts do not begin and end at pages.

        Raises:
            BlobNotFound: There is no such page blob, or no such source any more.
            ConditionFailed: A condition does not hold, or the source has changed since.
        """
        key, blob, first, length = source
        with self._catalog.read() as tx:
            if any(one.length % PAGE for one in cut(holders.pieces(tx, blob.id), first, length)):
                return None

        def change(tx: Transaction) -> tuple[Blob, frozenset[str]]:
            row = copies.find_source(tx, key, Condition(if_match=blob.etag), also=(container, name))
            some = cut(holders.pieces(tx, row.id), first, length)
            return pages.write(tx, container, name, start, some, length=length, condition=condition, sequence=sequence)

        return self._committer.commit((), change)
