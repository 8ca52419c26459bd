"""The vault: one short method a verb; what each does is in the module named for it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from typing import BinaryIO

from strongroom.domain.blob import Blob
from strongroom.domain.container import MOUNTED, STORED, Container
from strongroom.domain.outcome import KeptObject
from strongroom.domain.progress import OnProgress, silent
from strongroom.domain.scope import Scope
from strongroom.domain.status import Fault, Refused, Scanned
from strongroom.errors import AlreadyExists, ContentNotFound, RoomDamaged, UsageError
from strongroom.storage.catalog import Catalog, blobs, blocks, containers, holders, landings, objects
from strongroom.storage.catalog.blocks import Block, BlockRef
from strongroom.storage.catalog.holders import Holder, Piece
from strongroom.storage.catalog.landings import ALWAYS, Condition
from strongroom.storage.layout import Layout
from strongroom.storage.mounts import Mount, mount_url, open_mount
from strongroom.storage.names import check_blob_name, check_container_name
from strongroom.storage.objects import Objects
from strongroom.vault import listing, upkeep, write
from strongroom.vault.commit import Committer
from strongroom.vault.fingerprint import fingerprint
from strongroom.vault.listing import Page
from strongroom.vault.mount import Scan, mounted_place
from strongroom.vault.read import open_pieces
from strongroom.vault.source import ContentSource, Place, open_source, stored_place
from strongroom.vault.upkeep import Check
from strongroom.vault.write import PLAIN, Bytes, PutItem, Traits
from strongroom.vault.writer import Writer

TRIES = 5
"""How often a blob is looked up again when it was replaced before it could be opened."""


class Vault:
    """Containers and blobs of one room; any number of threads and processes may use it at once."""

    def __init__(self, catalog: Catalog, layout: Layout, url: str | None = None) -> None:
        """Open a vault.

        Args:
            catalog: The room's catalog, migrated.
            layout: The room's directory.
            url: Where the objects are; None for the room's own directory.

        Raises:
            SettingError: The URL cannot be used.
        """
        self._catalog = catalog
        self._layout = layout
        self._bodies = Objects(url or str(layout.vault))
        self._writer = Writer(catalog, self._bodies, layout)
        self._committer = Committer(catalog, self._bodies, self._writer)
        self._mounts: dict[str, Mount] = {}

    # containers

    def create_container(
        self, name: str, *, metadata: Mapping[str, str] | None = None, keeps_versions: bool = False
    ) -> Container:
        """Make an empty container.

        Raises:
            NameRefused: The name breaks Azure's rule.
            AlreadyExists: There is one of this name.
        """
        check_container_name(name)
        with self._catalog.write() as tx:
            return containers.create(tx, name, kind=STORED, metadata=metadata, keeps_versions=keeps_versions)

    def container(self, name: str, scope: Scope) -> Container:
        """Give a container.

        Raises:
            ContainerNotFound: There is none, or the scope does not show it.
        """
        with self._catalog.read() as tx:
            return containers.get(tx, name, scope)

    def containers(self, scope: Scope) -> list[Container]:
        """Give the containers that a scope shows, by name."""
        with self._catalog.read() as tx:
            return containers.all_in(tx, scope)

    def delete_container(self, container: Container) -> None:
        """Delete a container with all that it holds; it is hidden at once, and emptied before this returns.

        Raises:
            ContainerNotFound: It was deleted already.
        """
        with self._catalog.write() as tx:
            containers.mark_deleted(tx, container.id)
        upkeep.purge(self._committer, container.id)

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
            (), lambda tx: (None, landings.remove(tx, container, name, version=version, condition=condition))
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

    # blocks, appends, copies: none moves a byte that is stored already

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

    def copy(
        self,
        source: tuple[Container, str, str | None],
        container: Container,
        name: str,
        traits: Traits | None = None,
        condition: Condition = ALWAYS,
    ) -> Blob:
        """Make a blob with the bytes of a stored one.

        Args:
            source: Container, name and version (None for the current one) of the other.
            container: Where to.
            name: The new blob's name.
            traits: Its properties; None takes the other's.
            condition: What must hold of the blob that is there.

        Raises:
            BlobNotFound: There is no such source.
            ConditionFailed: The condition does not hold.
        """
        write.need_stored(source[0])
        write.need_stored(container)
        check_blob_name(name)
        wanted = name if traits is None else write.landing(name, traits)
        return write.land(self._committer, (), lambda tx: blocks.copy(tx, source, container, wanted, condition=condition))

    def snapshot(self, container: Container, name: str, condition: Condition = ALWAYS) -> Blob:
        """Keep what a blob is now as a version that never changes.

        Raises:
            BlobNotFound: There is none.
            ConditionFailed: The condition does not hold.
        """
        write.need_stored(container)
        with self._catalog.write() as tx:
            return blocks.snapshot(tx, container, name, condition)

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

    def source(self, sha256: str) -> AbstractContextManager[ContentSource]:
        """Open a content from any live blob, mount or object of its own that holds it.

        Raises:
            ContentNotFound: Nothing holds it.
            SourceChanged: Only mounted files hold it, and they are not what they were; also at the end of the block.
            RoomDamaged: The vault lacks its bytes.
        """
        return open_source(self._catalog, self._bodies, self._place, sha256)

    def read_rendition(self, sha256: str, role: str) -> tuple[str, BinaryIO]:
        """Open a derived picture or document; gives its media type too.

        Raises:
            ContentNotFound: There is none of this role.
        """
        with self._catalog.read() as tx:
            found = objects.rendition(tx, sha256, role)
        if found is None:
            raise ContentNotFound(f"the content {sha256} has no {role}: analyse it first")
        media_type, object_id, place, size = found
        pieces = [Piece(object_id=object_id, place=place, start=0, length=size)] if size else []
        return media_type, open_pieces(self._bodies, pieces)

    def _place(self, holder: Holder) -> Place:
        if holder.url is not None:
            return mounted_place(self._mount(holder.url), holder)
        with self._catalog.read() as tx:
            pieces = holders.pieces(tx, holder.version_id)
        return stored_place(self._bodies, holder.name, pieces, holder.size)

    def _mount(self, url: str) -> Mount:
        if url not in self._mounts:
            self._mounts[url] = open_mount(url)
        return self._mounts[url]

    def fingerprint(self, version_id: int, on_beat: Callable[[], None] = lambda: None) -> str | None:
        """Read a version whose SHA-256 is not known and note it.

        Args:
            version_id: See `blobs.unread`.
            on_beat: Called as bytes are read, so that a time limit counts from there.

        Returns:
            The SHA-256; None where the version is gone, keeps changing, or could not be read, which is noted as its fault.
        """
        return fingerprint(self._catalog, self._place, version_id, on_beat)

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

    # objects without a name

    def keep(self, chunks: Iterable[bytes]) -> KeptObject:
        """Make bytes durable for a member or a rendition, whose row a later transaction adopts (`objects.adopt`)."""
        return self._writer.keep(chunks)

    def read_object(self, kept: KeptObject) -> BinaryIO:
        """Open kept bytes."""
        return open_pieces(self._bodies, write.pieces_of(kept))

    def discard(self, kept: Iterable[KeptObject]) -> None:
        """Remove kept bytes that no row refers to."""
        for one in kept:
            self._writer.discard(one)

    def remove_freed(self, freed: Sequence[tuple[str, str]]) -> None:
        """Remove the bytes that `objects.release` gave, after its transaction."""
        self._committer.remove(freed)

    # upkeep

    def sweep(self) -> int:
        """Remove what killed processes left behind, while others write; gives the number of objects removed.

        Only folders of writers that are dead are looked at, so this costs next to nothing in a room that was closed in order.
        """
        return upkeep.sweep(self._catalog, self._bodies, self._layout, self._committer)

    def check(self, *, deep: bool = False, on_progress: OnProgress = silent) -> Sequence[Fault]:
        """Hold the vault against the catalog.

        Args:
            deep: Whether every stored byte is read and its SHA-256 compared.
            on_progress: Is told of what was looked at.
        """
        return list(Check(self._catalog, self._bodies, self._layout, self._place, on_progress).run(deep=deep))

    def close(self) -> None:
        """Leave the room in order; what is open for reading stays so."""
        self._committer.close()
        self._writer.close()
        self._bodies.close()
