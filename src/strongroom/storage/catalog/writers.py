"""Rows of processes that write objects."""

from sqlalchemy import delete, insert, select, update

from strongroom.storage.catalog.catalog import Transaction, now
from strongroom.storage.catalog.schema import writers


def register(tx: Transaction, writer: str) -> None:
    """Say that a process writes objects under this id."""
    tx.execute(insert(writers).values(id=writer, opened_at=now()))


def remove(tx: Transaction, writer: str) -> None:
    """Forget a writer that left no object without a row."""
    tx.execute(delete(writers).where(writers.c.id == writer))


def all_ids(tx: Transaction) -> list[str]:
    """Give every writer, oldest first."""
    return list(tx.execute(select(writers.c.id).order_by(writers.c.opened_at, writers.c.id)).scalars())


def fence(tx: Transaction, writer: str) -> None:
    """Let no object of a writer get a row any more, so that those without one may be removed."""
    tx.execute(update(writers).where(writers.c.id == writer).values(fenced_at=now()))


def unfenced(tx: Transaction, ids: set[str]) -> set[str]:
    """Give those writers that may still give objects rows; none of them can be fenced before the transaction ends."""
    statement = select(writers.c.id).where(writers.c.id.in_(ids), writers.c.fenced_at.is_(None)).order_by(writers.c.id)
    return set(tx.execute(statement.with_for_update(read=True)).scalars())
