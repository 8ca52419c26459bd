"""Rows of contents: what bytes there are, what they are, and what is inside of them."""

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from strongroom.domain.analysis import State
from strongroom.domain.content import Content
from strongroom.storage.catalog import holdings as held
from strongroom.storage.catalog import objects, standings
from strongroom.storage.catalog.catalog import Transaction, dialect_insert, now
from strongroom.storage.catalog.schema import analyses, holdings, members, renditions
from strongroom.storage.catalog.schema import contents as table
from strongroom.storage.catalog.standings import Standing

PLAIN = (table.c.sha256, table.c.size, table.c.media_type, table.c.type, table.c.depth, table.c.first_seen_at)


def contents(tx: Transaction, sha256s: Collection[str]) -> dict[str, Content]:
    """Give contents by their SHA-256; those that the catalog does not know are left out."""
    found: dict[str, Content] = {}
    for part in held.chunks(sha256s):
        for row in tx.execute(sa.select(*PLAIN).where(table.c.sha256.in_(part))):
            found[row.sha256] = Content(**row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
    return found


def identify(tx: Transaction, sha256: str, media_type: str, type_: str) -> None:
    """Note what a content's bytes are."""
    tx.execute(table.update().where(table.c.sha256 == sha256).values(media_type=media_type, type=type_))
    restate(tx, [sha256])


def add_member_content(tx: Transaction, sha256: str, size: int, depth: int, object_id: str | None) -> None:
    """Note a content that lies inside another; the bytes are in an object of its own.

    Args:
        tx: A writing transaction.
        sha256: The content; one that is known keeps its row, gets the object if it has none, and the lesser depth.
        size: Its bytes.
        depth: 1 for a member of a blob, and so on.
        object_id: Where the bytes are; None for no bytes.
    """
    row = {
        "sha256": sha256,
        "size": size,
        "depth": depth,
        "object_id": object_id,
        "is_held": False,
        "is_placed": False,
        "moves": 1,
        "first_seen_at": now(),
    }
    insert = dialect_insert(tx, table)
    kept = {
        "object_id": sa.func.coalesce(table.c.object_id, insert.excluded.object_id),
        "depth": sa.case((table.c.depth > insert.excluded.depth, insert.excluded.depth), else_=table.c.depth),
    }
    tx.execute(insert.on_conflict_do_update(index_elements=["sha256"], set_=kept), row)


def restate(tx: Transaction, sha256s: Collection[str]) -> None:
    """Set the standing of contents by their rows of analyses."""
    for part in held.chunks(sha256s):
        runs: dict[str, dict[str, tuple[int, State]]] = {sha: {} for sha in part}
        statement = sa.select(analyses.c.sha256, analyses.c.analyzer, analyses.c.version, analyses.c.state)
        for sha, analyzer, version, state in tx.execute(statement.where(analyses.c.sha256.in_(part))):
            runs[sha][analyzer] = (version, State(state))
        kinds = tx.execute(sa.select(table.c.sha256, table.c.media_type, table.c.type).where(table.c.sha256.in_(part)))
        now_standing = {r.sha256: Standing(media_type=r.media_type, type=r.type, runs=runs[r.sha256]) for r in kinds}
        _write_standings(tx, now_standing)


def _write_standings(tx: Transaction, found: Mapping[str, Standing]) -> None:
    ids = standings.ids(tx, found.values())
    rows = [{"key": sha, "to": ids[standing.key()]} for sha, standing in found.items()]
    if rows:
        update = table.update().where(table.c.sha256 == sa.bindparam("key")).values(standing=sa.bindparam("to"))
        tx.execute(update, rows)


def dead(tx: Transaction, limit: int) -> list[str]:
    """Give contents that no live blob holds, neither itself nor inside of it."""
    text = "SELECT sha256 FROM contents WHERE NOT is_held ORDER BY sha256 LIMIT :limit"
    return list(tx.scalars(sa.text(text), {"limit": limit}))


def drop(tx: Transaction, sha256s: Collection[str]) -> list[tuple[str, str]]:
    """Remove contents that no live blob holds, with all that was found out about them.

    Args:
        tx: A writing transaction.
        sha256s: The contents; those that are held (again), or lie in a content that is not given, stay.

    Returns:
        Ids and places of the objects whose bytes are to be removed after the commit.
    """
    gone = _droppable(tx, set(sha256s))
    freed: list[str] = []
    for part in held.chunks(gone):
        freed += tx.scalars(sa.select(renditions.c.object_id).where(renditions.c.sha256.in_(part)))
        freed += tx.scalars(sa.select(table.c.object_id).where(table.c.sha256.in_(part), table.c.object_id.is_not(None)))
        for rows, column in ((renditions, "sha256"), (analyses, "sha256"), (members, "parent_sha256"), (holdings, "sha256")):
            tx.execute(rows.delete().where(rows.c[column].in_(part)))
    for part in held.chunks(gone):
        tx.execute(table.delete().where(table.c.sha256.in_(part)))
    return objects.release(tx, freed)


def _droppable(tx: Transaction, wanted: set[str]) -> set[str]:
    gone: set[str] = set()
    for part in held.chunks(wanted):
        lock = sa.select(table.c.sha256).where(table.c.sha256.in_(part), ~table.c.is_held).order_by(table.c.sha256)
        gone |= set(tx.scalars(lock.with_for_update()))
    while True:
        kept: set[str] = set()
        for part in held.chunks(gone):
            statement = sa.select(members.c.child_sha256, members.c.parent_sha256).where(members.c.child_sha256.in_(part))
            kept |= {child for child, parent in tx.execute(statement) if parent not in gone}
        if not kept:
            return gone
        gone -= kept
