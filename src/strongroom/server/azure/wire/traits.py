"""What the headers of a write say of the blob that it makes: its HTTP headers, metadata, tags, tier and holds.

https://learn.microsoft.com/rest/api/storageservices/put-blob
"""

from collections.abc import Mapping
from datetime import datetime

from strongroom.domain import tier as tiers
from strongroom.domain.blob import Blob
from strongroom.domain.container import MOUNTED, Container
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire.headers import changed_headers, checked, kept_of, md5_of, metadata_of, read_date
from strongroom.server.azure.wire.tags import tags_of
from strongroom.storage.catalog.blobs import DEFAULT_TYPE
from strongroom.vault import Traits

PLAIN = {"content-encoding": "content-encoding", "content-language": "content-language", "cache-control": "cache-control"}
"""Headers of Put Blob that are kept as they stand where there is no ``x-ms-blob-…`` of their name."""

_UNKEPT = ("x-ms-encryption-key", "x-ms-encryption-key-sha256", "x-ms-encryption-algorithm", "x-ms-encryption-scope")


def refuse_keys(headers: Mapping[str, str]) -> None:
    """Refuse to store in the clear, or to read, what the client wants encrypted with a key or a scope of its own.

    Raises:
        Fault: It does (``NotImplemented``).
    """
    if any(headers.get(name) for name in _UNKEPT):
        raise Fault("NotImplemented", "Keys and encryption scopes of customers are not supported; nothing was stored or read.")


def need_stored(container: Container) -> None:
    """Refuse to write into a mount.

    Raises:
        Fault: It is one (``ContainerDisabled``).
    """
    if container.kind == MOUNTED:
        raise Fault(
            "ContainerDisabled", "This container is a mount, whose files are only read: write to another one.", status=403
        )


def traits_of(headers: Mapping[str, str], kind: str = "block", *, is_whole: bool = False) -> Traits:
    """Give what a blob is told to be.

    Args:
        headers: Of the request.
        kind: ``block``, ``append`` or ``page``.
        is_whole: Whether it is a Put Blob, whose plain content headers count too.

    Raises:
        Fault: A header cannot be read.
    """
    plain = {PLAIN[name]: checked(name, headers[name]) for name in PLAIN if is_whole and headers.get(name)}
    given = headers.get("x-ms-blob-content-type") or (headers.get("content-type") if is_whole else None)
    md5, is_compared = "x-ms-blob-content-md5", is_whole and kind == "block"
    until, is_locked = _immutability(headers)
    return Traits(
        kind=kind,
        content_type=checked("content-type", given or DEFAULT_TYPE),
        headers={**plain, **kept_of(headers)},
        metadata=metadata_of(headers),
        tags=tags_of(headers.get("x-ms-tags")),
        md5=md5_of(headers.get(md5), md5, is_kept=not is_compared),
        tier=tier_of(headers.get("x-ms-access-tier")) if kind == "block" else None,
        immutable_until=until,
        is_immutability_locked=is_locked,
        has_legal_hold=_hold(headers),
    )


def tier_of(text: str | None) -> str | None:
    """Read the access tier of a block blob, in any letter case.

    Raises:
        Fault: There is no such tier (``InvalidHeaderValue``).
    """
    if not text:
        return None
    found = tiers.spelt(text)
    if found not in tiers.BLOCK_TIERS:
        raise Fault("InvalidHeaderValue", HeaderName="x-ms-access-tier", HeaderValue=text)
    return found


def page_tier_of(text: str | None, size: int) -> str | None:
    """Read the access tier of a page blob of so many bytes, in any letter case.

    Raises:
        Fault: There is no such tier (``InvalidHeaderValue``).
        UsageError: Page blobs have no such tier.
        Conflict: It is too large for it.
    """
    found = tiers.spelt(text) if text else None
    if text and found is None:
        raise Fault("InvalidHeaderValue", HeaderName="x-ms-access-tier", HeaderValue=text)
    if found is not None:
        tiers.check(found, kind="page", size=size)
    return found


def _immutability(headers: Mapping[str, str]) -> tuple[datetime | None, bool]:
    name, mode_name = "x-ms-immutability-policy-until-date", "x-ms-immutability-policy-mode"
    until, mode = headers.get(name), (headers.get(mode_name) or "unlocked").lower()
    if mode not in ("unlocked", "locked") or (headers.get(mode_name) and not until):
        raise Fault("InvalidHeaderValue", HeaderName=mode_name, HeaderValue=headers.get(mode_name, ""))
    return (read_date(until, name), mode == "locked") if until else (None, False)


def _hold(headers: Mapping[str, str]) -> bool:
    text = headers.get("x-ms-legal-hold") or "false"
    if text.lower() not in ("true", "false"):
        raise Fault("InvalidHeaderValue", HeaderName="x-ms-legal-hold", HeaderValue=text)
    return text.lower() == "true"


def made_headers(container: Container, blob: Blob) -> list[tuple[str, str]]:
    """Give the headers of the reply to a write that made a version."""
    version = [("x-ms-version-id", blob.version)] if container.keeps_versions else []
    return [*changed_headers(blob), ("x-ms-request-server-encrypted", "true"), *version]
