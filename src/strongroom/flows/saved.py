"""Saved searches: kept by name, and told apart by whose they are."""

import secrets
from datetime import datetime

from strongroom.domain.query import parse
from strongroom.domain.saved import MOST, NAME_MOST, QUERY_MOST, New, News, Saved
from strongroom.domain.scope import Scope
from strongroom.errors import UsageError
from strongroom.flows.moments import type_name
from strongroom.flows.parts import Parts
from strongroom.storage.catalog import Transaction, contents, names, searches
from strongroom.storage.catalog.catalog import now

SHOWN = 100
"""Matches that are shown, and told in a feed."""
NAMES = 5
SECRET_BYTES = 32


def save(parts: Parts, scope: Scope, name: str, query: str, *, watch: bool, webhook: str | None) -> Saved:
    """Keep a search for an actor.

    Raises:
        UsageError: The name or the query cannot be, or there are too many.
        AlreadyExists: They keep one of this name.
    """
    name, query = " ".join(name.split()), query.strip()
    if not 1 <= len(name) <= NAME_MOST or not name.isprintable():
        raise UsageError(f"a search is kept under a name of 1 to {NAME_MOST} characters that can be printed")
    if not 1 <= len(query) <= QUERY_MOST:
        raise UsageError(f"a search that is kept has 1 to {QUERY_MOST:,} characters")
    parse(query)
    if webhook is not None and not watch:
        raise UsageError("only a search that watches has something to tell a webhook: let it watch")
    at = now()
    wanted = Saved(
        id=0,
        actor=scope.actor.name,
        name=name,
        query=query,
        is_watching=watch,
        webhook=webhook,
        feed_secret=secrets.token_urlsafe(SECRET_BYTES),
        created_at=at,
        reached_at=at,
        seen_at=at,
    )

    def write(tx: Transaction) -> Saved:
        if len(searches.kept(tx, wanted.actor)) >= MOST:
            raise UsageError(f"you keep {MOST} searches, which are all that one may keep: delete one")
        return searches.create(tx, wanted)

    return parts.catalog.change(write)


def news(parts: Parts, scope: Scope, number: int, *, limit: int = SHOWN) -> News:
    """Give a search with what it found lately, as far as its owner may still see it.

    Raises:
        NotFound: The actor keeps none of this number.
    """
    with parts.catalog.read() as tx:
        search = searches.get(tx, number, scope.actor.name)
        return News(search=search, matches=_shown(tx, search, scope, searches.matches(tx, number, limit=limit)))


def untold(parts: Parts, scope: Scope, number: int) -> tuple[News, list[str]]:
    """Give what a webhook is to be told now, the oldest first, and every content that this settles.

    Raises:
        NotFound: The actor keeps none of this number.
    """
    with parts.catalog.read() as tx:
        search = searches.get(tx, number, scope.actor.name)
        found = searches.matches(tx, number, limit=SHOWN, is_untold=True)
        return News(search=search, matches=_shown(tx, search, scope, found)), [sha for sha, _ in found]


def _shown(tx: Transaction, search: Saved, scope: Scope, found: list[tuple[str, datetime]]) -> tuple[New, ...]:
    shas = [sha for sha, _ in found]
    named, known = names.names(tx, shas, scope, limit=NAMES), contents.contents(tx, shas)
    return tuple(
        New(
            content=sha,
            names=named[sha],
            type=type_name(known[sha]),
            size=known[sha].size,
            found_at=at,
            is_unseen=at > search.seen_at,
        )
        for sha, at in found
        if sha in named and sha in known
    )
