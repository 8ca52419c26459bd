"""`card`: all that a room tells of one content, but for its text."""

from collections.abc import Sequence

import pyarrow.compute as pc

from strongroom.domain.card import Card, Members
from strongroom.domain.media import ARCHIVE, IMAGE, MAIL
from strongroom.domain.scope import Scope
from strongroom.errors import ContentNotFound, UsageError
from strongroom.flows import fetch
from strongroom.flows.parts import Parts
from strongroom.storage.catalog import analyses, cards, members, names, renditions
from strongroom.storage.tables.predicates import of_contents

MOST = 1000
"""Members that are given at once."""
FIRST = 50
"""Names, members and parents on a card."""
VERSIONS = 100
"""Versions on a card."""
PAGES = "page-count"
"""The property that says how many pages there are."""


def card(parts: Parts, sha256: str, scope: Scope) -> Card:
    """Give the card of a content that the scope shows."""
    with parts.catalog.read() as tx:
        content = fetch.content(tx, sha256)
        properties = analyses.properties(tx, [sha256]).get(sha256, {})
        named = names.names(tx, [sha256], scope, limit=FIRST).get(sha256, ())
        if not named:
            raise ContentNotFound(f"the content {sha256} was deleted meanwhile")
        told = {
            "names": named,
            # counting walks up through all that holds it: half a second for the logo of fifty thousand mails
            "name_count": names.name_counts(tx, [sha256], scope).get(sha256, 0) if len(named) == FIRST else len(named),
            "readings": cards.readings(tx, sha256),
            "due": tuple(spec.name for spec in analyses.due(tx, [sha256], parts.specs).get(sha256, ())),
            "members": cards.inside(tx, sha256, after=0, limit=FIRST),
            "parents": cards.around(tx, sha256, scope, FIRST),
            "renditions": renditions.roles(tx, sha256),
            "history": cards.past(tx, sha256, scope, VERSIONS),
        }
    languages, segments = _languages(parts, sha256)
    return Card(
        sha256=sha256,
        size=content.size,
        type=content.type,
        media_type=content.media_type,
        first_seen_at=content.first_seen_at,
        properties=properties,
        page_count=_pages(content.type, properties),
        duration=analyses.seconds_of(properties),
        languages=languages,
        segment_count=segments,
        **told,  # type: ignore[arg-type]
    )


def inside(parts: Parts, sha256: str, *, after: int, limit: int) -> Members:
    """Give a part of what lies inside a content.

    Raises:
        UsageError: A number is none that can be.
    """
    if after < 0 or not 1 <= limit <= MOST:
        raise UsageError(f"after is {after} and limit {limit}: after must be 0 or more, and limit 1 to {MOST}")
    with parts.catalog.read() as tx:
        return cards.inside(tx, sha256, after=after, limit=limit)


def holding(parts: Parts, sha256s: Sequence[str], scope: Scope) -> frozenset[str]:
    """Give which of some contents, as far as the scope shows them, are archives or messages with something inside."""
    with parts.catalog.read() as tx:
        full = members.holding(tx, sha256s, (ARCHIVE, MAIL))
        return frozenset(names.names(tx, list(full), scope, limit=1)) if full else frozenset()


def _pages(type_: str | None, properties: dict[str, object]) -> int | None:
    if type_ == IMAGE:
        return 1
    count = properties.get(PAGES)
    return count if isinstance(count, int) else None


def _languages(parts: Parts, sha256: str) -> tuple[dict[str, int], int]:
    """Count the segments of a content by language, and in all."""
    spoken = parts.table.rows(("language",), of_contents([sha256])).column("language")
    counts = {one["values"]: one["counts"] for one in pc.value_counts(spoken).to_pylist() if one["values"]}
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))), len(spoken)
