"""Text to passages: a few sentences each, long enough to mean something and short enough for an embedder of 256 tokens.

Borders are sought in falling order of sense: paragraph, sentence, line, word, anywhere. The work for one passage looks at no
more than ``limit`` characters, so time is linear, and the streaming form holds no more than a chunk and a passage.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from strongroom.analyzers import sentences
from strongroom.domain.findings import PASSAGE, Segment
from strongroom.domain.locator import Box, Locator

TARGET, LIMIT = 700, 1200
"""Characters of a passage: what is aimed at (some 150 words of English), and the most."""

_BLOCK = 1 << 16
"""Characters gathered before they are cut."""
_SLACK = 64
"""Characters seen beyond the limit, to judge a border at it."""
_LEAST = 0.3
"""Of the target: a passage is not made shorter than this while there is another way."""
_TAIL = 1.25
"""Of the target: so much at the end of a text stays one passage."""
_HEADING = 100
"""Characters of the longest line that may be a heading."""
_PROSE = ".!?;,:\u2026\u3002\uff01\uff1f\u201d\"'"
"""Marks that a line of prose ends with, and a heading does not."""

_SOLID = re.compile(r"\S")
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*|[\f\u2029]\s*|\n(?=#{1,6} )")
_LINE = re.compile(r"[\n\r\v\u0085\u2028]\s*")
_SPACE = re.compile(r"\s+")
_DENSE = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Scripts that say in one character what English says in three: an embedder has a token for each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Passage:
    """A piece of a text."""

    start: int
    """First character in the text."""
    end: int
    """One past its last character."""
    text: str
    """The characters."""


def split(text: str, target: int = TARGET, limit: int = LIMIT, *, lines: bool = False) -> list[tuple[int, int]]:
    """Give the spans of the passages of a text.

    Args:
        text: Any text, of any size.
        target: Characters that a passage should have; fewer in scripts that say more with each.
        limit: Characters that a passage may have at the most.
        lines: Whether a line says more than a sentence mark: source code, logs, subtitles, tables.

    Returns:
        (start, end) in order, apart from each other; every character that is not white space is in exactly one.
    """
    spans = []
    at = 0
    while (span := _next(text, at, target, limit, lines=lines)) is not None:
        spans.append(span)
        at = span[1]
    return spans


def stream(chunks: Iterable[str], target: int = TARGET, limit: int = LIMIT, *, lines: bool = False) -> Iterator[Passage]:
    """Give the passages of a text that comes in chunks, the same as of the whole text, in constant memory.

    Args:
        chunks: The text in order, cut anywhere.
        target: As for `split`.
        limit: As for `split`.
        lines: As for `split`.
    """
    rest, base = "", 0
    for block in _blocks(chunks):
        text = rest + block
        at = 0
        while len(text) - (solid := _solid(text, at)) > limit + _SLACK:
            span = _next(text, solid, target, limit, lines=lines)
            assert span is not None
            yield Passage(start=base + span[0], end=base + span[1], text=text[span[0] : span[1]])
            at = span[1]
        rest, base = text[solid:], base + solid
    for start, end in split(rest, target, limit, lines=lines):
        yield Passage(start=base + start, end=base + end, text=rest[start:end])


def segments(
    chunks: Iterable[str], *, page: int | None = None, part: str | None = None, boxes: Sequence[Box] = (), lines: bool = False
) -> Iterator[Segment]:
    """Give the passages of a text as segments, located by their characters.

    Args:
        chunks: The text in order, cut anywhere; one string in a tuple will do.
        page: Page of each locator.
        part: Part of each locator.
        boxes: Boxes of each locator.
        lines: As for `split`.
    """
    for passage in stream(chunks, lines=lines):
        place = Locator(char_start=passage.start, char_end=passage.end, page=page, part=part, boxes=tuple(boxes))
        yield Segment(kind=PASSAGE, text=passage.text, locator=place)


def _blocks(chunks: Iterable[str]) -> Iterator[str]:
    held: list[str] = []
    size = 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size >= _BLOCK:
            yield "".join(held)
            held, size = [], 0
    yield "".join(held)


def _solid(text: str, at: int) -> int:
    """Give the next place that is not white space, or the length."""
    match = _SOLID.search(text, at)
    return match.start() if match else len(text)


def _next(text: str, at: int, target: int, limit: int, *, lines: bool) -> tuple[int, int] | None:
    start = _solid(text, at)
    if start == len(text):
        return None
    scale = _scale(text[start : start + target])
    goal, most = max(1, int(target / scale)), max(1, int(limit / scale))
    rest = None
    if len(text) - start <= limit + _SLACK:
        end = len(text.rstrip())
        if end - start <= goal:
            return start, end
        rest = end if end - start <= min(goal * _TAIL, most) else None
    return start, _border(text, start, goal, most, rest, lines=lines)


def _scale(sample: str) -> float:
    """Say how many times more a character says than an English one."""
    if not sample or sample.isascii():
        return 1.0
    return 1.0 + 2.0 * len(_DENSE.findall(sample)) / len(sample)


def _border(text: str, start: int, goal: int, most: int, rest: int | None, *, lines: bool) -> int:
    stop = min(len(text), start + most + _SLACK)
    least, longest = start + int(goal * _LEAST), start + int(goal * _TAIL)
    goal, most = start + goal, start + most
    whole, after_heading = _paragraphs(text, start, stop)
    end = _last(whole, least + (goal - least) // 3, goal) or _first(whole, goal, longest) or _last(whole, least, goal) or rest
    if end is None and not lines:
        end = _pick(sentences.ends(text, start, stop, least), least, goal, most)
    if end is None:
        end = _pick(_lines(text, start, stop), least, goal, most) or _pick(after_heading, least, goal, most)
    if end is None and lines:
        end = _pick(sentences.ends(text, start, stop, least), least, goal, most)
    if end is None:
        spaces = [match.start() for match in _SPACE.finditer(text, start, stop)]
        end = _pick(spaces, least, goal, most) or _last(spaces, start + 1, most)
    return end or _cut(text, start, min(most, len(text)))


def _lines(text: str, start: int, stop: int) -> Iterator[int]:
    """Give where lines end, but for Markdown headings, whose text follows."""
    for match in _LINE.finditer(text, start, stop):
        begin = max(text.rfind("\n", start, match.start()) + 1, start)
        if not (text.startswith("#", begin) and match.start() - begin <= _HEADING):
            yield _solid_end(text, start, match.start())


def _solid_end(text: str, start: int, end: int) -> int:
    return start + len(text[start:end].rstrip())


def _paragraphs(text: str, start: int, stop: int) -> tuple[list[int], list[int]]:
    """Give where paragraphs end, and apart from them where headings end: what follows a heading stays with it."""
    whole: list[int] = []
    after_heading: list[int] = []
    begin = start
    for match in _PARAGRAPH.finditer(text, start, stop):
        end = _solid_end(text, begin, match.start())
        (after_heading if _is_heading(text[begin:end]) else whole).append(end)
        begin = match.end()
    return whole, after_heading


def _is_heading(block: str) -> bool:
    return 0 < len(block) <= _HEADING and "\n" not in block and (block[0] == "#" or block[-1] not in _PROSE)


def _pick(ends: Iterable[int], least: int, goal: int, most: int) -> int | None:
    """Give the last border up to the goal, else the first beyond it; looks no further than needed."""
    best = None
    for end in ends:
        if end > goal:
            return best or (end if end <= most else None)
        if end >= least:
            best = end
    return best


def _last(ends: list[int], least: int, most: int) -> int | None:
    return next((end for end in reversed(ends) if least <= end <= most), None)


def _first(ends: list[int], least: int, most: int) -> int | None:
    return next((end for end in ends if least < end <= most), None)


def _cut(text: str, start: int, end: int) -> int:
    """Move a cut in an unbroken run back to where no mark is parted from its letter."""
    for at in range(end, max(start + 1, end - 16), -1):
        if at == len(text) or not (unicodedata.category(text[at]).startswith("M") or "\u200d" in text[at - 1 : at + 1]):
            return at
    return end
