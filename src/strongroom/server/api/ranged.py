"""Bytes over HTTP: parts of them (RFC 9110, 14), and never as something that a browser would run."""

import re
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from strongroom.domain.media import OCTETS
from strongroom.flows.opening import OpenContent
from strongroom.server.api.form import gives
from strongroom.server.door.refusal import Refusal

RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
SHOWN = re.compile(r"image/(png|jpeg|gif|webp|avif|bmp)|audio/[a-z0-9.+-]+|video/[a-z0-9.+-]+")
"""Media types that a browser draws and plays, and never runs."""
PLAIN_TEXT = "text/plain; charset=utf-8"
SANDBOX = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
"""For originals: whatever they are, they get no script and no origin."""
BYTES: dict[int | str, dict[str, Any]] = (
    gives("The bytes.", OCTETS)
    | gives("The part that was asked for.", OCTETS, status=HTTPStatus.PARTIAL_CONTENT)
    | {304: {"description": "The bytes are those that you have."}}
)


def ranged(request: Request, content: OpenContent, name: str, *, inline: bool = False) -> Response:
    """Answer with the bytes of a content, which is closed when they are sent.

    Args:
        request: May ask for a part.
        content: Open.
        name: What a browser shall call the file.
        inline: Whether it may be shown, where that is safe.
    """
    headers = _headers(content, name, inline=inline)
    if _matches(request.headers.get("if-none-match", ""), headers["etag"]):
        content.close()
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    span = _span(request, content.size, headers["etag"])
    if span is None:
        content.close()
        raise Refusal(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            f"the content has {content.size:,} bytes, and none of those that were asked for",
            {"content-range": f"bytes */{content.size}"},
        )
    start, end = span
    status = HTTPStatus.OK
    if (start, end) != (0, content.size) or _asks_part(request, headers["etag"]):
        status = HTTPStatus.PARTIAL_CONTENT
        headers["content-range"] = f"bytes {start}-{end - 1}/{content.size}"
    headers["content-length"] = str(end - start)
    if request.method == "HEAD":
        content.close()
        return Response(status_code=status, headers=headers)
    return StreamingResponse(content.chunks(start, end), status, headers)


def disposition(name: str, *, inline: bool = False) -> str:
    """Give a Content-Disposition (RFC 6266) for a name that anybody may have chosen."""
    last = PurePosixPath(name.replace("\\", "/")).name or "file"
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", last)[:150]
    spelt = quote(last.encode("utf-8", "replace")[:600], safe="")
    return f"{'inline' if inline else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{spelt}"


def _headers(content: OpenContent, name: str, *, inline: bool) -> dict[str, str]:
    media_type = content.media_type.partition(";")[0].strip().lower()
    if not SHOWN.fullmatch(media_type):
        inline = inline and media_type == "text/plain"
        media_type = PLAIN_TEXT if media_type == "text/plain" else OCTETS if _is_active(media_type) else media_type
    return {
        "content-type": media_type,
        "content-disposition": disposition(name, inline=inline),
        "content-security-policy": SANDBOX,
        "etag": f'"{content.etag}"',
        "accept-ranges": "bytes",
        "cache-control": "private, no-cache",
    }


def _is_active(media_type: str) -> bool:
    """Say whether a browser might run it, or is not a media type at all."""
    known = re.fullmatch(r"(application|image|text|font|message|model)/[a-z0-9.+-]+", media_type)
    return not known or any(word in media_type for word in ("html", "xml", "svg", "script", "css", "flash", "java"))


def _matches(given: str, etag: str) -> bool:
    return given.strip() == "*" or etag in [one.strip().removeprefix("W/") for one in given.split(",")]


def _asks_part(request: Request, etag: str) -> bool:
    match = RANGE.fullmatch(request.headers.get("range", "").strip())
    if match is None or not any(match.groups()) or request.headers.get("if-range") not in (None, etag):
        return False
    first, last = match.groups()
    return not (first and last) or int(first) <= int(last)


def _span(request: Request, size: int, etag: str) -> tuple[int, int] | None:
    """Give start and end of what is asked for; all of it where no part is, or several; None where there is no such part."""
    if not _asks_part(request, etag):
        return 0, size
    match = RANGE.fullmatch(request.headers["range"].strip())
    assert match is not None
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
    return (start, end) if start < end else None
