"""The vault: one short method a verb; what each does is in the module named for it."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import BinaryIO

from strongroom.domain.blob import Blob
from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import MOUNTED, Container
from strongroom.domain.outcome import KeptObject
from strongroom.domain.progress import OnProgress, silent
from strongroom.domain.scope import Scope
from strongroom.domain.status import Refused, Scanned
from strongroom.errors import AlreadyExists, RoomDamaged, UsageError
from strongroom.storage.catalog import blobs, blocks, containers, holders, landings, removals
from strongroom.storage.catalog.blocks import Block, BlockRef
from strongroom.storage.mounts import mount_url
from strongroom.storage.names import check_blob_name, check_container_name
from strongroom.vault import listing, write
from strongroom.vault.accounts import Accounts
from strongroom.vault.containers import Containers
from strongroom.vault.copies import Copies
from strongroom.vault.leases import Leases
from strongroom.vault.listing import Page
from strongroom.vault.mount import Scan
from strongroom.vault.pages import Pages
from strongroom.vault.properties import Properties
from strongroom.vault.read import open_pieces
from strongroom.vault.write import PLAIN, Bytes, PutItem, Traits

TRIES = 5
"""How often a blob is looked up again when it was replaced before it could be opened."""


class Vault(Containers, Leases, Pages, Properties, Copies, Accounts):
    """Containers and blobs of one room; any number of threads and processes may use it at once."""

    # whole blobs

    def put(
        self,
        container: Container,
        name: str,
        source: Bytes,
        *,
        traits: Traits = PLAIN,
        condition: Condition = ALWAYS,
        with_md5: bool = False,
    ) -> Blob:
        """Write a blob, streaming; when this returns it is durable.

        Args:
            container: Where.
            name: The blob's name; one that exists is replaced.
            source: Chunks, an open file, or bytes.
            traits: Content type, metadata, tags and the like.
            condition: What must hold of the present blob.
            with_md5: Whether to compute the MD5 too.

        Raises:
            NameRefused: No blob may have the name.
            ConditionFailed: The condition does not hold.
            StorageFull: No space is left; nothing was written.
        """
        write.need_stored(container)
        check_blob_name(name)
        kept = self._writer.keep(write.chunks_of(source), with_md5=with_md5)
        landing = write.landing(name, traits, kept)
        return write.land(self._committer, (kept,), lambda tx: landings.land(tx, container, [landing], condition))

    def put_all(self, container: Container, items: Iterable[PutItem]) -> Iterator[Blob | Refused]:
        """Write many blobs in few commits; each that is yielded is durable.

        A file that cannot be read, changes while it is read, or has a name that no blob may have is yielded as refused.

        Raises:
            StorageFull: No space is left; what was not yielded was not written.
        """
        return write.put_all(container, items, self._writer, self._bodies, self._committer)

    def get(self, container: Container, name: str, version: str | None = None) -> Blob:
        """Give a blob.

        Raises:
            BlobNotFound: There is none.
        """
        with self._catalog.read() as tx:
            return blobs.get(tx, container, name, version)

    def versions(self, container: Container, name: str) -> list[Blob]:
        """Give every version and snapshot of a blob, newest first."""
        with self._catalog.read() as tx:
            return blobs.all_versions(tx, container, name)

    def stamps(self, container: Container, names: Sequence[str]) -> dict[str, str]:
        """Give, for those names that exist and were files, the file's stamp (`strongroom.vault.file_stamp`)."""
        with self._catalog.read() as tx:
            return blobs.stamps(tx, container, names)

    def delete(self, container: Container, name: str, *, version: str | None = None, condition: Condition = ALWAYS) -> None:
        """Delete a blob with its snapshots, or one version of it.

        Raises:
            BlobNotFound: There is none.
            ConditionFailed: The condition does not hold.
        """
        write.need_stored(container)
        self._committer.commit(
            (), lambda tx: (None, removals.remove(tx, container, name, version=version, condition=condition))
        )

    def list(self, container: Container, *, prefix: str = "", delimiter: str = "", marker: str = "", limit: int = 5000) -> Page:
        """Give a page of current blobs in bytewise order of name.

        Args:
            container: Of which.
            prefix: Only names that begin so.
            delimiter: Names are folded after its first occurrence behind the prefix.
            marker: Where to start, from an earlier page; names from it on are given.
            limit: Entries on the page, at least 1.
        """
        with self._catalog.read() as tx:
            return listing.page(tx, container, prefix=prefix, delimiter=delimiter, marker=marker, limit=limit)

    def walk(self, container: Container, *, prefix: str = "") -> Iterator[Blob]:
        """Give every current blob in bytewise order of name, a page at a time."""
        return listing.walk(self._catalog, container, prefix)

    # blocks and appends: none moves a byte that is stored already

    def stage_block(
        self, container: Container, name: str, block_id: str, source: Bytes, *, with_md5: bool = False
    ) -> KeptObject:
        """Put a block, durable when this returns; `commit_blocks` makes a blob of such.

        Raises:
            UsageError: It has no bytes, or an id that is not as long as those of the blob's other uncommitted blocks.
            StorageFull: No space is left; nothing was written.
        """
        write.need_stored(container)
        check_blob_name(name)
        kept = self._writer.keep(write.chunks_of(source), with_md5=with_md5)
        if not kept.size:
            raise UsageError("a block has at least one byte: leave empty ones out")
        self._committer.commit((kept,), lambda tx: (None, blocks.stage(tx, container, name, block_id, kept)))
        return kept

    def commit_blocks(
        self, container: Container, name: str, refs: Sequence[BlockRef], traits: Traits = PLAIN, condition: Condition = ALWAYS
    ) -> Blob:
        """Make a blob of blocks; uncommitted ones that are not named are gone afterwards.

        Raises:
            UsageError: A block that is named does not exist.
            ConditionFailed: The condition does not hold.
        """
        write.need_stored(container)
        check_blob_name(name)
        landing = write.landing(name, traits)
        return write.land(self._committer, (), lambda tx: blocks.commit(tx, container, landing, refs, condition))

    def blocks(self, container: Container, name: str) -> tuple[Sequence[Block], Sequence[Block]]:
        """Give a blob's committed blocks in order, and its uncommitted ones."""
        with self._catalog.read() as tx:
            return blocks.listed(tx, container, name)

    def append(
        self, container: Container, name: str, source: Bytes, *, condition: Condition = ALWAYS, at: int | None = None
    ) -> Blob:
        """Add to the end of an append blob (``put`` with a kind of ``append`` makes one).

        Args:
            container: Where.
            name: The blob.
            source: What is added.
            condition: What must hold of the blob.
            at: The size that it must have before; None for any.

        Raises:
            BlobNotFound: There is none.
            UsageError: It is not an append blob.
            ConditionFailed: The condition or the size does not hold.
        """
        write.need_stored(container)
        kept = self._writer.keep(write.chunks_of(source))
        return self._committer.commit((kept,), lambda tx: blocks.append(tx, container, name, kept, condition=condition, at=at))

    def snapshot(self, container: Container, name: str, condition: Condition = ALWAYS) -> Blob:
        """Keep what a blob is now as a version that never changes.

        Raises:
            BlobNotFound: There is none.
            ConditionFailed: The condition does not hold.
        """
        write.need_stored(container)
        return self._catalog.change(lambda tx: blocks.snapshot(tx, container, name, condition))

    # reading

    def read(self, container: Container, name: str, *, start: int = 0, length: int | None = None) -> tuple[Blob, BinaryIO]:
        """Look a blob up and open it, as one act: if it is replaced between, it is looked up again.

        Raises:
            BlobNotFound: There is none.
            RoomDamaged: The vault lacks its bytes.
        """
        for _ in range(TRIES):
            blob = self.get(container, name)
            with suppress(FileNotFoundError):
                return blob, self.open(blob, start, length)
        raise RoomDamaged(f"the vault lacks the bytes of {name}: run `strongroom check`")

    def open(self, blob: Blob, start: int = 0, length: int | None = None) -> BinaryIO:
        """Open a range of a stored blob as a seekable stream, whose position 0 is the range's first byte.

        Raises:
            FileNotFoundError: The version was removed meanwhile: get the blob again.
        """
        with self._catalog.read() as tx:
            pieces = holders.pieces(tx, blob.id)
        if sum(piece.length for piece in pieces) != blob.size:
            raise FileNotFoundError(f"{blob.name} was removed meanwhile")
        return open_pieces(self._bodies, pieces, start, length)

    # mounts

    def mount(self, place: str, name: str, scope: Scope, on_progress: OnProgress = silent) -> Scanned:
        """Make a container of files that stay where they are and look what there is, or look again at one made before.

        Args:
            place: A folder, or a ``file://``, ``s3://``, ``az://`` or ``gs://`` URL.
            name: The container's name.
            scope: What the actor may see.
            on_progress: Is told of what was listed.

        Raises:
            NameRefused: The name breaks Azure's rule.
            UsageError: There is no such folder.
            AlreadyExists: There is a container of this name that is something else.
            Unreachable: The store does not answer.
        """
        check_container_name(name)
        url = mount_url(place)
        self._mount(url)
        try:
            with self._catalog.write() as tx:
                container = containers.create(tx, name, kind=MOUNTED, url=url)
        except AlreadyExists:
            container = self.container(name, scope)
            if container.url != url:
                raise
        return self.scan(container, on_progress)

    def scan(self, container: Container, on_progress: OnProgress = silent) -> Scanned:
        """Look at a mount for what is new, changed and gone; nothing is copied, and memory does not grow with it."""
        if container.url is None:
            raise UsageError(f"{container.name} is not a mount: its blobs change only by `strongroom add`")
        return Scan(container, self._mount(container.url), self._committer, on_progress).run()
