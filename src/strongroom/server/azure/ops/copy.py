"""Copies of blobs, by the server.

https://learn.microsoft.com/rest/api/storageservices/copy-blob, ``copy-blob-from-url``, ``abort-copy-blob`` and
``incremental-copy-blob``. What is in this room is copied without moving a byte, so the copy is there when the reply is.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from uuid import uuid4

from strongroom.domain.blob import Blob, Copy
from strongroom.domain.container import Container
from strongroom.domain.copying import Changes
from strongroom.errors import StrongroomError
from strongroom.server.azure import sources
from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault, fault_of
from strongroom.server.azure.fetching import too_large
from strongroom.server.azure.outside import Target
from strongroom.server.azure.sources import HEADER, Inside, Opened, shown, source_of
from strongroom.server.azure.wire.checksums import Checksum
from strongroom.server.azure.wire.conditions import condition_of, making, source_condition_of
from strongroom.server.azure.wire.headers import KEPT, changed_headers, checked, md5_of, metadata_of
from strongroom.server.azure.wire.traits import need_stored, refuse_keys, tier_of, traits_of
from strongroom.vault import Traits

MOST_AT_ONCE = 256 << 20
"""Bytes that are copied from another server while the client waits."""
MOST_LATER = 5 << 40
"""Bytes that are copied from another server at all."""
LATER_SECONDS = 7 * 24 * 3600.0

TAGS, TAG_OPTION = "x-ms-tags", "x-ms-copy-source-tag-option"
MD5 = "x-ms-source-content-md5"
SYNC = "x-ms-requires-sync"
SEAL = "x-ms-seal-blob"
ACTION = "x-ms-copy-action"

KINDS = {"blockblob": "block", "appendblob": "append", "pageblob": "page"}
PAGE = 512
LONGEST = 1024
"""Characters of a header that is taken over from another server."""


def copy_blob(call: Call) -> Reply:
    """Copy a blob; from another server the copy goes on after the reply."""
    container, source = _begin(call)
    record = _record(call)
    if isinstance(source, Inside) and source.is_stored:
        seal = call.header(SEAL)
        sealed = None if seal is None else seal.lower() == "true"
        changes = replace(changes_of(call), is_sealed=sealed, record=record)
        with making(), sources.found(source):
            blob = call.vault.copy(
                source.key,
                container,
                call.name,
                changes,
                condition_of(call.request.headers),
                source_condition=source_condition_of(call.request.headers),
            )
    else:
        blob = _later(call, container, source, record)
    return _reply(container, blob)


def copy_blob_from_url(call: Call) -> Reply:
    """Copy a blob while the client waits."""
    if (call.header(SYNC) or "").lower() != "true":
        raise Fault("InvalidHeaderValue", HeaderName=SYNC, HeaderValue=call.header(SYNC) or "")
    container, source = _begin(call)
    record = _record(call)
    stated = md5_of(call.header(MD5), MD5)
    if isinstance(source, Inside) and source.is_stored:
        if stated is not None:
            check_md5(call, source)
        changes = replace(changes_of(call), is_sealed=None, is_archive_readable=False, record=record)
        with making(), sources.found(source):
            blob = call.vault.copy(
                source.key,
                container,
                call.name,
                changes,
                condition_of(call.request.headers),
                source_condition=source_condition_of(call.request.headers),
            )
    else:
        blob = _now(call, container, source, record)
    sums = [("content-md5", call.header(MD5) or "")] if stated is not None else []
    return _reply(container, blob, sums)


def _begin(call: Call) -> tuple[Container, Inside | Target]:
    refuse_keys(call.request.headers)
    container = call.container()
    need_stored(container)
    metadata_of(call.request.headers)  # refused before a source that is not there
    if call.header(TAGS) and (call.header(TAG_OPTION) or "").upper() == "COPY":
        raise Fault("BothUserTagsAndSourceTagsCopyPresentException")
    return container, source_of(call)


def _record(call: Call) -> Copy:
    source = checked(HEADER, shown(call.header(HEADER) or ""))
    return Copy(id=str(uuid4()), source=source, status="pending", done=0, total=0)


def _reply(container: Container, blob: Blob, sums: list[tuple[str, str]] | None = None) -> Reply:
    assert blob.copy is not None
    version = [("x-ms-version-id", blob.version)] if container.keeps_versions else []
    told = [("x-ms-copy-id", blob.copy.id), ("x-ms-copy-status", blob.copy.status)]
    return Reply(status=202, headers=[*changed_headers(blob), *told, *version, *(sums or ())])


def changes_of(call: Call) -> Changes:
    """Give what a copy has otherwise than its source: metadata where any is given, tags, tier and holds."""
    headers = call.request.headers
    traits = traits_of(headers)
    with_tags = (call.header(TAG_OPTION) or "").upper() == "COPY"
    return Changes(
        metadata=traits.metadata or None,
        tags=None if with_tags else traits.tags,
        tier=tier_of(headers.get("x-ms-access-tier")),
        immutable_until=traits.immutable_until,
        is_immutability_locked=traits.is_immutability_locked,
        has_legal_hold=traits.has_legal_hold,
    )


def check_md5(call: Call, source: Inside) -> None:
    """Hold the bytes of a source against an MD5 that is stated; what the source says of itself may not be true.

    Raises:
        Fault: They have another (``Md5Mismatch``).
    """
    blob = sources.look(call, source)
    checksum = Checksum(call.request.headers, md5=MD5, crc64="")
    one = sources.opened(call, source)
    try:
        deque(checksum.through(one.chunks(blob.size, sources.SECONDS)), maxlen=0)
    finally:
        one.close()


def _now(call: Call, container: Container, source: Inside | Target, record: Copy) -> Blob:
    checksum = Checksum(call.request.headers, md5=MD5, crc64="")
    one = sources.opened(call, source)
    try:
        _check_length(one, MOST_AT_ONCE)
        with making():
            return call.vault.put_copy(
                container,
                call.name,
                checksum.through(one.chunks(MOST_AT_ONCE, sources.SECONDS)),
                traits=copied_traits(call, one),
                record=record,
                condition=condition_of(call.request.headers),
            )
    finally:
        one.close()


def _check_length(one: Opened, limit: int) -> None:
    if one.length is not None and one.length > limit:
        raise too_large(limit)


def _later(call: Call, container: Container, source: Inside | Target, record: Copy) -> Blob:
    """Begin a copy whose bytes come in a thread of their own, from the answer that says that they may be had."""
    carriers = call.outside.carriers
    carriers.take()
    try:
        one = sources.opened(call, source)
    except BaseException:
        carriers.give_back()
        raise
    try:
        _check_length(one, MOST_LATER)
        traits = copied_traits(call, one)
        with making():
            blob = call.vault.begin_copy(
                container, call.name, traits, replace(record, total=one.length or 0), condition_of(call.request.headers)
            )
    except BaseException:
        one.close()
        carriers.give_back()
        raise
    carriers.start(lambda: _carry(call, one, blob), one.stop)
    return blob


def _carry(call: Call, one: Opened, blob: Blob) -> None:
    why: str | None = "500 InternalError The server failed: copy it again."
    try:
        call.vault.receive_copy(blob.id, one.chunks(MOST_LATER, LATER_SECONDS))
        why = None
    except Fault as fault:
        why = f"{fault.status} {fault.code} {fault.message}"
    except StrongroomError as error:
        why = f"500 {fault_of(error).code} {error}"
    finally:
        one.close()
        if why is not None:
            call.vault.fail_copy(blob.id, why)


def copied_traits(call: Call, one: Opened) -> Traits:
    """Give what a blob is told to be that comes from elsewhere: as its source is, and what the request says otherwise."""
    changes, source = changes_of(call), one.blob
    kind, told = _kind(one), one.headers
    if changes.tier is not None and kind == "page":
        raise Fault("InvalidHeaderValue", HeaderName="x-ms-access-tier", HeaderValue=changes.tier)
    return Traits(
        kind=kind,
        content_type=source.content_type
        if source
        else checked("content-type", told.get("content-type") or Traits().content_type),
        headers=source.headers if source else _kept(told),
        metadata=changes.metadata or (source.metadata if source else metadata_of(told)),
        tags=(source.tags if source else {}) if changes.tags is None else changes.tags,
        md5=source.md5 if source else _md5(told),
        tier=changes.tier if kind == "block" else None,
        sequence_number=source.sequence_number if source else 0,
        immutable_until=changes.immutable_until,
        is_immutability_locked=changes.is_immutability_locked,
        has_legal_hold=changes.has_legal_hold,
    )


def _kind(one: Opened) -> str:
    kind = one.blob.kind if one.blob else KINDS.get(one.headers.get("x-ms-blob-type", "").lower(), "block")
    return "block" if kind == "page" and (one.length is None or one.length % PAGE) else kind


def _kept(told: Mapping[str, str]) -> dict[str, str]:
    """Give the HTTP headers that another server told of its blob."""
    return {name: checked(name, told[name]) for name in KEPT.values() if 0 < len(told.get(name, "")) <= LONGEST}


def _md5(told: Mapping[str, str]) -> bytes | None:
    """Give the MD5 of the whole blob, where another server told it in a form that is one."""
    try:
        return md5_of(told.get("x-ms-blob-content-md5") or told.get("content-md5"))
    except Fault:
        return None


def abort_copy(call: Call) -> Reply:
    """End a pending copy; the blob stays, empty."""
    if (call.header(ACTION) or "").lower() != "abort":
        raise Fault("InvalidHeaderValue", HeaderName=ACTION, HeaderValue=call.header(ACTION) or "")
    copy_id = call.query("copyid")
    if copy_id is None:
        raise Fault("MissingRequiredQueryParameter", QueryParameterName="copyid")
    container = call.container()
    call.vault.abort_copy(container, call.name, copy_id, call.header("x-ms-lease-id"))
    return Reply(status=204)


def incremental_copy(call: Call) -> Reply:
    """Copy a page blob's snapshot over the one that was copied before, and keep what it now is as a snapshot."""
    container, source = _begin(call)
    if not isinstance(source, Inside) or not source.is_stored:
        raise Fault("InvalidSourceBlobUrl")
    if source.version is None:
        raise Fault("IncrementalCopySourceMustBeSnapshot")
    record = replace(_record(call), is_incremental=True)
    with making(), sources.found(source):
        blob = call.vault.copy_incremental(source.key, container, call.name, record, condition_of(call.request.headers))
    return _reply(container, blob)
