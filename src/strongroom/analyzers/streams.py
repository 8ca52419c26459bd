"""Compressed single streams (gzip, bzip2, xz, zstd), unfolded in constant memory, and a forward-only file over them."""

import bz2
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol

from strongroom.errors import AnalysisError, LimitExceeded, StorageError, Unreadable

_READ = 1 << 16
_OUT = 1 << 18
_XZ_MEMORY = 256 * 1024**2
"""Bytes of dictionary that an xz stream may ask for (``xz -9`` asks for 65 MiB)."""
_HISTORY = 1 << 13
"""Bytes that a `Forward` can step back."""
_GREEDY = 1 << 22
"""Bytes that may be asked of a `Forward` at once: more is a forged header."""


class Decompressor(Protocol):
    """What bz2, lzma and zstd decompressors share."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""

    @property
    def needs_input(self) -> bool:
        """Whether more can only come from more input."""

    @property
    def unused_data(self) -> bytes:
        """What follows the stream."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Give at most ``max_length`` bytes."""


class _Gunzip:
    """Zlib's decompressor in the shape of the others."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


def _zstd() -> Decompressor:
    from backports.zstd import ZstdDecompressor

    found: Decompressor = ZstdDecompressor()
    return found


MAKERS: dict[str, Callable[[], Decompressor]] = {
    "application/gzip": _Gunzip,
    "application/x-bzip2": bz2.BZ2Decompressor,
    "application/x-xz": lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY),
    "application/zstd": _zstd,
}
"""By media type: what makes the decompressor of one stream."""


def unfold(opened: BinaryIO, make: Callable[[], Decompressor]) -> Iterator[bytes]:
    """Decompress a file of one stream or several in a row; zeros and other padding after the last are passed over.

    Args:
        opened: The compressed bytes.
        make: Makes a decompressor.

    Raises:
        Unreadable: The stream is corrupt, or ends too early; what came before it was given.
        LimitExceeded: The stream asks for too much memory.
    """
    data = opened.read(_READ)
    ended = 0
    while data:
        inner = make()
        try:
            yield from _one(inner, data, opened)
        except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, _zstd_error()) as error:
            if ended and not isinstance(error, (StorageError, LimitExceeded)):
                return
            raise _reason(error) from error
        ended += 1
        data = inner.unused_data or opened.read(_READ)
        while data and not data.strip(b"\0"):
            data = opened.read(_READ)


def _one(inner: Decompressor, data: bytes, opened: BinaryIO) -> Iterator[bytes]:
    while not inner.eof:
        if inner.needs_input and not data:
            raise Unreadable("the compressed data ends too early: it is truncated")
        out = inner.decompress(data, _OUT)
        data = opened.read(_READ) if inner.needs_input and not inner.eof else b""
        if out:
            yield out


def _reason(error: Exception) -> Exception:
    if isinstance(error, (StorageError, AnalysisError)):
        return error
    if "emory" in str(error):
        return LimitExceeded(f"it asks for more than {_XZ_MEMORY >> 20} MiB to be decompressed")
    return Unreadable(f"the compressed data is corrupt ({error})")


def _zstd_error() -> type[Exception]:
    from backports.zstd import ZstdError

    found: type[Exception] = ZstdError
    return found


class Forward(io.RawIOBase):
    """A file over chunks, seekable forward and a few kilobytes back: enough for tarfile, in constant memory."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        """Start before the first chunk."""
        self._chunks = chunks
        self._held = b""
        self._base = 0
        self._at = 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Give the position."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; backward no further than what is held."""
        if whence != io.SEEK_SET or offset < self._base:
            raise io.UnsupportedOperation("this stream only goes forward")
        while offset > self._base + len(self._held) and self._pull():
            pass
        self._at = offset
        return offset

    def read(self, size: int | None = -1) -> bytes:
        """Give up to ``size`` bytes, fewer only at the end.

        Raises:
            LimitExceeded: More are asked for than any header has.
        """
        if size is None or not 0 <= size <= _GREEDY:
            raise LimitExceeded("a header in it claims an impossible size")
        while self._base + len(self._held) < self._at + size and self._pull():
            pass
        start = max(0, self._at - self._base)
        out = self._held[start : start + size]
        self._at += len(out)
        return out

    def _pull(self) -> bool:
        """Hold one chunk more; let go of what lies too far behind."""
        chunk = next(self._chunks, None)
        if chunk is None:
            return False
        keep = max(0, min(len(self._held), self._at - self._base - _HISTORY))
        if self._at > self._base + len(self._held):
            keep = max(0, len(self._held) - _HISTORY)
        self._held = self._held[keep:] + chunk
        self._base += keep
        return True


def blocks(opened: BinaryIO) -> Iterator[bytes]:
    """Give a file's bytes in blocks."""
    while block := opened.read(_OUT):
        yield block
