"""Lists of containers and blobs as XML: put together as text, for a tree of 5,000 blobs would take longer than the query.

https://learn.microsoft.com/rest/api/storageservices/list-blobs
"""

import json
import re
from binascii import a2b_hex, b2a_base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from urllib.parse import quote
from xml.sax.saxutils import escape

from strongroom.domain.container import Container
from strongroom.domain.lease import Lease, LeaseState
from strongroom.server.azure.wire.headers import etag_header, http_date
from strongroom.server.azure.wire.properties import DEFAULT_TIER, KINDS
from strongroom.server.azure.wire.xml import document, leaf, node, start
from strongroom.storage.catalog.listing import USUAL, Entry, Rest, Wants

SECOND, DAY = 1_000_000, 86_400

_SPECIAL = re.compile(r"[&<>\x00-\x1f\x7f\ufffe\uffff]")
_UNSPEAKABLE = re.compile(r"[\x00-\x1f\ufffe\uffff]")
_METADATA_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
_BEFORE_MD5 = (("content-encoding", "Content-Encoding"), ("content-language", "Content-Language"))
_AFTER_MD5 = (("content-disposition", "Content-Disposition"), ("cache-control", "Cache-Control"))
_NO_LEASE = "<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>"
_PLAIN_TIER = f"<AccessTier>{DEFAULT_TIER}</AccessTier><AccessTierInferred>true</AccessTierInferred>"
_BLOCK = "<BlobType>BlockBlob</BlobType>"
_ENCRYPTED = "<ServerEncrypted>true</ServerEncrypted>"
_USUAL_REST = f"{_BLOCK}{_NO_LEASE}{_ENCRYPTED}{_PLAIN_TIER}</Properties>"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shows:
    """What a list of blobs tells."""

    wants: Wants
    """What was asked for."""
    keeps_versions: bool
    """Whether the container keeps versions, so that version ids are told."""
    holds: bool = False
    """Whether immutability policies are told."""
    legal_holds: bool = False
    """Whether legal holds are told."""
    at: datetime
    """Now."""


def name_leaf(tag: str, name: str) -> str:
    """Give an element with a name; one that XML cannot carry is percent-encoded and says so."""
    if not name:
        return f"<{tag} />"
    if not _SPECIAL.search(name):
        return f"<{tag}>{name}</{tag}>"
    if _UNSPEAKABLE.search(name):
        return f'<{tag} Encoded="true">{quote(name)}</{tag}>'
    return f"<{tag}>{escape(name)}</{tag}>"


def blobs_xml(
    endpoint: str,
    head: Sequence[tuple[str, str]],
    entries: Iterable[Entry | str],
    held: Mapping[str, Lease],
    tags: Mapping[int, Mapping[str, str]],
    *,
    container: str,
    shows: Shows,
    following: str,
) -> bytes:
    """Give a list of blobs.

    Args:
        endpoint: URL of the service.
        head: Names and texts of the elements before ``Blobs``.
        entries: Rows, and common prefixes as text.
        held: Leases by name.
        tags: Tags by key of row.
        container: Name of the container.
        shows: What is told.
        following: Where the next page starts; empty at the end.
    """
    parts = [start("EnumerationResults", ServiceEndpoint=endpoint, ContainerName=container)]
    parts += [name_leaf(name, text) for name, text in head]
    parts.append("<Blobs>")
    ending = _USUAL_REST + (metadata_node({}) if shows.wants.metadata else "") + "</Blob>"
    for one in entries:
        if isinstance(one, str):
            parts.append(f"<BlobPrefix>{name_leaf('Name', one)}</BlobPrefix>")
        elif one.rest == USUAL and one.name not in held and not shows.keeps_versions:
            parts.append(_own(one) + ending)
        else:
            parts.append(_blob(one, held.get(one.name) if one.rest.is_current else None, tags.get(one.id), shows))
    parts += ("</Blobs>", name_leaf("NextMarker", following), "</EnumerationResults>")
    return document(*parts)


def _own(one: Entry) -> str:
    """Give what a usual blob has of its own; `_blob` would tell it in the same way."""
    created = _date(one.created_at)
    changed = created if one.modified_at == one.created_at else _date(one.modified_at)
    return (
        f"<Blob>{name_leaf('Name', one.name)}<Properties><Creation-Time>{created}</Creation-Time>"
        f"<Last-Modified>{changed}</Last-Modified><Etag>{one.etag}</Etag><Content-Length>{one.size}</Content-Length>"
        f"{_type(one.content_type)}{_md5(one.md5)}"
    )


def _blob(one: Entry, lease: Lease | None, tags: Mapping[str, str] | None, shows: Shows) -> str:
    before = "" if one.rest.is_current and one.rest.deleted_at is None and not shows.keeps_versions else _identity(one, shows)
    md5 = _md5(one.md5)
    headers = md5 if one.rest.headers is None else _kept(json.loads(one.rest.headers), md5)
    created = _date(one.created_at)
    changed = created if one.modified_at == one.created_at else _date(one.modified_at)
    return (
        f"<Blob>{name_leaf('Name', one.name)}{before}<Properties><Creation-Time>{created}</Creation-Time>"
        f"<Last-Modified>{changed}</Last-Modified><Etag>{one.etag}</Etag><Content-Length>{one.size}</Content-Length>"
        f"{_type(one.content_type)}{headers}{_kind(one)}{_NO_LEASE if lease is None else _lease(lease)}"
        f"{'' if one.rest.copy is None else _copy(one.rest.copy)}{_ENCRYPTED}"
        f"{_tier(one.rest)}{_rest(one.rest, shows)}</Properties>{_more(one, tags, shows)}</Blob>"
    )


def _md5(digits: str | None) -> str:
    if digits is None:
        return ""
    return f"<Content-MD5>{b2a_base64(a2b_hex(digits), newline=False).decode('ascii')}</Content-MD5>"


@lru_cache(maxsize=1024)
def _type(content_type: str) -> str:
    return name_leaf("Content-Type", content_type)


def _kind(one: Entry) -> str:
    if one.rest.kind == "block":
        return _BLOCK
    number = (
        f"<x-ms-blob-sequence-number>{one.rest.sequence_number}</x-ms-blob-sequence-number>" if one.rest.kind == "page" else ""
    )
    return f"{number}<BlobType>{KINDS[one.rest.kind]}</BlobType>"


def _more(one: Entry, tags: Mapping[str, str] | None, shows: Shows) -> str:
    found = _metadata(one.rest.metadata) if shows.wants.metadata else ""
    if tags:
        found += _tags(tags)
    return found + "<HasVersionsOnly>true</HasVersionsOnly>" if one.rest.is_bare else found


def _identity(one: Entry, shows: Shows) -> str:
    found = "" if one.rest.deleted_at is None else "<Deleted>true</Deleted>"
    if one.rest.is_snapshot:
        return f"{found}<Snapshot>{one.version}</Snapshot>"
    if not (shows.keeps_versions or not one.rest.is_current) or not one.rest.is_committed or one.rest.is_bare:
        return found
    current = "<IsCurrentVersion>true</IsCurrentVersion>" if one.rest.is_current and one.rest.deleted_at is None else ""
    return f"{found}<VersionId>{one.version}</VersionId>{current}"


def _kept(found: Mapping[str, str], md5: str) -> str:
    before, after = (
        "".join(name_leaf(element, found[name]) for name, element in some if found.get(name))
        for some in (_BEFORE_MD5, _AFTER_MD5)
    )
    return before + md5 + after


def _lease(lease: Lease) -> str:
    status = "locked" if lease.is_active else "unlocked"
    duration = ""
    if lease.state is LeaseState.LEASED:
        duration = f"<LeaseDuration>{'infinite' if lease.is_infinite else 'fixed'}</LeaseDuration>"
    return f"<LeaseStatus>{status}</LeaseStatus><LeaseState>{lease.state.value}</LeaseState>{duration}"


def _copy(document: str) -> str:
    found = json.loads(document)
    parts = [
        leaf("CopyId", found["id"]),
        leaf("CopyStatus", found["status"]),
        name_leaf("CopySource", found["source"]),
        leaf("CopyProgress", f"{found['done']}/{found['total']}"),
    ]
    if found["completed_at"]:
        parts.append(leaf("CopyCompletionTime", http_date(datetime.fromisoformat(found["completed_at"]))))
    if found["description"]:
        parts.append(name_leaf("CopyStatusDescription", found["description"]))
    if found["is_incremental"]:
        parts.append("<IncrementalCopy>true</IncrementalCopy>")
    return "".join(parts)


def _tier(rest: Rest) -> str:
    if rest.tier is None:
        return _PLAIN_TIER if rest.kind == "block" and rest.is_committed else ""
    found = f"<AccessTier>{rest.tier}</AccessTier>"
    if rest.rehydrating_to is not None:
        found += f"<ArchiveStatus>rehydrate-pending-to-{rest.rehydrating_to.lower()}</ArchiveStatus>"
    if rest.tier_changed_at is not None:
        found += f"<AccessTierChangeTime>{_date(rest.tier_changed_at)}</AccessTierChangeTime>"
    return found


def _rest(rest: Rest, shows: Shows) -> str:
    found = f"<TagCount>{rest.tag_count}</TagCount>" if rest.tag_count else ""
    if rest.deleted_at is not None:
        found += f"<DeletedTime>{_date(rest.deleted_at)}</DeletedTime>" + _remaining(rest.purge_at, shows.at)
    if rest.kind == "append":
        found += f"<Sealed>{'true' if rest.is_sealed else 'false'}</Sealed>"
    if shows.holds and rest.immutable_until is not None:
        mode = "locked" if rest.is_immutability_locked else "unlocked"
        found += f"<ImmutabilityPolicyUntilDate>{_date(rest.immutable_until)}</ImmutabilityPolicyUntilDate>"
        found += f"<ImmutabilityPolicyMode>{mode}</ImmutabilityPolicyMode>"
    if shows.legal_holds and rest.has_legal_hold:
        found += "<LegalHold>true</LegalHold>"
    return found


def _remaining(purge_at: int | None, at: datetime) -> str:
    """Give the days, of which each that has begun counts, until what is deleted goes for good."""
    left = 0 if purge_at is None else max(0, -((int(at.timestamp() * SECOND) - purge_at) // (DAY * SECOND)))
    return f"<RemainingRetentionDays>{left}</RemainingRetentionDays>"


def _metadata(document: str | None) -> str:
    return metadata_node({} if document is None else json.loads(document))


def metadata_node(metadata: Mapping[str, str]) -> str:
    """Give metadata as an element; names that no element can have are told as such."""
    if not metadata:
        return "<Metadata />"
    parts = (
        name_leaf(name, value) if _METADATA_NAME.fullmatch(name) else name_leaf("x-ms-invalid-name", name)
        for name, value in metadata.items()
    )
    return f"<Metadata>{''.join(parts)}</Metadata>"


def _tags(tags: Mapping[str, str]) -> str:
    pairs = (f"<Tag>{name_leaf('Key', name)}{name_leaf('Value', value)}</Tag>" for name, value in tags.items())
    return f"<Tags><TagSet>{''.join(pairs)}</TagSet></Tags>"


def _date(microseconds: int) -> str:
    """Spell an instant as `http_date` does; a day and a time of day are spelt once."""
    day, second = divmod(microseconds // SECOND, DAY)
    return _day(day) + _clock(second)


@lru_cache(maxsize=4096)
def _day(day: int) -> str:
    return http_date(datetime.fromtimestamp(day * DAY, UTC))[:17]


@lru_cache(maxsize=DAY)
def _clock(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02} GMT"


def containers_xml(
    endpoint: str,
    head: Sequence[tuple[str, str]],
    found: Iterable[Container],
    held: Mapping[int, Lease],
    *,
    with_metadata: bool,
    at: datetime,
    following: str,
) -> bytes:
    """Give a list of containers.

    Args:
        endpoint: URL of the service.
        head: Names and texts of the elements before ``Containers``.
        found: The containers.
        held: Their leases, by key.
        with_metadata: Whether their metadata is told.
        at: Now.
        following: Where the next page starts; empty at the end.
    """
    inside = node("Containers", (_container(one, held.get(one.id), at, with_metadata=with_metadata) for one in found))
    before = (name_leaf(name, text) for name, text in head)
    parts = chain(before, (inside, name_leaf("NextMarker", following)))
    return document(node("EnumerationResults", parts, ServiceEndpoint=endpoint))


def deleted_version(one: Container) -> str:
    """Give the version of a deleted container, by which it is restored."""
    return f"{one.id:016X}"


def _container(one: Container, lease: Lease | None, at: datetime, *, with_metadata: bool) -> str:
    parts = [leaf("Name", one.name)]
    if one.deleted_at is not None:
        parts += ["<Deleted>true</Deleted>", leaf("Version", deleted_version(one))]
    inside = [
        leaf("Last-Modified", http_date(one.modified_at)),
        leaf("Etag", etag_header(one.etag)),
        _NO_LEASE if lease is None else _lease(lease),
        "" if one.public == "none" else leaf("PublicAccess", one.public),
        leaf("HasImmutabilityPolicy", "true" if one.immutable_days else "false"),
        leaf("HasLegalHold", "true" if one.legal_holds else "false"),
        "<ImmutableStorageWithVersioningEnabled>false</ImmutableStorageWithVersioningEnabled>",
        "<DefaultEncryptionScope>$account-encryption-key</DefaultEncryptionScope>",
        "<DenyEncryptionScopeOverride>false</DenyEncryptionScopeOverride>",
    ]
    if one.deleted_at is not None and one.purge_at is not None:
        inside += [leaf("DeletedTime", http_date(one.deleted_at)), _remaining(int(one.purge_at.timestamp() * SECOND), at)]
    parts.append(node("Properties", inside))
    if with_metadata:
        parts.append(metadata_node(one.metadata))
    return node("Container", parts)
