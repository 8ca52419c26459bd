"""The part of a segment's text that shows why it was found, with the matched stretches marked."""

from collections.abc import Sequence
from dataclasses import dataclass

from strongroom.domain.query import Query
from strongroom.index.tokens import fold, spans, stem, telling, unspaced, words

LENGTH = 240
"""Characters of a snippet, at most."""
PREFIX = 3
"""A stem keeps so many first letters of its word, so that most words need no stemming to be told apart."""
TEXT = 100_000
"""Characters of a segment that are looked at."""

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Snippet:
    """A cut of a text."""

    text: str
    """Plain text; an ellipsis stands where it was cut."""
    marks: Spans
    """Start and end of each matched stretch in it."""


def marks(text: str, query: Query) -> list[tuple[int, int]]:
    """Find what a query matches in a text: its words in any inflection, its phrases as they stand.

    Returns:
        Start and end of each stretch, in order, none overlapping another.
    """
    found = [span for phrase in query.phrases for span in spans(text, phrase)]
    wanted = [fold(word) for term in telling(query.words) for word, _, _ in words(term)]
    found += [span for word in wanted if unspaced(word) for span in spans(text, word)]
    stems = {stem(word) for word in wanted}
    beginnings = tuple({word[:PREFIX] for word in stems})
    for word, start, end in words(text) if beginnings else ():
        plain = fold(word)
        if plain.startswith(beginnings) and stem(plain) in stems:
            found.append((start, end))
    return _joined(found)


def _joined(found: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def snippet(text: str, query: Query, length: int = LENGTH) -> Snippet:
    """Cut the window out of a text that shows most of what matched.

    Args:
        text: The segment's text.
        query: What was asked.
        length: Characters, at most (two more for the ellipses).
    """
    text = text[:TEXT]
    found = marks(text, query)
    start = _start(text, found, length)
    end = min(len(text), start + length)
    start, end = _on_borders(text, start, end)
    start += len(text[start:end]) - len(text[start:end].lstrip())
    end -= len(text[start:end]) - len(text[start:end].rstrip())
    before, after = "…" if start > 0 else "", "…" if end < len(text) else ""
    shift = len(before) - start
    inside = [(max(a, start) + shift, min(b, end) + shift) for a, b in found if a < end and b > start]
    plain = "".join(" " if character.isspace() else character for character in text[start:end])
    return Snippet(text=before + plain + after, marks=tuple(inside))


def _start(text: str, found: Sequence[tuple[int, int]], length: int) -> int:
    """Choose where to cut: the window with the most different matched words, then the most, then the first."""
    if not found or len(text) <= length:
        return 0
    best, best_worth = 0, (-1, -1)
    first = 0
    for last, (_, end) in enumerate(found):
        while found[last][1] - found[first][0] > length and first < last:
            first += 1
        inside = found[first : last + 1]
        worth = (len({stem(fold(text[a:b])) for a, b in inside}), len(inside))
        if worth > best_worth:
            slack = max(0, length - (end - found[first][0]))
            best, best_worth = max(0, found[first][0] - slack // 2), worth
    return max(0, min(best, len(text) - length))


def _on_borders(text: str, start: int, end: int) -> tuple[int, int]:
    """Move both ends to the nearest border of words inside the window, if one is near."""
    near = 20
    if start > 0 and not text[start - 1].isspace():
        start = next((at + 1 for at in range(start, min(start + near, end)) if text[at].isspace()), start)
    if end < len(text) and not text[end].isspace():
        end = next((at for at in range(end, max(end - near, start), -1) if text[at - 1].isspace()), end)
    return start, end
