"""Subtitles (SubRip, WebVTT): what is said, with its time span."""

import re
from collections.abc import Iterable, Iterator
from html import unescape

from strongroom.analyzers import passages
from strongroom.domain.findings import PASSAGE, Segment
from strongroom.domain.locator import Locator
from strongroom.domain.transcript import Utterance

_TIME = r"(?:(\d+):)?(\d\d):(\d\d)[,.](\d{3})"
_SPAN = re.compile(rf"^[ \t]*{_TIME}[ \t]+-->[ \t]+{_TIME}")
_START = re.compile(rf"\A\ufeff?\s*(?:WEBVTT\b|\d+\s*\n{_SPAN.pattern[1:]})")
_TAG = re.compile(r"<[^<>]{0,100}>|\{\\[^{}]{0,100}\}")
_LONGEST = 10_000

Cue = tuple[float, float, list[str]]
"""Start and end in seconds, and the lines that are shown, without markup."""


def is_subtitles(head: str) -> bool:
    """Say whether a text begins as subtitles do."""
    return _START.match(head) is not None


def read(chunks: Iterable[str]) -> Iterator[Segment]:
    """Yield cues, gathered to passages, each with the time from its first to its last.

    Args:
        chunks: The text in order, cut anywhere.
    """
    return gather(_cues(chunks), PASSAGE, "subtitles")


def gather(cues: Iterable[Cue], kind: str, part: str) -> Iterator[Segment]:
    """Gather cues to segments that are long enough to mean something.

    Args:
        cues: In order.
        kind: Of the segments.
        part: What they are part of; a number is put after it.
    """
    words: list[str] = []
    begin = end = 0.0
    place, size = 0, 0
    for start, stop, said in cues:
        if size >= passages.TARGET:
            yield _segment(words, (begin, end), kind, f"{part} {place}")
            words, size = [], 0
        begin, end = begin if words else start, stop
        place += not words and bool(said)
        words += said
        size += sum(len(line) + 1 for line in said)
    if words:
        yield _segment(words, (begin, end), kind, f"{part} {place}")


def _segment(words: list[str], span: tuple[float, float], kind: str, part: str) -> Segment:
    return Segment(kind=kind, text="\n".join(words), locator=Locator(t_start=span[0], t_end=span[1], part=part))


def cues(chunks: Iterable[str], language: str | None = None) -> Iterator[Utterance]:
    """Yield what is on the screen at one time, one after the other.

    Args:
        chunks: The text in order, cut anywhere.
        language: ISO 639-1 code, where it is known.
    """
    for start, end, said in _cues(chunks):
        text = "\n".join(unescape(line) for line in said if line)
        if text:
            yield Utterance(text=text, t_start=start, t_end=end, language=language)


def _cues(chunks: Iterable[str]) -> Iterator[Cue]:
    """Give start, end and lines of each cue, the lines without markup."""
    start = end = 0.0
    said: list[str] | None = None
    for line in lines(chunks):
        span = _SPAN.match(line)
        if span or not line.strip():
            if said is not None:
                yield start, end, said
            said = None
        if span:
            start, end, said = _seconds(span.groups()[:4]), _seconds(span.groups()[4:]), []
        elif said is not None:
            said.append(plain(line))
    if said is not None:
        yield start, end, said


def plain(line: str) -> str:
    """Give a line without the tags that set its looks."""
    return _TAG.sub("", line).strip()


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
