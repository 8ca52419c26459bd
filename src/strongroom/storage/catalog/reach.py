"""What containers a question reaches, and how many contents they hold in each standing."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.schema import containers as container_rows
from strongroom.storage.catalog.schema import contents, holdings


def containers(tx: Transaction, granted: Iterable[int] | None) -> list[int] | None:
    """Give the containers that are granted and exist; None where those are all that hold anything.

    Questions about the whole room need not look at where contents are held, and are far quicker.

    Args:
        tx: A transaction.
        granted: Ids of containers; None for all.
    """
    rows = tx.execute(sa.select(container_rows.c.id, container_rows.c.deleted_at)).all()
    live = {row.id for row in rows if row.deleted_at is None}
    inside = live if granted is None else live & set(granted)
    outside = [row.id for row in rows if row.id not in inside]
    return sorted(inside) if any(_holds(tx, container_id) for container_id in outside) else None


def standing_counts(tx: Transaction, granted: Iterable[int] | None) -> dict[int | None, int]:
    """Count live contents by standing, each once wherever it is held."""
    inside = containers(tx, granted)
    if inside is None:
        # spelt by hand so that the partial index serves it alone
        rows = tx.execute(sa.text("SELECT standing, count(*) FROM contents WHERE is_held GROUP BY standing"))
        return dict(rows.all())
    every = sa.select(holdings.c.sha256).where(holdings.c.container_id.in_(inside))
    once = (every if len(inside) == 1 else every.distinct()).subquery()
    statement = sa.select(contents.c.standing, sa.func.count()).join(once, once.c.sha256 == contents.c.sha256)
    return dict(tx.execute(statement.group_by(contents.c.standing)).all())


def held(inside: Sequence[int] | None) -> sa.ColumnElement[bool]:
    """Give the condition that a content is held by one of some containers; None is any."""
    if inside is None:
        return contents.c.is_held
    return sa.exists().where(holdings.c.sha256 == contents.c.sha256, holdings.c.container_id.in_(inside))


def _holds(tx: Transaction, container_id: int) -> bool:
    found = sa.select(holdings.c.sha256).where(holdings.c.container_id == container_id).limit(1)
    return tx.scalar(found) is not None
