"""How a version is kept beside the current one, without moving a byte: snapshots, and what a change replaces."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, func, insert, literal, select, update

from strongroom.domain.blob import Blob
from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import Container
from strongroom.storage.catalog import blobs, changes, containers, guards, leases
from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.etags import lock_names, version_after
from strongroom.storage.catalog.schema import version_objects, versions

UNPROTECTED: Mapping[str, Any] = {"immutable_until": None, "is_immutability_locked": False, "has_legal_hold": False}
"""Holds are a version's own: no copy inherits them."""


def newest(tx: Transaction, container_id: int, name: str) -> str:
    """Give the latest version id that a blob ever showed."""
    statement = select(func.max(versions.c.version)).where(versions.c.container_id == container_id, versions.c.name == name)
    return str(tx.execute(statement).scalar_one())


def clone(tx: Transaction, row: "Row[tuple[object, ...]]", changed: Mapping[str, Any]) -> int:
    """Make a version of another's objects and tags; gives its key.

    Args:
        tx: The transaction.
        row: The other.
        changed: Columns in which they differ; the version id must be among them.
    """
    same = {c.name: getattr(row, c.name) for c in versions.c if c.name != "id"}
    key: int = tx.execute(insert(versions).values({**same, **changed}).returning(versions.c.id)).scalar_one()
    part = version_objects.c
    columns = ["version_id", "seq", "object_id", "start", "length", "block_id"]
    parts = select(literal(key), part.seq, part.object_id, part.start, part.length, part.block_id)
    tx.execute(insert(version_objects).from_select(columns, parts.where(part.version_id == row.id)))
    blobs.copy_tags(tx, row.id, key)
    return key


def keep_earlier(tx: Transaction, row: "Row[tuple[object, ...]]") -> dict[str, object]:
    """Keep what a current version is now as an earlier one, before it is changed.

    Returns:
        Columns that the current version takes: a new version id, and no holds.
    """
    following = version_after(newest(tx, row.container_id, row.name))
    tx.execute(update(versions).where(versions.c.id == row.id).values(version=following))
    clone(tx, row, {"is_current": False})
    return {"version": following, **UNPROTECTED}


def snapshot(
    tx: Transaction,
    container: Container,
    name: str,
    condition: Condition = ALWAYS,
    metadata: Mapping[str, str] | None = None,
) -> tuple[Blob, Blob]:
    """Keep what a blob is now as a version that never changes; its own etag and time stay as they are.

    Where the container keeps versions, the blob gets a new version id with it, as with Azure.

    Args:
        tx: The transaction.
        container: Where.
        name: The blob.
        condition: What must hold of it; a lease need not be named.
        metadata: The snapshot's own; None for the blob's.

    Returns:
        The snapshot and the blob.

    Raises:
        BlobNotFound: There is none.
        ConditionFailed: The condition does not hold.
    """
    lock_names(tx, container.id, [name])
    container = containers.by_id(tx, container.id)
    row = guards.find_to_read(tx, container, name, condition)
    leases.check_read(leases.of(tx, container.id, [name]).get(name), condition.lease_id, name)
    taken = version_after(newest(tx, container.id, name))
    changed = {"version": taken, "is_current": False, "is_snapshot": True, **UNPROTECTED}
    clone(tx, row, changed if metadata is None else {**changed, "metadata": dict(metadata)})
    if container.keeps_versions:
        tx.execute(update(versions).where(versions.c.id == row.id).values(keep_earlier(tx, row)))
    made = blobs.get(tx, container, name, taken)
    changes.note(tx, changes.SNAPSHOT_CREATED, container.name, [made])
    return made, blobs.get(tx, container, name)
