"""What keeps versions from being changed or deleted: immutability policies and legal holds, of blobs and containers."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, update

from strongroom.domain.blob import Blob
from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import Container
from strongroom.errors import Conflict, UsageError
from strongroom.storage.catalog import blobs, containers, guards
from strongroom.storage.catalog.catalog import Transaction, now
from strongroom.storage.catalog.etags import lock_container, lock_names, next_etags
from strongroom.storage.catalog.schema import containers as table
from strongroom.storage.catalog.schema import versions

MOST_DAYS = 146_000
"""The longest immutability of a container: 400 years."""
MOST_HOLDS = 10
"""Legal holds that a container has at most."""


def set_policy(
    tx: Transaction,
    container: Container,
    name: str,
    until: datetime,
    *,
    is_locked: bool,
    version: str | None = None,
    condition: Condition = ALWAYS,
) -> Blob:
    """Protect a version until an instant; a locked date can only be put off, and no lock is undone.

    Args:
        tx: The transaction.
        container: Where.
        name: The blob.
        until: The instant (UTC).
        is_locked: Whether the date is locked.
        version: The version or snapshot; None for the current one.
        condition: What must hold of it; a lease need not be named.

    Raises:
        BlobNotFound: There is none.
        ConditionFailed: The condition does not hold.
        UsageError: The instant has passed.
        Conflict: It is locked, and would be shortened or unlocked.
    """
    row = _find(tx, container, name, version, condition)
    if until <= now():
        raise UsageError(f"{until:%Y-%m-%d %H:%M} has passed: give a later date", code="InvalidInput")
    if row.is_immutability_locked and (not is_locked or until < row.immutable_until):
        raise Conflict(
            f"the date of {name} is locked: it can only be put off, beyond {row.immutable_until:%Y-%m-%d}",
            code="BlobImmutableDueToPolicy",
        )
    return _set(tx, container, row, {"immutable_until": until, "is_immutability_locked": is_locked})


def clear_policy(
    tx: Transaction, container: Container, name: str, *, version: str | None = None, condition: Condition = ALWAYS
) -> Blob:
    """Take a version's own date away.

    Raises:
        BlobNotFound: There is none.
        Conflict: It is locked.
    """
    row = _find(tx, container, name, version, condition)
    if row.is_immutability_locked:
        raise Conflict(f"the date of {name} is locked: it passes, and cannot be lifted", code="BlobImmutableDueToPolicy")
    return _set(tx, container, row, {"immutable_until": None})


def set_hold(
    tx: Transaction,
    container: Container,
    name: str,
    *,
    is_held: bool,
    version: str | None = None,
    condition: Condition = ALWAYS,
) -> Blob:
    """Put a version under legal hold, or lift that.

    Raises:
        BlobNotFound: There is none.
    """
    row = _find(tx, container, name, version, condition)
    return _set(tx, container, row, {"has_legal_hold": is_held})


def _find(
    tx: Transaction, container: Container, name: str, version: str | None, condition: Condition
) -> "Row[tuple[object, ...]]":
    lock_names(tx, container.id, [name])
    containers.by_id(tx, container.id)
    row = blobs.find(tx, container, name, version)
    guards.check_present(tx, name, row, condition)
    return row


def _set(tx: Transaction, container: Container, row: "Row[tuple[object, ...]]", values: dict[str, object]) -> Blob:
    tx.execute(update(versions).where(versions.c.id == row.id).values(values))
    return blobs.get(tx, container, row.name, row.version)


@dataclass(frozen=True, kw_only=True, slots=True)
class Keeping:
    """What is to become of a container's rules; None leaves one as it is."""

    keeps_versions: bool | None = None
    """Whether a blob that is overwritten or deleted stays as an earlier version."""
    public: str | None = None
    """What anybody may read: ``none``, ``blob`` or ``container``."""
    immutable_days: int | None = None
    """Days after its last change in which a blob cannot be changed or deleted; 0 for none."""
    lock: bool = False
    """Whether those days can only become more from now on."""
    add_holds: tuple[str, ...] = ()
    """Tags of legal holds to begin."""
    clear_holds: tuple[str, ...] = ()
    """Tags of legal holds to end."""


def set_keeping(tx: Transaction, container: Container, wanted: Keeping) -> Container:
    """Change a container's rules.

    Raises:
        ContainerNotFound: It was deleted.
        UsageError: A value cannot be, or there is nothing to lock.
        Conflict: Its days are locked, and would become fewer.
    """
    lock_container(tx, container.id)
    present = containers.by_id(tx, container.id)
    days = present.immutable_days if wanted.immutable_days is None else wanted.immutable_days
    _check_days(present, days, is_locked=wanted.lock)
    kept = tuple(one for one in present.legal_holds if one not in wanted.clear_holds)
    holds = [*kept, *(one for one in wanted.add_holds if one not in kept)]
    _check_holds(present, wanted, holds)
    values = {
        "keeps_versions": present.keeps_versions if wanted.keeps_versions is None else wanted.keeps_versions,
        "public": wanted.public or present.public,
        "immutable_days": days,
        "is_immutability_locked": present.is_immutability_locked or wanted.lock,
        "legal_holds": holds,
        "etag": next_etags(tx, 1)[0],
        "modified_at": now(),
    }
    tx.execute(update(table).where(table.c.id == container.id).values(values))
    return containers.by_id(tx, container.id)


def _check_days(present: Container, days: int, *, is_locked: bool) -> None:
    if present.url is not None and days:
        raise UsageError(f"{present.name} is a mount: what is there cannot be kept from changing")
    if not 0 <= days <= MOST_DAYS:
        raise UsageError(f"immutability lasts 0 to {MOST_DAYS:,} days, and not {days:,}")
    if present.is_immutability_locked and days < present.immutable_days:
        raise Conflict(
            f"the {present.immutable_days:,} days of {present.name} are locked: they can only become more",
            code="ContainerImmutabilityPolicyProtected",
        )
    if is_locked and not days:
        raise UsageError(f"{present.name} has no days of immutability to lock: set them first")


def _check_holds(present: Container, wanted: Keeping, holds: list[str]) -> None:
    for tag in wanted.add_holds:
        if not (tag.isascii() and tag.isalnum() and 3 <= len(tag) <= 23):  # noqa: PLR2004 - Azure's rule
            raise UsageError(f"{tag!r} cannot name a legal hold: use 3 to 23 letters and digits")
    if len(holds) > MOST_HOLDS:
        raise UsageError(f"{present.name} would have more than {MOST_HOLDS} legal holds")
    if present.url is not None and (holds or wanted.keeps_versions):
        raise UsageError(f"{present.name} is a mount: what changes there cannot be kept or held")
