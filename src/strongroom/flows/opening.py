"""`open`: the bytes of a content, to be read where and as far as somebody asks."""

from collections.abc import Iterator
from contextlib import ExitStack
from threading import Lock
from types import TracebackType
from typing import Self

from strongroom.domain.content import Content
from strongroom.domain.media import OCTETS
from strongroom.errors import SourceChanged, UsageError
from strongroom.flows.parts import Parts
from strongroom.storage.catalog import contents

CHUNK = 1 << 18


class OpenContent:
    """The bytes of one content, open for reading; close it, or read it to its end by `chunks`, which closes it."""

    def __init__(self, parts: Parts, content: Content, name: str) -> None:
        """Open a content.

        Args:
            parts: An open room.
            content: What is known of it.
            name: How it was named.

        Raises:
            ContentNotFound: Nothing holds it.
            SourceChanged: Only mounted files hold it, and they are not what they were.
        """
        self.sha256 = content.sha256
        """Of the bytes; good as an entity tag, since they never change."""
        self.size = content.size
        """Bytes."""
        self.media_type = content.media_type or OCTETS
        """What the bytes are."""
        self.name = name
        """How it was named."""
        self._lock = Lock()
        self._stack = ExitStack()
        self._stream = self._stack.enter_context(parts.vault.source(content.sha256)).open()

    def __enter__(self) -> Self:
        """Give the content itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close it."""
        self.close()

    def read_at(self, offset: int, length: int) -> bytes:
        """Give so many bytes from a place on; fewer only at the end. Threads may ask at once.

        Raises:
            UsageError: The place lies before the beginning.
            SourceChanged: The bytes are gone or others.
        """
        if offset < 0 or length < 0:
            raise UsageError(f"offset is {offset} and length {length}: neither can be below 0")
        wanted = max(0, min(length, self.size - offset))
        with self._lock:
            self._stream.seek(offset)
            data = self._stream.read(wanted)
        if len(data) != wanted:
            raise SourceChanged(f"{self.name} is shorter than it was: look at its mount again with `strongroom analyze`")
        return data

    def chunks(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from ``start`` up to before ``end`` in pieces, and close the content then, or when it is left.

        Args:
            start: The first byte.
            end: The byte behind the last one; the end of the content if not given.
        """
        last = self.size if end is None else min(end, self.size)
        try:
            for at in range(start, last, CHUNK):
                yield self.read_at(at, min(CHUNK, last - at))
        finally:
            self.close()

    def close(self) -> None:
        """Close it; doing it twice changes nothing.

        Raises:
            SourceChanged: A mounted file changed while it was read.
        """
        self._stack.close()


def open_content(parts: Parts, sha256: str, name: str) -> OpenContent:
    """Open a content; see `OpenContent`."""
    with parts.catalog.read() as tx:
        content = contents.contents(tx, [sha256])[sha256]
    return OpenContent(parts, content, name)
