"""Rows of saved searches, and of what came to match those that watch."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from strongroom.domain.analysis import State
from strongroom.domain.saved import Saved
from strongroom.errors import AlreadyExists, NotFound
from strongroom.storage.catalog import holdings
from strongroom.storage.catalog.catalog import Transaction, dialect_insert
from strongroom.storage.catalog.schema import analyses, search_matches, searches

_UNSEEN = (  # built once: each page asks
    sa.select(sa.func.count())
    .select_from(search_matches.join(searches))
    .where(searches.c.actor == sa.bindparam("actor"), search_matches.c.found_at > searches.c.seen_at)
)


def create(tx: Transaction, search: Saved) -> Saved:
    """Write a search down; its id is given by the catalog.

    Raises:
        AlreadyExists: The actor keeps one of this name.
    """
    names = ["actor", "name", "query", "is_watching", "webhook", "feed_secret", "created_at", "reached_at", "seen_at"]
    values = {name: getattr(search, name) for name in names}
    try:
        number = tx.execute(sa.insert(searches).values(**values).returning(searches.c.id)).scalar_one()
    except IntegrityError as error:
        raise AlreadyExists(
            f"you keep a search named {search.name!r} already: choose another name, or delete that one"
        ) from error
    return get(tx, number, search.actor)


def get(tx: Transaction, number: int, actor: str) -> Saved:
    """Give a search of an actor.

    Raises:
        NotFound: There is none of this number, or it is somebody else's.
    """
    found = _list(tx, searches.c.id == number, searches.c.actor == actor)
    if not found:
        raise NotFound(f"you keep no search number {number}: `strongroom searches list` shows those you keep")
    return found[0]


def find(tx: Transaction, number: int) -> Saved | None:
    """Give a search, whoever's it is; None where there is none."""
    return next(iter(_list(tx, searches.c.id == number)), None)


def kept(tx: Transaction, actor: str) -> Sequence[Saved]:
    """Give the searches of an actor, by name, each with how many matches are unseen."""
    return _list(tx, searches.c.actor == actor)


def watching(tx: Transaction) -> Sequence[Saved]:
    """Give every search that watches."""
    return _list(tx, searches.c.is_watching)


def to_tell(tx: Transaction) -> Sequence[Saved]:
    """Give every search whose webhook is yet to be told of matches."""
    untold = sa.exists().where(search_matches.c.search_id == searches.c.id, search_matches.c.told_at.is_(None))
    return _list(tx, searches.c.webhook.is_not(None), searches.c.is_watching, untold)


def unseen(tx: Transaction, actor: str) -> int:
    """Count the matches that an actor has not looked at."""
    return int(tx.execute(_UNSEEN, {"actor": actor}).scalar_one())


def watch(tx: Transaction, number: int, at: datetime | None) -> None:
    """Let a search watch from an instant on, or no more where that is None."""
    values: dict[str, object] = {"is_watching": at is not None}
    values |= {"reached_at": at} if at is not None else {}
    tx.execute(sa.update(searches).where(searches.c.id == number).values(**values))


def see(tx: Transaction, number: int, at: datetime) -> None:
    """Note that the owner has looked at what matches."""
    tx.execute(sa.update(searches).where(searches.c.id == number).values(seen_at=at))


def remove(tx: Transaction, number: int) -> None:
    """Forget a search and what it found."""
    tx.execute(search_matches.delete().where(search_matches.c.search_id == number))
    tx.execute(searches.delete().where(searches.c.id == number))


def drop_actor(tx: Transaction, actor: str) -> None:
    """Forget the searches of an actor who is let in no more."""
    for number in list(tx.scalars(sa.select(searches.c.id).where(searches.c.actor == actor))):
        remove(tx, number)


def drop(tx: Transaction, sha256s: Collection[str]) -> None:
    """Forget matches of contents that are forgotten."""
    for part in holdings.chunks(sha256s):
        tx.execute(search_matches.delete().where(search_matches.c.sha256.in_(part)))


def finished(tx: Transaction, after: tuple[datetime, str], until: datetime, limit: int) -> list[tuple[str, datetime]]:
    """Give contents whose analyses ended, with the instant, in that order; one with several analyses may come several times.

    Args:
        tx: A transaction.
        after: Instant and SHA-256 of the last one known.
        until: The last instant that is looked at.
        limit: How many at most.
    """
    key = sa.tuple_(analyses.c.finished_at, analyses.c.sha256)
    first = sa.tuple_(sa.literal(after[0], analyses.c.finished_at.type), sa.literal(after[1]))
    statement = sa.select(analyses.c.sha256, analyses.c.finished_at).where(key > first, analyses.c.finished_at <= until)
    ordered = statement.where(analyses.c.state == State.DONE).order_by(analyses.c.finished_at, analyses.c.sha256)
    return [(row.sha256, row.finished_at) for row in tx.execute(ordered.distinct().limit(limit))]


def note(tx: Transaction, number: int, sha256s: Sequence[str], at: datetime, reached: datetime) -> list[str]:
    """Write down what matches a search, and how far was looked; gives those that were not known."""
    before = known(tx, number, sha256s)
    fresh = [sha for sha in dict.fromkeys(sha256s) if sha not in before]
    if fresh:
        rows = [{"search_id": number, "sha256": sha, "found_at": at, "told_at": None} for sha in fresh]
        tx.execute(dialect_insert(tx, search_matches).on_conflict_do_nothing(), rows)
    tx.execute(sa.update(searches).where(searches.c.id == number).values(reached_at=reached))
    return fresh


def known(tx: Transaction, number: int, sha256s: Collection[str]) -> set[str]:
    """Give which of some contents are known to match a search."""
    mine = sa.select(search_matches.c.sha256).where(search_matches.c.search_id == number)
    return {sha for part in holdings.chunks(sha256s) for sha in tx.scalars(mine.where(search_matches.c.sha256.in_(part)))}


def matches(tx: Transaction, number: int, *, limit: int, is_untold: bool = False) -> list[tuple[str, datetime]]:
    """Give what matches a search with when it was found, the newest first; or the oldest that its webhook has not taken."""
    statement = sa.select(search_matches.c.sha256, search_matches.c.found_at).where(search_matches.c.search_id == number)
    found, sha = search_matches.c.found_at, search_matches.c.sha256
    if is_untold:
        statement = statement.where(search_matches.c.told_at.is_(None)).order_by(found, sha)
    else:
        statement = statement.order_by(found.desc(), sha)
    return [(row.sha256, row.found_at) for row in tx.execute(statement.limit(limit))]


def told(tx: Transaction, number: int, sha256s: Collection[str], at: datetime) -> None:
    """Note that the webhook took matches."""
    for part in holdings.chunks(sha256s):
        mine = (search_matches.c.search_id == number, search_matches.c.sha256.in_(part))
        tx.execute(sa.update(search_matches).where(*mine).values(told_at=at))


def _list(tx: Transaction, *where: sa.ColumnElement[bool]) -> list[Saved]:
    counted = sa.select(sa.func.count()).where(
        search_matches.c.search_id == searches.c.id, search_matches.c.found_at > searches.c.seen_at
    )
    statement = sa.select(searches, counted.scalar_subquery().label("unseen")).where(*where)
    return [_saved(row) for row in tx.execute(statement.order_by(searches.c.name, searches.c.id))]


def _saved(row: Any) -> Saved:
    return Saved(**{name: getattr(row, name) for name in Saved.__dataclass_fields__})
