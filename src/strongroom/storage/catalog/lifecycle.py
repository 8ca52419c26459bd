"""What lifecycle rules and inventories look at: every version of a container, a page at a time; and how a step is done."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select, tuple_

from strongroom.domain.blob import Blob
from strongroom.domain.container import Container
from strongroom.domain.lease import Lease
from strongroom.domain.lifecycle import BASE, DELETE, TIERS, Step, target_of
from strongroom.errors import BlobNotFound
from strongroom.storage.catalog import blobs, containers, guards, leases, properties, removals
from strongroom.storage.catalog.catalog import Transaction, now
from strongroom.storage.catalog.etags import lock_names
from strongroom.storage.catalog.removals import Which
from strongroom.storage.catalog.schema import containers as container_rows
from strongroom.storage.catalog.schema import versions
from strongroom.storage.names import successor

RULES, LAST_RUN = "lifecycle", "lifecycle_run"
"""Documents of the service: the rules, and when they were last run."""

Place = tuple[str, str]
"""Name and version id of where a walk is; versions come in order of both."""
START: Place = ("", "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Walk:
    """Which versions are looked at."""

    prefix: str = ""
    """Only of names that begin so."""
    with_versions: bool = False
    """Earlier versions too."""
    with_snapshots: bool = False
    """Snapshots too."""
    with_deleted: bool = False
    """What is deleted and can be restored too."""
    made_before: datetime | None = None
    """Only of blobs that were first written before."""


def page(tx: Transaction, container: Container, walk: Walk, after: Place, limit: int) -> list[tuple[Blob, Lease | None]]:
    """Give versions of a container with the leases of those that are current, in order, from behind a place on."""
    kinds: list[ColumnElement[bool]] = [versions.c.is_current]
    kinds += [versions.c.is_snapshot] if walk.with_snapshots else []
    kinds += [and_(~versions.c.is_current, ~versions.c.is_snapshot)] if walk.with_versions else []
    where = [versions.c.container_id == container.id, or_(*kinds), tuple_(versions.c.name, versions.c.version) > after]
    if walk.prefix:
        end = successor(walk.prefix)
        where += [versions.c.name >= walk.prefix, *([versions.c.name < end] if end is not None else [])]
    if not walk.with_deleted:
        where.append(versions.c.deleted_at.is_(None))
    if walk.made_before is not None:
        where.append(versions.c.created_at < walk.made_before)
    rows = tx.execute(select(versions).where(*where).order_by(versions.c.name, versions.c.version).limit(limit)).all()
    found = blobs.blobs_of(tx, container.name, rows)
    held = leases.of(tx, container.id, {blob.name for blob in found if blob.is_current})
    return [(blob, held.get(blob.name) if blob.is_current else None) for blob in found]


def stored(tx: Transaction) -> list[Container]:
    """Give every container whose blobs can be changed, by key."""
    live = (container_rows.c.deleted_at.is_(None), container_rows.c.url.is_(None))
    ids = tx.execute(select(container_rows.c.id).where(*live).order_by(container_rows.c.id)).scalars().all()
    return [containers.by_id(tx, one) for one in ids]


def act(
    tx: Transaction, container: Container, blob: Blob, decide: Callable[[Blob], Step | None]
) -> tuple[Step | None, frozenset[str]]:
    """Do with a version what is due, as it is now and not as it was when it was looked at.

    Args:
        tx: The transaction.
        container: Where.
        blob: The version as it was.
        decide: Gives what is due.

    Returns:
        What was done, and objects that may have lost their last reference.

    Raises:
        ConditionFailed: It is leased.
        Conflict: It is protected, or has snapshots.
    """
    lock_names(tx, container.id, [blob.name])
    container = containers.by_id(tx, container.id)
    try:
        row = blobs.find(tx, container, blob.name, blob.version)
    except BlobNotFound:
        return None, frozenset()
    present = blobs.get(tx, container, blob.name, blob.version)
    step = decide(present) if target_of(present) == target_of(blob) else None
    if step is None:
        return None, frozenset()
    guards.check_unprotected(container, row, now())
    if step.action == DELETE:
        base = target_of(present) == BASE
        which = Which(snapshots=None) if base else Which(version=present.version)
        return step, removals.remove(tx, container, present.name, which)[1]
    properties.set_tier(tx, container, present.name, TIERS[step.action], version=present.version)
    return step, frozenset()
