"""The binary formats of before 2007 (OLE compound files): what they tell of themselves, and text without LibreOffice."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import olefile

from strongroom.analyzers.bounds import ODDITIES
from strongroom.analyzers.office.pieces import Piece
from strongroom.domain.findings import Property
from strongroom.errors import Unreadable

_FACTS = {"title": "title", "subject": "subject", "author": "author", "keywords": "keywords", "comments": "description",
          "last_saved_by": "modified-by", "create_time": "date", "last_saved_time": "modified", "company": "company",
          "manager": "manager", "category": "category", "creating_application": "producer", "num_pages": "page-count",
          "slides": "page-count"}  # fmt: skip
_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MOST_LINE = 1 << 16
_UTF8 = 65001


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


def properties(path: Path) -> Iterator[Property]:
    """Give the summary information of a compound file, custom properties too."""
    try:
        with olefile.OleFileIO(path) as ole:
            record: Any = ole.get_metadata()
            facts: dict[str, Any] = {name: getattr(record, key, None) for key, name in _FACTS.items()}
            page = int(getattr(record, "codepage", None) or _UTF8) & 0xFFFF
    except ODDITIES:
        return
    for name, value in facts.items():
        if isinstance(value, bytes):
            value = _decoded(value, page)  # noqa: PLW2901
        elif hasattr(value, "isoformat"):
            value = value.isoformat() if value.year > 1601 else None  # noqa: PLW2901, PLR2004 - FILETIME counts from 1601
        if value and isinstance(value, str | int):
            yield Property(name=name, value=value)


def _decoded(value: bytes, page: int) -> str:
    """Decode a property in its code page ([MS-OLEPS] 2.16); some programs write UTF-8 whatever they say."""
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
    for line in result.content.splitlines():
        words = line.strip().strip("|").strip()
        if words and words.strip("-| :"):
            yield Piece(text=words[:_MOST_LINE].replace("\\_", "_").replace("&amp;", "&"))
