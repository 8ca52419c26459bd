"""The filter ``entity:``: the catalog says which contents name something, and the index is asked among those.

A predicate lists the contents while they are few. Of more, the index is not told: what it ranks is held against the catalog
instead, and ranked deeper until a page is full, so that neither a query nor memory grows with the room.
"""

from dataclasses import dataclass, field, replace

import pyarrow as pa

from strongroom.domain.query import Choice
from strongroom.domain.scope import Scope
from strongroom.index import Ranking
from strongroom.storage.catalog import Catalog, entities

INLINE = 5_000
"""Contents that a predicate lists, at most: 5,000 make it 340 kB."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NamingFilter:
    """What ``entity:`` and ``-entity:`` let through in one search."""

    within: frozenset[str] | None = None
    """The only contents; None where all are let through, or too many to list."""
    outside: frozenset[str] = frozenset()
    """Contents that are not let through."""
    later: Choice = field(default_factory=Choice)
    """What is to be held against the catalog afterwards."""

    def narrowed(self, ranking: Ranking, catalog: Catalog, scope: Scope) -> Ranking:
        """Keep of a ranking what the filter lets through."""
        if self.later == Choice():
            return ranking
        column = ranking.table.column("content_sha256").to_pylist()
        with catalog.read() as tx:
            kept = set(column)
            for name in self.later.only:
                kept = entities.naming(tx, [name], scope, among=kept)
            if self.later.without:
                kept -= entities.naming(tx, self.later.without, scope, among=kept)
        return replace(ranking, table=ranking.table.filter(pa.array([one in kept for one in column], pa.bool_())))


def naming_filter(catalog: Catalog, wanted: Choice, scope: Scope) -> NamingFilter:
    """Look up what a query's entities let through.

    Args:
        catalog: The room's.
        wanted: Spellings; a content must name all that are asked for, and none of the others.
        scope: What may be seen.
    """
    if wanted == Choice():
        return NamingFilter()
    within: set[str] | None = None
    later: list[str] = []
    with catalog.read() as tx:
        for name in wanted.only:
            found = entities.naming(tx, [name], scope, limit=INLINE + 1)
            if len(found) > INLINE:
                later.append(name)
            else:
                within = found if within is None else within & found
        outside = entities.naming(tx, wanted.without, scope, limit=INLINE + 1) if wanted.without else set()
    much = len(outside) > INLINE
    return NamingFilter(
        within=None if within is None else frozenset(within),
        outside=frozenset() if much else frozenset(outside),
        later=Choice(only=tuple(later), without=wanted.without if much else ()),
    )
