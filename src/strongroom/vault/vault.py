"""The vault: one short method a verb; what each does is in the module named for it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO

from strongroom.domain.blob import Blob
from strongroom.domain.container import MOUNTED, STORED, Container
from strongroom.domain.outcome import KeptObject
from strongroom.domain.progress import OnProgress, silent
from strongroom.domain.scope import Scope
from strongroom.domain.status import Refused, Scanned
from strongroom.errors import ContentNotFound, UsageError
from strongroom.storage.catalog import Catalog, blobs, containers, objects
from strongroom.storage.catalog.blobs import DEFAULT_TYPE, Condition, Holder, Landing, Piece
from strongroom.storage.layout import Layout
from strongroom.storage.mounts import Mount, mount_url, open_mount
from strongroom.storage.names import check_blob_name, check_container_name
from strongroom.storage.objects import Objects
from strongroom.vault import write
from strongroom.vault.commit import Committer
from strongroom.vault.fingerprint import fingerprint
from strongroom.vault.mount import Scan, mounted_place
from strongroom.vault.read import open_pieces
from strongroom.vault.source import ContentSource, Place, open_source, stored_place
from strongroom.vault.write import Bytes, PutItem
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
            return containers.create(
                tx, name, kind=STORED, url=None, metadata=metadata or {}, keeps_versions=keeps_versions
            )

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

    # whole blobs

    def put(
        self,
        container: Container,
        name: str,
        source: Bytes,
        *,
        content_type: str = DEFAULT_TYPE,
        headers: Mapping[str, str] | None = None,
        metadata: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        condition: Condition = blobs.ALWAYS,
        with_md5: bool = False,
    ) -> Blob:
        """Write a blob, streaming; when this returns it is durable.

        Args:
            container: Where.
            name: The blob's name; one that exists is replaced.
            source: Chunks, an open file, or bytes.
            content_type: As the writer says.
            headers: Further HTTP headers to give back.
            metadata: The user's own names and values.
            tags: Index tags.
            condition: What must hold of the present blob; checked again at the commit.
            with_md5: Whether to compute the MD5 too.

        Raises:
            NameRefused: No blob may have the name.
            ConditionFailed: The condition does not hold.
            StorageFull: No space is left; nothing was written.
        """
        write.need_stored(container)
        check_blob_name(name)
        kept = self._writer.keep(write.chunks_of(source), with_md5=with_md5)
        landing = Landing(
            name=name,
            size=kept.size,
            pieces=write.pieces_of(kept),
            sha256=kept.sha256,
            md5=kept.md5,
            content_type=content_type,
            headers=headers or {},
            metadata=metadata or {},
            tags=tags or {},
        )
        return write.put(container, landing, condition, kept, self._committer)

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

    def delete(
        self, container: Container, name: str, *, version: str | None = None, condition: Condition = blobs.ALWAYS
    ) -> None:
        """Delete a blob with its snapshots, or one version of it.

        Raises:
            BlobNotFound: There is none.
            ConditionFailed: The condition does not hold.
        """
        write.need_stored(container)
        self._committer.commit((), lambda tx: (None, blobs.remove(tx, container, name, version=version, condition=condition)))

    # reading

    def open(self, blob: Blob, start: int = 0, length: int | None = None) -> BinaryIO:
        """Open a range of a stored blob as a seekable stream, whose position 0 is the range's first byte.

        Raises:
            FileNotFoundError: The version was removed meanwhile: get the blob again.
        """
        with self._catalog.read() as tx:
            pieces = blobs.pieces(tx, blob.id)
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
            pieces = blobs.pieces(tx, holder.version_id)
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

    def mount(self, place: str, name: str, *, metadata: Mapping[str, str] | None = None) -> Container:
        """Make a container of files that stay where they are; `scan` looks what there is.

        Args:
            place: A folder, or a ``file://``, ``s3://``, ``az://`` or ``gs://`` URL.
            name: The container's name.
            metadata: The user's own names and values.

        Raises:
            UsageError: There is no such folder.
            AlreadyExists: There is a container of this name.
        """
        check_container_name(name)
        url = mount_url(place)
        self._mount(url)
        with self._catalog.write() as tx:
            return containers.create(tx, name, kind=MOUNTED, url=url, metadata=metadata or {}, keeps_versions=False)

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

    def close(self) -> None:
        """Leave the room in order; what is open for reading stays so."""
        self._committer.close()
        self._writer.close()
        self._bodies.close()
