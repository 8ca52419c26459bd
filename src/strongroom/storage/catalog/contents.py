"""Rows of contents: what bytes there are, what they are, and what is inside of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from strongroom.domain.analysis import State
from strongroom.domain.content import Content
from strongroom.domain.outcome import KeptObject
from strongroom.storage.catalog import entities, objects, searches, standings
from strongroom.storage.catalog import holdings as held
from strongroom.storage.catalog.catalog import Transaction, dialect_insert, now
from strongroom.storage.catalog.questions import SOME, Question
from strongroom.storage.catalog.schema import EPOCH, analyses, holdings, members, renditions, stretches
from strongroom.storage.catalog.schema import contents as table
from strongroom.storage.catalog.standings import Standing

_SEEN = sa.type_coerce(table.c.first_seen_at, sa.Integer).label("first_seen_at")
_PLAIN = Question(
    sa.select(table.c.sha256, table.c.size, table.c.media_type, table.c.type, table.c.depth, _SEEN).where(
        table.c.sha256.in_(SOME)
    )
)


def contents(tx: Transaction, sha256s: Collection[str]) -> dict[str, Content]:
    """Give contents by their SHA-256; those that the catalog does not know are left out."""
    return {row[0]: _content(row) for row in _PLAIN.over(tx, sha256s)}


def _content(row: Sequence[Any]) -> Content:
    sha256, size, media_type, type_, depth, seen = row
    first = EPOCH + timedelta(microseconds=seen)
    return Content(sha256=sha256, size=size, media_type=media_type, type=type_, depth=depth, first_seen_at=first)


def identify(tx: Transaction, sha256: str, media_type: str, type_: str) -> None:
    """Note what a content's bytes are."""
    restate(tx, {sha256: (media_type, type_)})


def add_member_contents(tx: Transaction, kept: Iterable[KeptObject], depth: int) -> None:
    """Note contents that lie inside another; their bytes are in objects of their own.

    One that is known keeps its row, gets the object if it has none, and the lesser depth.

    Args:
        tx: A writing transaction.
        kept: Their bytes.
        depth: 1 for members of a blob, and so on.
    """
    made = {"depth": depth, "is_held": False, "is_placed": False, "moves": 1, "first_seen_at": now()}
    rows = {one.sha256: {"sha256": one.sha256, "size": one.size, "object_id": one.object_id or None, **made} for one in kept}
    if not rows:
        return
    insert = dialect_insert(tx, table)
    merged = {
        "object_id": sa.func.coalesce(table.c.object_id, insert.excluded.object_id),
        "depth": sa.case((table.c.depth > insert.excluded.depth, insert.excluded.depth), else_=table.c.depth),
    }
    statement = insert.on_conflict_do_update(index_elements=["sha256"], set_=merged)
    tx.execute(statement, [rows[sha] for sha in sorted(rows)])


def restate(tx: Transaction, kinds: Mapping[str, tuple[str | None, str | None]]) -> None:
    """Note what contents are, and set their standings by that and by their rows of analyses.

    Args:
        tx: A writing transaction.
        kinds: Media type and plain type of each content, by its SHA-256.
    """
    columns = (analyses.c.sha256, analyses.c.analyzer, analyses.c.version, analyses.c.state)
    for part in held.chunks(kinds):
        runs: dict[str, dict[str, tuple[int, State]]] = {sha: {} for sha in part}
        for sha, analyzer, version, state in tx.execute(sa.select(*columns).where(analyses.c.sha256.in_(part))):
            runs[sha][analyzer] = (version, State(state))
        keys = {sha: Standing(media_type=kinds[sha][0], type=kinds[sha][1], runs=runs[sha]).key() for sha in part}
        ids = standings.ids(tx, set(keys.values()))
        rows = [{"key": sha, "media": kinds[sha][0], "kind": kinds[sha][1], "to": ids[keys[sha]]} for sha in part]
        values: dict[str, Any] = {
            "media_type": sa.bindparam("media"),
            "type": sa.bindparam("kind"),
            "standing": sa.bindparam("to"),
        }
        tx.execute(table.update().where(table.c.sha256 == sa.bindparam("key")).values(values), rows)


def measure(tx: Transaction, durations: Mapping[str, float | None]) -> None:
    """Note how many seconds recordings take, by SHA-256."""
    rows = [{"key": sha, "seconds": durations[sha]} for sha in sorted(durations)]
    if rows:
        statement = table.update().where(table.c.sha256 == sa.bindparam("key"))
        tx.execute(statement.values(duration=sa.bindparam("seconds")), rows)


def durations(tx: Transaction, sha256s: Collection[str]) -> dict[str, float]:
    """Give the seconds of those contents that are recordings."""
    found: dict[str, float] = {}
    for part in held.chunks(sha256s):
        statement = sa.select(table.c.sha256, table.c.duration).where(table.c.sha256.in_(part), table.c.duration.is_not(None))
        found.update({row.sha256: row.duration for row in tx.execute(statement)})
    return found


def dead(tx: Transaction, limit: int) -> list[str]:
    """Give contents that no live blob holds, neither itself nor inside of it; those that lie in no other content first."""
    inside = sa.exists().where(members.c.child_sha256 == table.c.sha256)
    statement = sa.select(table.c.sha256).where(~table.c.is_held).order_by(inside, table.c.sha256)
    return list(tx.scalars(statement.limit(limit)))


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
        for rows in (renditions, analyses, stretches, holdings):
            tx.execute(rows.delete().where(rows.c.sha256.in_(part)))
        tx.execute(members.delete().where(members.c.parent_sha256.in_(part)))
        entities.drop(tx, part)
        searches.drop(tx, part)
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
