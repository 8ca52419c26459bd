"""Whether a recording is encrypted, as protected downloads are: FFmpeg reads such without a word, and decodes noise."""

import struct
from collections.abc import Iterator
from typing import BinaryIO

from strongroom.ports import Source

_PROTECTED = frozenset({b"encv", b"enca", b"encs", b"enct", b"drms", b"drmi", b"drmt", b"p608", b"aavd"})
"""Kinds of sample entries (ISO/IEC 14496-12, 8.12; the others are Apple's and Audible's)."""
_ASF = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"
_ASF_KEYS = (
    b"\xfb\xb3\x11\x22\x23\xbd\xd2\x11\xb4\xb7\x00\xa0\xc9\x55\xfc\x6e",
    b"\x14\xe6\x8a\x29\x22\x26\x17\x4c\xb9\x35\xda\xe0\x7e\xe9\x28\x9c",
)
"""Content Encryption Object and its extended form (ASF specification, 3.14 and 3.15)."""
_TREE = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_LONG = struct.Struct(">I4sQ")
_HEAD = 1 << 16
_MOST = 5_000
"""Boxes that are looked at."""


def is_encrypted(source: Source) -> bool:
    """Say whether a recording's own header says that a part of it is encrypted."""
    with source.open() as stream:
        head = stream.read(_HEAD)
        if head.startswith(_ASF):
            return any(key in head for key in _ASF_KEYS)
        if head[4:8] not in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
            return False
        return any(kind in _PROTECTED for kind in _entries(stream, source.size))


def _entries(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield the kinds of sample entries, walking the boxes of an MP4 or QuickTime file (ISO/IEC 14496-12, 4.2)."""
    ends, seen, at = [size], 0, 0
    while ends and seen < _MOST:
        if at + 8 > ends[-1]:
            at = ends.pop()
            continue
        seen += 1
        stream.seek(at)
        head = stream.read(_LONG.size)
        if len(head) < _LONG.size:
            return  # too near to the end for a box with anything in it
        length, kind, longer = _LONG.unpack(head)
        inner = at + 8
        if length == 1:
            length, inner = longer, at + 16
        end = ends[-1] if length == 0 else at + length
        if end < inner or end > ends[-1]:
            end = ends[-1]
        if kind == b"stsd":
            stream.seek(inner + 12)
            yield stream.read(4)
        if kind in _TREE:
            ends.append(end)
            at = inner
        else:
            at = end
