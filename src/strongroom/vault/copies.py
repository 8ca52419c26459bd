"""Copies, and what is written from elsewhere."""

from strongroom.domain.blob import Blob, Copy
from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import Container
from strongroom.domain.copying import AS_IT_IS, Changes
from strongroom.storage.catalog import Transaction, copies
from strongroom.storage.catalog.copies import Source
from strongroom.storage.catalog.landings import Landed
from strongroom.storage.names import check_blob_name
from strongroom.vault import write
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
