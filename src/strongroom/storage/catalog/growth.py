"""Sums of what is stored, by the day on which it came or went."""

from typing import Any

import sqlalchemy as sa

from strongroom.domain.scope import Scope
from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.schema import containers, contents, is_true, objects, version_objects, versions
from strongroom.storage.catalog.schema import holdings as held

DAY_CHARACTERS = 10
"""A version's id begins with the day of its writing, ``2026-05-04``."""
MICROSECONDS = 86_400_000_000
UNKNOWN = "unknown"
"""Stands for the type of what is not identified yet."""

Row = tuple[int | str, str, int, int]
"""Part, day, blobs, bytes."""


def arrived(tx: Transaction, scope: Scope, by: str) -> list[Row]:
    """Sum the versions by part (id of the container, or type) and the day on which they were written."""
    day = sa.func.substr(versions.c.version, 1, DAY_CHARACTERS)
    return [(part, str(when), int(count), int(size)) for part, when, count, size in _summed(tx, scope, by, day)]


def departed(tx: Transaction, scope: Scope, by: str) -> list[tuple[int | str, int, int, int]]:
    """Sum those that are deleted by part and by the day on which they were, counted from 1970."""
    day = sa.cast(sa.type_coerce(versions.c.deleted_at, sa.BigInteger), sa.BigInteger).op("/")(MICROSECONDS)
    rows = _summed(tx, scope, by, day, versions.c.deleted_at.is_not(None))
    return [(part, int(when), int(count), int(size)) for part, when, count, size in rows]


def _summed(
    tx: Transaction, scope: Scope, by: str, day: sa.ColumnElement[Any], *where: sa.ColumnElement[bool]
) -> list[tuple[Any, ...]]:
    amount = (sa.func.count(), sa.func.coalesce(sa.func.sum(versions.c.size), 0))
    if by == "container":
        statement = sa.select(versions.c.container_id, day.label("day"), *amount)
        key: sa.ColumnElement[Any] = versions.c.container_id
    else:
        key = sa.func.coalesce(contents.c.type, UNKNOWN)
        statement = sa.select(key, day.label("day"), *amount)
        statement = statement.select_from(versions.outerjoin(contents, contents.c.sha256 == versions.c.sha256))
    rows = tx.execute(statement.where(*_inside(tx, scope), *where).group_by(key, sa.text("day")))
    return [tuple(row) for row in rows]


def current(tx: Transaction, scope: Scope) -> tuple[int, int]:
    """Give number and bytes of the blobs that a reader gets."""
    statement = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(versions.c.size), 0))
    live = (is_true(versions.c.is_current), versions.c.deleted_at.is_(None))
    count, size = tx.execute(statement.where(*live, *_inside(tx, scope))).one()
    return int(count), int(size)


def every(tx: Transaction, scope: Scope) -> tuple[int, int]:
    """Give number and bytes of all versions, deleted ones that can be restored among them."""
    statement = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(versions.c.size), 0))
    count, size = tx.execute(statement.where(*_inside(tx, scope))).one()
    return int(count), int(size)


def content_count(tx: Transaction, scope: Scope) -> int:
    """Count the different contents that are held."""
    if scope.containers is None:
        return int(tx.execute(sa.text("SELECT count(*) FROM contents WHERE is_held")).scalar_one())
    statement = sa.select(sa.func.count(sa.distinct(held.c.sha256))).where(held.c.container_id.in_(_ids(tx, scope)))
    return int(tx.execute(statement).scalar_one())


def stored(tx: Transaction, scope: Scope) -> int:
    """Give the bytes that the vault takes: for a scope that grants all, with pictures and members that analyses kept."""
    total = sa.select(sa.func.coalesce(sa.func.sum(objects.c.size), 0))
    if scope.containers is None:
        return int(tx.execute(total).scalar_one())
    of = sa.select(version_objects.c.object_id).join(versions, versions.c.id == version_objects.c.version_id)
    return int(tx.execute(total.where(objects.c.id.in_(of.where(*_inside(tx, scope))))).scalar_one())


def names(tx: Transaction, scope: Scope) -> dict[int, str]:
    """Give the names of the containers, by id."""
    statement = sa.select(containers.c.id, containers.c.name).where(containers.c.id.in_(_ids(tx, scope)))
    return {row.id: row.name for row in tx.execute(statement)}


def _inside(tx: Transaction, scope: Scope) -> list[sa.ColumnElement[bool]]:
    deleted = tx.scalar(sa.select(containers.c.id).where(containers.c.deleted_at.is_not(None)).limit(1)) is not None
    return [versions.c.container_id.in_(_ids(tx, scope))] if deleted or scope.containers is not None else []


def _ids(tx: Transaction, scope: Scope) -> list[int]:
    found = tx.scalars(sa.select(containers.c.id).where(containers.c.deleted_at.is_(None)))
    return sorted(one for one in found if scope.grants(one))
