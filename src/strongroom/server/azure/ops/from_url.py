"""Writing from a URL: whole blobs, blocks, appends, pages.

https://learn.microsoft.com/rest/api/storageservices/put-blob-from-url, ``put-block-from-url``, ``append-block-from-url``
and ``put-page-from-url``. What is in this room is not moved where its parts fit.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from strongroom.domain.blob import Blob
from strongroom.domain.condition import Condition
from strongroom.domain.copying import Changes
from strongroom.domain.pages import PAGE
from strongroom.server.azure import sources
from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.fetching import too_large
from strongroom.server.azure.ops import append, block, page, put
from strongroom.server.azure.ops.copy import MD5, TAG_OPTION, TAGS, check_md5, copied_traits
from strongroom.server.azure.outside import Target
from strongroom.server.azure.sources import Inside, Opened, Span, source_of, source_span
from strongroom.server.azure.wire.blocklist import block_id_of
from strongroom.server.azure.wire.checksums import Checksum
from strongroom.server.azure.wire.conditions import condition_of, making
from strongroom.server.azure.wire.headers import changed_headers, kept_of
from strongroom.server.azure.wire.properties import md5_headers
from strongroom.server.azure.wire.traits import made_headers, need_stored, refuse_keys, traits_of
from strongroom.vault import Traits

CRC64 = "x-ms-source-content-crc64"
PROPERTIES = "x-ms-copy-source-blob-properties"
WRITE = "x-ms-page-write"


def _begin(call: Call) -> Inside | Target:
    """Check what all of these ask for; gives the source."""
    refuse_keys(call.request.headers)
    if call.request.body.length:
        raise Fault("InvalidHeaderValue", HeaderName="Content-Length", HeaderValue=str(call.request.body.length))
    return _told_missing(source_of(call))


def _told_missing(source: Inside | Target) -> Inside | Target:
    """Let a source that does not exist be told as one, since the blob that is written may be missing too."""
    return replace(source, is_signed=True) if isinstance(source, Inside) else source


def _checksum(call: Call, *, has_crc: bool = False) -> Checksum:
    return Checksum(call.request.headers, md5=MD5, crc64=CRC64, has_md5=True, has_crc=has_crc)


def _is_stated(call: Call) -> bool:
    return call.header(MD5) is not None or call.header(CRC64) is not None


@contextmanager
def _opened(call: Call, source: Inside | Target, span: Span, most: int) -> Iterator[Opened]:
    one = sources.opened(call, source, span)
    try:
        if one.length is not None and one.length > most:
            raise too_large(most)
        yield one
    finally:
        one.close()


def put_blob_from_url(call: Call) -> Reply:
    """Make a block blob of what a URL gives."""
    if (call.header(put.TYPE) or "").lower() != "blockblob":
        raise Fault("InvalidHeaderValue", HeaderName=put.TYPE, HeaderValue=call.header(put.TYPE) or "")
    container = call.container()
    need_stored(container)
    if call.header(TAGS) and (call.header(TAG_OPTION) or "").upper() == "COPY":
        raise Fault("BothUserTagsAndSourceTagsCopyPresentException")
    source = _begin(call)
    blob = _share_blob(call, source) if isinstance(source, Inside) and source.is_stored else None
    if blob is None:
        checksum = _checksum(call)
        with _opened(call, source, (0, None), put.MOST_BYTES) as one, making():
            blob = call.vault.put(
                container,
                call.name,
                checksum.through(one.chunks(put.MOST_BYTES, sources.SECONDS)),
                traits=_traits(call, one),
                condition=condition_of(call.request.headers),
                with_md5=True,
            )
    return Reply(status=201, headers=[*made_headers(container, blob), *md5_headers(blob)])


def _share_blob(call: Call, source: Inside) -> Blob | None:
    """Make the blob of the source's objects; None where a page blob's holes stand against it."""
    seen = sources.look(call, source)
    if seen.kind == "page":
        return None
    if call.header(MD5):
        check_md5(call, source)
    traits = _traits(call, Opened(length=seen.size, headers={}, blob=seen, chunks=_nothing, close=lambda: None))
    changes = Changes(
        kind="block",
        content_type=traits.content_type,
        headers=traits.headers,
        md5=traits.md5,
        metadata=traits.metadata,
        tags=traits.tags,
        tier=traits.tier,
        immutable_until=traits.immutable_until,
        is_immutability_locked=traits.is_immutability_locked,
        has_legal_hold=traits.has_legal_hold,
        is_archive_readable=False,
    )
    with making(), sources.found(source):
        return call.vault.copy(
            source.key,
            call.container(),
            call.name,
            changes,
            condition_of(call.request.headers),
            source_condition=Condition(if_match=seen.etag),
        )


def _nothing(limit: int, seconds: float) -> Iterator[bytes]:
    del limit, seconds
    return iter(())


def _traits(call: Call, one: Opened) -> Traits:
    """Give what the blob is told to be: what the request says, and else, unless it wants none of it, what the source is."""
    own = traits_of(call.request.headers)
    if (call.header(PROPERTIES) or "true").lower() == "false":
        tags = one.blob.tags if one.blob and (call.header(TAG_OPTION) or "").upper() == "COPY" else own.tags
        return replace(own, tags=tags)
    copied = copied_traits(call, replace(one, length=None) if _is_page(one) else one)
    return replace(
        copied,
        kind="block",
        content_type=own.content_type if call.header("x-ms-blob-content-type") else copied.content_type,
        headers={**copied.headers, **kept_of(call.request.headers)},
        md5=own.md5 or copied.md5,
        sequence_number=0,
    )


def _is_page(one: Opened) -> bool:
    return one.blob is not None and one.blob.kind == "page"


def put_block_from_url(call: Call) -> Reply:
    """Put a block of what a URL gives, or of a range of it."""
    block_id = block_id_of(call.query("blockid"))
    container = call.container()
    need_stored(container)
    source, span, checksum = _begin(call), source_span(call), _checksum(call)
    lease_id = call.header("x-ms-lease-id")
    kept = None
    if isinstance(source, Inside) and source.is_stored and not _is_stated(call):
        seen = sources.look(call, source)
        kept = call.vault.shared(seen, *sources.within(span, seen.size))
    if kept is not None:
        call.vault.share_block(container, call.name, block_id, kept, lease_id)
    else:
        with _opened(call, source, span, block.MOST_BYTES) as one:
            chunks = checksum.through(one.chunks(block.MOST_BYTES, sources.SECONDS))
            call.vault.stage_block(container, call.name, block_id, chunks, lease_id=lease_id)
    return Reply(status=201, headers=[*checksum.headers(), ("x-ms-request-server-encrypted", "true")])


def append_block_from_url(call: Call) -> Reply:
    """Append what a URL gives, or a range of it."""
    container = call.container()
    need_stored(container)
    source, span, checksum = _begin(call), source_span(call), _checksum(call, has_crc=True)
    with _opened(call, source, span, append.MOST_BYTES) as one, making():
        done = call.vault.append(
            container,
            call.name,
            checksum.through(one.chunks(append.MOST_BYTES, sources.SECONDS)),
            condition=condition_of(call.request.headers),
            at=put.number_of(call, append.POSITION, append.HIGHEST),
            at_most=put.number_of(call, append.MOST_SIZE, append.HIGHEST),
        )
    return Reply(
        status=201,
        headers=[
            *changed_headers(done.blob),
            *checksum.headers(),
            ("x-ms-blob-append-offset", str(done.offset)),
            ("x-ms-blob-committed-block-count", str(done.blocks)),
            ("x-ms-request-server-encrypted", "true"),
        ],
    )


def put_pages_from_url(call: Call) -> Reply:
    """Put pages of what a URL gives."""
    if (call.header(WRITE) or "").lower() != "update":
        raise Fault("InvalidHeaderValue", HeaderName=WRITE, HeaderValue=call.header(WRITE) or "")
    container = call.container()
    need_stored(container)
    start, length = page.page_range(call)
    if length > page.MOST_BYTES:
        raise too_large(page.MOST_BYTES)
    source, checksum = _begin(call), _checksum(call, has_crc=True)
    span = source_span(call)
    span = (span[0], span[0] + length if span[1] is None else span[1])
    if span[1] is not None and span[1] - span[0] != length:
        raise Fault("InvalidPageRange")
    blob = None
    if isinstance(source, Inside) and source.is_stored and not _is_stated(call):
        blob = _share_pages(call, source, span, start)
    if blob is None:
        blob = _carry_pages(call, source, span, start, checksum)
    return Reply(status=201, headers=page.put_headers(blob, checksum.headers()))


def _share_pages(call: Call, source: Inside, span: Span, start: int) -> Blob | None:
    seen = sources.look(call, source)
    first, length = sources.within(span, seen.size)
    if length % PAGE or first + length != span[1]:
        return None
    return call.vault.share_pages(
        (source.key, seen, first, length),
        call.container(),
        call.name,
        start,
        condition=condition_of(call.request.headers),
        sequence=page.sequence_condition_of(call.request.headers),
    )


def _carry_pages(call: Call, source: Inside | Target, span: Span, start: int, checksum: Checksum) -> Blob:
    with _opened(call, source, span, page.MOST_BYTES) as one:
        data = b"".join(checksum.through(one.chunks(page.MOST_BYTES, sources.SECONDS)))
    if len(data) != (span[1] or 0) - span[0]:
        raise Fault("InvalidRange")
    return call.vault.put_pages(
        call.container(),
        call.name,
        start,
        data,
        condition=condition_of(call.request.headers),
        sequence=page.sequence_condition_of(call.request.headers),
    )
