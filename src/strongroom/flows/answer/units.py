"""Passages cut into what can be quoted: sentences, and questions together with what follows them."""

import re
from collections.abc import Iterator
from itertools import pairwise

from strongroom.analyzers import sentences

LONGEST = 420
"""Characters of a unit; a longer sentence is cut at a line or a clause."""
LEAST = 3
"""Letters or digits that a unit has."""
FOLLOWING = 240
"""Characters that are taken with a question, as its answer."""

HEADING = 90
"""Characters of the longest heading."""

_BLOCK = re.compile(
    r"\n[^\S\n]*\n\s*|\n(?=[^\S\n]*(?:[-*\u2022\u25aa>|]\s|:\w[\w ]{0,40}:|\(?[0-9a-zA-Z]{1,2}[.)]\s|#{1,6}\s|[=~]{4,}))"
)
_SOLID = re.compile(r"[^\W_]")
_QUESTION = re.compile(r"\?[\"'\u201d\u2019)\]]*$")
_ENDED = re.compile(r"[.!?;\"'\u201d\u2019)]$")
_RULE = re.compile(r"[-=~]{4,}$")
_CLAUSE = re.compile(r"(?<=[;:])\s+|\n|(?<=,)\s+")


def units(text: str) -> list[str]:
    """Cut a text into units, white space made plain.

    Args:
        text: A passage.

    Returns:
        In order; together they hold all of its letters and digits.
    """
    cut = [" ".join(part.split()) for block in _blocks(text) for part in _sentences(block)]
    solid = [part for part in cut if len(_SOLID.findall(part)) >= LEAST]
    return list(_with_answers(solid))


def is_heading(unit: str) -> bool:
    """Say whether a unit is a heading, or too little to answer anything."""
    if len(unit.split()) < 5 or _RULE.search(unit):  # noqa: PLR2004 - words of the shortest answer
        return True
    return len(unit) < HEADING and not _ENDED.search(unit)


def _blocks(text: str) -> list[str]:
    return [block for block in _BLOCK.split(text) if block.strip()]


def _sentences(block: str) -> Iterator[str]:
    edges = [0, *sentences.ends(block, 0, len(block)), len(block)]
    for start, end in pairwise(edges):
        part = block[start:end].strip()
        yield from _short(part) if len(part) > LONGEST else [part]


def _short(part: str) -> Iterator[str]:
    """Cut what is too long for a sentence, at the last clause that fits."""
    held = ""
    for piece in _CLAUSE.split(part):
        if held and len(held) + len(piece) >= LONGEST:
            yield held
            held = ""
        held = f"{held} {piece}".strip()
        while len(held) > LONGEST:
            yield held[:LONGEST]
            held = held[LONGEST:]
    if held:
        yield held


def _with_answers(parts: list[str]) -> Iterator[str]:
    """Put each question before what follows it: interviews and lists of questions answer there."""
    at = 0
    while at < len(parts):
        part = parts[at]
        at += 1
        if _QUESTION.search(part):
            while at < len(parts) and not _QUESTION.search(parts[at]) and len(parts[at]) + len(part) <= LONGEST + FOLLOWING:
                part = f"{part} {parts[at]}"
                at += 1
                if len(part) > FOLLOWING:
                    break
        yield part
