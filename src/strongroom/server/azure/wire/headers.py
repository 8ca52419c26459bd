"""Headers: dates, metadata, properties of a blob."""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from math import floor

from strongroom.domain.blob import Blob
from strongroom.server.azure.faults import FAULTS, Fault

MOST_METADATA = 8 << 10
"""Bytes that names and values of metadata may have together."""

META = "x-ms-meta-"
MD5_BYTES = 16
MISMATCH = "Provided contentMD5 doesn't match. "
"""How messages about an MD5 begin: clients' own tests look for it."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

KEPT = {
    "x-ms-blob-cache-control": "cache-control",
    "x-ms-blob-content-disposition": "content-disposition",
    "x-ms-blob-content-encoding": "content-encoding",
    "x-ms-blob-content-language": "content-language",
}
"""Which header keeps which of a blob's own; the content type and MD5 have fields of their own."""


@lru_cache(maxsize=4096)
def http_date(at: datetime) -> str:
    """Spell an instant as ``Sun, 06 Nov 1994 08:49:37 GMT`` (RFC 9110)."""
    return _date(floor(at.timestamp()))


@lru_cache(maxsize=4096)
def _date(second: int) -> str:
    return format_datetime(datetime.fromtimestamp(second, UTC), usegmt=True)


def read_date(text: str, name: str) -> datetime:
    """Read an instant of a header.

    Raises:
        Fault: It is none (``InvalidHeaderValue``).
    """
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            raise Fault("InvalidHeaderValue", HeaderName=name, HeaderValue=text) from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def checked(name: str, value: str) -> str:
    """Give a header's value back if it can be stored and given back without splitting a response.

    Raises:
        Fault: It holds control characters (``InvalidHeaderValue``).
    """
    if _FORBIDDEN.search(value):
        raise Fault("InvalidHeaderValue", HeaderName=name, HeaderValue="")
    return value


def metadata_of(headers: Mapping[str, str]) -> dict[str, str]:
    """Give the metadata in the headers of a request; names as they came, without ``x-ms-meta-``.

    Azure keeps the letters of a name, but names that differ in their case alone are one.

    Raises:
        Fault: A name is no C# identifier (``InvalidMetadata``, ``EmptyMetadataKey``), or it is too much (``MetadataTooLarge``).
    """
    found: dict[str, str] = {}
    spelt: dict[str, str] = {}
    for header, value in headers.items():
        if header.startswith(META):
            name = spelt.setdefault(header.lower(), header[len(META) :])
            text = checked(header, value)
            found[name] = f"{found[name]},{text}" if name in found else text
    if "" in found:
        raise Fault("EmptyMetadataKey")
    if not all(_NAME.fullmatch(name) for name in found):
        raise Fault("InvalidMetadata")
    if sum(len(name) + len(value) for name, value in found.items()) > MOST_METADATA:
        raise Fault("MetadataTooLarge")
    return found


def metadata_headers(metadata: Mapping[str, str]) -> list[tuple[str, str]]:
    """Give metadata as headers of a reply."""
    return [(META + name, value) for name, value in metadata.items()]


def kept_of(headers: Mapping[str, str]) -> dict[str, str]:
    """Give the headers that a request asks to keep with a blob."""
    return {kept: checked(given, headers[given]) for given, kept in KEPT.items() if headers.get(given)}


def md5_of(text: str | None, name: str = "content-md5", *, is_kept: bool = False) -> bytes | None:
    """Read an MD5 in Base64.

    Args:
        text: The header's value.
        name: The header.
        is_kept: Whether it is only kept, compared with nothing: it may then have another length, as with Azurite.

    Raises:
        Fault: It is none (``InvalidMd5``).
    """
    if not text:
        return None
    try:
        found = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        found = b""
    if not found or (len(found) != MD5_BYTES and not is_kept):
        raise Fault("InvalidMd5", MISMATCH + FAULTS["InvalidMd5"][1], HeaderName=name, HeaderValue=text)
    return found


def base64(data: bytes) -> str:
    """Spell bytes in Base64."""
    return b64encode(data).decode("ascii")


def etag_header(etag: str) -> str:
    """Spell an etag, with its quotes."""
    return f'"{etag}"'


def changed_headers(blob: Blob) -> list[tuple[str, str]]:
    """Give etag and time of a blob that was just written or is read."""
    return [("etag", etag_header(blob.etag)), ("last-modified", http_date(blob.modified_at))]
