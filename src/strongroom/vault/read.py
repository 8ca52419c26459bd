"""Reading: one seekable stream over the objects of a blob."""

import io
import os
from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import BinaryIO, cast

from strongroom.errors import SourceChanged
from strongroom.storage.catalog.holders import HOLE, Piece
from strongroom.storage.local import LocalBody
from strongroom.storage.objects import Body, Objects

LEAST_BUFFER = 4096
TRIES = 5
"""How often the pieces are looked up again when one was replaced before it could be opened."""

Again = Callable[[], Sequence[Piece]]
"""Gives pieces as they are now."""


class Pieces(tuple[Piece, ...]):  # noqa: SLOT001 - a cached property needs its dict
    """The pieces of a blob, of which a range is found without looking at each."""

    @cached_property
    def ends(self) -> list[int]:
        """Where in the blob each ends."""
        return list(accumulate(piece.length for piece in self))

    @property
    def total(self) -> int:
        """Bytes in all."""
        return self.ends[-1] if self else 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Extent:
    """Bytes that lie together in an open file of this machine."""

    fd: int
    """The file, open for as long as the stream that told of it stays where it is."""
    offset: int
    """The first byte's place in the file."""
    length: int
    """How many."""


class Zeros:
    """A hole, as a `strongroom.storage.objects.Body`."""

    def read_at(self, offset: int, length: int) -> bytes:
        """Give zeros; whoever asks keeps to the piece."""
        del offset
        return bytes(length)

    def close(self) -> None:
        """Hold nothing."""


class Stream(io.RawIOBase):
    """A seekable stream over pieces of objects; one object is open at a time."""

    def __init__(self, pieces: Sequence[Piece], open_body: Callable[[Piece], Body], again: Again | None = None) -> None:
        """Open the first object at once: from then on its bytes are safe from removal.

        Args:
            pieces: What it is made of.
            open_body: Opens the object of a piece.
            again: Gives the pieces as they are now, of the same length together, where some may go while others are read.

        Raises:
            FileNotFoundError: The first object is gone.
        """
        super().__init__()
        self._pieces = pieces
        self._ends = list(accumulate(piece.length for piece in pieces))
        self._open_body, self._again = open_body, again
        self._at = 0
        self._index = -1
        self._body: Body | None = None
        first = next((index for index, piece in enumerate(pieces) if piece.place != HOLE), None)
        if first is not None:
            self._go_to(first)

    @property
    def length(self) -> int:
        """Bytes in all."""
        return self._ends[-1] if self._ends else 0

    def _go_to(self, index: int) -> Body:
        if self._body is None or index != self._index:
            body = self._open_body(self._pieces[index])
            if self._body is not None:
                self._body.close()
            self._body, self._index = body, index
        return self._body

    def readable(self) -> bool:
        """Reading is what it is for."""
        return True

    def seekable(self) -> bool:
        """It can seek."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; going beyond the end is no error."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.length}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Give the position."""
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read up to the end of the object that the position is in."""
        if self._at >= self.length or not len(buffer):
            return 0
        index, body = self._at_byte(self._at)
        piece = self._pieces[index]
        offset = self._at - (self._ends[index] - piece.length)
        data = body.read_at(piece.start + offset, min(len(buffer), piece.length - offset))
        if not data:
            raise _short(piece)
        memoryview(buffer)[: len(data)] = data
        self._at += len(data)
        return len(data)

    def extent(self, at: int) -> Extent | None:
        """Give where the bytes from a position on lie in a file, up to the end of their piece; None where they lie in none.

        Raises:
            SourceChanged: The object is gone, or shorter than it should be.
        """
        if at >= self.length:
            return None
        index, body = self._at_byte(at)
        if not isinstance(body, LocalBody):
            return None
        piece = self._pieces[index]
        if os.fstat(body.fileno()).st_size < piece.start + piece.length:
            raise _short(piece)
        passed = at - (self._ends[index] - piece.length)
        return Extent(fd=body.fileno(), offset=piece.start + passed, length=piece.length - passed)

    def _at_byte(self, at: int) -> tuple[int, Body]:
        """Give the piece that a byte is in, and its object."""
        for _ in range(TRIES):
            index = bisect_right(self._ends, at)
            with suppress(FileNotFoundError):
                return index, self._go_to(index)
            if self._again is None:
                break
            fresh = self._again()
            if sum(piece.length for piece in fresh) != self.length:
                break
            self._pieces, self._index = fresh, -1
            self._ends = list(accumulate(piece.length for piece in fresh))
        raise SourceChanged("the blob was replaced while it was read: read it again")

    def close(self) -> None:
        """Close the open object."""
        if self._body is not None:
            self._body.close()
            self._body = None
        super().close()


def _short(piece: Piece) -> SourceChanged:
    return SourceChanged(f"object {piece.object_id} is shorter than the catalog says: run `strongroom check`")


def extent_of(source: BinaryIO) -> Extent | None:
    """Give where the next bytes of a stream lie in a file of this machine; None where nothing is known of that.

    Raises:
        SourceChanged: They are not there any more.
    """
    raw = getattr(source, "raw", None)
    return raw.extent(source.tell()) if isinstance(raw, Stream) else None


def open_pieces(
    bodies: Objects, pieces: Sequence[Piece], start: int = 0, length: int | None = None, again: Again | None = None
) -> BinaryIO:
    """Open a range of pieces as a buffered stream, whose position 0 is the range's first byte.

    Args:
        bodies: The objects.
        pieces: Of a whole blob.
        start: First byte.
        length: Bytes; None for all that follow.
        again: Gives the pieces of the whole blob as they are now, where some may go while others are read.

    Raises:
        FileNotFoundError: The first object is gone.
    """
    some = cut(pieces, start, length)
    fresh = None if again is None else lambda: cut(again(), start, length)
    raw = Stream(some, lambda piece: Zeros() if piece.place == HOLE else bodies.open(piece.object_id, piece.place), fresh)
    return cast("BinaryIO", io.BufferedReader(raw, max(LEAST_BUFFER, min(bodies.window, raw.length))))


def cut(pieces: Sequence[Piece], start: int, length: int | None) -> list[Piece]:
    """Give the pieces of a range."""
    known = pieces if isinstance(pieces, Pieces) else Pieces(pieces)
    end = float("inf") if length is None else start + length
    found: list[Piece] = []
    number = bisect_right(known.ends, start)
    at = known.ends[number - 1] if number else 0
    while number < len(known) and at < end:
        piece = known[number]
        first, last = max(start, at), min(end, at + piece.length)
        if first < last:
            found.append(
                Piece(
                    object_id=piece.object_id,
                    place=piece.place,
                    start=piece.start + first - at,
                    length=int(last) - first,
                    block_id=piece.block_id,
                )
            )
        at, number = at + piece.length, number + 1
    return found
