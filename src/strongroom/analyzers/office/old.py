"""The binary formats of before 2007 (OLE compound files): what they tell of themselves, and text without LibreOffice."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import olefile

from strongroom.analyzers.bounds import ODDITIES
from strongroom.analyzers.office.pieces import Piece
from strongroom.domain.findings import Problem, Property
from strongroom.errors import Unreadable

_FACTS = {
    "\x05SummaryInformation": {2: "title", 3: "subject", 4: "author", 5: "keywords", 6: "description", 8: "modified-by",
                               12: "date", 13: "modified", 14: "page-count", 18: "producer"},
    "\x05DocumentSummaryInformation": {2: "category", 7: "page-count", 14: "manager", 15: "company"},
}  # fmt: skip
"""Numbers of properties in the two streams ([MS-OLEPS] 3.1)."""
_SHORT, _NUMBER, _STRING, _WIDE, _TIME = 0x02, 0x03, 0x1E, 0x1F, 0x40
_MOST_FACTS, _MOST_STREAM = 200, 1 << 20
_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MOST_LINE = 1 << 16
_UTF8, _UTF16 = 65001, 1200


def is_compound(path: Path) -> bool:
    """Say whether a file is an OLE compound file."""
    with path.open("rb") as stream:
        return stream.read(8) == _MAGIC


def locked(path: Path) -> bool:
    """Say whether a compound file is encrypted: a wrapped OOXML file, or a doc, xls or ppt with a password."""
    try:
        with olefile.OleFileIO(path) as ole:
            if ole.exists("EncryptedPackage"):
                return True
            if ole.exists("WordDocument"):
                head = ole.openstream("WordDocument").read(32)
                return bool(len(head) > 11 and head[11] & 1)  # noqa: PLR2004 - fEncrypted, [MS-DOC] 2.5.2
            for name in ("Workbook", "Book"):
                if ole.exists(name):
                    return _has_record(ole.openstream(name).read(1 << 14), 0x2F)
            if ole.exists("Current User"):
                return b"\xdf\xc4\xd1\xf3" in ole.openstream("Current User").read(64)
    except ODDITIES:
        return False
    return False


def _has_record(data: bytes, wanted: int) -> bool:
    """Look for a BIFF record among the first ([MS-XLS] 2.4.117: FilePass)."""
    return any(kind == wanted for kind, _ in _records(data))


def properties(path: Path) -> Iterator[Property | Problem]:
    """Give the summary information of a compound file; one that is damaged tells what can be read, and that it is damaged."""
    found: dict[str, str | int] = {}
    damage = ""
    try:
        with olefile.OleFileIO(path) as ole:
            for name, wanted in _FACTS.items():
                if ole.exists(name):
                    for number, value in _section(ole.openstream(name).read(_MOST_STREAM)):
                        if value and number in wanted:
                            found.setdefault(wanted[number], value)
    except ODDITIES as error:
        damage = str(error)[:200] or type(error).__name__
    for name, value in found.items():
        yield Property(name=name, value=value)
    if damage:
        yield Problem(reason=f"what the file says of itself (title, author, dates) is damaged and was not all read: {damage}")


def _section(data: bytes) -> Iterator[tuple[int, str | int | None]]:
    """Give number and value of each plain property of the first section ([MS-OLEPS] 2.21); lists of values are left out."""

    def number(at: int) -> int:
        return int.from_bytes(data[at : at + 4], "little")

    base = number(44)
    places = [
        (number(at), base + number(at + 4)) for at in range(base + 8, base + 8 + 8 * min(number(base + 4), _MOST_FACTS), 8)
    ]
    page = next((number(at + 4) & 0xFFFF for kind, at in places if kind == 1), _UTF8)
    for kind, at in places:
        yield kind, _value(data, at, page)


def _value(data: bytes, at: int, page: int) -> str | int | None:
    kind, head = int.from_bytes(data[at : at + 2], "little"), int.from_bytes(data[at + 4 : at + 8], "little")
    if kind in (_SHORT, _NUMBER):
        return head & (0xFFFF if kind == _SHORT else 0x7FFFFFFF)
    if kind == _STRING:
        return _decoded(data[at + 8 : at + 8 + head], page)
    if kind == _WIDE:
        return data[at + 8 : at + 8 + 2 * head].decode("utf-16-le", "replace").strip("\0 ")
    if kind == _TIME:
        ticks = int.from_bytes(data[at + 4 : at + 12], "little")
        with suppress(OverflowError):
            moment = datetime(1601, 1, 1) + timedelta(microseconds=ticks // 10)  # noqa: DTZ001 - FILETIME counts from 1601
            return moment.isoformat() if moment.year > 1601 else None  # noqa: PLR2004
    return None


def _decoded(value: bytes, page: int) -> str:
    """Decode a property in its code page ([MS-OLEPS] 2.16); some programs write UTF-8 whatever they say."""
    if page == _UTF16:
        return value.decode("utf-16-le", "replace").strip("\0 ")
    for name in ("utf-8", f"cp{page}" if page != _UTF8 else "cp1252"):
        try:
            return value.decode(name).strip("\0 ")
        except (UnicodeDecodeError, LookupError):
            continue
    return value.decode("cp1252", "replace").strip("\0 ")


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        kind, size = int.from_bytes(data[at : at + 2], "little"), int.from_bytes(data[at + 2 : at + 4], "little")
        yield kind, data[at + 4 : at + 4 + size]
        at += 4 + size


def extract(path: Path, media_type: str) -> Iterator[Piece]:
    """Give the text that kreuzberg finds, line by line.

    Raises:
        Unreadable: It finds none, with its reason.
    """
    import kreuzberg

    config = kreuzberg.ExtractionConfig(use_cache=False, enable_quality_processing=False, extraction_timeout_secs=50)
    try:
        result = kreuzberg.extract_file_sync(path, media_type, config)
    except (kreuzberg.KreuzbergError, *ODDITIES) as error:
        raise Unreadable(f"the file is damaged or of an unknown kind: {str(error)[:300]}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of Rust, which cannot be imported and is no Exception
            raise
        raise Unreadable(f"the reader failed over the file: {str(error)[:300]}") from error
    for line in result.content.splitlines():
        words = line.strip().strip("|").strip()
        if words and words.strip("-| :"):
            yield Piece(text=words[:_MOST_LINE].replace("\\_", "_").replace("&amp;", "&"))
