"""Office files that are zips of XML: opened without trust, and read as far as they go when they break off."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO, Protocol, cast

from lxml import etree

from strongroom.errors import Encrypted, LimitExceeded, Unreadable

_FLOOR, _RATIO, _CEILING = 256 * 1024**2, 200, 4 * 1024**3
"""Bytes that may be unfolded: so many, or so many times the file, and never more than the last."""
_CHUNK = 1 << 18
_LOCAL = b"PK\x03\x04"
_MOST_PARTS = 100_000


class Readable(Protocol):
    """What a stream must do to be counted."""

    def read(self, size: int = -1, /) -> bytes:
        """Give at most so many bytes."""


class Budget:
    """Counts the bytes that one file unfolds to."""

    def __init__(self, size: int) -> None:
        """Take the size of the packed file."""
        self._left = min(_CEILING, max(_FLOOR, _RATIO * size))

    def spend(self, count: int) -> None:
        """Count bytes.

        Raises:
            LimitExceeded: They are too many.
        """
        self._left -= count
        if self._left < 0:
            raise LimitExceeded("it unfolds to far more bytes than such a file has: it looks like a decompression bomb")


class _Counted(io.RawIOBase):
    """A stream whose bytes are counted against a budget; it ends early where the data is damaged."""

    def __init__(self, inner: Readable, budget: Budget) -> None:
        super().__init__()
        self._inner = inner
        self._budget = budget
        self.damaged = False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        size = _CHUNK if size is None or size < 0 else min(size, _CHUNK)
        try:
            data = self._inner.read(size)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError):
            self.damaged = True
            return b""
        self._budget.spend(len(data))
        return data


class Package:
    """The parts of one file by name."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        """Open a package.

        Args:
            stream: Seekable; it must stay open.
            size: Its bytes.

        Raises:
            Unreadable: It is no zip at all, or nothing of it is left.
            Encrypted: Its parts are locked.
        """
        self._stream = stream
        self._budget = Budget(size)
        self._zip: zipfile.ZipFile | None = None
        self._found: dict[str, tuple[int, int, int]] = {}
        self.damaged = False
        try:
            self._zip = zipfile.ZipFile(stream)
            infos = self._zip.infolist()[:_MOST_PARTS]
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, IndexError, KeyError) as error:
            self.damaged = True
            self._found = dict(_local_files(stream))
            if not self._found:
                raise Unreadable(
                    "it is not a whole office file: its list of parts is missing and no part can be read"
                ) from error
        else:
            self._parts = {slashed(info.filename): info for info in infos if not info.is_dir()}
            if any(info.flag_bits & 1 for info in infos):
                raise Encrypted("the file is locked with a password; add a copy that opens without one")

    def names(self) -> list[str]:
        """Give the names of all parts, in order."""
        return list(self._parts) if self._zip else list(self._found)

    def __contains__(self, name: str) -> bool:
        """Say whether there is such a part."""
        return name in (self._parts if self._zip else self._found)

    def size(self, name: str) -> int:
        """Give the unfolded size of a part, as the file itself states it."""
        return self._parts[name].file_size if self._zip else self._found[name][2]

    def open(self, name: str) -> BinaryIO:
        """Open a part; what it unfolds to is counted."""
        if self._zip:
            try:
                inner = cast("Readable", self._zip.open(self._parts[name]))
            except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
                raise Unreadable(f"the part {name} is damaged") from error
        else:
            inner = _Inflated(self._stream, *self._found[name][:2])
        return cast("BinaryIO", _Counted(inner, self._budget))

    def read(self, name: str, limit: int = 1 << 26) -> bytes:
        """Give a small part whole, cut off at a limit; empty where it is missing or damaged."""
        if name not in self:
            return b""
        out = b""
        with suppress(Unreadable), self.open(name) as stream:
            while len(out) < limit and (data := stream.read(_CHUNK)):
                out += data
        return out[:limit]

    def chunks(self, name: str) -> Iterator[bytes]:
        """Give a part in pieces."""
        with self.open(name) as stream:
            while data := stream.read(_CHUNK):
                yield data

    def events(self, name: str, only: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
        """Give start and end of each element of an XML part, or only the ends of some; see `xml_events`."""
        if name in self:
            with suppress(Unreadable), self.open(name) as stream:
                yield from xml_events(stream, only)

    def tree(self, name: str) -> Any | None:
        """Give a small XML part as a tree; None where it is missing or broken."""
        data = self.read(name)
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False)
        with suppress(etree.XMLSyntaxError, ValueError):
            return etree.fromstring(data, parser) if data else None
        return None


def xml_events(stream: BinaryIO, only: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Give start and end of each element; entities are never expanded and broken XML is read as far as it goes.

    Args:
        stream: The bytes.
        only: Names of elements (``{*}row``) of which the ends are wanted and nothing else; it saves time.

    Yields:
        Event and element. Whoever reads must clear elements that are done with (`done`), so that memory stays constant.
    """
    events = ("end",) if only else ("start", "end")
    parse = etree.iterparse(
        stream, events, tag=only or None, resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False
    )
    with suppress(etree.XMLSyntaxError):
        for event, element in parse:
            if isinstance(element.tag, str):
                yield event, element


def slashed(name: str) -> str:
    """Give a part's name as the standards spell it: some tools of Windows write backslashes, some begin with a slash."""
    return name.replace("\\", "/").lstrip("/")


def done(element: Any) -> None:
    """Forget an element and what came before it beside it."""
    element.clear(keep_tail=True)
    parent = element.getparent()
    if parent is not None:
        while parent[0] is not element:
            del parent[0]


def local(element: Any) -> str:
    """Give an element's name without its namespace."""
    tag: str = element.tag
    return tag.rpartition("}")[2]


def attribute(element: Any, name: str) -> str | None:
    """Give an attribute by its name without namespace."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return None


class _Inflated:
    """The bytes of one part of a zip without a directory, from its place on."""

    def __init__(self, stream: BinaryIO, at: int, method: int) -> None:
        self._stream = stream
        self._at = at
        self._inflate = zlib.decompressobj(-15) if method == zipfile.ZIP_DEFLATED else None
        self._rest = b""

    def read(self, size: int = -1, /) -> bytes:
        if self._inflate is None or self._inflate.eof:
            return b""
        while True:
            if not self._rest:
                self._stream.seek(self._at)
                self._rest = self._stream.read(1 << 16)
                self._at += len(self._rest)
                if not self._rest:
                    return self._inflate.flush()
            data = self._inflate.decompress(self._rest, size)
            self._rest = self._inflate.unconsumed_tail
            if data or self._inflate.eof:
                return data


def _local_files(stream: BinaryIO) -> Iterator[tuple[str, tuple[int, int, int]]]:
    """Look for local headers (APPNOTE 4.3.7) from the start; only compressed parts are of use."""
    stream.seek(0)
    base, tail, count = 0, b"", 0
    while data := stream.read(1 << 20):
        block = tail + data
        at = block.find(_LOCAL)
        while 0 <= at <= len(block) - 1024 or (at >= 0 and len(data) < 1 << 20):
            header = block[at : at + 30]
            if len(header) == 30 and count < _MOST_PARTS:  # noqa: PLR2004
                method = int.from_bytes(header[8:10], "little")
                names, extra = int.from_bytes(header[26:28], "little"), int.from_bytes(header[28:30], "little")
                name = slashed(block[at + 30 : at + 30 + names].decode("utf-8", "replace"))
                if method == zipfile.ZIP_DEFLATED and name and not name.endswith("/"):
                    count += 1
                    size = int.from_bytes(header[22:26], "little")
                    yield name, (base + at + 30 + names + extra, method, size)
            at = block.find(_LOCAL, at + 4)
        keep = 1023 if len(data) == 1 << 20 else 0
        base += len(block) - keep
        tail = block[len(block) - keep :] if keep else b""
