"""Searching inside one content: the passages that match, each with its place."""

from collections.abc import Iterator
from dataclasses import dataclass

from strongroom.domain.query import Query
from strongroom.domain.text import Piece
from strongroom.index.snippets import PREFIX, Snippet, snippet
from strongroom.index.tokens import fold, telling, words
from strongroom.server.web.viewer.wanted import Look

STEP = 1000
"""Passages that are read at once."""
LOOKED_AT = 5000
"""Passages that are looked through."""
SHOWN = 100
LENGTH = 160
"""Characters of what is shown of a passage."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One passage that matches."""

    piece: Piece
    """The passage."""
    snippet: Snippet
    """What is shown of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inside:
    """What was found inside a content."""

    found: tuple[Found, ...]
    """In reading order."""
    looked_at: int
    """How many passages were looked through."""
    total: int
    """How many it has."""


def inside(look: Look) -> Inside:
    """Find what is marked in the passages of a content, the first hundred that match."""
    found: list[Found] = []
    at = total = 0
    while (at == 0 or at < min(total, LOOKED_AT)) and len(found) < SHOWN:
        text = look.room.text(look.card.sha256, after=at, limit=STEP)
        if not text.pieces:
            break
        for piece in text.pieces:
            at += 1
            found += _matching(piece, look.query)
            if len(found) == SHOWN:
                break
        total = text.total
    return Inside(found=tuple(found), looked_at=at, total=total)


def _matching(piece: Piece, query: Query) -> Iterator[Found]:
    if not piece.text or not may_match(piece.text, query):
        return
    cut = snippet(piece.text, query, LENGTH)
    if cut.marks:
        yield Found(piece=piece, snippet=cut)


def may_match(text: str, query: Query) -> bool:
    """Say whether a text may hold what is asked for: a look at the beginnings of words, which costs little."""
    wanted = [word for word, _, _ in words(" ".join((*telling(query.words), *query.phrases)))]
    plain = fold(text) if len(text) < STEP * STEP else text.casefold()
    return any(fold(word)[:PREFIX] in plain for word in wanted)
