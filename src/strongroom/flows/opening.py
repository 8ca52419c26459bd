"""`open`: the bytes of a content, to be read where and as far as somebody asks."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from threading import Lock
from types import TracebackType
from typing import BinaryIO, Self

from strongroom.domain.media import OCTETS
from strongroom.domain.scope import Scope
from strongroom.errors import SourceChanged, UsageError
from strongroom.flows import fetch
from strongroom.flows.parts import Parts

CHUNK = 1 << 18


class OpenContent:
    """The bytes of one content, open for reading; close it, or read it to its end by `chunks`, which closes it."""

    def __init__(
        self, stream: BinaryIO, close: Callable[[], None], *, name: str, size: int, media_type: str, sha256: str, etag: str
    ) -> None:
        """Take an open stream; see `open_content`.

        Args:
            stream: Seekable.
            close: Ends what it was opened for.
            name: How the content was named.
            size: Bytes.
            media_type: What they are.
            sha256: Of them; empty where nobody has read them yet.
            etag: Changes whenever they do.
        """
        self.sha256 = sha256
        """Of the bytes; empty of a blob that came in parts and was not read since."""
        self.etag = etag
        """Equal only for equal bytes: the SHA-256, else the blob's own."""
        self.size = size
        """Bytes."""
        self.media_type = media_type
        """What the bytes are."""
        self.name = name
        """How it was named."""
        self._lock = Lock()
        self._stream, self._close = stream, close

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
        with self._lock:
            self._close()


def open_content(parts: Parts, sha256: str, name: str) -> OpenContent:
    """Open a content.

    Args:
        parts: An open room.
        sha256: The content.
        name: How it was named.

    Raises:
        ContentNotFound: Nothing holds it.
        SourceChanged: Only mounted files hold it, and they are not what they were.
    """
    with parts.catalog.read() as tx:
        media_type = fetch.content(tx, sha256).media_type or OCTETS
    with ExitStack() as opening:
        source = opening.enter_context(parts.vault.source(sha256))
        stream, close = source.open(), opening.pop_all().close
    return OpenContent(stream, close, name=name, size=source.size, media_type=media_type, sha256=sha256, etag=sha256)


def open_unread(parts: Parts, name: str, scope: Scope) -> OpenContent | None:
    """Open a blob whose SHA-256 is not known yet: it came in parts; None where the name means something else.

    Args:
        parts: An open room.
        name: ``CONTAINER/BLOB``.
        scope: What may be seen.

    Raises:
        NotFound: There is no such container or blob.
    """
    place, _, rest = name.partition("/")
    container = parts.vault.container(place, scope)
    look, stream = parts.vault.fetch(container, rest)
    blob = look.blob
    if blob.sha256 is not None:
        stream.close()
        return None
    return OpenContent(stream, stream.close, name=name, size=blob.size, media_type=blob.content_type, sha256="", etag=blob.etag)
