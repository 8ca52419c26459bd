"""Zip archives: the directory is judged before a byte is unfolded; one without a directory is read from its local headers."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from strongroom.analyzers import names
from strongroom.analyzers.bounds import CHUNK, ODDITIES, Bounds, Meter
from strongroom.domain.findings import Finding, Member, Problem
from strongroom.errors import AnalysisError, Encrypted, LimitExceeded, StorageError, Unreadable
from strongroom.ports.source import Source

_BAD = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, *ODDITIES)
_ENCRYPTED, _UTF8, _DESCRIPTOR = 0x1, 0x800, 0x8
_UNICODE_PATH = 0x7075
_DEFLATE64 = 9
_END, _LOCAL = b"PK\x05\x06", b"PK\x03\x04"
_ENTRY_BYTES = 256
"""Bytes of directory that an entry may have on average: no honest directory has more, a forged one costs memory."""


def read(source: Source, meter: Meter, bounds: Bounds) -> Iterator[Finding]:
    """Yield the members of a zip archive and their names.

    Raises:
        Unreadable: It is no zip archive.
        Encrypted: Members need a password; the others and all names were yielded.
        LimitExceeded: It is a bomb.
    """
    with source.open() as opened:
        _judge_end(opened, source.size, bounds)
        opened.seek(0)
        try:
            archive = zipfile.ZipFile(opened)
        except _BAD as error:
            if isinstance(error, StorageError):
                raise
            yield from _salvage(opened, meter, error)
            return
        with archive:
            yield from _members(archive, meter)


def _judge_end(opened: BinaryIO, size: int, bounds: Bounds) -> None:
    """Refuse a directory that would not fit in memory, before zipfile reads it whole."""
    tail_size = min(size, 22 + 0xFFFF)
    opened.seek(size - tail_size)
    tail = opened.read(tail_size)
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < 22:  # noqa: PLR2004
        return
    count, length = struct.unpack("<HL", tail[at + 10 : at + 16])
    wide = tail.rfind(b"PK\x06\x06", 0, at)
    if wide >= 0 and len(tail) - wide >= 56:  # noqa: PLR2004
        count, length = struct.unpack("<QQ", tail[wide + 32 : wide + 48])
    if count > bounds.count or min(length, size) > max(1 << 20, bounds.count * _ENTRY_BYTES):
        raise LimitExceeded(f"it has more than {bounds.count:,} members; raise member_count to read more")


def _members(archive: zipfile.ZipFile, meter: Meter) -> Iterator[Finding]:
    entries = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]
    taken = names.Unique()
    paths = [taken.take(names.clean(_name(entry), number)) for number, entry in enumerate(entries, 1)]
    if paths:
        yield names.listing(paths)
    _judge(entries, meter)
    locked = 0
    for entry, path in zip(entries, paths, strict=True):
        meter.member()
        if entry.flag_bits & _ENCRYPTED:
            locked += 1
            continue
        yield Member(path=path, chunks=meter.chunks(_data(archive, entry)))
        meter.check()
    if locked:
        raise Encrypted(f"{locked} of its {len(entries)} members need a password; their names can be found, their contents not")


def _judge(entries: list[zipfile.ZipInfo], meter: Meter) -> None:
    """Refuse what declares itself a bomb: too many bytes, or members that share the same bytes."""
    meter.declare(sum(entry.file_size for entry in entries))
    last = 0
    for entry in sorted(entries, key=lambda one: one.header_offset):
        if entry.header_offset < last:
            raise LimitExceeded("its members overlap, as those of a decompression bomb do; it is not opened")
        last = entry.header_offset + 30 + entry.compress_size


def _data(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Give a member's bytes.

    Raises:
        Unreadable: They are corrupt, or packed by a method without a reader.
    """
    try:
        if entry.compress_type == _DEFLATE64:
            yield from _deflate64(archive, entry)
            return
        with archive.open(entry) as member:
            while chunk := member.read(CHUNK):
                yield chunk
    except NotImplementedError as error:
        raise Unreadable(f"it is packed by a method that has no reader here ({error})") from error
    except _BAD as error:
        if isinstance(error, (AnalysisError, StorageError)):
            raise
        raise Unreadable(f"its data is corrupt ({error})") from error


def _deflate64(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Unfold method 9, which Windows writes for large members and zipfile does not read."""
    import inflate64

    opened = archive.fp
    assert opened is not None
    opened.seek(entry.header_offset)
    header = opened.read(30)
    opened.seek(sum(struct.unpack("<HH", header[26:30])), 1)
    inner = inflate64.Inflater()
    left, check = entry.compress_size, 0
    while left > 0 and not inner.eof:
        block = opened.read(min(left, 1 << 14))
        if not block:
            break
        left -= len(block)
        out = inner.inflate(block)
        check = zlib.crc32(out, check)
        yield out
    if check != entry.CRC:
        raise Unreadable("its data is corrupt (the checksum does not match)")


def _name(entry: zipfile.ZipInfo) -> str:
    """Give a member's name: as its Unicode extra field or flag says, else by its likeness."""
    extra = entry.extra
    while len(extra) >= 4:  # noqa: PLR2004
        kind, length = struct.unpack("<HH", extra[:4])
        if kind == _UNICODE_PATH and length > 5:  # noqa: PLR2004
            return extra[9 : 4 + length].decode("utf-8", "replace")
        extra = extra[4 + length :]
    if entry.flag_bits & _UTF8 or entry.orig_filename.isascii():
        return entry.orig_filename
    return names.decode(entry.orig_filename.encode("cp437", "replace"), "cp437")


def _salvage(opened: BinaryIO, meter: Meter, error: Exception) -> Iterator[Finding]:
    """Read a zip whose directory is lost (a truncated download) from its local headers on."""
    opened.seek(0)
    found: list[str] = []
    while (header := opened.read(30))[:4] == _LOCAL and len(header) == 30:  # noqa: PLR2004
        flags, method, _, _, _, packed, _, name_length, extra_length = struct.unpack("<HHHHLLLHH", header[6:])
        raw = opened.read(name_length)
        opened.seek(extra_length, 1)
        path = names.clean(names.decode(raw, "cp437"), len(found) + 1)
        meter.member()
        begin = opened.tell()
        local = _Local(opened, method, None if flags & _DESCRIPTOR else packed)
        if not raw.endswith(b"/") and not flags & _ENCRYPTED and method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            found.append(path)
            yield Member(path=path, chunks=meter.chunks(local))
            meter.check()
        if not flags & _DESCRIPTOR:
            opened.seek(begin + packed)
        elif local.end is None or not _pass_descriptor(opened, local.end):
            break
    if not found:
        raise Unreadable(f"it is not a zip archive, or too damaged to read ({error})") from error
    yield names.listing(found)
    yield Problem(reason="the archive's directory is missing or damaged; what could be read from its beginning was")


def _pass_descriptor(opened: BinaryIO, end: int) -> bool:
    """Move past the descriptor after a member's data; its length has four forms, so look for the next header."""
    opened.seek(end)
    at = opened.read(64).find(_LOCAL)
    opened.seek(end + max(at, 0))
    return at >= 0


class _Local:
    """A member's bytes from its local header; they end early where the file does."""

    def __init__(self, opened: BinaryIO, method: int, packed: int | None) -> None:
        self._opened = opened
        self._method = method
        self._packed = packed
        self.end: int | None = None

    def __iter__(self) -> Iterator[bytes]:
        left = self._packed
        inner = zlib.decompressobj(-15) if self._method == zipfile.ZIP_DEFLATED else None
        while left is None or left > 0:
            block = self._opened.read(1 << 16 if left is None else min(left, 1 << 16))
            if not block or (inner is None and left is None):
                return
            left = None if left is None else left - len(block)
            if inner is None:
                yield block
                continue
            try:
                yield from _pieces(inner, block)
            except zlib.error:
                return
            if inner.eof:
                self.end = self._opened.tell() - len(inner.unused_data)
                return


def _pieces(inner: "zlib._Decompress", block: bytes) -> Iterator[bytes]:
    while block and not inner.eof:
        out = inner.decompress(block, CHUNK)
        if out:
            yield out
        block = inner.unconsumed_tail
