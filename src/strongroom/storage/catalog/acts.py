"""Rows of acts: every use of the room, in the order in which it was made."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from strongroom.domain.scope import Actor, Purpose
from strongroom.ports import Act, Entry
from strongroom.storage.catalog.catalog import Transaction, now
from strongroom.storage.catalog.schema import acts as table
from strongroom.storage.catalog.texts import storable


def append(tx: Transaction, act: Act) -> int:
    """Write an act down and give its index, counted from 0; there are no gaps."""
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql("LOCK TABLE acts IN SHARE ROW EXCLUSIVE MODE")  # a sequence would leave gaps
    index = int(tx.execute(sa.select(sa.func.coalesce(sa.func.max(table.c.id), -1))).scalar_one()) + 1
    values = {
        "id": index,
        "at": now(),
        "verb": act.verb,
        "actor": act.actor.name,
        "purpose": act.purpose.name,
        "policy_version": act.policy_version,
        "details": act.details,
    }
    tx.execute(table.insert(), storable(values))
    return index


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
