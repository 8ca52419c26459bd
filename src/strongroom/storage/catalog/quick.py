"""The short way of a write on SQLite: new names that nothing stands against, with what they refer to.

All that is not plain is left to `landings`, `objects` and `holdings`, whose rows these are too; a test holds the two ways
equal.
"""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam, select, union_all
from sqlalchemy.dialects.sqlite import insert

from strongroom.domain.outcome import KeptObject
from strongroom.storage.catalog.catalog import now
from strongroom.storage.catalog.prepared import MOST, Bulk, Insertion, Listed, Prepared, document, microseconds
from strongroom.storage.catalog.schema import (
    blocks,
    containers,
    contents,
    holdings,
    leases,
    members,
    objects,
    room,
    tags,
    version_objects,
    versions,
    writers,
)
from strongroom.storage.layout import writer_of

ONE: sa.ColumnElement[int] = sa.literal_column("1")
NONE: sa.ColumnElement[int] = sa.literal_column("0")
NO: sa.ColumnElement[Any] = sa.literal_column("NULL")
KEY: sa.BindParameter[int] = bindparam("key")
MAKER: sa.BindParameter[str] = bindparam("maker")
LIST: sa.ColumnElement[str] = sa.literal_column("(?)")
NOTHING = document(None)

_CONTAINER = Prepared(select(ONE).where(containers.c.id == KEY, containers.c.deleted_at.is_(None)))
_NAMES = Listed(select(versions.c.name).where(versions.c.container_id == KEY, versions.c.name.op("IN")(LIST)))
_LEASE = Prepared(select(ONE).where(leases.c.container_id == KEY))
_LEASES = Listed(select(leases.c.name).where(leases.c.container_id == KEY, leases.c.name.op("IN")(LIST)))
_BLOCK = Prepared(select(ONE).where(blocks.c.container_id == KEY))
_BLOCKS = Listed(select(blocks.c.name).where(blocks.c.container_id == KEY, blocks.c.name.op("IN")(LIST)))
_WRITER = Prepared(select(ONE).where(writers.c.id == KEY, writers.c.fenced_at.is_(None)))
_KNOWN = Listed(select(contents.c.sha256).where(contents.c.sha256.op("IN")(LIST)))
_HELD = Listed(select(holdings.c.sha256).where(holdings.c.container_id == KEY, holdings.c.sha256.op("IN")(LIST)))
_PARENTS = Listed(select(members.c.parent_sha256).where(members.c.parent_sha256.op("IN")(LIST)))

_STATE = select(
    NO,
    select(ONE).where(containers.c.id == KEY, containers.c.deleted_at.is_(None)).exists(),
    select(ONE).where(leases.c.container_id == KEY).exists(),
    select(ONE).where(blocks.c.container_id == KEY).exists(),
    select(ONE).where(writers.c.id == MAKER, writers.c.fenced_at.is_(None)).exists(),
    select(room.c.value).where(room.c.name == sa.literal_column("'etag'")).scalar_subquery(),
)
_SEEN = Listed(
    union_all(
        _STATE,
        select(versions.c.name, NO, NO, NO, NO, NO).where(versions.c.container_id == KEY, versions.c.name.op("IN")(LIST)),
    )
)
_ETAGS = "UPDATE room SET value = ? WHERE name = 'etag'"

_FINGERPRINT = """
    WITH given (id, etag, sha256) AS (VALUES {})
    UPDATE versions SET sha256 = given.sha256, fault = NULL FROM given
    WHERE versions.id = given.id AND versions.etag = given.etag AND versions.sha256 IS NULL
    RETURNING sha256, is_current AND deleted_at IS NULL, container_id, size
"""

SHARED = (
    "container_id",
    "version",
    "created_at",
    "modified_at",
    "kind",
    "is_current",
    "is_snapshot",
    "is_sealed",
    "sequence_number",
    "copy",
)
"""Columns whose values new blobs share that land together."""
OWN = (
    "name",
    "size",
    "etag",
    "content_type",
    "headers",
    "metadata",
    "sha256",
    "md5",
    "tier",
    "tier_changed_at",
    "immutable_until",
    "is_immutability_locked",
    "has_legal_hold",
)
"""Columns of which each has its own."""

_ADD_OBJECTS = Insertion(insert(objects).on_conflict_do_nothing(), objects)
_ADD_VERSIONS = Insertion(insert(versions), versions, "id", "fault")
_ADD_PIECES = Insertion(insert(version_objects), version_objects)
_ADD_KEPT = Bulk(insert(objects).on_conflict_do_nothing(), shared=("writer", "place", "created_at"), own=("id", "size"))
_ADD_NEW = Bulk(
    insert(versions),
    shared=SHARED,
    own=OWN,
)
_ADD_WHOLE = Bulk(insert(version_objects), shared=("seq", "start"), own=("version_id", "object_id", "length"))
_ADD_TAGS = Insertion(insert(tags), tags)
_ADD_CONTENTS = Bulk(
    insert(contents), shared=("depth", "is_held", "is_placed", "moves", "first_seen_at"), own=("sha256", "size")
)
_ADD_HOLDINGS = Bulk(insert(holdings), shared=("container_id",), own=("sha256",))
_MOVE = Listed(
    contents.update()
    .where(contents.c.sha256.op("IN")(LIST))
    .values(is_placed=sa.false(), moves=contents.c.moves + ONE, depth=NONE)
)
_HOLD = Listed(contents.update().where(contents.c.sha256.op("IN")(LIST)).values(is_held=sa.true()))


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What stands for and against new blobs of a container."""

    is_there: bool
    """Whether the container is."""
    may_write: bool
    """Whether the writer of their objects may give them rows."""
    etag: int
    """The number of the newest etag of the room."""
    taken: set[str]
    """Those names that any version, be it a deleted one, a lease, or a block that was put has."""


def see(connection: sqlite3.Connection, container_id: int, names: Collection[str], maker: str) -> Seen:
    """Look, in one statement where nothing stands against them, for all that a landing of new names asks.

    Args:
        connection: The driver's.
        container_id: Of which container.
        names: At least one name.
        maker: The writer of their objects.
    """
    found: set[str] = set()
    state: tuple[Any, ...] = ()
    for row in _SEEN.over(connection, names, container_id, container_id, container_id, maker, container_id):
        if row[0] is None:
            state = row
        else:
            found.add(row[0])
    _, is_there, has_leases, has_blocks, may_write, etag = state
    if has_leases:
        found.update(row[0] for row in _LEASES.over(connection, names, container_id))
    if has_blocks:
        found.update(row[0] for row in _BLOCKS.over(connection, names, container_id))
    return Seen(is_there=bool(is_there), may_write=bool(may_write), etag=int(etag), taken=found)


def add_kept(connection: sqlite3.Connection, maker: str, place: str, kept: Sequence[tuple[str, int]], at: datetime) -> None:
    """Give new objects of one writer their rows.

    Args:
        connection: The driver's.
        maker: The writer, which is not fenced: see `see`.
        place: Where they lie.
        kept: Their ids and sizes.
        at: This instant.
    """
    _ADD_KEPT.add(connection, (maker, place, microseconds(at)), kept)


def add_new(
    connection: sqlite3.Connection, container_id: int, version: str, at: datetime, rows: Sequence[Sequence[Any]]
) -> range:
    """Make current block blobs of names that nothing has; gives their keys, in order.

    Args:
        connection: The driver's.
        container_id: Where.
        version: Their version id.
        at: This instant.
        rows: Of each, the values of `OWN`.
    """
    instant = microseconds(at)
    cursor = _ADD_NEW.add(connection, (container_id, version, instant, instant, "block", 1, 0, 0, 0, NOTHING), rows)
    last = 0 if cursor is None else int(cursor.lastrowid or 0)
    return range(last - len(rows) + 1, last + 1)


def add_whole(connection: sqlite3.Connection, pieces: Sequence[tuple[int, str, int]]) -> None:
    """Give versions the one object that each has: their keys, its id and its size."""
    _ADD_WHOLE.add(connection, (0, 0), pieces)


def take_etags(connection: sqlite3.Connection, newest: int) -> None:
    """Note the number of the newest etag."""
    connection.execute(_ETAGS, (str(newest),))


def adopt(connection: sqlite3.Connection, kept: Collection[KeptObject]) -> bool:
    """Give new objects their rows; False, and nothing is done, where they are not all plain."""
    makers = {writer_of(one.object_id) for one in kept}
    if not all(one.is_new for one in kept) or not all(_WRITER.run(connection, one).fetchone() for one in makers):
        return False
    at = now()
    rows = [
        {"id": o.object_id, "writer": writer_of(o.object_id), "place": o.place, "size": o.size, "created_at": at} for o in kept
    ]
    _ADD_OBJECTS.add(connection, rows)
    return True


def is_there(connection: sqlite3.Connection, container_id: int) -> bool:
    """Say whether a container exists."""
    return _CONTAINER.run(connection, container_id).fetchone() is not None


def taken(connection: sqlite3.Connection, container_id: int, names: Collection[str]) -> set[str]:
    """Give those names that any version, be it a deleted one, a lease, or a block that was put has."""
    found = {row[0] for row in _NAMES.over(connection, names, container_id)}
    if _LEASE.run(connection, container_id).fetchone() is not None:
        found.update(row[0] for row in _LEASES.over(connection, names, container_id))
    if _BLOCK.run(connection, container_id).fetchone() is not None:
        found.update(row[0] for row in _BLOCKS.over(connection, names, container_id))
    return found


def add_versions(connection: sqlite3.Connection, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Make versions; gives their keys, which are in order, since nobody else writes meanwhile."""
    cursor = _ADD_VERSIONS.add(connection, rows)
    last = 0 if cursor is None else int(cursor.lastrowid or 0)
    return list(range(last - len(rows) + 1, last + 1))


def add_pieces(connection: sqlite3.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Give versions their pieces."""
    _ADD_PIECES.add(connection, rows)


def add_tags(connection: sqlite3.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Give versions their tags."""
    _ADD_TAGS.add(connection, rows)


def fingerprint(connection: sqlite3.Connection, digests: Mapping[int, tuple[str, str]]) -> dict[int, dict[str, int]]:
    """Note the SHA-256 of versions, unless they have changed or gone.

    Args:
        connection: The driver's.
        digests: Etag and SHA-256 of each, by its key.

    Returns:
        Sizes of the contents that live blobs now have, by container: hand them to `place`.
    """
    placed: dict[int, dict[str, int]] = {}
    given = [value for key, (etag, sha256) in digests.items() for value in (key, etag, sha256)]
    for at in range(0, len(given), 3 * MOST):
        some = given[at : at + 3 * MOST]
        marks = ",".join(["(?,?,?)"] * (len(some) // 3))
        for sha256, is_live, container_id, size in connection.execute(_FINGERPRINT.format(marks), some):
            if is_live:
                placed.setdefault(container_id, {})[sha256] = size
    return placed


def place(connection: sqlite3.Connection, container_id: int, sizes: Mapping[str, int]) -> dict[str, int]:
    """Take note that a container's live blobs now hold contents; gives those that are left, since more is inside of them."""
    known = {row[0] for row in _KNOWN.over(connection, sizes)}
    fresh = sorted(sizes.keys() - known)
    _ADD_CONTENTS.add(connection, (0, 1, 0, 1, microseconds(now())), [(sha256, sizes[sha256]) for sha256 in fresh])
    whole = {row[0] for row in _PARENTS.over(connection, known)} if known else set()
    plain = known - whole
    held = {row[0] for row in _HELD.over(connection, plain, container_id)} if plain else set()
    new = sorted(plain - held)
    for _ in _MOVE.over(connection, plain):
        pass
    for _ in _HOLD.over(connection, new):
        pass
    _ADD_HOLDINGS.add(connection, (container_id,), [(sha256,) for sha256 in sorted((*fresh, *new))])
    return {sha256: sizes[sha256] for sha256 in whole}
