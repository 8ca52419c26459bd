"""How blobs are deleted, and what is left of them until it goes for good."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, delete, select, update

from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import Container
from strongroom.errors import BlobNotFound, Conflict
from strongroom.storage.catalog import blocks, changes, containers, guards, holdings, leases, service
from strongroom.storage.catalog.blobs import current_rows
from strongroom.storage.catalog.catalog import Transaction, now
from strongroom.storage.catalog.etags import lock_names
from strongroom.storage.catalog.landings import drop, retire
from strongroom.storage.catalog.objects import pages
from strongroom.storage.catalog.schema import blocks as block_rows
from strongroom.storage.catalog.schema import containers as containers_table
from strongroom.storage.catalog.schema import versions

INCLUDE, ONLY = "include", "only"
"""Which snapshots are deleted: those of the blob with it, or those alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Which:
    """What of a blob is to be deleted."""

    version: str | None = None
    """A version or snapshot; None for the blob itself."""
    is_snapshot: bool | None = None
    """Whether that is a snapshot, or else an earlier version; None for any, the current one too."""
    snapshots: str | None = INCLUDE
    """`INCLUDE`, `ONLY`, or None, which refuses to delete a blob that has snapshots."""
    is_permanent: bool = False
    """Whether a version or snapshot that is deleted already goes for good."""


WHOLE = Which()
"""The blob with its snapshots."""


def remove(
    tx: Transaction, container: Container, name: str, which: Which = WHOLE, condition: Condition = ALWAYS
) -> tuple[bool, frozenset[str]]:
    """Remove a blob, or one version of it.

    The blob itself becomes an earlier version where its container keeps such. What goes otherwise stays as deleted
    where deleted blobs can be restored, for their days.

    Returns:
        Whether nothing of it can be restored, and objects that may have lost their last reference.

    Raises:
        BlobNotFound: There is none.
        ConditionFailed: The condition does not hold.
        Conflict: It has snapshots, or is protected, or is not deleted and should go for good.
    """
    lock_names(tx, container.id, [name])
    container = containers.by_id(tx, container.id)
    if which.is_permanent:
        return True, _erase(tx, container, name, which)
    is_gone = not service.kept_days(tx)
    try:
        row = guards.find_to_change(tx, container, name, condition, which.version)
    except BlobNotFound:
        if which.version is not None or not _are_waiting(tx, container.id, name):
            raise
        return True, _drop_uncommitted(tx, container, name, which, condition)
    if which.version is not None:
        _check_kind(row, which)
        changes.note(tx, changes.DELETED, container.name, [row])
        return is_gone, _let_go(tx, container, [row])
    taken = _snapshots(tx, container, name)
    if taken and which.snapshots is None:
        raise Conflict(f"{name} has snapshots: delete them with it, or first", code="SnapshotsPresent")
    if not container.keeps_versions and which.snapshots != ONLY:
        guards.check_unprotected(container, row, now())
    changes.note(tx, changes.DELETED, container.name, taken)
    loosened = _let_go(tx, container, taken)
    if which.snapshots == ONLY:
        return is_gone, loosened
    changes.note(tx, changes.DELETED, container.name, [row])
    leases.drop(tx, container.id, [name])
    loosened |= blocks.drop_waiting(tx, container.id, name) | _gone(tx, container, [row])
    return is_gone and not container.keeps_versions, loosened


def _check_kind(row: Row[tuple[object, ...]], which: Which) -> None:
    if which.is_snapshot not in (None, row.is_snapshot):
        kind = "snapshot" if which.is_snapshot else "version"
        raise BlobNotFound(f"{row.name} has no {kind} {which.version}: list what it has")
    if which.is_snapshot is False and row.is_current:
        raise Conflict(
            f"{which.version} is what {row.name} is now: delete the blob itself", code="OperationNotAllowedOnRootBlob"
        )


def _erase(tx: Transaction, container: Container, name: str, which: Which) -> frozenset[str]:
    """Remove for good what is deleted already, whatever days it had left."""
    statement = select(versions).where(versions.c.container_id == container.id, versions.c.name == name)
    row = tx.execute(statement.where(versions.c.version == which.version)).one_or_none()
    if row is None:
        raise BlobNotFound(f"{container.name} holds no {name} of version {which.version}: list what is deleted")
    _check_kind(row, which)
    if row.deleted_at is None:
        raise Conflict(f"{name} of version {which.version} is not deleted: delete it first", code="InvalidOperation")
    guards.check_unprotected(container, row, now())
    return drop(tx, [row.id])


def _are_waiting(tx: Transaction, container_id: int, name: str) -> bool:
    here = select(block_rows.c.block_id).where(block_rows.c.container_id == container_id, block_rows.c.name == name)
    return tx.execute(here.limit(1)).first() is not None


def _drop_uncommitted(tx: Transaction, container: Container, name: str, which: Which, condition: Condition) -> frozenset[str]:
    """Remove a blob of which there are only blocks that nobody committed."""
    leases.check_write(leases.of(tx, container.id, [name]).get(name), condition.lease_id, name)
    if which.snapshots == ONLY:
        return frozenset()
    leases.drop(tx, container.id, [name])
    return blocks.drop_waiting(tx, container.id, name)


def _snapshots(tx: Transaction, container: Container, name: str) -> Sequence[Row[tuple[object, ...]]]:
    statement = select(versions).where(versions.c.container_id == container.id, versions.c.name == name, versions.c.is_snapshot)
    return tx.execute(statement.where(versions.c.deleted_at.is_(None)).order_by(versions.c.version)).all()


def _let_go(tx: Transaction, container: Container, rows: Sequence[Row[tuple[object, ...]]]) -> frozenset[str]:
    """Delete certain versions: these are not kept as earlier ones."""
    for row in rows:
        guards.check_unprotected(container, row, now())
    loosened = retire(tx, container, rows, is_replaced=False, is_version=True)
    current = [row for row in rows if row.is_current]
    leases.drop(tx, container.id, [row.name for row in current])
    holdings.change(tx, placed={}, displaced={row.sha256 for row in current if row.sha256})
    return loosened


def _gone(tx: Transaction, container: Container, rows: Sequence[Row[tuple[object, ...]]]) -> frozenset[str]:
    loosened = retire(tx, container, rows, is_replaced=False)
    holdings.change(tx, placed={}, displaced={row.sha256 for row in rows if row.sha256})
    return loosened


def restore(tx: Transaction, container: Container, name: str) -> None:
    """Restore a deleted blob with its deleted snapshots, and the deleted versions of one whose versions are kept.

    Where a blob of the name lives, only snapshots and versions come back.

    Raises:
        BlobNotFound: There is nothing of this name, neither deleted nor live.
        ConditionFailed: Somebody else holds a lease.
    """
    lock_names(tx, container.id, [name])
    container = containers.by_id(tx, container.id)
    here = (versions.c.container_id == container.id, versions.c.name == name)
    if tx.execute(select(versions.c.id).where(*here).limit(1)).scalar_one_or_none() is None:
        raise BlobNotFound(f"{container.name} has no deleted blob named {name}: its days may be over")
    rows = tx.execute(select(versions).where(*here, versions.c.deleted_at.is_not(None))).all()
    back = [row for row in rows if row.is_current]
    tx.execute(update(versions).where(*here, versions.c.deleted_at.is_not(None)).values(deleted_at=None, purge_at=None))
    holdings.change(tx, placed={row.sha256: row.size for row in back if row.sha256})
    changes.note(tx, changes.RESTORED, container.name, back)


def expired(tx: Transaction, *, after: int, limit: int) -> list[int]:
    """Give keys of deleted versions whose days are over, in order, beginning after one."""
    over = select(versions.c.id).where(versions.c.purge_at <= now(), versions.c.deleted_at.is_not(None), versions.c.id > after)
    return list(tx.execute(over.order_by(versions.c.id).limit(limit)).scalars())


def purge(tx: Transaction, ids: Collection[int]) -> tuple[int, frozenset[str]]:
    """Remove for good those deleted versions whose days are over, except what is protected.

    Returns:
        How many went, and objects that may have lost their last reference.
    """
    at, gone = now(), []
    shared = (containers_table.c.legal_holds, containers_table.c.immutable_days)
    joined = select(versions, *shared).join(containers_table, containers_table.c.id == versions.c.container_id)
    for page in pages(sorted(ids)):  # type: ignore[arg-type]
        over = (versions.c.id.in_(page), versions.c.deleted_at.is_not(None), versions.c.purge_at <= at)
        rows = tx.execute(joined.where(*over).with_for_update(of=versions)).all()
        gone += [row.id for row in rows if not guards.is_protected(row, row, at)]
    return len(gone), drop(tx, gone)


def remove_all(tx: Transaction, container: Container, names: Collection[str]) -> frozenset[str]:
    """Remove the current versions of some names of a mount, those that exist.

    Returns:
        Objects that may have lost their last reference: hand them to `objects.release`.
    """
    lock_names(tx, container.id, names)
    rows = list(current_rows(tx, container.id, names).values())
    changes.note(tx, changes.DELETED, container.name, rows)
    return _gone(tx, container, rows)


def drop_blocks(tx: Transaction, container_id: int) -> frozenset[str]:
    """Remove all uncommitted blocks of a container; gives their objects."""
    found = frozenset(tx.execute(select(block_rows.c.object_id).where(block_rows.c.container_id == container_id)).scalars())
    tx.execute(delete(block_rows).where(block_rows.c.container_id == container_id))
    return found


def some_of_container(tx: Transaction, container_id: int, limit: int) -> list[tuple[int, str | None]]:
    """Give keys and hashes of versions of a container, whatever their state."""
    statement = select(versions.c.id, versions.c.sha256).where(versions.c.container_id == container_id).limit(limit)
    return [(key, sha256) for key, sha256 in tx.execute(statement)]
