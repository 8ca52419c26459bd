"""Objects in an object store, through obstore."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import obstore
from obstore import exceptions
from obstore.store import from_url

from strongroom.domain.chunk import Chunk
from strongroom.errors import SettingError
from strongroom.storage.failing import told
from strongroom.storage.layout import object_key, object_of_key, writer_prefix

if TYPE_CHECKING:
    from obstore.store import ObjectStore

PART = 16 << 20
"""Bytes of a multipart part; S3 takes 10,000 of them, so an object may have 156 GiB."""

PARTS_AT_ONCE = 4
PAGE = 1000


def connect(url: str) -> "ObjectStore":
    """Open the object store at a URL; options and credentials come from the environment, as obstore documents them.

    Raises:
        SettingError: The URL, or an option in the environment, cannot be used.
    """
    try:
        return from_url(url)
    except (exceptions.BaseError, ValueError) as error:
        raise SettingError(f"{url} cannot be used: {str(error).split(chr(10), 1)[0]}") from error


class RemoteBody:
    """An object's range reader: each read is one request."""

    def __init__(self, store: "ObjectStore", key: str, what: str) -> None:
        """Name the object."""
        self._store, self._key, self._what = store, key, what

    def read_at(self, offset: int, length: int) -> bytes:
        """Read a part."""
        if length <= 0:
            return b""
        with told(self._what):
            return bytes(obstore.get_range(self._store, self._key, start=offset, length=length))

    def close(self) -> None:
        """Nothing is held open."""


class RemoteObjects:
    """Objects under a URL."""

    window = 8 << 20

    def __init__(self, url: str) -> None:
        """Connect."""
        self._store: Any = connect(url)
        self._what = f"the vault at {url}"

    def write(self, object_id: str, chunks: Iterable[Chunk]) -> None:
        """Upload an object; the store shows it only when it is whole."""
        with told(self._what):
            obstore.put(self._store, object_key(object_id), _filled(chunks), chunk_size=PART, max_concurrency=PARTS_AT_ONCE)

    def open(self, object_id: str) -> RemoteBody:
        """Open an object."""
        key = object_key(object_id)
        with told(self._what):
            obstore.head(self._store, key)
        return RemoteBody(self._store, key, self._what)

    def size(self, object_id: str) -> int | None:
        """Give an object's size; None where it does not exist."""
        try:
            with told(self._what):
                return obstore.head(self._store, object_key(object_id))["size"]
        except FileNotFoundError:
            return None

    def path(self, object_id: str) -> None:
        """Nothing lies on this machine."""
        del object_id

    def delete(self, object_ids: Sequence[str]) -> None:
        """Remove objects."""
        for start in range(0, len(object_ids), PAGE):
            keys = [object_key(one) for one in object_ids[start : start + PAGE]]
            try:
                with told(self._what):
                    obstore.delete(self._store, keys)
            except FileNotFoundError:  # one is gone already: the rest of the page may still be there
                self._delete_each(keys)

    def _delete_each(self, keys: Sequence[str]) -> None:
        for key in keys:
            with suppress(FileNotFoundError), told(self._what):
                obstore.delete(self._store, key)

    def list(self, writer: str = "") -> Iterator[str]:
        """List objects, streaming."""
        with told(self._what):
            for page in obstore.list(self._store, writer_prefix(writer) if writer else None, chunk_size=PAGE):
                for entry in page:
                    if found := object_of_key(entry["path"]):
                        yield found


def _filled(chunks: Iterable[Chunk]) -> Iterator[bytes]:
    """Join what is tiny: each chunk crosses into obstore on its own."""
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        held.append(bytes(chunk))
        size += len(chunk)
        if size >= 1 << 20:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)
