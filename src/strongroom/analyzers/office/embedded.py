"""Files inside office files: pictures, embedded objects, macro projects."""

import io
import re
from collections.abc import Iterator

import olefile

from strongroom.analyzers import names
from strongroom.analyzers.bounds import ODDITIES, Bounds, Meter
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


def members(package: Package, source: Source, bounds: Bounds) -> Iterator[Finding]:
    """Yield the files inside a package, OLE objects unwrapped; what is left out is a problem."""
    found = [name for name in package.names() if _FILES.fullmatch(name) and not _FONTS.fullmatch(name)]
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
