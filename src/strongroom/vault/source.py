"""One content, opened for an analyzer from wherever its bytes are."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from strongroom.errors import ContentNotFound, LimitExceeded, RoomDamaged, SourceChanged, SourceUnread, StorageError
from strongroom.storage.catalog import Catalog, Transaction, blobs, holders, objects
from strongroom.storage.catalog.holders import HOLE, Holder, Piece
from strongroom.storage.catalog.objects import ContentRow
from strongroom.storage.layout import temporary_folder
from strongroom.storage.objects import FILE, Objects
from strongroom.vault.read import open_pieces

TRIES = 3
"""How often the catalog is asked again when what it named was replaced before it could be opened."""

SUFFIX_CHARACTERS = 16

MOST_ZEROS = 64 << 30
"""Bytes of a page blob that were never written, from which on it is not read: making it costs nothing, reading it hours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One place where a content can be read."""

    name: str
    """Name of the blob or member."""
    open: Callable[[], BinaryIO]
    """Opens it at its start."""
    file: Path | None
    """The file of exactly these bytes on this machine."""
    is_ours: bool
    """Whether the file is the vault's, so that nobody writes it."""
    verify: Callable[[], None]
    """Raises `SourceChanged` if it is not what it was when it was fingerprinted."""


class ContentSource:
    """A `strongroom.ports.Source` over the vault or a mount."""

    def __init__(self, content: ContentRow, place: Place, bodies: Objects) -> None:
        """Open it; see `open_source`."""
        self.sha256 = content.sha256
        self.size = content.size
        self.media_type = content.media_type or blobs.DEFAULT_TYPE
        self.depth = content.depth
        self.name = PurePosixPath(place.name).name
        self.reached = 0.0
        """Set by whoever has an analyzer go on from one of its checkpoints."""
        self._place, self._bodies = place, bodies
        self._first: BinaryIO | None = place.open()
        self._streams = [self._first]
        self._directory: Path | None = None
        self._path: Path | None = None

    def open(self) -> BinaryIO:
        """Open a seekable stream over the bytes, at its start."""
        stream, self._first = self._first, None
        if stream is None:
            stream = self._place.open()
            self._streams.append(stream)
        return stream

    def path(self) -> Path:
        """Give a read-only file of the bytes; no byte is copied where they are one file of this machine."""
        if self._path is None:
            self._path = self._link() or self._copy()
        return self._path

    def read(self, limit: int) -> bytes:
        """Read the whole content.

        Raises:
            LimitExceeded: It is larger than ``limit``.
        """
        if self.size > limit:
            raise LimitExceeded(f"the content has {self.size:,} bytes; at most {limit:,} are read at once")
        with self.open() as stream:
            return stream.read()

    def _link(self) -> Path | None:
        if self._place.file is None:
            return None
        if not self._place.is_ours:
            return self._place.file
        target = self._new_file()
        with suppress(OSError):  # another file system, or one without hard links
            target.hardlink_to(self._place.file)
            return target
        return None

    def _copy(self) -> Path:
        target = self._new_file()
        try:
            with self.open() as stream, target.open("wb") as out:
                shutil.copyfileobj(stream, out, 1 << 20)
        except OSError as error:
            if isinstance(error, StorageError):
                raise
            raise StorageError(f"a copy for the reader cannot be written: {error.strerror}; free some space") from error
        target.chmod(0o400)
        return target

    def _new_file(self) -> Path:
        if self._directory is None:
            parent = None
            if self._bodies.directory is not None:
                parent = temporary_folder(self._bodies.directory)
                parent.mkdir(exist_ok=True)
            self._directory = Path(tempfile.mkdtemp(prefix="read-", dir=parent))
        suffix = PurePosixPath(self.name).suffix
        plain = suffix.isascii() and suffix[1:].isalnum() and len(suffix) <= SUFFIX_CHARACTERS
        return self._directory / f"content{suffix if plain else ''}"

    def verify(self) -> None:
        """Make sure that the bytes are still those that were fingerprinted."""
        self._place.verify()

    def close(self) -> None:
        """Close every stream that was opened and remove what was copied."""
        while self._streams:
            self._streams.pop().close()
        self._first = None
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = self._path = None


MountPlace = Callable[[Holder], Place]
"""Gives the place of a mounted version."""


@contextmanager
def open_source(catalog: Catalog, bodies: Objects, mounted: MountPlace, sha256: str) -> Iterator[ContentSource]:
    """Open a content from any live place; see `Vault.source`."""
    source = _find(catalog, bodies, mounted, sha256)
    try:
        yield source
        source.verify()
    finally:
        source.close()


def _find(catalog: Catalog, bodies: Objects, mounted: MountPlace, sha256: str) -> ContentSource:
    trouble: OSError | None = None
    for _ in range(TRIES):
        with catalog.read() as tx:
            content, places = _places(tx, bodies, mounted, sha256)
        for make in places:
            try:
                place = make()
                place.verify()
                return ContentSource(content, place, bodies)
            except (FileNotFoundError, SourceChanged, SourceUnread) as error:
                trouble = error
    if trouble is None:
        raise ContentNotFound(f"no live blob holds the content {sha256}: it was deleted, or never added")
    if isinstance(trouble, StorageError):
        raise trouble
    raise RoomDamaged(f"the vault lacks bytes of the content {sha256}: run `strongroom check`") from trouble


def _places(
    tx: Transaction, bodies: Objects, mounted: MountPlace, sha256: str
) -> tuple[ContentRow, Sequence[Callable[[], Place]]]:
    content = objects.content(tx, sha256)
    if content is None:
        raise ContentNotFound(f"the catalog knows no content {sha256}: check the hash, or add the file")
    found: list[Callable[[], Place]] = []
    for holder in holders.holders(tx, sha256):
        if holder.url is None:
            found.append(partial(stored_place, bodies, holder.name, holders.pieces(tx, holder.version_id), content.size))
        else:
            found.append(partial(mounted, holder))
    if content.object_id is not None or content.member_path is not None:
        own = (
            []
            if content.object_id is None
            else [Piece(object_id=content.object_id, place=content.place or FILE, start=0, length=content.size)]
        )
        found.append(partial(stored_place, bodies, content.member_path or "", own, content.size))
    return content, found


def stored_place(bodies: Objects, name: str, pieces: Sequence[Piece], size: int) -> Place:
    """Give the place of bytes in the vault.

    Raises:
        FileNotFoundError: They are gone.
        SourceUnread: Nearly all of them are zeros that nobody wrote, and far too many to read.
    """
    zeros = sum(piece.length for piece in pieces if piece.place == HOLE)
    if zeros > MOST_ZEROS:
        raise SourceUnread(f"{name} has {zeros:,} bytes of zeros that were never written: they are not read for an analysis")
    if sum(piece.length for piece in pieces) != size:
        raise FileNotFoundError(f"{name} was removed")
    whole = pieces[0] if len(pieces) == 1 and pieces[0].start == 0 else None
    file = bodies.path(whole.object_id, whole.place) if whole is not None and whole.place != HOLE else None
    if file is not None and file.stat().st_size != size:
        file = None
    return Place(name=name, open=lambda: open_pieces(bodies, pieces), file=file, is_ours=True, verify=lambda: None)
