"""How a blob becomes a copy of another, without moving a byte."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Row, insert, literal, null, select

from strongroom.domain.blob import Copy
from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import Container
from strongroom.domain.copying import AS_IT_IS, Changes
from strongroom.domain.outcome import KeptObject
from strongroom.errors import ConditionFailed, Conflict, UsageError
from strongroom.storage.catalog import blobs, guards, landings, leases
from strongroom.storage.catalog.catalog import Transaction, now
from strongroom.storage.catalog.etags import lock_names
from strongroom.storage.catalog.holders import HOLE, Piece
from strongroom.storage.catalog.landings import Landed, Landing
from strongroom.storage.catalog.schema import objects, version_objects, versions
from strongroom.storage.catalog.snapshots import snapshot

Source = tuple[Container, str, str | None]
"""Container, name and version (None for the current one) of what is copied."""

ARCHIVE = "Archive"
_COLUMNS = ("version_id", "seq", "object_id", "start", "length", "block_id")


def copy(
    tx: Transaction,
    source: Source,
    target: Container,
    name: str,
    changes: Changes = AS_IT_IS,
    *,
    condition: Condition = ALWAYS,
    source_condition: Condition = ALWAYS,
) -> Landed:
    """Make a blob of another one's objects, without moving a byte.

    Args:
        tx: The transaction.
        source: What is copied; it may be the same blob, or one of its snapshots or versions.
        target: Where to.
        name: The new blob's name.
        changes: What it has otherwise than the source.
        condition: What must hold of the blob that is there.
        source_condition: What must hold of the source.

    Raises:
        BlobNotFound: There is no such source.
        ConditionFailed: A condition does not hold; with code ``SourceConditionNotMet`` where it is the source's.
        Conflict: What is there is of another kind, or protected, or the source is archived.
        UsageError: The changes do not fit the source.
    """
    row = find_source(tx, source, source_condition, also=(target, name))
    present = _present(tx, target, name, condition)
    _check(row, present, changes)
    own = _parts(tx, row) if present is not None and present.id == row.id else None
    landing = _landing(tx, row, name, changes)
    landed = landings.land(tx, target, [landing], condition)
    key = landed.blobs[0].id
    if own is None:
        _copy_parts(tx, row.id, key, with_blocks=changes.kind is None)
    elif own:
        tx.execute(insert(version_objects), [{**one, "version_id": key} for one in own])
    return landed


def _present(tx: Transaction, target: Container, name: str, condition: Condition) -> Row[tuple[object, ...]] | None:
    """Give the row of what is overwritten, once it may be: that is looked at before its kind, as with Azure."""
    rows = blobs.current_rows(tx, target.id, [name])
    if rows:
        guards.check_write(tx, target, [name], rows, condition)
    return rows.get(name)


def find_source(
    tx: Transaction, source: Source, condition: Condition, also: tuple[Container, str] | None = None
) -> Row[tuple[object, ...]]:
    """Give the row of what is about to be copied, which nobody changes before the transaction ends.

    Raises:
        BlobNotFound: There is no such source.
        ConditionFailed: The condition does not hold (``SourceConditionNotMet``).
        Conflict: It is itself still being copied from elsewhere.
    """
    container, name, version = source
    locked: dict[int, set[str]] = {container.id: {name}}
    if also is not None:
        locked.setdefault(also[0].id, set()).add(also[1])
    for container_id, names in sorted(locked.items()):
        lock_names(tx, container_id, names)
    row = blobs.find(tx, container, name, version)
    check_source(condition, name, row, lambda: blobs.tags_of(tx, row.id))
    held = leases.of(tx, container.id, [name]).get(name) if row.is_current else None
    leases.check_read(held, condition.lease_id, name)
    guards.check_arrived(row)
    return row


def check_source(condition: Condition, name: str, blob: Any, tags: Any) -> None:
    """Hold a condition against what is copied: a version's row, or a blob.

    Raises:
        ConditionFailed: It does not hold (``SourceConditionNotMet``).
    """
    try:
        condition.check_read(name, blob.etag, blob.modified_at, tags)
    except ConditionFailed as error:
        code = error.code if error.code == "UnsatisfiableCondition" else "SourceConditionNotMet"
        raise ConditionFailed(*error.args, code=code) from error


def _check(row: Row[tuple[object, ...]], present: Row[tuple[object, ...]] | None, changes: Changes) -> None:
    if row.tier == ARCHIVE and (changes.tier is None or not changes.is_archive_readable):
        raise Conflict(f"{row.name} is archived: set a tier for its copy", code="BlobArchived")
    if changes.tier is not None and row.kind == "page" and changes.kind is None:
        raise UsageError(f"{row.name} is a page blob: its copy has no tier to choose", code="InvalidHeaderValue")
    if changes.kind is None and present is not None and present.kind != row.kind:
        raise Conflict(f"{present.name} is of another kind than {row.name}: delete it first", code="InvalidBlobType")


def _landing(tx: Transaction, row: Row[tuple[object, ...]], name: str, changes: Changes) -> Landing:
    record = changes.record
    if record is not None:
        record = replace(record, status="success", done=row.size, total=row.size, completed_at=now())
    sealed = row.is_sealed if changes.is_sealed is None else changes.is_sealed
    return Landing(
        name=name,
        size=row.size,
        pieces=(),
        sha256=row.sha256,
        md5=row.md5 if changes.md5 is None else changes.md5,
        kind=changes.kind or row.kind,
        content_type=row.content_type if changes.content_type is None else changes.content_type,
        headers=row.headers if changes.headers is None else changes.headers,
        metadata=row.metadata if changes.metadata is None else changes.metadata,
        tags=blobs.tags_of(tx, row.id) if changes.tags is None else changes.tags,
        tier=_tier(row, changes),
        copy=record,
        sequence_number=row.sequence_number,
        is_sealed=sealed and row.kind == "append" and changes.kind is None,
        immutable_until=changes.immutable_until,
        is_immutability_locked=changes.is_immutability_locked,
        has_legal_hold=changes.has_legal_hold,
    )


def _tier(row: Row[tuple[object, ...]], changes: Changes) -> str | None:
    """Give a copy's tier: an append blob has none to choose, and one that is made of another kind takes none over."""
    kept: str | None = row.tier if changes.kind is None else None
    return kept if row.kind == "append" and changes.kind is None else changes.tier or kept


def _parts(tx: Transaction, row: Row[tuple[object, ...]]) -> list[dict[str, object]]:
    found = tx.execute(select(version_objects).where(version_objects.c.version_id == row.id))
    return [dict(one._mapping) for one in found]  # noqa: SLF001 - SQLAlchemy's documented name


def _copy_parts(tx: Transaction, source_id: int, target_id: int, *, with_blocks: bool) -> None:
    part = version_objects.c
    block = part.block_id if with_blocks else null()
    parts = select(literal(target_id), part.seq, part.object_id, part.start, part.length, block)
    tx.execute(insert(version_objects).from_select(_COLUMNS, parts.where(part.version_id == source_id)))


def incremental(
    tx: Transaction, source: Source, target: Container, name: str, *, record: Copy, condition: Condition = ALWAYS
) -> Landed:
    """Copy a page blob's snapshot over an earlier one, and keep what the target now is as a snapshot.

    Args:
        tx: The transaction.
        source: The snapshot.
        target: Where to.
        name: The blob that is, or is to be, such a copy.
        record: How it is told to be a copy; its source is the snapshot's URL.
        condition: What must hold of the blob that is there.

    Raises:
        BlobNotFound: There is no such source.
        ConditionFailed: The condition does not hold.
        Conflict: The source is no snapshot of a page blob, an earlier one than was copied already, or of another blob.
    """
    row = find_source(tx, source, ALWAYS, also=(target, name))
    if not row.is_snapshot:
        raise Conflict(f"{row.name} is no snapshot: take one first", code="IncrementalCopySourceMustBeSnapshot")
    if row.kind != "page":
        raise Conflict(f"{row.name} is no page blob", code="InvalidSourceBlobType")
    present = blobs.current_rows(tx, target.id, [name]).get(name)
    if present is not None:
        _check_later(present, record, row.version)
    landed = copy(tx, source, target, name, Changes(record=record), condition=condition)
    snapshot(tx, target, name)
    return landed


def _check_later(present: Row[tuple[object, ...]], record: Copy, version: str) -> None:
    before = blobs.copy_of(present.copy)
    blob, _, snapshot_of = record.source.partition("?snapshot=")
    known, _, last = before.source.partition("?snapshot=") if before is not None else ("", "", "")
    if before is None or not before.is_incremental or known != blob:
        raise Conflict(f"{present.name} is no incremental copy of {blob}", code="IncrementalCopyBlobMismatch")
    if (snapshot_of or version) <= last:
        raise Conflict(
            f"{present.name} has the snapshot {last} already: copy a later one",
            code="IncrementalCopyOfEarlierSnapshotNotAllowed",
        )


def whole_object(tx: Transaction, version_id: int, part: Piece) -> KeptObject | None:
    """Give the object of a piece, to be adopted anew, where the piece is all of it; None else.

    Its SHA-256 is told where it is all of the version, too.
    """
    if part.place == HOLE or part.start:
        return None
    size = tx.execute(select(objects.c.size).where(objects.c.id == part.object_id)).scalar_one_or_none()
    if size != part.length:
        return None
    row = tx.execute(select(versions.c.size, versions.c.sha256).where(versions.c.id == version_id)).one()
    sha256 = row.sha256 or "" if row.size == size else ""
    return KeptObject(object_id=part.object_id, place=part.place, size=size, sha256=sha256, is_new=False)
