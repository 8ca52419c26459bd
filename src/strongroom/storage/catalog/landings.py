"""How versions of blobs come and go."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from sqlite3 import Connection
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from strongroom.domain.blob import Blob, Copy
from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import Container
from strongroom.domain.pages import PAGE
from strongroom.storage.catalog import blobs, changes, containers, guards, holdings, leases, quick, service
from strongroom.storage.catalog.blobs import DEFAULT_TYPE, current_rows
from strongroom.storage.catalog.catalog import Transaction, now
from strongroom.storage.catalog.etags import etag_of, lock_names, next_etags, version_after
from strongroom.storage.catalog.guards import Present
from strongroom.storage.catalog.holders import HOLE, Piece
from strongroom.storage.catalog.objects import pages
from strongroom.storage.catalog.prepared import document, driver, microseconds
from strongroom.storage.catalog.schema import tags, version_objects, versions

Room = tuple[Present, Mapping[str, str], frozenset[str]]
"""What was made room of: the versions that were current, the newest version ids, and objects that may be let go of."""
NOTHING: Room = ({}, {}, frozenset())


@dataclass(frozen=True, kw_only=True, slots=True)
class Landing:
    """A blob version that is about to exist; its objects are durable and adopted."""

    name: str
    size: int
    pieces: tuple[Piece, ...]
    sha256: str | None
    md5: bytes | None = None
    kind: str = "block"
    content_type: str = DEFAULT_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    stamp: str | None = None
    """What the source's etag, size and time were."""
    modified_at: datetime | None = None
    """The source's own time, for a mount."""
    tier: str | None = None
    """Access tier, where it is set."""
    copy: Copy | None = None
    """How it is a copy."""
    sequence_number: int = 0
    """Of a page blob."""
    is_sealed: bool = False
    """Whether an append blob takes no more."""
    immutable_until: datetime | None = None
    """Until when it can be neither changed nor deleted."""
    is_immutability_locked: bool = False
    """Whether that date can only be put off."""
    has_legal_hold: bool = False
    """Whether it is under legal hold."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Landed:
    """What a write did."""

    blobs: tuple[Blob, ...]
    """The new versions, in the order given."""
    loosened: frozenset[str]
    """Objects that may have lost their last reference: hand them to `objects.release`."""


def land(tx: Transaction, container: Container, landings: Sequence[Landing], condition: Condition = ALWAYS) -> Landed:
    """Make versions current, each in the place of the one before.

    Args:
        tx: The transaction.
        container: Where; all names in ``landings`` differ.
        landings: The versions.
        condition: Must hold for each name.

    Raises:
        ContainerNotFound: The container was deleted.
        ConditionFailed: The condition does not hold.
    """
    names = [one.name for one in landings]
    lock_names(tx, container.id, names)
    containers.need(tx, container.id)
    connection = driver(tx)
    taken = list(names) if connection is None else _taken(connection, container, names, condition)
    return _land(tx, container, landings, _make_room(tx, container, taken, condition))


def land_free(
    tx: Transaction, connection: Connection, container: Container, landings: Sequence[Landing], etag: int
) -> list[Blob]:
    """Make block blobs of at most one piece whose names nothing has: the caller looked, in this transaction.

    Args:
        tx: A transaction on SQLite.
        connection: The driver's, of it.
        container: Where; it is there.
        landings: What was just written, and is neither a copy nor of a mount; all names differ.
        etag: The number of the newest etag.
    """
    at, version = now(), version_after(None)
    etags = [etag_of(number) for number in range(etag + 1, etag + 1 + len(landings))]
    quick.take_etags(connection, etag + len(landings))
    keys = quick.add_new(
        connection, container.id, version, at, [_new(one, tag, at) for one, tag in zip(landings, etags, strict=True)]
    )
    made = [
        _made(container, one, key=key, version=version, etag=tag, at=at)
        for one, key, tag in zip(landings, keys, etags, strict=True)
    ]
    quick.add_whole(
        connection,
        [(key, piece.object_id, piece.length) for one, key in zip(landings, keys, strict=True) for piece in one.pieces],
    )
    marks = [
        {"version_id": blob.id, "name": name, "value": value} for blob in made if blob.tags for name, value in blob.tags.items()
    ]
    quick.add_tags(connection, marks)
    placed = {one.sha256: one.size for one in landings if one.sha256}
    if placed:
        placed = quick.place(connection, container.id, placed)
    if placed:
        holdings.change(tx, placed=placed)
    changes.note(tx, changes.CREATED, container.name, made)
    return made


def _new(one: Landing, etag: str, at: datetime) -> tuple[object, ...]:
    """Give what `quick.add_new` asks of a blob."""
    return (
        one.name,
        one.size,
        etag,
        one.content_type,
        document(one.headers),
        document(one.metadata),
        one.sha256,
        one.md5,
        one.tier,
        None if one.tier is None else microseconds(at),
        microseconds(one.immutable_until),
        one.is_immutability_locked,
        one.has_legal_hold,
    )


def _made(container: Container, one: Landing, *, key: int, version: str, etag: str, at: datetime) -> Blob:
    """Give a blob as `blobs.blob_of` gives it of its row."""
    return Blob(
        id=key,
        container=container.name,
        name=one.name,
        version=version,
        is_current=True,
        size=one.size,
        etag=etag,
        content_type=one.content_type,
        sha256=one.sha256,
        md5=one.md5,
        created_at=at,
        modified_at=at,
        metadata=dict(one.metadata),
        tags=dict(one.tags),
        headers=dict(one.headers),
        tier=one.tier,
        tier_changed_at=None if one.tier is None else at,
        immutable_until=one.immutable_until,
        is_immutability_locked=one.is_immutability_locked,
        has_legal_hold=one.has_legal_hold,
    )


def _land(tx: Transaction, container: Container, landings: Sequence[Landing], room: Room) -> Landed:
    before, newest, loosened = room
    connection = driver(tx)
    rows = [
        _values(container.id, one, etag, version_after(newest.get(one.name)), before.get(one.name))
        for one, etag in zip(landings, next_etags(tx, len(landings)), strict=True)
    ]
    ids = _insert(tx, rows, landings)
    placed = {one.sha256: one.size for one in landings if one.sha256}
    if connection is not None and placed:
        placed = quick.place(connection, container.id, placed)
    displaced = {row.sha256 for row in before.values() if row.sha256}
    if placed or displaced:
        holdings.change(tx, placed=placed, displaced=displaced)
    made_blobs = tuple(
        blobs.blob_of(container.name, row, version_id, one.tags)
        for version_id, row, one in zip(ids, rows, landings, strict=True)
    )
    changes.note(tx, changes.CREATED, container.name, made_blobs)
    return Landed(blobs=made_blobs, loosened=loosened)


def _taken(connection: Connection, container: Container, names: Sequence[str], condition: Condition) -> list[str]:
    """Give those names that something has, after the condition was held against those that nothing has."""
    found = quick.taken(connection, container.id, names)
    for name in names if condition is not ALWAYS else ():
        if name not in found:
            condition.check(name, None)
            leases.check_write(None, condition.lease_id, name)
    return [name for name in names if name in found]


def _make_room(tx: Transaction, container: Container, names: Sequence[str], condition: Condition) -> Room:
    """Check writes to names, and make what they hold no longer current.

    Returns:
        The versions that were current, the newest version ids, and the objects that may have lost their last reference.
    """
    if not names:
        return NOTHING
    container = containers.by_id(tx, container.id)
    before = current_rows(tx, container.id, names)
    guards.check_write(tx, container, names, before, condition)
    newest = _newest_versions(tx, container.id, names)
    loosened = retire(tx, container, list(before.values()), is_replaced=True)
    _bury(tx, container, names)
    return before, newest, loosened


def _values(
    container_id: int, one: Landing, etag: str, version: str, before: "Row[tuple[object, ...]] | None"
) -> dict[str, object]:
    at = now()
    return {
        "container_id": container_id,
        "name": one.name,
        "version": version,
        "is_current": True,
        "is_snapshot": False,
        "kind": one.kind,
        "size": one.size,
        "etag": etag,
        "content_type": one.content_type,
        "headers": dict(one.headers),
        "metadata": dict(one.metadata),
        "sha256": one.sha256,
        "md5": one.md5,
        "source_etag": one.stamp,
        "created_at": at if before is None else before.created_at,
        "modified_at": one.modified_at or at,
        "tier": one.tier,
        "tier_changed_at": None if one.tier is None else at,
        "rehydrating_to": None,
        "copy": blobs.copy_document(one.copy),
        "sequence_number": one.sequence_number,
        "is_sealed": one.is_sealed,
        "immutable_until": one.immutable_until,
        "is_immutability_locked": one.is_immutability_locked,
        "has_legal_hold": one.has_legal_hold,
        "deleted_at": None,
        "purge_at": None,
    }


def _insert(tx: Transaction, rows: Sequence[Mapping[str, Any]], landings: Sequence[Landing]) -> list[int]:
    """Make versions with their pieces and tags; gives their keys."""
    connection = driver(tx)
    if connection is not None:
        ids = quick.add_versions(connection, rows)
    else:
        made = tx.execute(insert(versions).returning(versions.c.etag, versions.c.id), list(rows)).all()
        key_of = {row.etag: row.id for row in made}  # many rows come back in any order, each with an etag of its own
        ids = [key_of[row["etag"]] for row in rows]
    parts = [
        {
            "version_id": version_id,
            "seq": seq,
            "object_id": piece.object_id,
            "start": piece.start,
            "length": piece.length,
            "block_id": piece.block_id,
        }
        for version_id, one in zip(ids, landings, strict=True)
        for seq, piece in _numbered(one)
    ]
    marks = [
        {"version_id": version_id, "name": name, "value": one.tags[name]}
        for version_id, one in zip(ids, landings, strict=True)
        for name in one.tags
    ]
    if connection is not None:
        quick.add_pieces(connection, parts)
        quick.add_tags(connection, marks)
    for table, new in () if connection is not None else ((version_objects, parts), (tags, marks)):
        if new:
            tx.execute(insert(table), new)
    return ids


def _numbered(landing: Landing) -> Iterator[tuple[int, Piece]]:
    """Number the pieces: in order, and those of a page blob by their first page, leaving out what is zeros."""
    if landing.kind != "page":
        yield from enumerate(landing.pieces)
        return
    at = 0
    for piece in landing.pieces:
        if piece.place != HOLE:
            yield at // PAGE, piece
        at += piece.length


def _newest_versions(tx: Transaction, container_id: int, names: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for page in pages(list(names)):
        statement = select(versions.c.name, func.max(versions.c.version)).group_by(versions.c.name)
        rows = tx.execute(statement.where(versions.c.container_id == container_id, versions.c.name.in_(page)))
        found.update(rows.all())
    return found


def retire(
    tx: Transaction,
    container: Container,
    rows: Sequence[Row[tuple[object, ...]]],
    *,
    is_replaced: bool,
    is_version: bool = False,
) -> frozenset[str]:
    """Make versions no longer current, or delete certain ones (``is_version``).

    They stay as earlier versions where the container keeps such; else, where what is deleted can be restored, as
    deleted blobs, or as deleted snapshots of what replaces them; else they are gone.
    """
    ids = [row.id for row in rows]
    if container.url is not None:
        return drop(tx, ids)
    if container.keeps_versions and not is_version:
        return _mark(tx, ids, {"is_current": False})
    days = service.kept_days(tx)
    if not days:
        return drop(tx, ids)
    deleted = {"deleted_at": now(), "purge_at": now() + timedelta(days=days)}
    return _mark(tx, ids, {**deleted, "is_current": False, "is_snapshot": True} if is_replaced else deleted)


def _bury(tx: Transaction, container: Container, names: Collection[str]) -> None:
    """Make deleted blobs, which could be restored, deleted snapshots, or versions, of those that take their names."""
    for page in pages(list(names)):
        deleted = (versions.c.container_id == container.id, versions.c.name.in_(page), versions.c.deleted_at.is_not(None))
        taken = {"is_current": False, "is_snapshot": not container.keeps_versions}
        tx.execute(update(versions).where(*deleted, versions.c.is_current).values(taken))


def _mark(tx: Transaction, ids: Sequence[int], values: Mapping[str, object]) -> frozenset[str]:
    for page in pages(ids):  # type: ignore[arg-type]
        tx.execute(update(versions).where(versions.c.id.in_(page)).values(values))
    return frozenset()


def drop(tx: Transaction, version_ids: Sequence[int]) -> frozenset[str]:
    """Remove versions for good.

    Returns:
        Objects that may have lost their last reference: hand them to `objects.release`.
    """
    loosened: set[str] = set()
    for page in pages(version_ids):  # type: ignore[arg-type]
        loosened.update(tx.execute(select(version_objects.c.object_id).where(version_objects.c.version_id.in_(page))).scalars())
        tx.execute(delete(version_objects).where(version_objects.c.version_id.in_(page)))
        tx.execute(delete(tags).where(tags.c.version_id.in_(page)))
        tx.execute(delete(versions).where(versions.c.id.in_(page)))
    return frozenset(loosened)
