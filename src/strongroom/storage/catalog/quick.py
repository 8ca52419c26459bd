"""The short way of a write on SQLite: new names that nothing stands against, with what they refer to.

All that is not plain is left to `landings`, `objects` and `holdings`, whose rows these are too; a test holds the two ways
equal.
"""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from strongroom.domain.outcome import KeptObject
from strongroom.storage.catalog.catalog import now
from strongroom.storage.catalog.prepared import MOST, Insertion, Listed, Prepared
from strongroom.storage.catalog.schema import (
    blocks,
    containers,
    contents,
    holdings,
    leases,
    members,
    objects,
    tags,
    version_objects,
    versions,
    writers,
)
from strongroom.storage.layout import writer_of

ONE: sa.ColumnElement[int] = sa.literal_column("1")
NONE: sa.ColumnElement[int] = sa.literal_column("0")
KEY: sa.BindParameter[int] = bindparam("key")
LIST: sa.ColumnElement[str] = sa.literal_column("(?)")

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

_FINGERPRINT = """
    WITH given (id, etag, sha256) AS (VALUES {})
    UPDATE versions SET sha256 = given.sha256, fault = NULL FROM given
    WHERE versions.id = given.id AND versions.etag = given.etag AND versions.sha256 IS NULL
    RETURNING sha256, is_current AND deleted_at IS NULL, container_id, size
"""

_ADD_OBJECTS = Insertion(insert(objects).on_conflict_do_nothing(), objects)
_ADD_VERSIONS = Insertion(insert(versions), versions, "id", "fault")
_ADD_PIECES = Insertion(insert(version_objects), version_objects)
_ADD_TAGS = Insertion(insert(tags), tags)
_ADD_CONTENTS = Insertion(insert(contents), contents, "media_type", "type", "object_id", "standing", "duration")
_ADD_HOLDINGS = Insertion(insert(holdings), holdings)
_MOVE = Listed(
    contents.update()
    .where(contents.c.sha256.op("IN")(LIST))
    .values(is_placed=sa.false(), moves=contents.c.moves + ONE, depth=NONE)
)
_HOLD = Listed(contents.update().where(contents.c.sha256.op("IN")(LIST)).values(is_held=sa.true()))


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
    at = now()
    made = {"depth": 0, "is_held": True, "is_placed": False, "moves": 1, "first_seen_at": at}
    fresh = sorted(sizes.keys() - known)
    _ADD_CONTENTS.add(connection, [{"sha256": sha256, "size": sizes[sha256], **made} for sha256 in fresh])
    whole = {row[0] for row in _PARENTS.over(connection, known)} if known else set()
    plain = known - whole
    held = {row[0] for row in _HELD.over(connection, plain, container_id)} if plain else set()
    new = sorted(plain - held)
    for _ in _MOVE.over(connection, plain):
        pass
    for _ in _HOLD.over(connection, new):
        pass
    _ADD_HOLDINGS.add(connection, [{"container_id": container_id, "sha256": sha256} for sha256 in sorted((*fresh, *new))])
    return {sha256: sizes[sha256] for sha256 in whole}
