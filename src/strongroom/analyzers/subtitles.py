"""Subtitles (SubRip, WebVTT): what is said, with its time span."""

import re
from collections.abc import Iterable, Iterator

from strongroom.analyzers import passages
from strongroom.domain.findings import PASSAGE, Segment
from strongroom.domain.locator import Locator

_TIME = r"(?:(\d+):)?(\d\d):(\d\d)[,.](\d{3})"
_SPAN = re.compile(rf"^[ \t]*{_TIME}[ \t]+-->[ \t]+{_TIME}")
_START = re.compile(rf"\A\ufeff?\s*(?:WEBVTT\b|\d+\s*\n{_SPAN.pattern[1:]})")
_TAG = re.compile(r"<[^<>]{0,100}>|\{\\[^{}]{0,100}\}")
_LONGEST = 10_000


def is_subtitles(head: str) -> bool:
    """Say whether a text begins as subtitles do."""
    return _START.match(head) is not None


def read(chunks: Iterable[str]) -> Iterator[Segment]:
    """Yield cues, gathered to passages, each with the time from its first to its last.

    Args:
        chunks: The text in order, cut anywhere.
    """
    words: list[str] = []
    begin = end = 0.0
    place, size = 0, 0
    inside = False
    for line in lines(chunks):
        span = _SPAN.match(line)
        if span:
            if size >= passages.TARGET:
                yield _segment(words, begin, end, place)
                words, size = [], 0
            start, end = _seconds(span.groups()[:4]), _seconds(span.groups()[4:])
            begin = begin if words else start
            inside = True
        elif not line.strip():
            inside = False
        elif inside:
            words.append(_TAG.sub("", line).strip())
            place, size = place + (len(words) == 1), size + len(words[-1]) + 1
    if words:
        yield _segment(words, begin, end, place)


def _segment(words: list[str], begin: float, end: float, number: int) -> Segment:
    return Segment(kind=PASSAGE, text="\n".join(words), locator=Locator(t_start=begin, t_end=end, part=f"subtitles {number}"))


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in parts)
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000


def lines(chunks: Iterable[str], longest: int = _LONGEST) -> Iterator[str]:
    """Give the lines of a text, with their ends; one that is too long comes in pieces, so that memory stays constant.

    Args:
        chunks: The text in order, cut anywhere.
        longest: Characters of a piece.
    """
    rest = ""
    for chunk in chunks:
        rest += chunk
        whole = rest.splitlines(keepends=True) if "\r" in rest else rest.split("\n")
        if "\r" not in rest:
            whole = [line + "\n" for line in whole[:-1]] + whole[-1:]
        rest = whole.pop() if whole else ""
        yield from whole
        while len(rest) > longest:
            yield rest[:longest]
            rest = rest[longest:]
    if rest:
        yield rest
