"""Rows of blocks: parts of a blob that were put and wait to be committed, and how they, appends and copies land."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import delete, func, insert, literal, select, update

from strongroom.domain.blob import Blob
from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import Container
from strongroom.domain.outcome import KeptObject
from strongroom.errors import ConditionFailed, Conflict, UsageError
from strongroom.storage.catalog import blobs, containers, guards, holders, holdings, landings, leases
from strongroom.storage.catalog.catalog import Transaction, dialect_insert, now
from strongroom.storage.catalog.etags import lock_names, next_etags, version_after
from strongroom.storage.catalog.holders import Piece
from strongroom.storage.catalog.landings import Landed, Landing
from strongroom.storage.catalog.schema import blocks, objects, version_objects, versions

LATEST, COMMITTED, UNCOMMITTED = "latest", "committed", "uncommitted"


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


def stage(tx: Transaction, container: Container, name: str, block_id: str, kept: KeptObject) -> frozenset[str]:
    """Note a block that was put; it takes the place of an uncommitted one of the same id.

    Returns:
        Objects that may have lost their last reference.

    Raises:
        UsageError: The id is not as long as those of the blob's other uncommitted blocks.
    """
    lock_names(tx, container.id, [name])
    containers.by_id(tx, container.id)
    row = {"container_id": container.id, "name": name, "block_id": block_id}
    here = (blocks.c.container_id == container.id, blocks.c.name == name)
    other = tx.execute(select(blocks.c.block_id).where(*here).limit(1)).scalar_one_or_none()
    if other is not None and len(other) != len(block_id):
        raise UsageError(f"all block ids of one blob have the same length, and {block_id!r} has not that of {other!r}")
    before = tx.execute(select(blocks.c.object_id).where(*here, blocks.c.block_id == block_id)).scalar_one_or_none()
    values = {"object_id": kept.object_id, "size": kept.size, "created_at": now()}
    statement = dialect_insert(tx, blocks).values({**row, **values})
    tx.execute(statement.on_conflict_do_update(index_elements=list(row), set_=values))
    return frozenset() if before is None else frozenset({before})


def listed(tx: Transaction, container: Container, name: str) -> tuple[list[Block], list[Block]]:
    """Give a blob's committed blocks in order, and its uncommitted ones."""
    rows = blobs.current_rows(tx, container.id, [name])
    pieces = holders.pieces(tx, rows[name].id) if name in rows else []
    statement = select(blocks.c.block_id, blocks.c.size).where(blocks.c.container_id == container.id, blocks.c.name == name)
    waiting = tx.execute(statement.order_by(blocks.c.block_id))
    committed = [Block(block_id=piece.block_id, size=piece.length) for piece in pieces if piece.block_id is not None]
    return committed, [Block(block_id=block_id, size=size) for block_id, size in waiting]


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
        UsageError: A block that is named does not exist.
        ConditionFailed: The condition does not hold.
    """
    lock_names(tx, container.id, [landing.name])
    rows = blobs.current_rows(tx, container.id, [landing.name])
    present = holders.pieces(tx, rows[landing.name].id) if landing.name in rows else []
    committed = {piece.block_id: piece for piece in present if piece.block_id is not None}
    waiting = _waiting(tx, container, landing.name)
    pieces = tuple(_resolve(ref, committed, waiting) for ref in refs)
    size = sum(piece.length for piece in pieces)
    whole = replace(landing, pieces=pieces, size=size, sha256=None)
    landed = landings.land(tx, container, [whole], condition)
    tx.execute(delete(blocks).where(blocks.c.container_id == container.id, blocks.c.name == landing.name))
    return Landed(blobs=landed.blobs, loosened=landed.loosened | {piece.object_id for piece in waiting.values()})


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
        raise UsageError(f"there is no {'' if ref.which == LATEST else ref.which + ' '}block {ref.block_id!r}: put it first")
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
) -> tuple[Blob, frozenset[str]]:
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
        Conflict: It is not an append blob, or sealed.
        ConditionFailed: The condition or the size does not hold.
    """
    lock_names(tx, container.id, [name])
    containers.by_id(tx, container.id)
    row = blobs.find(tx, container, name)
    guards.check_write(tx, container, [name], {name: row}, condition)
    if row.kind != "append":
        raise Conflict(f"{name} is not an append blob: write it as one first", code="InvalidBlobType")
    if row.is_sealed:
        raise Conflict(f"{name} is sealed: it takes no more", code="BlobIsSealed")
    if at is not None and at != row.size:
        raise ConditionFailed(
            f"{name} has {row.size:,} bytes and not {at:,}: read its size again, then repeat",
            code="AppendPositionConditionNotMet",
        )
    if at_most is not None and row.size + kept.size > at_most:
        raise ConditionFailed(f"{name} would have more than {at_most:,} bytes", code="MaxBlobSizeConditionNotMet")
    if kept.size:
        seq = select(func.coalesce(func.max(version_objects.c.seq) + 1, 0)).where(version_objects.c.version_id == row.id)
        part = {"version_id": row.id, "object_id": kept.object_id, "start": 0, "length": kept.size, "block_id": None}
        tx.execute(insert(version_objects).values(seq=seq.scalar_subquery(), **part))
    only = row.size == 0
    values = {
        "size": row.size + kept.size,
        "etag": next_etags(tx, 1)[0],
        "sha256": kept.sha256 if only else row.sha256 if not kept.size else None,
        "md5": kept.md5 if only else None,
        "modified_at": now(),
        "fault": None,
    }
    tx.execute(update(versions).where(versions.c.id == row.id).values(values))
    placed = {kept.sha256: kept.size} if only else {}
    holdings.change(tx, placed=placed, displaced={row.sha256} if row.sha256 and values["sha256"] != row.sha256 else ())
    return blobs.get(tx, container, name), frozenset()


def snapshot(tx: Transaction, container: Container, name: str, condition: Condition = ALWAYS) -> Blob:
    """Keep what a blob is now as a version that never changes, without moving a byte.

    Raises:
        BlobNotFound: There is none.
        ConditionFailed: The condition does not hold.
    """
    lock_names(tx, container.id, [name])
    containers.by_id(tx, container.id)
    row = blobs.find(tx, container, name)
    guards.check_one(tx, name, row, condition)
    leases.check_read(leases.of(tx, container.id, [name]).get(name), condition.lease_id, name)
    newest = tx.execute(
        select(func.max(versions.c.version)).where(versions.c.container_id == container.id, versions.c.name == name)
    ).scalar_one()
    same = {c.name: getattr(row, c.name) for c in versions.c if c.name != "id"}
    values = {**same, "version": version_after(newest), "is_current": False, "is_snapshot": True}
    key = tx.execute(insert(versions).values(values).returning(versions.c.id)).scalar_one()
    part = version_objects.c
    columns = ["version_id", "seq", "object_id", "start", "length", "block_id"]
    parts = select(literal(key), part.seq, part.object_id, part.start, part.length, part.block_id)
    tx.execute(insert(version_objects).from_select(columns, parts.where(part.version_id == row.id)))
    blobs.copy_tags(tx, row.id, key)
    return blobs.get(tx, container, name, str(values["version"]))
