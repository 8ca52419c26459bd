"""Rows of leases: who alone may write a blob, or delete a container."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Row, delete, select

from strongroom.domain.lease import Lease, Term, same
from strongroom.errors import ConditionFailed
from strongroom.storage.catalog.catalog import Transaction, dialect_insert, now
from strongroom.storage.catalog.objects import pages
from strongroom.storage.catalog.schema import leases

WHOLE = ""
"""Stands for the container itself in the place of a blob's name."""


def of(tx: Transaction, container_id: int, names: Collection[str]) -> dict[str, Lease]:
    """Give the leases, as they stand now, of those names that ever had one."""
    at = now()
    found: dict[str, Lease] = {}
    for page in pages(sorted(names)):
        rows = tx.execute(select(leases).where(leases.c.container_id == container_id, leases.c.name.in_(page)))
        found.update({row.name: _term(row).at(at) for row in rows})
    return found


def between(tx: Transaction, container_id: int, first: str, last: str) -> dict[str, Lease]:
    """Give the leases of blobs whose names lie between two, inclusive."""
    at = now()
    statement = select(leases).where(leases.c.container_id == container_id, leases.c.name >= first, leases.c.name <= last)
    return {row.name: _term(row).at(at) for row in tx.execute(statement) if row.name != WHOLE}


def among(tx: Transaction, container_id: int, names: Collection[str]) -> dict[str, Lease]:
    """Give the same as `of`, of many names where there are mostly no leases at all."""
    any_one = select(leases.c.name).where(leases.c.container_id == container_id, leases.c.name > WHOLE).limit(1)
    return of(tx, container_id, names) if names and tx.execute(any_one).first() is not None else {}


def of_containers(tx: Transaction, container_ids: Collection[int]) -> dict[int, Lease]:
    """Give the leases of containers themselves, by their keys."""
    at = now()
    statement = select(leases).where(leases.c.name == WHOLE, leases.c.container_id.in_(sorted(container_ids)))
    return {row.container_id: _term(row).at(at) for row in tx.execute(statement)}


def term(tx: Transaction, container_id: int, name: str) -> Term | None:
    """Give the lease of a name as it was agreed."""
    row = tx.execute(select(leases).where(leases.c.container_id == container_id, leases.c.name == name)).one_or_none()
    return None if row is None else _term(row)


def keep(tx: Transaction, container_id: int, name: str, agreed: Term) -> None:
    """Write a lease in the place of the one before."""
    key: dict[str, object] = {"container_id": container_id, "name": name}
    values = {
        "lease_id": agreed.id,
        "seconds": agreed.seconds,
        "expires_at": agreed.expires_at,
        "breaks_at": agreed.breaks_at,
    }
    statement = dialect_insert(tx, leases).values({**key, **values})
    tx.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))


def _term(row: Row[tuple[object, ...]]) -> Term:
    expires_at: datetime | None = row.expires_at
    return Term(id=row.lease_id, seconds=row.seconds, expires_at=expires_at, breaks_at=row.breaks_at)


def check_write(lease: Lease | None, given: str | None, name: str) -> None:
    """Refuse a write to a blob that somebody else holds, or with a lease that is over.

    Raises:
        ConditionFailed: With code ``LeaseIdMissing``, ``LeaseIdMismatchWithBlobOperation`` or
            ``LeaseNotPresentWithBlobOperation``.
    """
    if lease is not None and lease.is_active and given is None:
        raise ConditionFailed(f"{name} is leased: name the lease, or wait until it is released", code="LeaseIdMissing")
    check_read(lease, given, name)


def check_read(lease: Lease | None, given: str | None, name: str, what: str = "Blob") -> None:
    """Refuse a lease that is not the blob's; reading without one is always allowed.

    Raises:
        ConditionFailed: With code ``LeaseIdMismatchWithBlobOperation`` or ``LeaseNotPresentWithBlobOperation`` (or the
            same with ``Container``, where that is ``what``).
    """
    if given is None:
        return
    if lease is None or not lease.is_active:
        raise ConditionFailed(f"{name} has no such lease any more: acquire one", code=f"LeaseNotPresentWith{what}Operation")
    if not same(lease.id, given):
        raise ConditionFailed(f"{name} is held by another lease", code=f"LeaseIdMismatchWith{what}Operation")


def check_container(lease: Lease | None, given: str | None, name: str, *, deletes: bool = False) -> None:
    """Refuse a change of a container with a lease that is not its own; deleting it needs the lease while there is one.

    Raises:
        ConditionFailed: With code ``LeaseIdMissing``, ``LeaseIdMismatchWithContainerOperation`` or
            ``LeaseNotPresentWithContainerOperation``.
    """
    if deletes and lease is not None and lease.is_active and given is None:
        raise ConditionFailed(f"{name} is leased: name the lease, or wait until it is released", code="LeaseIdMissing")
    check_read(lease, given, name, "Container")


def drop_ended(tx: Transaction, container_id: int, held: dict[str, Lease]) -> None:
    """Forget leases that are over, once their blobs were written: they can then no more be renewed."""
    ended = [name for name, lease in held.items() if not lease.is_active]
    drop(tx, container_id, ended)


def drop(tx: Transaction, container_id: int, names: Collection[str]) -> None:
    """Forget the leases of some names."""
    for page in pages(sorted(names)):
        tx.execute(delete(leases).where(leases.c.container_id == container_id, leases.c.name.in_(page)))
