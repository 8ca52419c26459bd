"""How blobs are deleted, and what is left of them until it goes for good."""

from collections.abc import Collection, Sequence

from sqlalchemy import Row, delete, select

from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import Container
from strongroom.errors import Conflict
from strongroom.storage.catalog import guards, holdings, leases
from strongroom.storage.catalog.blobs import current_rows, find
from strongroom.storage.catalog.catalog import Transaction, now
from strongroom.storage.catalog.etags import lock_names
from strongroom.storage.catalog.landings import retire
from strongroom.storage.catalog.schema import blocks, versions

INCLUDE, ONLY = "include", "only"
"""Which snapshots are deleted: those of the blob with it, or those alone."""


def remove(
    tx: Transaction,
    container: Container,
    name: str,
    *,
    version: str | None = None,
    snapshots: str | None = INCLUDE,
    condition: Condition = ALWAYS,
) -> frozenset[str]:
    """Remove a blob, or one version of it.

    Without a version the current one goes; a container that keeps versions keeps it as an earlier one, and where what
    is deleted can be restored, it stays as deleted.

    Args:
        tx: The transaction.
        container: Where.
        name: The blob.
        version: The version or snapshot; None for the current one.
        snapshots: `INCLUDE`, `ONLY`, or None, which refuses to delete a blob that has snapshots.
        condition: What must hold of it.

    Returns:
        Objects that may have lost their last reference: hand them to `objects.release`.

    Raises:
        BlobNotFound: There is none.
        ConditionFailed: The condition does not hold.
        Conflict: It has snapshots, or is protected.
    """
    lock_names(tx, container.id, [name])
    row = find(tx, container, name, version)
    guards.check_one(tx, name, row, condition)
    held = leases.of(tx, container.id, [name])
    if version is None or row.is_current:
        leases.check_write(held.get(name), condition.lease_id, name)
    else:
        leases.check_read(held.get(name), condition.lease_id, name)
    if version is not None:
        return _let_go(tx, container, [row])
    taken = _snapshots(tx, container, name)
    if taken and snapshots is None:
        raise Conflict(f"{name} has snapshots: delete them with it, or first", code="SnapshotsPresent")
    loosened = _let_go(tx, container, taken)
    if snapshots == ONLY:
        return loosened
    if not container.keeps_versions:
        guards.check_unprotected(container, row, now())
    leases.drop(tx, container.id, [name])
    return loosened | _drop_waiting(tx, container, name) | _gone(tx, container, [row])


def _drop_waiting(tx: Transaction, container: Container, name: str) -> frozenset[str]:
    statement = delete(blocks).where(blocks.c.container_id == container.id, blocks.c.name == name)
    return frozenset(tx.execute(statement.returning(blocks.c.object_id)).scalars())


def _snapshots(tx: Transaction, container: Container, name: str) -> Sequence[Row[tuple[object, ...]]]:
    statement = select(versions).where(versions.c.container_id == container.id, versions.c.name == name, versions.c.is_snapshot)
    return tx.execute(statement.where(versions.c.deleted_at.is_(None))).all()


def _let_go(tx: Transaction, container: Container, rows: Sequence[Row[tuple[object, ...]]]) -> frozenset[str]:
    """Delete certain versions: these are not kept as earlier ones."""
    for row in rows:
        guards.check_unprotected(container, row, now())
    loosened = retire(tx, container, rows, is_replaced=False, is_version=True)
    holdings.change(tx, placed={}, displaced={row.sha256 for row in rows if row.sha256 and row.is_current})
    return loosened


def _gone(tx: Transaction, container: Container, rows: Sequence[Row[tuple[object, ...]]]) -> frozenset[str]:
    loosened = retire(tx, container, rows, is_replaced=False)
    holdings.change(tx, placed={}, displaced={row.sha256 for row in rows if row.sha256})
    return loosened


def remove_all(tx: Transaction, container: Container, names: Collection[str]) -> frozenset[str]:
    """Remove the current versions of some names of a mount, those that exist.

    Returns:
        Objects that may have lost their last reference: hand them to `objects.release`.
    """
    lock_names(tx, container.id, names)
    return _gone(tx, container, list(current_rows(tx, container.id, names).values()))


def drop_blocks(tx: Transaction, container_id: int) -> frozenset[str]:
    """Remove all uncommitted blocks of a container; gives their objects."""
    found = frozenset(tx.execute(select(blocks.c.object_id).where(blocks.c.container_id == container_id)).scalars())
    tx.execute(delete(blocks).where(blocks.c.container_id == container_id))
    return found


def some_of_container(tx: Transaction, container_id: int, limit: int) -> list[tuple[int, str | None]]:
    """Give keys and hashes of versions of a container, whatever their state."""
    statement = select(versions.c.id, versions.c.sha256).where(versions.c.container_id == container_id).limit(limit)
    return [(key, sha256) for key, sha256 in tx.execute(statement)]
