"""Page blobs: pages put, cleared, listed and compared."""

from itertools import islice

from strongroom.domain.blob import Blob
from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import Container
from strongroom.domain.pages import ANY_NUMBER, PageRange, SequenceCondition
from strongroom.storage.catalog import pages
from strongroom.vault import write
from strongroom.vault.contents import Contents
from strongroom.vault.write import Bytes


class Pages(Contents):
    """Page blobs: pages put, cleared, listed and compared."""

    def put_pages(
        self,
        container: Container,
        name: str,
        start: int,
        source: Bytes,
        *,
        condition: Condition = ALWAYS,
        sequence: SequenceCondition = ANY_NUMBER,
    ) -> Blob:
        """Write pages, durable when this returns.

        Args:
            container: Where.
            name: The blob (a kind of ``page``).
            start: The first byte, at a page.
            source: Whole pages.
            condition: What must hold of the blob.
            sequence: What must hold of its sequence number.

        Raises:
            BlobNotFound: There is none.
            Conflict: It is no page blob, or protected.
            ConditionFailed: A condition does not hold.
            UsageError: The range is not of whole pages within the blob.
            StorageFull: No space is left; nothing was written.
        """
        write.need_stored(container)
        kept = self._writer.keep(write.chunks_of(source))
        pieces = write.pieces_of(kept)
        return self._committer.commit(
            (kept,),
            lambda tx: pages.write(
                tx, container, name, start, pieces, length=kept.size, condition=condition, sequence=sequence
            ),
        )

    def clear_pages(
        self,
        container: Container,
        name: str,
        start: int,
        length: int,
        *,
        condition: Condition = ALWAYS,
        sequence: SequenceCondition = ANY_NUMBER,
    ) -> Blob:
        """Make pages zeros again; what held them is let go.

        Raises:
            BlobNotFound: There is none.
            Conflict: It is no page blob, or protected.
            ConditionFailed: A condition does not hold.
            UsageError: The range is not of whole pages within the blob.
        """
        write.need_stored(container)
        return self._committer.commit(
            (),
            lambda tx: pages.write(tx, container, name, start, (), length=length, condition=condition, sequence=sequence),
        )

    def resize_pages(self, container: Container, name: str, size: int, condition: Condition = ALWAYS) -> Blob:
        """Give a page blob another size: what is cut off is gone, and what is added is zeros.

        Raises:
            BlobNotFound: There is none.
            Conflict: It is no page blob, or protected.
            ConditionFailed: The condition does not hold.
            UsageError: The size is none of whole pages.
        """
        write.need_stored(container)
        return self._committer.commit((), lambda tx: pages.resize(tx, container, name, size, condition))

    def renumber_pages(
        self, container: Container, name: str, action: str, number: int | None = None, *, condition: Condition = ALWAYS
    ) -> Blob:
        """Change a page blob's sequence number.

        Args:
            container: Where.
            name: The blob.
            action: ``max`` of the two, ``update`` to the given one, or ``increment``.
            number: The number, for the first two.
            condition: What must hold of the blob.

        Raises:
            BlobNotFound: There is none.
            Conflict: It is no page blob, or protected, or the number would be too high.
            ConditionFailed: The condition does not hold.
        """
        write.need_stored(container)
        return self._catalog.change(lambda tx: pages.renumber(tx, container, name, (action, number), condition))

    def page_ranges(self, blob: Blob, start: int, end: int, limit: int) -> list[PageRange]:
        """Give the pages that a page blob has, within a range of bytes, in order."""
        with self._catalog.read() as tx:
            return list(islice(pages.ranges(tx, blob.id, start, end), limit))

    def page_changes(
        self, container: Container, blob: Blob, snapshot: str, bounds: tuple[int, int], limit: int
    ) -> list[PageRange]:
        """Give the pages within a range of bytes that were written or cleared since a snapshot, in order.

        Args:
            container: Where.
            blob: The blob, or a later snapshot of it.
            snapshot: The earlier snapshot.
            bounds: First byte of the range, and the one behind it.
            limit: Ranges at most.

        Raises:
            UsageError: The snapshot is newer than the blob.
            ConditionFailed: There is no such snapshot.
        """
        with self._catalog.read() as tx:
            before = pages.previous(tx, container, blob.name, snapshot, None if blob.is_current else blob.version)
            return list(islice(pages.changes(tx, blob.id, before, *bounds), limit))
