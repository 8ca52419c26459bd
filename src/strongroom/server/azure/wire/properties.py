"""A blob's properties as headers of Get Blob and Get Blob Properties.

https://learn.microsoft.com/rest/api/storageservices/get-blob-properties
"""

from collections.abc import Mapping
from types import MappingProxyType

from strongroom.domain.blob import Blob, Copy
from strongroom.domain.lease import Lease, LeaseState
from strongroom.server.azure.wire.headers import base64, etag_header, http_date, metadata_headers

KINDS = {"block": "BlockBlob", "append": "AppendBlob", "page": "PageBlob"}
"""Kinds of blobs as the protocol spells them."""

DEFAULT_TIER = "Hot"
"""The tier of a block blob for which none was set."""

NONE: Mapping[str, str] = MappingProxyType({})

Headers = list[tuple[str, str]]


def property_headers(
    blob: Blob,
    lease: Lease | None = None,
    *,
    keeps_versions: bool = False,
    blocks: int | None = None,
    overrides: Mapping[str, str] = NONE,
    is_read: bool = False,
) -> Headers:
    """Give all that is told of a blob, but for ``content-length``, ``content-range`` and ``content-md5``.

    Args:
        blob: The blob.
        lease: Its lease; None where it never had one, and for snapshots and earlier versions.
        keeps_versions: Whether its container keeps versions, so that version ids are shown.
        blocks: How often an append blob was appended to.
        overrides: Headers, by lower-case name, that a SAS puts in the place of the blob's own.
        is_read: Whether this goes with the bytes (Get Blob), where the tier is not told.
    """
    found: Headers = [
        ("last-modified", http_date(blob.modified_at)),
        ("x-ms-creation-time", http_date(blob.created_at)),
        *metadata_headers(blob.metadata),
        ("etag", etag_header(blob.etag)),
        ("x-ms-blob-type", KINDS[blob.kind]),
        *lease_headers(lease),
        *kept_headers(blob, overrides),
        *copy_headers(blob.copy, with_kind=not is_read),
        *_kind_headers(blob, blocks),
        ("x-ms-server-encrypted", "true"),
        ("accept-ranges", "bytes"),
        *_version_headers(blob, keeps_versions=keeps_versions),
        *_hold_headers(blob),
    ]
    if blob.tags:
        found.append(("x-ms-tag-count", str(len(blob.tags))))
    return found if is_read else found + tier_headers(blob)


def kept_headers(blob: Blob, overrides: Mapping[str, str] = NONE) -> Headers:
    """Give the HTTP headers that were kept with a blob, the content type first."""
    kept = {"content-type": blob.content_type, **blob.headers, **overrides}
    return [(name, value) for name, value in kept.items() if value]


def lease_headers(lease: Lease | None) -> Headers:
    """Give how a lease stands."""
    if lease is None:
        return [("x-ms-lease-status", "unlocked"), ("x-ms-lease-state", LeaseState.AVAILABLE.value)]
    found = [("x-ms-lease-status", "locked" if lease.is_active else "unlocked"), ("x-ms-lease-state", lease.state.value)]
    if lease.state is LeaseState.LEASED:
        found.append(("x-ms-lease-duration", "infinite" if lease.is_infinite else "fixed"))
    return found


def tier_headers(blob: Blob) -> Headers:
    """Give the access tier; append blobs, and page blobs without one of their own, have none."""
    if blob.tier is None:
        return [("x-ms-access-tier", DEFAULT_TIER), ("x-ms-access-tier-inferred", "true")] if blob.kind == "block" else []
    found = [("x-ms-access-tier", blob.tier), ("x-ms-access-tier-inferred", "false")]
    if blob.rehydrating_to is not None:
        found.append(("x-ms-archive-status", f"rehydrate-pending-to-{blob.rehydrating_to.lower()}"))
    if blob.tier_changed_at is not None:
        found.append(("x-ms-access-tier-change-time", http_date(blob.tier_changed_at)))
    return found


def copy_headers(copy: Copy | None, *, with_kind: bool = True) -> Headers:
    """Give how a blob came to be a copy."""
    if copy is None:
        return []
    found = [
        ("x-ms-copy-id", copy.id),
        ("x-ms-copy-source", copy.source),
        ("x-ms-copy-status", copy.status),
        ("x-ms-copy-progress", f"{copy.done}/{copy.total}"),
    ]
    if copy.completed_at is not None:
        found.append(("x-ms-copy-completion-time", http_date(copy.completed_at)))
    if copy.description:
        found.append(("x-ms-copy-status-description", copy.description))
    if with_kind and copy.is_incremental:
        found.append(("x-ms-incremental-copy", "true"))
    return found


def _kind_headers(blob: Blob, blocks: int | None) -> Headers:
    if blob.kind == "page":
        return [("x-ms-blob-sequence-number", str(blob.sequence_number))]
    if blob.kind != "append":
        return []
    count = [] if blocks is None else [("x-ms-blob-committed-block-count", str(blocks))]
    return [*count, ("x-ms-blob-sealed", "true" if blob.is_sealed else "false")]


def _version_headers(blob: Blob, *, keeps_versions: bool) -> Headers:
    if not keeps_versions or blob.is_snapshot:
        return []
    found = [("x-ms-version-id", blob.version)]
    return [*found, ("x-ms-is-current-version", "true")] if blob.is_current else found


def _hold_headers(blob: Blob) -> Headers:
    found: Headers = []
    if blob.immutable_until is not None:
        mode = "locked" if blob.is_immutability_locked else "unlocked"
        found.append(("x-ms-immutability-policy-until-date", http_date(blob.immutable_until)))
        found.append(("x-ms-immutability-policy-mode", mode))
    return [*found, ("x-ms-legal-hold", "true")] if blob.has_legal_hold else found


def md5_headers(blob: Blob, name: str = "content-md5") -> Headers:
    """Give the MD5 of a whole blob, where it is known."""
    return [] if blob.md5 is None else [(name, base64(blob.md5))]
