"""The half of the vault that knows bytes by their hash, wherever they are, and keeps the whole in order."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO

from strongroom.domain.chunk import Chunk
from strongroom.domain.outcome import KeptObject
from strongroom.domain.progress import OnProgress, silent
from strongroom.domain.status import Fault
from strongroom.errors import ContentNotFound
from strongroom.storage.catalog import Catalog, holders, objects
from strongroom.storage.catalog.holders import Holder, Piece
from strongroom.storage.layout import Layout
from strongroom.storage.mounts import Mount, open_mount
from strongroom.storage.objects import Objects
from strongroom.vault import upkeep, write
from strongroom.vault.commit import Committer
from strongroom.vault.fingerprint import fingerprint
from strongroom.vault.mount import mounted_place
from strongroom.vault.read import open_pieces
from strongroom.vault.recent import Many, Recent
from strongroom.vault.source import ContentSource, Place, open_source, stored_place
from strongroom.vault.upkeep import Check
from strongroom.vault.writer import Writer


class Contents:
    """Contents of one room: read from any blob, mount or object that holds them."""

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
        self._recent, self._many = Recent(), Many()

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

    # objects without a name

    def keep(self, chunks: Iterable[Chunk]) -> KeptObject:
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
