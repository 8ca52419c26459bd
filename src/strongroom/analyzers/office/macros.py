"""Source text of Visual Basic macros, in old files and in the ``vbaProject.bin`` of new ones ([MS-OVBA] 2.4.1)."""

import io
from collections.abc import Iterator
from pathlib import Path

import olefile

from strongroom.analyzers.bounds import ODDITIES
from strongroom.analyzers.office.package import Package
from strongroom.analyzers.office.pieces import Piece

_NO_MODULES = ("dir", "_vba_project", "projectwm")
_MOST_MODULES, _MOST_PACKED, _MOST_TEXT = 500, 1 << 24, 1 << 22
_CHUNK, _PACKED, _SIGNED = 4096, 0x8000, 3
_TOLD = "VB_Description"
_FIRST = b"\x00Attribut"
"""How the packed text of a module begins: eight letters after a flag that says that they are letters."""


def in_package(package: Package) -> Iterator[Piece]:
    """Give the macros of an OOXML file, a piece for each module."""
    for name in package.names():
        if name.lower().endswith("vbaproject.bin"):
            yield from modules(io.BytesIO(package.read(name, 1 << 26)))


def modules(file: Path | io.BytesIO) -> Iterator[Piece]:
    """Give the macros of a compound file, a piece for each module; a damaged file has those that can be read."""
    try:
        with olefile.OleFileIO(file) as ole:
            streams = [path for path in ole.listdir() if len(path) > 1 and path[-2].upper() == "VBA"]
            for path in streams[:_MOST_MODULES]:
                name = path[-1].lower()
                if name in _NO_MODULES or name.startswith("__srp") or ole.get_size(path) > _MOST_PACKED:
                    continue
                if text := _source(ole.openstream(path).read()):
                    yield Piece(text=text, part=f"macro {path[-1][:100]}")
    except ODDITIES:
        return


def _source(stream: bytes) -> str:
    """Give the text of a module's stream, without the attributes that each begins with."""
    at = stream.find(_FIRST)
    if at < 3 or stream[at - 3] != 1:  # noqa: PLR2004 - a byte that marks a container, two that head its first chunk
        return ""
    text = unpacked(stream[at - 3 :]).decode("cp1252", "replace").replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join(line for line in text.split("\n") if line.strip() and (not line.startswith("Attribute ") or _TOLD in line))


def unpacked(data: bytes) -> bytes:
    """Unfold a compressed container: chunks of 4096 bytes, letters and copies of earlier ones ([MS-OVBA] 2.4.1.3)."""
    out = bytearray()
    at = 1
    while at + 2 <= len(data) and len(out) < _MOST_TEXT:
        head = int.from_bytes(data[at : at + 2], "little")
        if head >> 12 & 7 != _SIGNED:
            break
        end = min(len(data), at + (head & 0xFFF) + 3)
        if head & _PACKED:
            _chunk(data, at + 2, end, out)
        else:
            out += data[at + 2 : at + 2 + _CHUNK]
        at = end
    return bytes(out)


def _chunk(data: bytes, at: int, end: int, out: bytearray) -> None:
    start = len(out)
    while at < end:
        flags = data[at]
        at += 1
        for bit in range(8):
            if at >= end:
                return
            if not flags >> bit & 1:
                out.append(data[at])
                at += 1
                continue
            token = int.from_bytes(data[at : at + 2], "little")
            at += 2
            width = 16 - max(4, (len(out) - start - 1).bit_length())
            back, length = (token >> width) + 1, (token & ((1 << width) - 1)) + 3
            if back > len(out) - start:
                return
            for _ in range(min(length, _CHUNK + start - len(out))):
                out.append(out[-back])
