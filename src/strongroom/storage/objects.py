"""Immutable objects: bytes under an id, in a local directory or in an object store, small ones packed where that pays.

Local files are written by Python itself: obstore does not fsync, and was measured slower there.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from strongroom.domain.chunk import Chunk
from strongroom.errors import SettingError
from strongroom.storage.failing import told
from strongroom.storage.layout import pack_file
from strongroom.storage.local import LocalObjects
from strongroom.storage.pack import Pack
from strongroom.storage.remote import RemoteObjects

SMALL = 64 * 1024
"""Objects up to this size are packed where the vault is local."""

FILE, PACK = "file", "pack"


class Body(Protocol):
    """One object, opened: what it was when opened it stays, even if it is removed meanwhile."""

    def read_at(self, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes from ``offset``; fewer only at the end."""

    def close(self) -> None:
        """Let it go."""


class ObjectStore(Protocol):
    """Where objects lie: a directory or a remote store."""

    window: int

    def write(self, object_id: str, chunks: Iterable[Chunk]) -> None: ...  # noqa: D102

    def open(self, object_id: str) -> Body: ...  # noqa: D102

    def size(self, object_id: str) -> int | None: ...  # noqa: D102

    def path(self, object_id: str) -> Path | None: ...  # noqa: D102

    def delete(self, object_ids: Sequence[str]) -> None: ...  # noqa: D102

    def list(self, writer: str = "") -> Iterator[str]: ...  # noqa: D102


class PackedBody:
    """A small object, in memory."""

    def __init__(self, data: bytes) -> None:
        """Hold it."""
        self._data = data

    def read_at(self, offset: int, length: int) -> bytes:
        """Read a part."""
        return self._data[offset : offset + length]

    def close(self) -> None:
        """Let it go."""
        self._data = b""


class Objects:
    """The objects of one vault. The place of each (``file`` or ``pack``) is a column of the catalog."""

    def __init__(self, url: str) -> None:
        """Open the vault at a URL.

        Args:
            url: A directory's path, ``file://…``, or a URL that obstore knows (``s3://``, ``az://``, ``gs://``), whose
                options come from the environment as its documentation says.

        Raises:
            SettingError: The URL cannot be used.
        """
        directory = local_directory(url)
        self.directory = directory
        """Where the objects lie on this machine; None for a remote vault."""
        if directory is not None:
            with told("the vault"):
                directory.mkdir(parents=True, exist_ok=True)
        self._store: ObjectStore = LocalObjects(directory) if directory is not None else RemoteObjects(url)
        self._pack = Pack(pack_file(directory)) if directory is not None else None

    @property
    def packs(self) -> bool:
        """Whether small objects can be packed."""
        return self._pack is not None

    @property
    def small_place(self) -> str:
        """Where small objects go."""
        return PACK if self.packs else FILE

    @property
    def window(self) -> int:
        """Bytes that are best read at a time."""
        return self._store.window

    def write(self, object_id: str, chunks: Iterable[Chunk]) -> None:
        """Stream an object to where it is durable; nothing is left of it when this raises."""
        self._store.write(object_id, chunks)

    def write_packed(self, objects: dict[str, bytes]) -> None:
        """Make many small objects durable in one commit."""
        assert self._pack is not None
        self._pack.write(objects)

    def open(self, object_id: str, place: str) -> Body:
        """Open an object.

        Raises:
            FileNotFoundError: It does not exist.
        """
        if place == PACK:
            return PackedBody(self._need_pack().read(object_id))
        return self._store.open(object_id)

    def path(self, object_id: str, place: str) -> Path | None:
        """Give the file of an object on this machine, where it is one."""
        return self._store.path(object_id) if place == FILE else None

    def sizes(self, objects: Sequence[tuple[str, str]]) -> dict[str, int]:
        """Give the sizes of those objects that exist.

        Args:
            objects: Ids and places.
        """
        packed = [one for one, place in objects if place == PACK]
        found = self._need_pack().sizes(packed) if packed else {}
        for one, place in objects:
            if place == FILE and (size := self._store.size(one)) is not None:
                found[one] = size
        return found

    def delete(self, objects: Sequence[tuple[str, str]]) -> None:
        """Remove objects, given by id and place; those that are gone already are no error."""
        packed = [one for one, place in objects if place == PACK]
        if packed:
            self._need_pack().delete(packed)
        files = [one for one, place in objects if place == FILE]
        if files:
            self._store.delete(files)

    def list(self, writer: str = "") -> Iterator[tuple[str, str]]:
        """List the objects of a writer, or all, as id and place, streaming."""
        if self._pack is not None:
            yield from ((one, PACK) for one in self._pack.list(writer))
        yield from ((one, FILE) for one in self._store.list(writer))

    def close(self) -> None:
        """Close what is open."""
        if self._pack is not None:
            self._pack.close()

    def _need_pack(self) -> Pack:
        if self._pack is None:
            raise SettingError("the catalog knows packed objects, and this vault is remote: set vault_url to where they are")
        return self._pack


def local_directory(url: str) -> Path | None:
    """Give the directory that a path or a ``file://`` URL means; None for any other URL."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return None if "://" in url else Path(url).absolute()
