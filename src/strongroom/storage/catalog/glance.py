"""The short way of a read on SQLite: a container, a blob and its pieces, by statements that are compiled once.

They see what `containers`, `blobs` and `holders` see; a test holds the two ways equal.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, func, select

from strongroom.domain.blob import Look
from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import Container
from strongroom.domain.lease import Lease, Term
from strongroom.domain.scope import Scope
from strongroom.storage.catalog import blobs, containers, leases
from strongroom.storage.catalog.catalog import now
from strongroom.storage.catalog.holders import Piece
from strongroom.storage.catalog.prepared import DIALECT, Prepared
from strongroom.storage.catalog.schema import containers as tables
from strongroom.storage.catalog.schema import is_true, objects, room, tags, version_objects, versions
from strongroom.storage.catalog.schema import leases as terms

KEY: BindParameter[Any] = bindparam("key")
NAME: BindParameter[Any] = bindparam("name")
VERSION: BindParameter[Any] = bindparam("version")


class Selection(Prepared):
    """A SELECT of columns, whose rows are given by column, in Python's types."""

    def __init__(self, statement: Select[Any]) -> None:
        """Compile it."""
        super().__init__(statement)
        chosen = list(statement.selected_columns)
        self._names = [column.name for column in chosen]
        kinds = [column.type.dialect_impl(DIALECT).result_processor(DIALECT, None) for column in chosen]
        self._read = [(place, read) for place, read in enumerate(kinds) if read is not None]

    def row(self, values: Sequence[Any]) -> dict[str, Any]:
        """Give a row as SQLAlchemy would."""
        found = list(values)
        for place, read in self._read:
            found[place] = read(found[place])
        return dict(zip(self._names, found, strict=True))


def _of(*which: ColumnElement[bool]) -> Select[Any]:
    lease = (terms.c.lease_id, terms.c.seconds, terms.c.expires_at, terms.c.breaks_at)
    told = select(func.json_group_object(tags.c.name, tags.c.value)).where(tags.c.version_id == versions.c.id)
    statement = select(*versions.c, *lease, told.scalar_subquery().label("tags"))
    held = (terms.c.container_id == versions.c.container_id) & (terms.c.name == versions.c.name)
    here = (versions.c.container_id == KEY, versions.c.name == NAME, versions.c.deleted_at.is_(None), *which)
    return statement.select_from(versions.outerjoin(terms, held)).where(*here)


_REVISION = Prepared(select(room.c.value).where(room.c.name == "revision"))
_CONTAINER = Selection(select(tables).where(tables.c.name == NAME, tables.c.deleted_at.is_(None)))
_CURRENT = Selection(_of(is_true(versions.c.is_current)))
_VERSION = Selection(_of(versions.c.version == VERSION))
_part = version_objects.c
_PIECES = Prepared(
    select(_part.object_id, objects.c.place, _part.start, _part.length, _part.block_id)
    .join(objects, objects.c.id == _part.object_id)
    .where(_part.version_id == KEY)
    .order_by(_part.seq)
)
_LEASE_PLACE = len(versions.c)
_COUNT = Prepared(select(func.max(_part.seq)).where(_part.version_id == KEY))


def revision(connection: sqlite3.Connection) -> object:
    """Give what is equal for two reads only if nothing was written between them; see `Catalog.revision`."""
    return connection.execute(_REVISION.sql, ("revision",)).fetchone()[0]


def container(connection: sqlite3.Connection, name: str, scope: Scope) -> Container:
    """Give a container; see `containers.get`."""
    row = _CONTAINER.run(connection, name).fetchone()
    if row is None or not scope.grants(row[0]):
        raise containers.missing(name)
    return _container(row)


@lru_cache(maxsize=1024)
def _container(row: tuple[Any, ...]) -> Container:
    return containers.container_of(SimpleNamespace(**_CONTAINER.row(row)))


def look(
    connection: sqlite3.Connection, where: Container, name: str, version: str | None = None, condition: Condition = ALWAYS
) -> Look:
    """Give all that is told of a blob; see `blobs.look`."""
    statement = _CURRENT if version is None else _VERSION
    found = statement.run(connection, *((where.id, name) if version is None else (where.id, name, version))).fetchone()
    if found is None:
        condition.check_read(name, None)
        raise blobs.missing(where, name, version)
    row = statement.row(found)
    blob = blobs.blob_of(where.name, row, row["id"], {} if row["tags"] == "{}" else json.loads(row["tags"]))
    condition.check_read(name, blob.etag, blob.modified_at, lambda: blob.tags)
    lease = _lease(row) if blob.is_current else None
    leases.check_read(lease, condition.lease_id, name)
    return Look(blob=blob, lease=lease, blocks=_count(connection, blob.id) if blob.kind == "append" else None)


def _lease(row: Mapping[str, Any]) -> Lease | None:
    if row["lease_id"] is None:
        return None
    agreed = Term(id=row["lease_id"], seconds=row["seconds"], expires_at=row["expires_at"], breaks_at=row["breaks_at"])
    return agreed.at(now())


def _count(connection: sqlite3.Connection, version_id: int) -> int:
    (last,) = _COUNT.run(connection, version_id).fetchone()
    return 0 if last is None else last + 1


def pieces(connection: sqlite3.Connection, version_id: int) -> list[Piece]:
    """Give the pieces of a block or append blob, in order; see `holders.pieces`."""
    return [
        Piece(object_id=object_id, place=place, start=start, length=length, block_id=block_id)
        for object_id, place, start, length, block_id in _PIECES.run(connection, version_id)
    ]


Rows = tuple[tuple[Any, ...], tuple[Any, ...], tuple[Any, ...] | None]
"""A container, a blob in it and its one piece, as the database gives them: while they stay the same, so does the blob."""


def rows(connection: sqlite3.Connection, container_name: str, name: str) -> Rows | None:
    """Give the rows of a blob of at most one piece; None where there is none, or it is of more, or was ever leased."""
    where = _CONTAINER.run(connection, container_name).fetchone()
    found = None if where is None else _CURRENT.run(connection, where[0], name).fetchone()
    if where is None or found is None or found[_LEASE_PLACE] is not None:
        return None
    parts = _PIECES.run(connection, found[0]).fetchall()
    return (where, found, parts[0] if parts else None) if len(parts) <= 1 else None


def shown(found: Rows) -> tuple[Container, Look, Piece | None]:
    """Give what rows tell of."""
    where, row, part = _container(found[0]), _CURRENT.row(found[1]), found[2]
    blob = blobs.blob_of(where.name, row, row["id"], {} if row["tags"] == "{}" else json.loads(row["tags"]))
    piece = None
    if part is not None:
        object_id, place, start, length, block_id = part
        piece = Piece(object_id=object_id, place=place, start=start, length=length, block_id=block_id)
    return where, Look(blob=blob), piece
