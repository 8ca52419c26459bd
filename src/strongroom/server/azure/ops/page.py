"""Pages of page blobs: put, cleared, listed, compared.

https://learn.microsoft.com/rest/api/storageservices/put-page and ``get-page-ranges``.
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qs, urlsplit

from strongroom.domain.blob import Blob
from strongroom.domain.pages import PAGE, PageRange, SequenceCondition
from strongroom.errors import ConditionFailed
from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire.checksums import Checksum
from strongroom.server.azure.wire.conditions import condition_of, read_condition_of, read_fault
from strongroom.server.azure.wire.headers import changed_headers
from strongroom.server.azure.wire.ranges import asked
from strongroom.server.azure.wire.traits import need_stored, refuse_keys
from strongroom.server.azure.wire.versions import version_of
from strongroom.server.azure.wire.xml import document, leaf, node

MOST_BYTES = 4 << 20
"""Bytes that one request may put."""
MOST_RANGES = 10_000
"""Ranges in one reply."""

_RANGE = re.compile(r"bytes=(\d{1,19})-(\d{0,19})", re.IGNORECASE)


def put_pages(call: Call) -> Reply:
    """Put or clear pages."""
    action = (call.header("x-ms-page-write") or "").lower()
    if action == "clear":
        return _clear(call)
    if action != "update":
        raise Fault("InvalidHeaderValue", HeaderName="x-ms-page-write", HeaderValue=action)
    refuse_keys(call.request.headers)
    length = call.request.body.length
    if length is None:
        raise Fault("MissingContentLengthHeader")
    if length % PAGE:
        raise Fault("InvalidOperation", f"Content-Length must be a multiple of {PAGE}.")
    checksum = Checksum(call.request.headers, has_crc=True)
    container = call.container()
    need_stored(container)
    start = put_range(call, length)
    data = checksum.check(call.request.body.read(MOST_BYTES))
    blob = call.vault.put_pages(
        container,
        call.name,
        start,
        data,
        condition=condition_of(call.request.headers),
        sequence=sequence_condition_of(call.request.headers),
    )
    return Reply(status=201, headers=put_headers(blob, checksum.headers()))


def _clear(call: Call) -> Reply:
    if call.request.body.length:
        raise Fault("InvalidOperation", "Content-Length must be 0 where pages are cleared.")
    container = call.container()
    need_stored(container)
    start, length = page_range(call)
    blob = call.vault.clear_pages(
        container,
        call.name,
        start,
        length,
        condition=condition_of(call.request.headers),
        sequence=sequence_condition_of(call.request.headers),
    )
    return Reply(status=201, headers=[*changed_headers(blob), ("x-ms-blob-sequence-number", str(blob.sequence_number))])


def put_headers(blob: Blob, checksums: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Give the headers of the reply to pages that were put."""
    number = ("x-ms-blob-sequence-number", str(blob.sequence_number))
    return [*changed_headers(blob), *checksums, number, ("x-ms-request-server-encrypted", "true")]


def put_range(call: Call, length: int) -> int:
    """Give the first byte of the pages that are put.

    Raises:
        Fault: The range is not as long as the bytes (``InvalidPageRange``), or see `page_range`.
    """
    start, wanted = page_range(call)
    if wanted != length:
        raise Fault("InvalidPageRange")
    return start


def page_range(call: Call) -> tuple[int, int]:
    """Give first byte and length of the range that a request is for, of whole pages.

    Raises:
        Fault: There is none (``MissingRequiredHeader``), or it is not of whole pages (``InvalidPageRange``).
    """
    text = asked(call.request.headers)
    if text is None:
        raise Fault("MissingRequiredHeader", HeaderName="x-ms-range")
    found = _RANGE.fullmatch(text.strip())
    if not found or not found[2]:
        raise Fault("InvalidPageRange")
    start, end = int(found[1]), int(found[2]) + 1
    if start % PAGE or end % PAGE or end <= start:
        raise Fault("InvalidPageRange")
    return start, end - start


def sequence_condition_of(headers: Mapping[str, str]) -> SequenceCondition:
    """Give what the headers ask of a page blob's sequence number.

    Raises:
        Fault: One of them is no number (``InvalidHeaderValue``).
    """

    def number(which: str) -> int | None:
        name = f"x-ms-if-sequence-number-{which}"
        text = headers.get(name)
        if not text:
            return None
        if not text.isascii() or not text.isdigit():
            raise Fault("InvalidHeaderValue", HeaderName=name, HeaderValue=text)
        return int(text)

    return SequenceCondition(at_most=number("le"), below=number("lt"), equal=number("eq"))


def get_page_ranges(call: Call) -> Reply:
    """List the pages of a page blob, or those that differ from an earlier snapshot."""
    container = call.container()
    version = version_of(call.request.query)
    try:
        blob = call.vault.look(container, call.name, version, condition=read_condition_of(call.request.headers)).blob
    except ConditionFailed as error:
        raise read_fault(error) from error
    if blob.kind != "page":
        raise Fault("InvalidBlobType")
    start, end = _bounds(call, blob)
    limit = _limit(call)
    earlier = _earlier(call)
    if earlier is None:
        found = call.vault.page_ranges(blob, start, end, limit + 1)
    else:
        found = call.vault.page_changes(container, blob, earlier, (start, end), limit + 1)
    rest = str(found[limit].start) if len(found) > limit else ""
    return Reply(
        status=200,
        headers=[
            *changed_headers(blob),
            ("x-ms-blob-content-length", str(blob.size)),
            ("content-type", "application/xml"),
        ],
        body=_page_list(found[:limit], rest, is_paged=bool(rest or call.query("maxresults"))),
    )


def _page_list(ranges: Iterable[PageRange], rest: str, *, is_paged: bool) -> bytes:
    parts = [
        node("ClearRange" if one.is_clear else "PageRange", (leaf("Start", one.start), leaf("End", one.end - 1)))
        for one in ranges
    ]
    return document(node("PageList", [*parts, leaf("NextMarker", rest)] if is_paged else parts))


def _bounds(call: Call, blob: Blob) -> tuple[int, int]:
    """Give the range of bytes that is asked for, from the marker on."""
    text = asked(call.request.headers)
    start, end = 0, blob.size
    if text is not None:
        found = _RANGE.fullmatch(text.strip())
        if not found or int(found[1]) >= blob.size or (found[2] and int(found[2]) < int(found[1])):
            raise Fault("InvalidPageRange")
        start, end = int(found[1]), min(int(found[2]) + 1, blob.size) if found[2] else blob.size
    marker = call.query("marker")
    if marker is None:
        return start, end
    if not marker.isascii() or not marker.isdigit():
        raise Fault("OutOfRangeInput", QueryParameterName="marker", QueryParameterValue=marker)
    return max(start, int(marker)), end


def _limit(call: Call) -> int:
    text = call.query("maxresults")
    if text is None:
        return MOST_RANGES
    if not text.isascii() or not text.isdigit() or not int(text):
        raise Fault("OutOfRangeQueryParameterValue", QueryParameterName="maxresults", QueryParameterValue=text)
    return min(int(text), MOST_RANGES)


def _earlier(call: Call) -> str | None:
    """Give the snapshot that is compared with: by itself, or as a part of its blob's URL."""
    url = call.header("x-ms-previous-snapshot-url")
    if url is None:
        return call.query("prevsnapshot")
    found = parse_qs(urlsplit(url).query).get("snapshot", [""])[0]
    if not found:
        raise Fault("InvalidHeaderValue", HeaderName="x-ms-previous-snapshot-url", HeaderValue=url)
    return found
