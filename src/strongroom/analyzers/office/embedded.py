"""Files inside office files: pictures, embedded objects, macro projects."""

import io
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import olefile

from strongroom.analyzers import names
from strongroom.analyzers.bounds import ODDITIES, Bounds, Meter
from strongroom.analyzers.office.compound import written
from strongroom.analyzers.office.package import Package
from strongroom.domain.findings import Finding, Member, Problem
from strongroom.errors import LimitExceeded
from strongroom.ports.source import Source

_FILES = re.compile(
    r"(?:word|xl|ppt)/(?:media|embeddings|activeX)/[^/]+(?<!\.xml)|(?:word|xl|ppt)/vbaProject\.bin|Pictures/[^/]+"
    r"|(?:\./)?Object [^/]+|(?!Thumbnails/|docProps/).+\.(?:png|jpe?g|gif|svg|webp|mp3|mp4|ttf|otf|woff2?)",
    re.IGNORECASE,
)
_FONTS = re.compile(r".*\.(?:ttf|otf|woff2?|odttf|fntdata)", re.IGNORECASE)
_MOST_OBJECT = 256 * 1024**2
_BODIES = {"WordDocument": "doc", "Workbook": "xls", "Book": "xls", "PowerPoint Document": "ppt"}
_PAYLOADS = ("Package", "CONTENTS", "\x01Ole10Native")
_OLE_OBJECT = 0x1011
_MOST_OBJECTS = 1000


def members(package: Package, source: Source, bounds: Bounds, *, pictures: bool = False) -> Iterator[Finding]:
    """Yield the files inside a package, OLE objects unwrapped; what is left out is a problem.

    Args:
        package: The file.
        source: The content that it is.
        bounds: How much may come out.
        pictures: Whether only pictures are wanted.
    """
    wanted = re.compile("Pictures/[^/]+") if pictures else _FILES
    found = [name for name in package.names() if wanted.fullmatch(name) and not _FONTS.fullmatch(name)]
    if not found:
        return
    try:
        meter = Meter(source, bounds)
        for count, name in enumerate(found, 1):
            meter.member()
            if (name.endswith(".bin") and "/embeddings/" in name) or name.startswith(("Object ", "./Object ")):
                inner, data = _unwrapped(name, package.read(name, _MOST_OBJECT))
                yield Member(path=names.clean(inner, count), chunks=meter.chunks([data]))
            else:
                yield Member(path=names.clean(name, count), chunks=meter.chunks(package.chunks(name)))
            meter.check()
    except LimitExceeded as error:
        yield Problem(reason=f"files inside it were left out: {error}")


def objects(path: Path, source: Source, bounds: Bounds) -> Iterator[Finding]:
    """Yield the files inside a compound file: embedded documents as files of their own, and what packages wrap."""
    try:
        meter = Meter(source, bounds)
        with olefile.OleFileIO(path) as ole:
            for count, (name, data) in enumerate(_objects(ole), 1):
                meter.member()
                yield Member(path=names.clean(name, count), chunks=meter.chunks([data]))
                meter.check()
    except LimitExceeded as error:
        yield Problem(reason=f"files inside it were left out: {error}")
    except ODDITIES:
        yield Problem(reason="files inside it could not be read, for they are damaged")


def _objects(ole: Any) -> Iterator[tuple[str, bytes]]:
    folders: dict[tuple[str, ...], set[str]] = {}
    for stream in ole.listdir():
        folders.setdefault(tuple(stream[:-1]), set()).add(stream[-1])
    inside = [folder for folder in folders if folder and not any(folder[:i] in folders for i in range(1, len(folder)))]
    for folder in inside[:_MOST_OBJECTS]:
        held = folders[folder]
        body = next((kind for name, kind in _BODIES.items() if name in held), None)
        payload = next((name for name in _PAYLOADS if name in held), None)
        if body is not None:
            streams = {tuple(one[len(folder) :]): one for one in ole.listdir() if tuple(one[: len(folder)]) == folder}
            if sum(map(ole.get_size, streams.values())) <= _MOST_OBJECT:
                whole = {within: ole.openstream(one).read() for within, one in streams.items()}
                yield f"{folder[-1]}.{body}", written(whole)
        elif payload is not None and ole.get_size([*folder, payload]) <= _MOST_OBJECT:
            data = ole.openstream([*folder, payload]).read()
            inner, data = _native(data) if payload == _PAYLOADS[-1] else ("", data)
            yield f"{folder[-1]}/{inner}" if inner else folder[-1], data
    if ["PowerPoint Document"] in ole.listdir():
        yield from _slide_objects(ole.openstream("PowerPoint Document").read())


def _slide_objects(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Give the objects of a presentation, which are records of its one stream ([MS-PPT] 2.10.34)."""
    at = count = 0
    while at + 8 <= len(data) and count < _MOST_OBJECTS:
        head, kind, size = struct.unpack_from("<HHI", data, at)
        at += 8
        if kind == _OLE_OBJECT:
            count += 1
            with suppress(zlib.error):  # a damaged object does not hide the next
                name, inner = _unwrapped("", _unfolded(data[at : at + size], packed=head >> 4 == 1))
                yield f"object {count}{name}", inner
        at += 0 if head & 0xF == 0xF else size  # noqa: PLR2004 - a record of records


def _unfolded(body: bytes, *, packed: bool) -> bytes:
    return zlib.decompressobj().decompress(body[4:], _MOST_OBJECT) if packed else body


def _unwrapped(name: str, data: bytes) -> tuple[str, bytes]:
    """Give the file that an OLE object wraps, with its name; the object itself where it wraps none ([MS-OLEDS] 2.3.6)."""
    if not data.startswith(olefile.MAGIC):
        return name, data
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            for stream in ("Package", "CONTENTS"):
                if ole.exists(stream):
                    return name, ole.openstream(stream).read()
            if ole.exists("\x01Ole10Native"):
                inner, payload = _native(ole.openstream("\x01Ole10Native").read())
                return f"{name}/{inner}" if inner else name, payload
    except ODDITIES:
        return name, data
    return name, data


def _native(data: bytes) -> tuple[str, bytes]:
    at = 6
    end = data.index(b"\0", at)
    name = names.decode(data[at:end], "cp1252")
    for _ in range(1):
        end = data.index(b"\0", end + 1)
    at = end + 1 + 4
    at += 4 + int.from_bytes(data[at : at + 4], "little")
    size = int.from_bytes(data[at : at + 4], "little")
    return name.replace("\\", "/").rpartition("/")[2], data[at + 4 : at + 4 + size]
