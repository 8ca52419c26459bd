"""What containers a question reaches, and how many contents they hold in each standing."""

from collections.abc import Collection, Iterable, Iterator, Sequence

import sqlalchemy as sa

from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.schema import containers as container_rows
from strongroom.storage.catalog.schema import contents, holdings

LARGE = 20_000
"""Contents in some containers from which on the whole room is walked for them."""


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
    if _are_large(tx, inside):  # then walk the index on standings, and look each content up: both are index-only
        within = " AND EXISTS (SELECT 1 FROM holdings h WHERE h.container_id IN :inside AND h.sha256 = contents.sha256)"
        text = f"SELECT standing, count(*) FROM contents WHERE is_held{within} GROUP BY standing"  # noqa: S608 - no input in it
        return dict(tx.execute(sa.text(text).bindparams(sa.bindparam("inside", inside, expanding=True))).all())
    every = sa.select(holdings.c.sha256).where(holdings.c.container_id.in_(inside)).distinct().subquery()
    statement = sa.select(contents.c.standing, sa.func.count()).join(every, every.c.sha256 == contents.c.sha256)
    return dict(tx.execute(statement.group_by(contents.c.standing)).all())


def standing_counts_by_container(tx: Transaction, ids: Collection[int]) -> Iterator[tuple[int, int | None, int]]:
    """Give container, standing and number of the contents of containers, each content once in each of them."""
    if len(ids) == 1 and containers(tx, ids) is None:  # then it holds all that there is, which an index counts
        (only,) = ids
        yield from ((only, standing, count) for standing, count in standing_counts(tx, ids).items())
        return
    if not ids:
        return
    # in this order both indexes serve it alone, and a cross join is what keeps SQLite to it
    text = (
        "SELECT h.container_id, c.standing, count(*) FROM contents c CROSS JOIN holdings h"
        " WHERE c.is_held AND h.sha256 = c.sha256 AND h.container_id IN :ids GROUP BY h.container_id, c.standing"
        if _are_large(tx, sorted(ids))
        else "SELECT h.container_id, c.standing, count(*) FROM holdings h JOIN contents c ON c.sha256 = h.sha256"
        " WHERE h.container_id IN :ids GROUP BY h.container_id, c.standing"
    )
    counted = sa.text(text).bindparams(sa.bindparam("ids", sorted(ids), expanding=True))
    yield from (tuple(row) for row in tx.execute(counted))


def held(inside: Sequence[int] | None) -> sa.ColumnElement[bool]:
    """Give the condition that a content is held by one of some containers; None is any."""
    if inside is None:
        return contents.c.is_held
    return sa.exists().where(holdings.c.sha256 == contents.c.sha256, holdings.c.container_id.in_(inside))


def _are_large(tx: Transaction, inside: Sequence[int]) -> bool:
    some = sa.select(holdings.c.sha256).where(holdings.c.container_id.in_(inside)).limit(LARGE).subquery()
    return tx.execute(sa.select(sa.func.count()).select_from(some)).scalar_one() == LARGE


def _holds(tx: Transaction, container_id: int) -> bool:
    found = sa.select(holdings.c.sha256).where(holdings.c.container_id == container_id).limit(1)
    return tx.scalar(found) is not None
