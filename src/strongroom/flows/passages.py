"""The best segments over all contents, rather than the best contents: what answers are made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from strongroom.domain.answer import Passage
from strongroom.domain.content import Content, Name
from strongroom.domain.findings import PICTURES
from strongroom.domain.media import OCTETS
from strongroom.domain.query import Choice
from strongroom.domain.scope import Scope
from strongroom.flows.locating import locator
from strongroom.flows.moments import type_name
from strongroom.index import Ranking
from strongroom.index.reader import DEPTH, SHOWN, taken
from strongroom.storage.catalog import Catalog, contents, names
from strongroom.storage.tables import View

DEEPEST = 8 * DEPTH
"""How deep each channel is asked, where the scope shows little of what it finds."""
LONGEST = 4_000
"""Characters of a segment that are read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shown:
    """What the scope shows of the contents that were ranked."""

    named: dict[str, tuple[Name, ...]]
    known: dict[str, Content]

    def lets_through(self, sha256: str, types: Choice) -> bool:
        """Say whether a content is granted, and of a type that is asked for."""
        if sha256 not in self.named or sha256 not in self.known:
            return False
        type_ = type_name(self.known[sha256])
        return (not types.only or type_ in types.only) and type_ not in types.without


def best_passages(
    catalog: Catalog, view: View, rank: Callable[[View, int], Ranking], scope: Scope, *, types: Choice, limit: int
) -> list[Passage]:
    """Rank as deep as it takes to have so many passages that the catalog grants now.

    Args:
        catalog: Decides on each content.
        view: The version of the index to read.
        rank: Gives the ranking of a depth.
        scope: What may be seen.
        types: Plain types that are let through.
        limit: Passages, at most.

    Returns:
        Best first; segments of pictures are not among them: their labels say nothing.
    """
    depth = DEPTH
    while True:
        ranking = rank(view, depth)
        rows = sorted(ranking.table.to_pylist(), key=lambda row: -row["segment_score"])
        found = _granted(catalog, view, rows, scope, types=types, limit=limit)
        if len(found) >= limit or not ranking.cut or depth >= DEEPEST:
            return found
        depth *= 2


def _granted(
    catalog: Catalog, view: View, rows: list[dict[str, Any]], scope: Scope, *, types: Choice, limit: int
) -> list[Passage]:
    sha256s = list(dict.fromkeys(row["content_sha256"] for row in rows))
    with catalog.read() as tx:
        shown = _Shown(named=names.names(tx, sha256s, scope, limit=1), known=contents.contents(tx, sha256s))
    chosen = [row for row in rows if shown.lets_through(row["content_sha256"], types)]
    segments = taken(view, [row["row"] for row in chosen], SHOWN)
    passages = []
    for row in chosen:
        segment, sha256 = segments[row["row"]], row["content_sha256"]
        if segment["kind"] in PICTURES or not (segment["text"] or "").strip():
            continue
        passages.append(
            Passage(
                segment_id=segment["segment_id"],
                content=sha256,
                name=shown.named[sha256][0],
                media_type=shown.known[sha256].media_type or OCTETS,
                kind=segment["kind"],
                locator=locator(segment),
                text=segment["text"][:LONGEST],
                score=row["segment_score"],
            )
        )
    return passages[:limit]
