"""How a version is changed without its bytes: metadata, headers, sequence number, tier."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Row, update

from strongroom.domain import tier as tiers
from strongroom.domain.blob import Blob
from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import Container
from strongroom.storage.catalog import blobs, changes, containers, guards, snapshots
from strongroom.storage.catalog.catalog import Transaction, now
from strongroom.storage.catalog.etags import lock_names, next_etags
from strongroom.storage.catalog.schema import versions


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptHeaders:
    """The HTTP headers that are kept with a blob; what is not given is cleared."""

    content_type: str = ""
    """Empty for none."""
    md5: bytes | None = None
    """As the writer states it."""
    further: Mapping[str, str] = field(default_factory=dict)
    """The others, by lower-case name."""


def set_metadata(
    tx: Transaction, container: Container, name: str, metadata: Mapping[str, str], condition: Condition = ALWAYS
) -> Blob:
    """Give a blob other metadata: a new version where the container keeps such.

    Raises:
        BlobNotFound: There is none.
        ConditionFailed: The condition does not hold.
        Conflict: It is protected.
    """
    container, row = _prepare(tx, container, name, condition)
    kept = snapshots.keep_earlier(tx, row) if container.keeps_versions else {}
    return _change(tx, container, row, {**kept, "metadata": dict(metadata)})


def set_headers(tx: Transaction, container: Container, name: str, headers: KeptHeaders, condition: Condition = ALWAYS) -> Blob:
    """Give a blob other HTTP headers, all together, where it is.

    Raises:
        BlobNotFound: There is none.
        ConditionFailed: The condition does not hold.
        Conflict: It is protected.
    """
    container, row = _prepare(tx, container, name, condition)
    values = {"content_type": headers.content_type, "md5": headers.md5, "headers": dict(headers.further)}
    return _change(tx, container, row, values)


def _prepare(
    tx: Transaction, container: Container, name: str, condition: Condition
) -> tuple[Container, "Row[tuple[object, ...]]"]:
    lock_names(tx, container.id, [name])
    return containers.by_id(tx, container.id), guards.check_change(tx, container, name, condition)


def _change(tx: Transaction, container: Container, row: "Row[tuple[object, ...]]", values: Mapping[str, object]) -> Blob:
    told = {"etag": next_etags(tx, 1)[0], "modified_at": now()}
    tx.execute(update(versions).where(versions.c.id == row.id).values({**values, **told}))
    changed = blobs.get(tx, container, row.name)
    changes.note(tx, changes.PROPERTIES_UPDATED, container.name, [changed])
    return changed


def set_tier(
    tx: Transaction,
    container: Container,
    name: str,
    tier: str,
    *,
    version: str | None = None,
    condition: Condition = ALWAYS,
) -> tuple[Blob, bool]:
    """Put a version into another tier; etag and time of its last change stay as they are.

    All tiers are one place here, so an archived version can be read as soon as it is in another: nothing is awaited.

    Args:
        tx: The transaction.
        container: Where.
        name: The blob.
        tier: As `strongroom.domain.tier` spells it.
        version: The version or snapshot; None for the current one.
        condition: What must hold of it.

    Returns:
        The version, and whether it comes out of the archive.

    Raises:
        BlobNotFound: There is none.
        ConditionFailed: The condition does not hold.
        Conflict: A page blob has a higher tier already, or is too large for this one.
        UsageError: Blobs of its kind are in no such tier.
    """
    lock_names(tx, container.id, [name])
    container = containers.by_id(tx, container.id)
    row = guards.find_to_change(tx, container, name, condition, version)
    tiers.check(tier, kind=row.kind, size=row.size, present=row.tier)
    values = {"tier": tier, "tier_changed_at": now(), "rehydrating_to": None}
    tx.execute(update(versions).where(versions.c.id == row.id).values(values))
    changed = blobs.get(tx, container, name, row.version)
    changes.note(tx, changes.TIER_CHANGED, container.name, [changed])
    return changed, row.tier == tiers.ARCHIVE and tier != tiers.ARCHIVE
