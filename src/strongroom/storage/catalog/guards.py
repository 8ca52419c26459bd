"""What stands between a writer and a blob: conditions, leases, immutability, legal holds."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Row

from strongroom.domain.condition import ANY, Condition
from strongroom.domain.container import Container
from strongroom.domain.tier import ARCHIVE
from strongroom.errors import BlobNotFound, ConditionFailed, Conflict
from strongroom.storage.catalog import blobs, containers, leases
from strongroom.storage.catalog.catalog import Transaction, now

Present = Mapping[str, "Row[tuple[object, ...]]"]
"""Rows of the present versions, by name."""


def check_write(tx: Transaction, container: Container, names: Collection[str], present: Present, condition: Condition) -> None:
    """Refuse to write blobs where the condition does not hold, another holds a lease, or what is there is protected.

    A container that keeps versions keeps what is overwritten, so there a protected blob may be.

    Raises:
        ConditionFailed: The condition does not hold, or the lease is missing or another.
        Conflict: What is there is protected, or archived.
    """
    held = leases.of(tx, container.id, names)
    fresh = containers.by_id(tx, container.id) if present else container
    is_kept = container.keeps_versions and fresh.keeps_versions  # whoever goes on from here goes by the former
    at = now()
    for name in names:
        row = present.get(name)
        check_one(tx, name, row, condition)
        leases.check_write(held.get(name), condition.lease_id, name)
        if row is not None and row.tier == ARCHIVE:
            raise Conflict(f"{name} is archived: set another tier first, or delete it", code="BlobArchived")
        if row is not None:
            check_arrived(row)
        if row is not None and not is_kept:
            check_unprotected(fresh, row, at)
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


def find_present(
    tx: Transaction, container: Container, name: str, condition: Condition, version: str | None = None
) -> "Row[tuple[object, ...]]":
    """Give the row of a version that must exist for a change; leases and protection are other matters.

    ``If-None-Match: *`` says nothing of a blob that must exist, as with Azure.

    Raises:
        BlobNotFound: There is none.
        ConditionFailed: With code ``ConditionNotMet``.
    """
    try:
        row = blobs.find(tx, container, name, version)
    except BlobNotFound:
        if condition.if_match not in (None, ANY) and condition.if_none_match is None:
            raise ConditionFailed(f"{name} does not exist (any more): list what there is", code="ConditionNotMet") from None
        raise
    check_present(tx, name, row, condition)
    return row


def find_to_change(
    tx: Transaction, container: Container, name: str, condition: Condition, version: str | None = None
) -> "Row[tuple[object, ...]]":
    """Give the row of a version that is about to be changed where it is, or deleted; protection is another matter.

    Raises:
        BlobNotFound: There is none.
        ConditionFailed: With code ``ConditionNotMet``, or those of `leases.check_write`.
    """
    row = find_present(tx, container, name, condition, version)
    held = leases.of(tx, container.id, [name]) if row.is_current else {}
    leases.check_write(held.get(name), condition.lease_id, name)
    leases.drop_ended(tx, container.id, held)
    return row


def find_to_read(tx: Transaction, container: Container, name: str, condition: Condition) -> "Row[tuple[object, ...]]":
    """Give the row of a blob of which a snapshot is made: with the conditions of a read, told as those of a change.

    Raises:
        BlobNotFound: There is none.
        ConditionFailed: With code ``ConditionNotMet`` or ``UnsatisfiableCondition``.
    """
    try:
        row = blobs.find(tx, container, name)
    except BlobNotFound:
        condition.check_read(name, None)
        raise
    try:
        condition.check_read(name, row.etag, row.modified_at, lambda: blobs.tags_of(tx, row.id))
    except ConditionFailed as error:
        code = "ConditionNotMet" if error.code == "NotModified" else error.code
        raise ConditionFailed(*error.args, code=code) from error
    return row


def check_present(tx: Transaction, name: str, row: "Row[tuple[object, ...]]", condition: Condition) -> None:
    """Hold a condition against the row of a version that must exist for a change.

    Raises:
        ConditionFailed: With code ``ConditionNotMet``.
    """
    if condition.if_none_match == ANY:
        condition = replace(condition, if_none_match=None)
    try:
        check_one(tx, name, row, condition)
    except ConditionFailed as error:
        raise ConditionFailed(*error.args, code="ConditionNotMet") from error


def check_change(
    tx: Transaction, container: Container, name: str, condition: Condition, version: str | None = None
) -> "Row[tuple[object, ...]]":
    """Give the row of a version whose bytes, metadata or headers are about to be changed where it is.

    Raises:
        BlobNotFound: There is none.
        ConditionFailed: The condition does not hold, or the lease is missing or another.
        Conflict: It is protected, whether or not the container keeps versions: this one would be changed itself.
    """
    row = find_to_change(tx, container, name, condition, version)
    check_arrived(row)
    check_unprotected(containers.by_id(tx, container.id), row, now())
    return row


def check_arrived(row: "Row[tuple[object, ...]]") -> None:
    """Refuse to change, overwrite or copy what is still being copied from another server.

    Raises:
        Conflict: With code ``PendingCopyOperation``.
    """
    if row.copy is not None and row.copy["status"] == "pending":
        raise Conflict(f"{row.name} is still being copied: wait, or abort the copy", code="PendingCopyOperation")


def check_unprotected(container: "Container | Row[tuple[object, ...]]", row: "Row[tuple[object, ...]]", at: datetime) -> None:
    """Refuse to change or delete what a legal hold or an immutability policy protects.

    Raises:
        Conflict: With code ``BlobImmutableDueToLegalHold`` or ``BlobImmutableDueToPolicy``.
    """
    if row.has_legal_hold or container.legal_holds:
        raise Conflict(f"{row.name} is under legal hold: it stays as it is", code="BlobImmutableDueToLegalHold")
    until: datetime | None = row.immutable_until
    if container.immutable_days:
        until = max(until or row.modified_at, row.modified_at + timedelta(days=container.immutable_days))
    if until is not None and until > at:
        raise Conflict(f"{row.name} can be neither changed nor deleted until {until:%Y-%m-%d}", code="BlobImmutableDueToPolicy")


def is_protected(container: "Container | Row[tuple[object, ...]]", row: "Row[tuple[object, ...]]", at: datetime) -> bool:
    """Say whether `check_unprotected` would refuse."""
    try:
        check_unprotected(container, row, at)
    except Conflict:
        return True
    return False
