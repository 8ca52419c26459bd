"""Byte ranges: ``bytes=0-499``, ``bytes=500-``; ``x-ms-range`` comes before ``Range``."""

import re
from collections.abc import Mapping

from strongroom.server.azure.faults import Fault

_RANGE = re.compile(r"bytes=(\d{1,19})-(\d{0,19})", re.IGNORECASE)
_SUFFIX = re.compile(r"bytes=-(\d{1,19})", re.IGNORECASE)


def asked(headers: Mapping[str, str]) -> str | None:
    """Give the range header that counts."""
    return headers.get("x-ms-range") or headers.get("range") or None


def read_range(text: str, size: int) -> tuple[int, int]:
    """Give first byte and length of a range of so many bytes; one that ends beyond is cut.

    Raises:
        Fault: It begins beyond the end, or is turned round (``InvalidRange``), or is none (``InvalidHeaderValue``).
    """
    suffix = _SUFFIX.fullmatch(text.strip())
    if suffix:
        length = min(int(suffix[1]), size)
        if not length:
            raise _beyond(size)
        return size - length, length
    found = _RANGE.fullmatch(text.strip())
    if not found:
        raise Fault("InvalidHeaderValue", HeaderName="Range", HeaderValue=text)
    start = int(found[1])
    last = min(int(found[2]), size - 1) if found[2] else size - 1
    if start >= size or last < start:
        raise _beyond(size)
    return start, last - start + 1


def _beyond(size: int) -> Fault:
    return Fault("InvalidRange", headers=(("content-range", f"bytes */{size}"),))


def wanted(text: str, size: int) -> tuple[int, int] | None:
    """Give first byte and length of the range that a read is for; None for a text that is no range, which counts for nothing.

    Raises:
        Fault: It begins beyond the end (``InvalidRange``).
    """
    found = _RANGE.fullmatch(text.strip())
    if found and found[2] and int(found[2]) < int(found[1]):
        return None
    return read_range(text, size) if found or _SUFFIX.fullmatch(text.strip()) else None


def begins_at(text: str, start: int) -> bool:
    """Say whether a range begins at a byte."""
    found = _RANGE.fullmatch(text.strip())
    return found is not None and int(found[1]) == start
