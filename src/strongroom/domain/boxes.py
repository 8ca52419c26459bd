"""The boxes that MP4 and QuickTime files are made of (ISO/IEC 14496-12, 4.2)."""

import struct
from collections.abc import Collection, Iterator
from typing import BinaryIO

FIRST = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
"""Boxes that such a file may begin with."""
TRACKS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
"""Boxes within which a track is described."""
MOST = 5_000
"""Boxes that are looked at; beyond, a file is no recording but an attack."""

_HEAD = struct.Struct(">I4sQ")


def boxes(stream: BinaryIO, size: int, within: Collection[bytes] = TRACKS) -> Iterator[tuple[bytes, int]]:
    """Yield the boxes of a file in order, those within others too; damaged ones end the walk or are cut to their parent.

    Args:
        stream: Seekable; it may be moved between yields.
        size: Its length.
        within: Kinds of boxes to go into.

    Yields:
        The kind of a box, and where its content begins.
    """
    ends, at = [size], 0
    for _ in range(MOST):
        while at + 8 > ends[-1]:
            at = ends.pop()
            if not ends:
                return
        stream.seek(at)
        head = stream.read(_HEAD.size)
        if len(head) < _HEAD.size:
            return  # too near to the end for a box with anything in it
        length, kind, longer = _HEAD.unpack(head)
        start = at + 8
        if length == 1:
            length, start = longer, at + 16
        end = at + length
        if not length or end < start or end > ends[-1]:
            end = ends[-1]
        yield kind, start
        if kind in within:
            ends.append(end)
            at = start
        else:
            at = end
