"""What a file is, told by its bytes; its name only says which kind of text a text is."""

import threading
from typing import Any, BinaryIO

from strongroom.domain.media import EMPTY, OCTETS
from strongroom.models.compound_types import ole_type, zip_type
from strongroom.models.recording_types import iso_type
from strongroom.models.signatures import OLE2, by_signature
from strongroom.models.text_types import text_of, text_type

_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_ID3 = b"ID3"
_BEHIND = 4096
_ISO = ("video/mp4", "video/quicktime", "video/3gpp", "video/3gpp2")
"""Types by brand or first box that may be of sound alone."""
_PDF_WITHIN = 1024
"""A PDF may begin with some other bytes (ISO 32000-1, annex H, note 13)."""

_SPELLINGS = {
    "text/xml": "application/xml",
    "text/javascript": "application/javascript",
    "text/rtf": "application/rtf",
    "application/x-yaml": "application/yaml",
    "application/x-bzip": "application/x-bzip2",
    "application/x-bzip2": "application/x-bzip2",
    "application/x-rar": "application/vnd.rar",
    "application/x-zip-compressed": "application/zip",
    "application/x-gzip": "application/gzip",
    "audio/x-wav": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/x-flac": "audio/flac",
    "image/x-ms-bmp": "image/bmp",
    "image/svg": "image/svg+xml",
}
"""Other spellings of types, in the one of `strongroom.domain.media`."""


class FileTypes:
    """Bytes to media types. Threads may share it."""

    def __init__(self) -> None:
        """Load nothing: Magika is loaded for the first file that signatures leave unsure."""
        self._magika: Any = None
        self._lock = threading.Lock()

    def identify(self, head: bytes, size: int, name: str, stream: BinaryIO) -> str:
        """Give the media type of a content, spelt as in `strongroom.domain.media`.

        Args:
            head: Its first bytes (16 KiB are enough).
            size: Its length.
            name: One of its names; only a hint, and believed only where the bytes leave it open.
            stream: Seekable, over all its bytes; it is left anywhere.

        Returns:
            ``application/octet-stream`` where nothing tells. Damaged bytes never raise.
        """
        if not size:
            return EMPTY
        if head.startswith(_ZIP):
            return zip_type(head, size, stream)
        if head.startswith(OLE2):
            return ole_type(head, name, stream)
        if head.startswith(_ID3):
            return _tagged(head, stream)
        found = by_signature(head) or _shifted_pdf(head, size, stream)
        if found:
            return iso_type(found, size, stream) if found in _ISO else found
        text = text_of(head, size)
        return self._ask_magika(stream) if text is None else text_type(text, name, whole=len(head) >= size)

    def _ask_magika(self, stream: BinaryIO) -> str:
        with self._lock:
            if self._magika is None:
                from magika import Magika

                self._magika = Magika()
            stream.seek(0)
            result = self._magika.identify_stream(stream)
        if not result.ok:
            return OCTETS
        media_type = (result.output.mime_type or OCTETS).lower()
        return _SPELLINGS.get(media_type, media_type)


def _tagged(head: bytes, stream: BinaryIO) -> str:
    """Give the type of the sound behind an ID3 tag (ID3v2.4, 3.1): a tag may hold pictures, and be larger than the head."""
    length = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=False))
    stream.seek(10 + length)
    found = by_signature(stream.read(_BEHIND)) or ""
    return found if found.startswith("audio/") else "audio/mpeg"


def _shifted_pdf(head: bytes, size: int, stream: BinaryIO) -> str | None:
    at = head[:_PDF_WITHIN].find(b"%PDF-")
    if at < 0:
        return None
    if head[:at].strip(b" \t\r\n\0\xef\xbb\xbf"):
        stream.seek(max(0, size - 2048))
        if b"startxref" not in stream.read(2048):
            return None
    return "application/pdf"
