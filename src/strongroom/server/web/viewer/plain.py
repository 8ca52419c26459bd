"""Text and code by its lines, and what else says something by its passages."""

from dataclasses import dataclass

from strongroom.domain.locator import Locator
from strongroom.domain.query import Query
from strongroom.domain.text import Lines, Text
from strongroom.index.snippets import marks
from strongroom.server.web.viewer.inside import may_match
from strongroom.server.web.viewer.wanted import Look

LINES = 400
"""Lines on a page."""
LOOKED_AT = 5000
"""Lines in which the first match is looked for, where its place is not known by characters."""
PIECES = 200
TELLING = ("html", "xml", "json")
"""In these, places count what is read out of the text, not the text itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plain:
    """A page of a text."""

    lines: Lines
    """What is shown."""
    chosen: frozenset[int]
    """Numbers of the lines that it was opened at."""
    before: int | None
    """Number of the first line of the page before; None where there is none."""
    behind: int | None
    """The same, of the page behind."""


def plain(look: Look) -> Plain:
    """Open a text at its match, or at a line."""
    media_type = look.card.media_type or ""
    counts = look.at.char_start if not any(word in media_type for word in TELLING) else None
    sha = look.card.sha256
    if look.wanted.line or counts is None:
        first = look.wanted.line or (_first(look) if look.query.terms else 1)
        lines = look.room.lines(sha, first, LINES)
    else:
        lines = look.room.lines(sha, count=LINES, char=counts)
    return Plain(
        lines=lines,
        chosen=_chosen(lines, look.at if counts is not None else Locator()),
        before=max(1, lines.start - LINES) if lines.start > 1 else None,
        behind=lines.start + len(lines.lines) if lines.more else None,
    )


def _first(look: Look) -> int:
    """Give the line from which the first match stands a little way down."""
    found = look.room.lines(look.card.sha256, 1, LOOKED_AT)
    hit = next((number for number, line in enumerate(found.lines, 1) if _matches(line, look.query)), 1)
    return max(1, hit - LINES // 4)


def _matches(line: str, query: Query) -> bool:
    return may_match(line, query) and bool(marks(line, query))


def _chosen(lines: Lines, at: Locator) -> frozenset[int]:
    if at.char_start is None:
        return frozenset()
    end = at.char_end if at.char_end is not None else at.char_start + 1
    placed = enumerate(zip(lines.chars, lines.lines, strict=True), lines.start)
    return frozenset(number for number, (char, line) in placed if char < end and char + len(line) >= at.char_start)


def passages(look: Look) -> Text:
    """Give what a content says where nothing knows how to show it better."""
    segment = look.opened.segment_id if look.opened and look.wanted.after is None else None
    return look.room.text(look.card.sha256, segment=segment, after=look.wanted.after or 0, limit=PIECES)
