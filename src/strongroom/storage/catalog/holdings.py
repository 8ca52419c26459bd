"""Which containers hold a content, in a live blob itself or inside of one: kept right as blobs and members come and go.

It is derived from `versions` and `members`, so that scopes, coverage and pending work need not walk archives. What takes
away follows delete-and-rederive (Gupta, Mumick, Subrahmanian 1993), because an archive may hold itself.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

import sqlalchemy as sa

from strongroom.storage.catalog.catalog import Transaction, dialect_insert, now
from strongroom.storage.catalog.schema import containers, contents, is_true, members, versions
from strongroom.storage.catalog.schema import holdings as table

CHUNK = 500
"""Values in one IN list."""


def chunks(values: Collection[str]) -> Iterator[list[str]]:
    """Cut values into sorted lists that fit one statement; sorted, so that two writers lock rows in one order."""
    ordered = sorted(values)
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]


def change(tx: Transaction, *, placed: Mapping[str, int], displaced: Collection[str] = ()) -> None:
    """Take note that live blobs now hold contents, and that others let go; call it after the versions' rows are changed.

    Give all that one act changes at once: a whole container in one call is far cheaper than blob by blob.

    Args:
        tx: The transaction that makes and removes the blobs.
        placed: Bytes of each content that a blob now holds, by its SHA-256; contents that are new get their rows.
        displaced: Contents of the versions that are no longer live.
    """
    known = _lock(tx, {*placed, *displaced})
    fresh = {sha: size for sha, size in placed.items() if sha not in known}
    if fresh:
        known |= _insert(tx, fresh)
    if placed:
        _place(tx, placed.keys(), known)
    gone = known & set(displaced)
    if gone:
        release(tx, gone)


def release(tx: Transaction, sha256s: Collection[str]) -> None:
    """Take contents from the containers that hold them no more, neither in a live blob nor inside of what they hold."""
    move(tx, sha256s)
    taken: dict[int, set[str]] = {}
    for part in chunks(sha256s):
        rows = tx.execute(sa.select(table.c.container_id, table.c.sha256).where(table.c.sha256.in_(part)))
        for container_id, sha in rows:
            taken.setdefault(container_id, set()).add(sha)
    for container_id, shas in sorted(taken.items()):
        gone = _take(tx, container_id, shas)
        spread(tx, container_id, _still_inside(tx, container_id, gone))
        _settle(tx, gone)


def spread(tx: Transaction, container_id: int, sha256s: Collection[str]) -> None:
    """Give a container contents and all that is inside of them; stops where it holds them already."""
    level = set(sha256s)
    while level:
        new: set[str] = set()
        for part in chunks(level):
            held = sa.select(table.c.sha256).where(table.c.container_id == container_id, table.c.sha256.in_(part))
            new |= set(part) - set(tx.scalars(held))
        if not new:
            return
        rows = [{"container_id": container_id, "sha256": sha} for sha in sorted(new)]
        tx.execute(dialect_insert(tx, table).on_conflict_do_nothing(), rows)
        _settle(tx, new)
        level = children(tx, new)


def move(tx: Transaction, sha256s: Collection[str], depth: int | None = None) -> None:
    """Mark contents, and all that is inside of them, as stored elsewhere than their segments say.

    Args:
        tx: A writing transaction.
        sha256s: The contents.
        depth: How deep they now lie at most, where that may have become less.
    """
    level, seen = set(sha256s), set[str]()
    while level:
        for part in chunks(level):
            values: dict[str, object] = {"is_placed": False, "moves": contents.c.moves + 1}
            if depth is not None:
                values["depth"] = sa.case((contents.c.depth > depth, depth), else_=contents.c.depth)
            tx.execute(contents.update().where(_is(part)).values(values))
        seen |= level
        level = children(tx, level) - seen
        depth = None if depth is None else depth + 1


def children(tx: Transaction, sha256s: Collection[str]) -> set[str]:
    """Give the contents directly inside of some."""
    found: set[str] = set()
    for part in chunks(sha256s):
        found |= set(tx.scalars(sa.select(members.c.child_sha256).where(members.c.parent_sha256.in_(part))))
    return found


def live() -> sa.ColumnElement[bool]:
    """Give the condition that a version is what a reader gets, in a container that exists; joins both tables."""
    return sa.and_(
        versions.c.container_id == containers.c.id,
        is_true(versions.c.is_current),
        versions.c.deleted_at.is_(None),
        containers.c.deleted_at.is_(None),
    )


def _lock(tx: Transaction, sha256s: Collection[str]) -> set[str]:
    """Lock the rows of contents in one order, so that no two writers wait for each other; give those that exist."""
    found: set[str] = set()
    for part in chunks(sha256s):
        found |= set(tx.scalars(sa.select(contents.c.sha256).where(_is(part)).order_by(contents.c.sha256).with_for_update()))
    return found


def _insert(tx: Transaction, sizes: Mapping[str, int]) -> set[str]:
    """Make rows of contents; give those that another writer made meanwhile."""
    made = {"depth": 0, "is_held": True, "is_placed": False, "moves": 1, "first_seen_at": now()}
    rows = [{"sha256": sha, "size": size, **made} for sha, size in sorted(sizes.items())]
    if tx.dialect.name == "sqlite":  # one writer at a time
        tx.execute(contents.insert(), rows)
        return set()
    insert = dialect_insert(tx, contents).on_conflict_do_nothing().returning(contents.c.sha256)
    return _lock(tx, sizes.keys() - set(tx.scalars(insert, rows)))


def _place(tx: Transaction, sha256s: Collection[str], known: set[str]) -> None:
    where: dict[int, set[str]] = {}
    for part in chunks(sha256s):
        direct = sa.select(versions.c.container_id, versions.c.sha256).where(live(), versions.c.sha256.in_(part)).distinct()
        for container_id, sha in tx.execute(direct):
            where.setdefault(container_id, set()).add(sha)
    move(tx, known & set(sha256s), depth=0)
    for container_id, shas in sorted(where.items()):
        rows = [{"container_id": container_id, "sha256": sha} for sha in sorted(shas - known)]
        if rows:
            tx.execute(table.insert(), rows)
        spread(tx, container_id, shas & known)
    _settle(tx, set(sha256s) - known.union(*where.values()))


def _is(part: list[str]) -> sa.ColumnElement[bool]:
    return contents.c.sha256.in_(part)


def _take(tx: Transaction, container_id: int, sha256s: Iterable[str]) -> set[str]:
    """Take from a container what no live blob of it holds itself, and all inside; too much, for cycles' sake."""
    level, gone = set(sha256s), set[str]()
    while level:
        lost: set[str] = set()
        for part in chunks(level):
            here = sa.select(table.c.sha256).where(table.c.container_id == container_id, table.c.sha256.in_(part))
            direct = sa.select(versions.c.sha256).where(live(), containers.c.id == container_id, versions.c.sha256.in_(part))
            lost |= set(tx.scalars(here)) - set(tx.scalars(direct))
        for part in chunks(lost):
            tx.execute(table.delete().where(table.c.container_id == container_id, table.c.sha256.in_(part)))
        gone |= lost
        level = children(tx, lost) - gone if lost else set()
    return gone


def _still_inside(tx: Transaction, container_id: int, sha256s: Collection[str]) -> set[str]:
    """Give those that something which the container still holds has inside."""
    within = sa.exists().where(
        members.c.child_sha256 == contents.c.sha256,
        table.c.container_id == container_id,
        table.c.sha256 == members.c.parent_sha256,
    )
    return {sha for part in chunks(sha256s) for sha in tx.scalars(sa.select(contents.c.sha256).where(_is(part), within))}


def _settle(tx: Transaction, sha256s: Collection[str]) -> None:
    """Set `is_held` by the holdings, where it differs."""
    held = sa.exists().where(table.c.sha256 == contents.c.sha256)
    for part in chunks(sha256s):
        tx.execute(contents.update().where(_is(part), contents.c.is_held, ~held).values(is_held=False))
        tx.execute(contents.update().where(_is(part), ~contents.c.is_held, held).values(is_held=True))
