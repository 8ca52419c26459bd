"""Rows of acts: every use of the room, in the order in which it was made."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from strongroom.domain.scope import Actor, Purpose
from strongroom.ports import Act, Entry
from strongroom.storage.catalog.catalog import Transaction, now
from strongroom.storage.catalog.prepared import Insertion, Prepared, driver
from strongroom.storage.catalog.schema import acts as table
from strongroom.storage.catalog.texts import storable

_LAST = sa.select(sa.func.coalesce(sa.func.max(table.c.id), -1))
_PREPARED_LAST = Prepared(_LAST, compile_kwargs={"literal_binds": True})
_ADD = Insertion(table.insert(), table)


def append(tx: Transaction, given: Sequence[Act]) -> int:
    """Write acts down, in their order, and give the index of the first, counted from 0; there are no gaps."""
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql("LOCK TABLE acts IN SHARE ROW EXCLUSIVE MODE")  # a sequence would leave gaps
    connection, at = driver(tx), now()
    last = tx.execute(_LAST).scalar_one() if connection is None else _PREPARED_LAST.run(connection).fetchone()[0]
    first = int(last) + 1
    rows = [
        {
            "id": index,
            "at": at,
            "verb": act.verb,
            "actor": act.actor.name,
            "purpose": act.purpose.name,
            "policy_version": act.policy_version,
            "details": act.details,
        }
        for index, act in enumerate(given, first)
    ]
    plain = storable(rows)
    if connection is None:
        tx.execute(table.insert(), plain)
    else:
        _ADD.add(connection, plain)
    return first


def list(tx: Transaction, after: int, limit: int) -> Sequence[tuple[int, Act]]:  # noqa: A001 - read as `acts.list`
    """Give acts with their indexes, oldest first.

    Args:
        tx: A transaction.
        after: Index of the last one known; -1 for none.
        limit: How many at most.
    """
    statement = sa.select(table).where(table.c.id > after).order_by(table.c.id).limit(limit)
    return [(row.id, _act(row)) for row in tx.execute(statement)]


def last(tx: Transaction, before: int | None, limit: int) -> Sequence[Entry]:
    """Give entries, the newest first.

    Args:
        tx: A transaction.
        before: Index of the oldest one known; None for none.
        limit: How many at most.
    """
    statement = sa.select(table).order_by(table.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(table.c.id < before)
    return [Entry(index=row.id, at=row.at, act=_act(row)) for row in tx.execute(statement)]


def _act(row: sa.Row[Any]) -> Act:
    return Act(
        verb=row.verb,
        actor=Actor(name=row.actor),
        purpose=Purpose(name=row.purpose),
        policy_version=row.policy_version,
        details=row.details,
    )
