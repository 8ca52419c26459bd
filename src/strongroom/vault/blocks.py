"""Blobs that come in parts: blocks put and committed, and appends; neither moves a byte that is stored already."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from strongroom.domain.blob import Blob
from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import Container
from strongroom.domain.outcome import KeptObject
from strongroom.errors import UsageError
from strongroom.storage.catalog import Transaction, blocks
from strongroom.storage.catalog.blocks import Appended, BlockRef
from strongroom.storage.catalog.catalog import now
from strongroom.storage.names import check_blob_name
from strongroom.vault import write
from strongroom.vault.contents import Contents
from strongroom.vault.write import PLAIN, Bytes, Traits

WAITS = timedelta(days=7)
"""How long uncommitted blocks wait for more, as with Azure."""

SOME_BLOBS = 100


class Blocks(Contents):
    """Blobs that come in parts: blocks put and committed, and appends."""

    def stage_block(
        self,
        container: Container,
        name: str,
        block_id: str,
        source: Bytes,
        *,
        with_md5: bool = False,
        lease_id: str | None = None,
    ) -> KeptObject:
        """Put a block, durable when this returns; `commit_blocks` makes a blob of such.

        Args:
            container: Where.
            name: The blob that it is for.
            block_id: Its id among those of the blob.
            source: Its bytes.
            with_md5: Whether to compute the MD5 too.
            lease_id: The lease that the caller holds.

        Raises:
            UsageError: It has no bytes, or an id that is not as long as those of the blob's other uncommitted blocks.
            Conflict: There is a blob of another kind.
            ConditionFailed: Another holds a lease.
            StorageFull: No space is left; nothing was written.
        """
        write.need_stored(container)
        check_blob_name(name)
        kept = self._writer.keep(write.chunks_of(source), with_md5=with_md5)
        if not kept.size:
            raise UsageError("a block has at least one byte: leave empty ones out")
        self._committer.commit((kept,), lambda tx: (None, blocks.stage(tx, container, name, block_id, kept, lease_id=lease_id)))
        return kept

    def commit_blocks(
        self, container: Container, name: str, refs: Sequence[BlockRef], traits: Traits = PLAIN, condition: Condition = ALWAYS
    ) -> Blob:
        """Make a blob of blocks; uncommitted ones that are not named are gone afterwards.

        Raises:
            UsageError: A block that is named does not exist.
            Conflict: There is a blob of another kind.
            ConditionFailed: The condition does not hold.
        """
        write.need_stored(container)
        check_blob_name(name)
        landing = write.landing(name, traits)
        return write.land(self._committer, (), lambda tx: blocks.commit(tx, container, landing, refs, condition))

    def blocks(
        self, container: Container, name: str, version: str | None = None, condition: Condition = ALWAYS
    ) -> blocks.Blocks:
        """Give a blob's committed blocks in order, and its uncommitted ones.

        Raises:
            BlobNotFound: There is none, nor blocks for one.
            Conflict: It is no block blob.
            ConditionFailed: The condition does not hold.
        """
        with self._catalog.read() as tx:
            return blocks.listed(tx, container, name, version, condition)

    def append(
        self,
        container: Container,
        name: str,
        source: Bytes,
        *,
        condition: Condition = ALWAYS,
        at: int | None = None,
        at_most: int | None = None,
    ) -> Appended:
        """Add to the end of an append blob (``put`` with a kind of ``append`` makes one).

        Args:
            container: Where.
            name: The blob.
            source: What is added.
            condition: What must hold of the blob.
            at: The size that it must have before; None for any.
            at_most: The size that it may have afterwards; None for any.

        Raises:
            BlobNotFound: There is none.
            Conflict: It is not an append blob, sealed, or was appended to too often.
            ConditionFailed: The condition or the size does not hold.
        """
        write.need_stored(container)
        kept = self._writer.keep(write.chunks_of(source))

        def change(tx: Transaction) -> tuple[Appended, frozenset[str]]:
            return blocks.append(tx, container, name, kept, condition=condition, at=at, at_most=at_most), frozenset()

        return self._committer.commit((kept,), change)

    def seal(self, container: Container, name: str, *, condition: Condition = ALWAYS, at: int | None = None) -> Blob:
        """Let an append blob take no more.

        Args:
            container: Where.
            name: The blob.
            condition: What must hold of the blob.
            at: The size that it must have; None for any.

        Raises:
            BlobNotFound: There is none.
            Conflict: It is not an append blob.
            ConditionFailed: The condition or the size does not hold.
        """
        write.need_stored(container)
        return self._catalog.change(lambda tx: blocks.seal(tx, container, name, condition=condition, at=at))

    def drop_old_blocks(self, before: datetime | None = None) -> int:
        """Remove uncommitted blocks of blobs for which none came for a week, a few blobs a transaction.

        Args:
            before: The instant since which none came; None for a week ago.

        Returns:
            How many were removed.
        """
        since = before or now() - WAITS

        def change(tx: Transaction) -> tuple[int, frozenset[str]]:
            loosened = blocks.drop_old(tx, since, SOME_BLOBS)
            return len(loosened), loosened

        removed = 0
        while found := self._committer.commit((), change):
            removed += found
        return removed
