"""Requests within a request, and answers within an answer: ``multipart/mixed`` of ``application/http`` (RFC 2046, OData).

https://learn.microsoft.com/rest/api/storageservices/blob-batch
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from urllib.parse import urlsplit

from strongroom.server.azure.faults import Fault

_LINES = re.compile(rb"\r?\n")
_TARGET = re.compile(r"[\x21-\x7e]+")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One request of a batch."""

    content_id: str | None
    """What tells it from the others; its answer carries it too."""
    method: str
    """In capitals."""
    raw_path: bytes
    """Percent-encoded."""
    raw_query: bytes
    """Percent-encoded."""
    headers: Mapping[str, str]
    """By lower-case name."""


def boundary_of(content_type: str | None) -> str:
    """Give the line that stands between the parts.

    Raises:
        Fault: It is no ``multipart/mixed`` (``InvalidHeaderValue``).
    """
    message = Message()
    message["content-type"] = (content_type or "").replace("\n", "").replace("\r", "")
    found = message.get_param("boundary")
    if message.get_content_type() != "multipart/mixed" or not isinstance(found, str) or not 1 <= len(found) <= 70:  # noqa: PLR2004 - RFC 2046
        raise Fault("InvalidHeaderValue", HeaderName="Content-Type", HeaderValue=(content_type or "")[:200])
    return found


def read_parts(body: bytes, boundary: str, most: int) -> list[Part]:
    """Read the requests of a batch.

    Args:
        body: The whole of it.
        boundary: See `boundary_of`.
        most: How many there may be.

    Raises:
        Fault: It is not well formed, or has none (``InvalidInput``), or too many (``ExceedsMaxBatchRequestCount``).
    """
    line = b"--" + boundary.encode("latin-1")
    pieces = re.split(rb"(?:^|\r?\n)" + re.escape(line) + rb"(?=--|[ \t]*\r?\n)", body)
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):  # noqa: PLR2004 - what is before the first, between, and after the last
        raise Fault("InvalidInput", "The batch is not well formed.")
    found = pieces[1:-1]
    if len(found) > most:
        raise Fault("ExceedsMaxBatchRequestCount")
    return [_read_part(piece) for piece in found]


def _read_part(piece: bytes) -> Part:
    lines = [one.decode("latin-1") for one in _LINES.split(piece.lstrip(b" \t"))][1:]
    outer, inner = _split(lines)
    if not inner:
        raise Fault("InvalidInput", "A part of the batch has no request.")
    words = inner[0].split(" ")
    if len(words) != 3 or not _TARGET.fullmatch(words[1]) or not words[2].startswith("HTTP/1."):  # noqa: PLR2004 - method, target, version
        raise Fault("InvalidInput", "A part of the batch has no request line.")
    headers, _ = _split(inner[1:])
    try:
        target = urlsplit(words[1] if "://" in words[1] else "//-/" + words[1].lstrip("/"))
    except ValueError as error:
        raise Fault("InvalidInput", "A part of the batch has a URL that is none.") from error
    return Part(
        content_id=_headers(outer).get("content-id"),
        method=words[0].upper(),
        raw_path=target.path.encode("ascii"),
        raw_query=target.query.encode("ascii"),
        headers=_headers(headers),
    )


def _split(lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """Give the lines before the first empty one, and those after it."""
    at = next((number for number, one in enumerate(lines) if not one), len(lines))
    return list(lines[:at]), list(lines[at + 1 :])


def _headers(lines: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise Fault("InvalidInput", "A part of the batch has a header that is none.")
        if name.lower() in found:
            raise Fault("InvalidInput", f"A part of the batch has the header {name} twice.")
        found[name.lower()] = value.strip()
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class PartReply:
    """One answer of a batch."""

    content_id: str | None
    """Of its request."""
    status: int
    """HTTP status."""
    headers: Sequence[tuple[str, str]]
    """In order."""
    body: bytes = b""
    """What follows."""


def spell_parts(replies: Sequence[PartReply], boundary: str) -> bytes:
    """Give the answers of a batch."""
    return b"".join(_spell_part(one, boundary) for one in replies) + f"--{boundary}--\r\n".encode()


def _spell_part(reply: PartReply, boundary: str) -> bytes:
    lines = [f"--{boundary}", "Content-Type: application/http"]
    if reply.content_id is not None:
        lines.append(f"Content-ID: {reply.content_id}")
    lines += ["", f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in reply.headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + reply.body + b"\r\n"
