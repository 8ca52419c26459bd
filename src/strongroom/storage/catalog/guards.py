"""What stands between a writer and a blob: conditions, leases, immutability, legal holds."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Row

from strongroom.domain.condition import Condition
from strongroom.domain.container import Container
from strongroom.errors import Conflict
from strongroom.storage.catalog import blobs, leases
from strongroom.storage.catalog.catalog import Transaction, now

Present = Mapping[str, "Row[tuple[object, ...]]"]
"""Rows of the present versions, by name."""


def check_write(tx: Transaction, container: Container, names: Collection[str], present: Present, condition: Condition) -> None:
    """Refuse to write blobs where the condition does not hold, another holds a lease, or what is there is protected.

    A container that keeps versions keeps what is overwritten, so there a protected blob may be.

    Raises:
        ConditionFailed: The condition does not hold, or the lease is missing or another.
        Conflict: What is there is protected.
    """
    held = leases.of(tx, container.id, names)
    at = now()
    for name in names:
        row = present.get(name)
        check_one(tx, name, row, condition)
        leases.check_write(held.get(name), condition.lease_id, name)
        if row is not None and not container.keeps_versions:
            check_unprotected(container, row, at)
    leases.drop_ended(tx, container.id, held)


def check_one(tx: Transaction, name: str, row: "Row[tuple[object, ...]] | None", condition: Condition) -> None:
    """Hold a condition against the row of a present version, None where there is none.

    Raises:
        ConditionFailed: It does not hold.
    """
    if row is None:
        condition.check(name, None)
    else:
        condition.check(name, row.etag, row.modified_at, lambda: blobs.tags_of(tx, row.id))


def check_unprotected(container: Container, row: "Row[tuple[object, ...]]", at: datetime) -> None:
    """Refuse to change or delete what a legal hold or an immutability policy protects.

    Raises:
        Conflict: With code ``BlobImmutableDueToLegalHold`` or ``BlobImmutableDueToPolicy``.
    """
    if row.has_legal_hold or container.legal_holds:
        raise Conflict(f"{row.name} is under legal hold: it stays as it is", code="BlobImmutableDueToLegalHold")
    until = row.immutable_until
    if container.immutable_days:
        until = max(until or row.modified_at, row.modified_at + timedelta(days=container.immutable_days))
    if until is not None and until > at:
        raise Conflict(f"{row.name} can be neither changed nor deleted until {until:%Y-%m-%d}", code="BlobImmutableDueToPolicy")
