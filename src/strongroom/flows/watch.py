"""Watching: which of the contents that were finished lately match the searches that are kept for it."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from strongroom.domain.saved import Saved
from strongroom.domain.scope import Scope
from strongroom.errors import AccessDenied, NotFound, UsageError
from strongroom.flows.parts import Parts
from strongroom.storage.catalog import searches
from strongroom.storage.catalog.catalog import now

logger = logging.getLogger("strongroom.watch")

SOME = 200
"""Contents that are looked at together."""
ROUNDS = 50
"""How often that is done for one search before the next has its turn."""
OVERLAP = timedelta(seconds=60)
"""An analysis may end some seconds before its row is there to be read: so much is looked at again."""

Scopes = Callable[[Saved], Scope]
"""Gives what the owner of a search may see now."""
Record = Callable[[Saved, Scope, list[str]], None]
"""Writes an act into the ledger, before anybody is told."""


def look(parts: Parts, scope_of: Scopes, record: Record) -> int:
    """Look at what was finished since the last time, for every search that watches; gives how many matches are new.

    Args:
        parts: An open room.
        scope_of: Gives what the owner of a search may see now.
        record: Is given the new matches of a search.

    Raises:
        ModelMissing: The text model has not been pulled.
    """
    with parts.catalog.read() as tx:
        watching = searches.watching(tx)
    count = 0
    for search in watching:
        try:
            count += _look(parts, search, scope_of(search), record)
        except (AccessDenied, NotFound, UsageError) as error:
            logger.warning("the search %d of %s cannot watch: %s", search.id, search.actor, error)
    return count


def _look(parts: Parts, search: Saved, scope: Scope, record: Record) -> int:
    until, count = now(), 0
    after = (max(search.reached_at - OVERLAP, search.created_at), "")
    for _ in range(ROUNDS):
        with parts.catalog.read() as tx:
            found = searches.finished(tx, after, until, SOME)
        if not found:
            break
        matching = parts.searcher.sure(search.query, scope, {sha for sha, _ in found})
        count += _note(parts, search, matching, found[-1][1], lambda fresh: record(search, scope, fresh))
        after = (found[-1][1], found[-1][0])
        if len(found) < SOME:
            break
    return count


def _note(parts: Parts, search: Saved, matching: list[str], reached: datetime, record: Callable[[list[str]], None]) -> int:
    """Write down what is new of that which matches, the ledger first."""
    with parts.catalog.read() as tx:
        known = searches.known(tx, search.id, matching)
    fresh = [sha for sha in matching if sha not in known]
    if fresh:
        record(fresh)
    return len(parts.catalog.change(lambda tx: searches.note(tx, search.id, fresh, now(), reached)))
