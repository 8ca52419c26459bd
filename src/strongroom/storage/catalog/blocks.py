"""Rows of blocks: parts of a blob that were put and wait to be committed, and how they, appends and copies land."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Row, bindparam, case, delete, func, insert, select, update

from strongroom.domain.blob import Blob
from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import Container
from strongroom.domain.outcome import KeptObject
from strongroom.errors import BlobNotFound, ConditionFailed, Conflict, UsageError
from strongroom.storage.catalog import blobs, changes, containers, guards, holders, holdings, landings, leases
from strongroom.storage.catalog.catalog import Transaction, dialect_insert, now
from strongroom.storage.catalog.etags import lock_names, next_etags
from strongroom.storage.catalog.holders import Piece
from strongroom.storage.catalog.landings import Landed, Landing
from strongroom.storage.catalog.prepared import Insertion, Prepared, driver
from strongroom.storage.catalog.schema import blocks, is_true, objects, version_objects, versions
from strongroom.storage.catalog.schema import leases as held

LATEST, COMMITTED, UNCOMMITTED = "latest", "committed", "uncommitted"

_HERE = (blocks.c.container_id == bindparam("key"), blocks.c.name == bindparam("name"))
_SAME = case((blocks.c.block_id == bindparam("id"), blocks.c.object_id))
_WAITING = select(func.min(blocks.c.block_id), func.count(), func.max(_SAME)).where(*_HERE)
_OTHERS = Prepared(_WAITING)
_IS_WAITING = Prepared(select(blocks.c.size).where(*_HERE))
_PUT = Insertion(insert(blocks).prefix_with("OR REPLACE"), blocks)
_KIND = Prepared(
    select(versions.c.kind).where(
        versions.c.container_id == bindparam("key"),
        versions.c.name == bindparam("name"),
        is_true(versions.c.is_current),
        versions.c.deleted_at.is_(None),
    )
)
_LEASE = Prepared(select(held.c.lease_id).where(held.c.container_id == bindparam("key"), held.c.name == bindparam("name")))

MOST_WAITING = 100_000
"""Uncommitted blocks that a blob may have."""

MOST_COMMITTED = 50_000
"""Blocks, or appends, of which a blob may consist."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockRef:
    """A block as a block list names it."""

    block_id: str
    """As the writer put it."""
    which: str = LATEST
    """``uncommitted``, ``committed`` (of the present blob), or ``latest``: the former, else the latter."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A block that exists."""

    block_id: str
    """As the writer put it."""
    size: int
    """Bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Blocks:
    """The blocks of a blob."""

    blob: Blob | None
    """The blob; None where none was committed yet."""
    committed: Sequence[Block]
    """Those that it consists of, in order; none of a blob that was written whole."""
    waiting: Sequence[Block]
    """Those that wait to be committed, in order of their ids."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Appended:
    """What an append did."""

    blob: Blob
    """The blob as it is now."""
    offset: int
    """Where in it the new bytes begin."""
    blocks: int
    """How often it was appended to."""


def stage(
    tx: Transaction, container: Container, name: str, block_id: str, kept: KeptObject, *, lease_id: str | None = None
) -> frozenset[str]:
    """Note a block that was put; it takes the place of an uncommitted one of the same id.

    Returns:
        Objects that may have lost their last reference.

    Raises:
        ConditionFailed: Another holds a lease on the blob.
        Conflict: There is a blob of another kind, or too many blocks wait already.
        UsageError: The id is not as long as those of the blob's other uncommitted blocks.
    """
    lock_names(tx, container.id, [name])
    containers.need(tx, container.id)
    _check_stage(tx, container, name, lease_id)
    other, number, before = _others(tx, container.id, name, block_id)
    if other is not None and _width(other) != _width(block_id):
        raise UsageError(
            f"all block ids of one blob have the same length, and {block_id!r} has not that of {other!r}",
            code="InvalidBlobOrBlock",
        )
    if before is None and number >= MOST_WAITING:
        raise Conflict(f"{number:,} blocks of {name} wait to be committed: commit them", code="BlockCountExceedsLimit")
    row = {"container_id": container.id, "name": name, "block_id": block_id}
    values = {"object_id": kept.object_id, "size": kept.size, "created_at": now()}
    connection = driver(tx)
    if connection is not None:
        _PUT.add(connection, [{**row, **values}])
    else:
        statement = dialect_insert(tx, blocks).values({**row, **values})
        tx.execute(statement.on_conflict_do_update(index_elements=list(row), set_=values))
    return frozenset() if before is None else frozenset({before})


def _check_stage(tx: Transaction, container: Container, name: str, lease_id: str | None) -> None:
    connection = driver(tx)
    if connection is not None and lease_id is None:
        kind = _KIND.run(connection, container.id, name).fetchone()
        is_leased = _LEASE.run(connection, container.id, name).fetchone() is not None
        if kind in (None, ("block",)) and not is_leased:
            return
    _check_kind(tx, container, name)
    leases.check_write(leases.of(tx, container.id, [name]).get(name), lease_id, name)


def _others(tx: Transaction, container_id: int, name: str, block_id: str) -> tuple[str | None, int, str | None]:
    """Give the id of one uncommitted block, how many there are, and the object of the one that has a certain id."""
    connection = driver(tx)
    if connection is not None:
        found = _OTHERS.run(connection, block_id, container_id, name).fetchone()
    else:
        found = tx.execute(_WAITING, {"id": block_id, "key": container_id, "name": name}).one()
    return found[0], found[1], found[2]


def _check_kind(tx: Transaction, container: Container, name: str) -> None:
    row = blobs.current_rows(tx, container.id, [name]).get(name)
    if row is not None and row.kind != "block":
        raise Conflict(f"{name} is no block blob: delete it first", code="InvalidBlobType")


def _width(block_id: str) -> int:
    """Give the length of what an id in Base64 stands for, in units that only compare."""
    return len(block_id) - block_id.count("=")


def listed(
    tx: Transaction, container: Container, name: str, version: str | None = None, condition: Condition = ALWAYS
) -> Blocks:
    """Give the blocks of a block blob, or of one that is still to be.

    Raises:
        BlobNotFound: There is none, nor blocks for one.
        ConditionFailed: The condition does not hold.
        Conflict: It is no block blob.
    """
    statement = select(blocks.c.block_id, blocks.c.size).where(blocks.c.container_id == container.id, blocks.c.name == name)
    rows = [] if version is not None else tx.execute(statement.order_by(blocks.c.block_id)).all()
    waiting = [Block(block_id=block_id, size=size) for block_id, size in rows]
    try:
        blob = blobs.look(tx, container, name, version, condition).blob
    except BlobNotFound:
        if not waiting:
            raise
        return Blocks(blob=None, committed=[], waiting=waiting)
    if blob.kind != "block":
        raise Conflict(f"{name} is no block blob", code="InvalidBlobType")
    pieces = holders.pieces(tx, blob.id)
    committed = [Block(block_id=piece.block_id, size=piece.length) for piece in pieces if piece.block_id is not None]
    return Blocks(blob=blob, committed=committed, waiting=waiting)


def drop_waiting(tx: Transaction, container_id: int, name: str) -> frozenset[str]:
    """Remove the uncommitted blocks of a blob; gives their objects."""
    connection = driver(tx)
    if connection is not None and _IS_WAITING.run(connection, container_id, name).fetchone() is None:
        return frozenset()
    statement = delete(blocks).where(blocks.c.container_id == container_id, blocks.c.name == name)
    return frozenset(tx.execute(statement.returning(blocks.c.object_id)).scalars())


def drop_old(tx: Transaction, before: datetime, limit: int) -> frozenset[str]:
    """Remove uncommitted blocks of blobs for which none was put since an instant, those of some blobs at a time.

    Returns:
        Their objects, at least one as long as there are such.
    """
    keys = (blocks.c.container_id, blocks.c.name)
    old = select(*keys).group_by(*keys).having(func.max(blocks.c.created_at) < before).limit(limit)
    loosened: set[str] = set()
    for container_id, name in tx.execute(old).all():
        lock_names(tx, container_id, [name])
        loosened |= drop_waiting(tx, container_id, name)
    return frozenset(loosened)


def commit(
    tx: Transaction, container: Container, landing: Landing, refs: Sequence[BlockRef], condition: Condition = ALWAYS
) -> Landed:
    """Make a blob of blocks, without moving a byte; uncommitted blocks that are not named are gone afterwards.

    Args:
        tx: The transaction.
        container: Where.
        landing: What the blob is to be; its pieces, size and hash come from the blocks.
        refs: The blocks, in order; one may stand more than once.
        condition: What must hold of the present blob.

    Raises:
        UsageError: A block that is named does not exist, or there are too many.
        Conflict: There is a blob of another kind.
        ConditionFailed: The condition does not hold.
    """
    lock_names(tx, container.id, [landing.name])
    rows = blobs.current_rows(tx, container.id, [landing.name])
    guards.check_write(tx, container, [landing.name], rows, condition)
    _check_kind(tx, container, landing.name)
    if len(refs) > MOST_COMMITTED:
        raise UsageError(f"a blob has at most {MOST_COMMITTED:,} blocks", code="BlockListTooLong")
    present = holders.pieces(tx, rows[landing.name].id) if landing.name in rows else []
    committed = {piece.block_id: piece for piece in present if piece.block_id is not None}
    waiting = _waiting(tx, container, landing.name)
    pieces = tuple(_resolve(ref, committed, waiting) for ref in refs)
    size = sum(piece.length for piece in pieces)
    whole = replace(landing, pieces=pieces, size=size, sha256=None)
    landed = landings.land(tx, container, [whole], condition)
    return Landed(blobs=landed.blobs, loosened=landed.loosened | drop_waiting(tx, container.id, landing.name))


def _waiting(tx: Transaction, container: Container, name: str) -> dict[str, Piece]:
    statement = select(blocks.c.block_id, blocks.c.object_id, blocks.c.size, objects.c.place)
    statement = statement.join(objects, objects.c.id == blocks.c.object_id)
    rows = tx.execute(statement.where(blocks.c.container_id == container.id, blocks.c.name == name))
    return {
        block_id: Piece(object_id=object_id, place=place, start=0, length=size, block_id=block_id)
        for block_id, object_id, size, place in rows
    }


def _resolve(ref: BlockRef, committed: dict[str, Piece], waiting: dict[str, Piece]) -> Piece:
    piece = waiting.get(ref.block_id) if ref.which in (LATEST, UNCOMMITTED) else None
    if piece is None and ref.which in (LATEST, COMMITTED):
        piece = committed.get(ref.block_id)
    if piece is None:
        which = "" if ref.which == LATEST else f"{ref.which} "
        raise UsageError(f"there is no {which}block {ref.block_id!r}: put it first", code="InvalidBlockList")
    return piece


def append(
    tx: Transaction,
    container: Container,
    name: str,
    kept: KeptObject,
    *,
    condition: Condition,
    at: int | None,
    at_most: int | None = None,
) -> Appended:
    """Add a kept object to the end of an append blob.

    Args:
        tx: The transaction.
        container: Where.
        name: The blob.
        kept: What is added.
        condition: What must hold of the blob.
        at: The size that the blob must have before; None for any.
        at_most: The size that it may have afterwards; None for any.

    Raises:
        BlobNotFound: There is none.
        Conflict: It is not an append blob, or sealed, or was appended to too often.
        ConditionFailed: The condition or the size does not hold.
    """
    row = _find_to_append(tx, container, name, condition, at)
    number = blobs.block_count(tx, row.id)
    if row.is_sealed:
        raise Conflict(f"{name} is sealed: it takes no more", code="BlobIsSealed")
    if number >= MOST_COMMITTED:
        raise Conflict(f"{name} was appended to {number:,} times: begin another", code="BlockCountExceedsLimit")
    if at_most is not None and row.size + kept.size > at_most:
        raise ConditionFailed(f"{name} would have more than {at_most:,} bytes", code="MaxBlobSizeConditionNotMet")
    if kept.size:
        part = {"version_id": row.id, "object_id": kept.object_id, "start": 0, "length": kept.size, "block_id": None}
        tx.execute(insert(version_objects).values(seq=number, **part))
    only = row.size == 0
    values = {
        "size": row.size + kept.size,
        "etag": next_etags(tx, 1)[0],
        "sha256": kept.sha256 if only else row.sha256 if not kept.size else None,
        "md5": row.md5 if not kept.size else kept.md5 if only else None,
        "modified_at": now(),
        "fault": None,
    }
    tx.execute(update(versions).where(versions.c.id == row.id).values(values))
    placed = {kept.sha256: kept.size} if only else {}
    holdings.change(tx, placed=placed, displaced={row.sha256} if row.sha256 and values["sha256"] != row.sha256 else ())
    appended = blobs.get(tx, container, name)
    changes.note(tx, changes.CONTENT_UPDATED, container.name, [appended])
    return Appended(blob=appended, offset=row.size, blocks=number + bool(kept.size))


def seal(tx: Transaction, container: Container, name: str, *, condition: Condition, at: int | None) -> Blob:
    """Let an append blob take no more; one that is sealed already stays as it is.

    Args:
        tx: The transaction.
        container: Where.
        name: The blob.
        condition: What must hold of the blob.
        at: The size that it must have; None for any.

    Raises:
        BlobNotFound: There is none.
        Conflict: It is not an append blob.
        ConditionFailed: The condition or the size does not hold.
    """
    row = _find_to_append(tx, container, name, condition, at)
    if not row.is_sealed:
        values = {"is_sealed": True, "etag": next_etags(tx, 1)[0], "modified_at": now()}
        tx.execute(update(versions).where(versions.c.id == row.id).values(values))
    return blobs.get(tx, container, name)


def _find_to_append(
    tx: Transaction, container: Container, name: str, condition: Condition, at: int | None
) -> Row[tuple[object, ...]]:
    lock_names(tx, container.id, [name])
    containers.by_id(tx, container.id)
    row = blobs.find(tx, container, name)
    if row.kind != "append":
        raise Conflict(f"{name} is not an append blob: write it as one first", code="InvalidBlobType")
    row = guards.check_change(tx, container, name, condition)
    if at is not None and at != row.size:
        raise ConditionFailed(
            f"{name} has {row.size:,} bytes and not {at:,}: read its size again, then repeat",
            code="AppendPositionConditionNotMet",
        )
    return row
