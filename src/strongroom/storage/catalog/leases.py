"""Rows of leases: who alone may write a blob, or delete a container."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Row, delete, select

from strongroom.domain.lease import Lease, LeaseState
from strongroom.errors import ConditionFailed
from strongroom.storage.catalog.catalog import Transaction, now
from strongroom.storage.catalog.objects import pages
from strongroom.storage.catalog.schema import leases

WHOLE = ""
"""Stands for the container itself in the place of a blob's name."""
INFINITE = -1


def of(tx: Transaction, container_id: int, names: Collection[str]) -> dict[str, Lease]:
    """Give the leases, as they stand now, of those names that ever had one."""
    at = now()
    found: dict[str, Lease] = {}
    for page in pages(sorted(names)):
        rows = tx.execute(select(leases).where(leases.c.container_id == container_id, leases.c.name.in_(page)))
        found.update({row.name: _lease(row, at) for row in rows})
    return found


def _lease(row: Row[tuple[object, ...]], at: datetime) -> Lease:
    seconds = 0
    if row.breaks_at is not None:
        breaking = row.breaks_at > at
        state = LeaseState.BREAKING if breaking else LeaseState.BROKEN
        seconds = -(-(row.breaks_at - at) // timedelta(seconds=1)) if breaking else 0
    elif row.expires_at is not None and row.expires_at <= at:
        state = LeaseState.EXPIRED
    else:
        state = LeaseState.LEASED
    return Lease(id=row.lease_id, state=state, is_infinite=row.seconds == INFINITE, break_seconds=seconds)


def check_write(lease: Lease | None, given: str | None, name: str) -> None:
    """Refuse a write to a blob that somebody else holds, or with a lease that is over.

    Raises:
        ConditionFailed: With code ``LeaseIdMissing``, ``LeaseIdMismatchWithBlobOperation`` or
            ``LeaseNotPresentWithBlobOperation``.
    """
    if lease is not None and lease.is_active and given is None:
        raise ConditionFailed(f"{name} is leased: name the lease, or wait until it is released", code="LeaseIdMissing")
    check_read(lease, given, name)


def check_read(lease: Lease | None, given: str | None, name: str) -> None:
    """Refuse a lease that is not the blob's; reading without one is always allowed.

    Raises:
        ConditionFailed: With code ``LeaseIdMismatchWithBlobOperation`` or ``LeaseNotPresentWithBlobOperation``.
    """
    if given is None:
        return
    if lease is None or not lease.is_active:
        raise ConditionFailed(f"{name} has no such lease any more: acquire one", code="LeaseNotPresentWithBlobOperation")
    if lease.id != given.lower():
        raise ConditionFailed(f"{name} is held by another lease", code="LeaseIdMismatchWithBlobOperation")


def drop_ended(tx: Transaction, container_id: int, held: dict[str, Lease]) -> None:
    """Forget leases that are over, once their blobs were written: they can then no more be renewed."""
    ended = [name for name, lease in held.items() if not lease.is_active]
    drop(tx, container_id, ended)


def drop(tx: Transaction, container_id: int, names: Collection[str]) -> None:
    """Forget the leases of some names."""
    for page in pages(sorted(names)):
        tx.execute(delete(leases).where(leases.c.container_id == container_id, leases.c.name.in_(page)))
