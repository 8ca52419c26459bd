"""Formats that share a container: the ZIP family, and Microsoft's OLE2."""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterable
from typing import BinaryIO

from strongroom.domain.media import DOCUMENT_TYPES, MSG, ODF, OOXML, PRESENTATION_TYPES, SPREADSHEET_TYPES

ZIP = "application/zip"
OLE = "application/x-ole-storage"

_KNOWN = frozenset((*DOCUMENT_TYPES, *SPREADSHEET_TYPES, *PRESENTATION_TYPES))
_MOST_ENTRIES = 50_000
"""Entries of a ZIP file that is looked into; a larger one is no office file."""
_MOST_XML = 1 << 20
_TAIL = 22 + 65_535
_END = b"PK\x05\x06"

_MAIN_PART = re.compile(
    rb"ContentType\s*=\s*[\"'](application/[^\"']*?)\.main\+xml[\"']"
    rb"|ContentType\s*=\s*[\"'](application/vnd\.ms-excel\.sheet\.binary\.macroEnabled)\.main[\"']",
    re.IGNORECASE,
)
_MACRO = {
    "application/vnd.ms-word.document.macroenabled": "application/vnd.ms-word.document.macroenabled.12",
    "application/vnd.ms-word.template.macroenabledtemplate": "application/vnd.ms-word.template.macroenabled.12",
    "application/vnd.ms-excel.sheet.macroenabled": "application/vnd.ms-excel.sheet.macroenabled.12",
    "application/vnd.ms-excel.template.macroenabled": "application/vnd.ms-excel.template.macroenabled.12",
    "application/vnd.ms-excel.addin.macroenabled": "application/vnd.ms-excel.addin.macroenabled.12",
    "application/vnd.ms-excel.sheet.binary.macroenabled": "application/vnd.ms-excel.sheet.binary.macroenabled.12",
    "application/vnd.ms-powerpoint.presentation.macroenabled": "application/vnd.ms-powerpoint.presentation.macroenabled.12",
    "application/vnd.ms-powerpoint.slideshow.macroenabled": "application/vnd.ms-powerpoint.slideshow.macroenabled.12",
    "application/vnd.ms-powerpoint.template.macroenabled": "application/vnd.ms-powerpoint.template.macroenabled.12",
}
_FOLDERS = {
    "word/": OOXML + "wordprocessingml.document",
    "xl/": OOXML + "spreadsheetml.sheet",
    "ppt/": OOXML + "presentationml.presentation",
}
_OLE_STREAMS = (
    ("worddocument", "application/msword"),
    ("workbook", "application/vnd.ms-excel"),
    ("book", "application/vnd.ms-excel"),
    ("powerpoint document", "application/vnd.ms-powerpoint"),
    ("pp97_dualstorage", "application/vnd.ms-powerpoint"),
    ("__properties_version1.0", MSG),
    ("visiodocument", "application/vnd.visio"),
    ("quill", "application/x-mspublisher"),
    ("wpsdocument", "application/vnd.ms-works"),
    ("matost", "application/vnd.ms-works"),
)
_ENCRYPTED = {"xlsx": OOXML + "spreadsheetml.sheet", "pptx": OOXML + "presentationml.presentation"}


def zip_type(head: bytes, size: int, stream: BinaryIO) -> str:
    """Give the media type of a file that begins as a ZIP archive.

    Args:
        head: Its first bytes.
        size: Its length.
        stream: Seekable, over all its bytes.

    Returns:
        An office or e-book type where the archive's own declaration says so, else ``application/zip``.
    """
    return _by_mimetype(head) or _by_directory(size, stream) or _by_folders(head) or ZIP


def _by_mimetype(head: bytes) -> str | None:
    """Read the uncompressed first entry ``mimetype`` (OpenDocument 1.3, part 2, 3.3; EPUB OCF 3.3)."""
    if head[:4] != b"PK\x03\x04" or head[30:38] != b"mimetype":
        return None
    size, extra = struct.unpack("<I", head[22:26])[0], struct.unpack("<H", head[28:30])[0]
    start = 38 + extra
    named = head[start : start + min(size, 100)] if size else head[start : start + 100].split(b"PK", 1)[0]
    return _declared(named)


def _declared(named: bytes) -> str | None:
    text = named.decode("ascii", "replace").strip().lower()
    return text if text in _KNOWN or text.startswith(ODF) or text == "application/epub+zip" else None


def _by_directory(size: int, stream: BinaryIO) -> str | None:
    if not 0 < _entries(size, stream) <= _MOST_ENTRIES:
        return None
    try:
        stream.seek(0)
        with zipfile.ZipFile(stream) as archive:
            names = {_slashed(name): name for name in archive.NameToInfo}
            if "[Content_Types].xml" in names:
                return _main_part(_first_bytes(archive, names["[Content_Types].xml"])) or _by_names(names)
            if "mimetype" in names:
                return _declared(_first_bytes(archive, names["mimetype"]))
            return "application/epub+zip" if "META-INF/container.xml" in names and _has_package(names) else None
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, NotImplementedError, RuntimeError, struct.error):
        return None  # damaged: the analyzer of archives says how


def _by_names(names: Iterable[str]) -> str | None:
    return next((kind for folder, kind in _FOLDERS.items() if any(name.startswith(folder) for name in names)), None)


def _slashed(name: str) -> str:
    """Give a part's name as the standards spell it: some tools of Windows write backslashes."""
    return name.replace("\\", "/").lstrip("/")


def _has_package(names: Iterable[str]) -> bool:
    return any(name.endswith(".opf") for name in names)


def _first_bytes(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as member:
        return member.read(_MOST_XML)


def _entries(size: int, stream: BinaryIO) -> int:
    """Count entries by the end record (APPNOTE 4.3.16), before anything is read into memory; 0 where there is none."""
    tail = min(size, _TAIL)
    for length in (min(tail, 1024), tail):
        stream.seek(size - length)
        end = stream.read(length)
        at = end.rfind(_END)
        if at >= 0 and len(end) >= at + 22:
            return int(struct.unpack("<H", end[at + 10 : at + 12])[0])
    return 0


def _main_part(xml: bytes) -> str | None:
    for match in _MAIN_PART.finditer(xml):
        declared = (match[1] or match[2]).decode("ascii", "replace").lower()
        found = _MACRO.get(declared, declared)
        if found in _KNOWN or found in _MACRO.values():
            return found
    return None


def _by_folders(head: bytes) -> str | None:
    """Guess from local headers where the directory is lost, so that the right analyzer says what is wrong."""
    if b"[Content_Types].xml" not in head:
        return None
    slashed = head.replace(b"\\", b"/")
    return next((kind for folder, kind in _FOLDERS.items() if folder.encode() in slashed), None)


def ole_type(head: bytes, name: str, stream: BinaryIO) -> str:
    """Give the media type of an OLE2 compound file by the streams that it holds (MS-CFB).

    Args:
        head: Its first bytes.
        name: Its name; says only which office program an encrypted file belongs to.
        stream: Seekable, over all its bytes.
    """
    streams = _ole_names(head, stream)
    if "encryptedpackage" in streams:
        return _ENCRYPTED.get(name.rsplit(".", 1)[-1].lower(), OOXML + "wordprocessingml.document")
    return next((kind for stream_name, kind in _OLE_STREAMS if stream_name in streams), OLE)


def _ole_names(head: bytes, stream: BinaryIO) -> set[str]:
    """List the streams at the root; where the file is damaged, the names that its first bytes hold."""
    import olefile

    try:
        stream.seek(0)
        with olefile.OleFileIO(stream) as ole:
            return {path[0].lower() for path in ole.listdir(streams=True, storages=False)}
    except (OSError, ValueError, IndexError, KeyError, TypeError, AttributeError, RecursionError, struct.error):
        return {name for name, _ in _OLE_STREAMS if _in_utf16(name, head)}


def _in_utf16(name: str, head: bytes) -> bool:
    return name.encode("utf-16-le") in head.lower()
