"""`lines`: plain text by its lines."""

import re
from collections import deque
from collections.abc import Iterable, Iterator

from strongroom.analyzers import decoding
from strongroom.analyzers.text import TextAnalyzer
from strongroom.domain.media import EML, OCTETS
from strongroom.domain.text import Lines
from strongroom.errors import Unsupported, UsageError
from strongroom.flows import fetch
from strongroom.flows.parts import Parts

MOST = 5000
"""Lines that are given at once."""
LONGEST = 10_000
"""Characters of a line; a longer one is broken there, as if it ended."""
END = re.compile(r"\r\n|\r|\n")

Line = tuple[int, str]
"""The character at which a line begins, and what it says."""


def lines(parts: Parts, sha256: str, *, start: int, count: int, char: int | None) -> Lines:
    """Give some lines of a text; all before them is read and forgotten.

    Args:
        parts: An open room.
        sha256: The content.
        start: Number of the first one, from 1.
        count: How many at most.
        char: A character of the decoded text, whose line is to stand a third down from the first; ``start`` says nothing then.

    Raises:
        UsageError: A number is none that can be.
        Unsupported: It is no text.
        Unreadable: It is binary data.
    """
    if start < 1 or not 1 <= count <= MOST or (char is not None and char < 0):
        raise UsageError(f"start is {start} and count {count}: start is from 1, count from 1 to {MOST:,}, char from 0")
    with parts.catalog.read() as tx:
        media_type = fetch.content(tx, sha256).media_type or OCTETS
    if not (TextAnalyzer.spec.takes(media_type) or media_type == EML):
        raise Unsupported(f"the content {sha256} has no lines: it is {media_type}; see what is found in it with `text`")
    with parts.vault.source(sha256) as source, source.open() as stream:
        found = broken(decoding.stream(stream))
        first, held = _from_line(found, start) if char is None else _around(found, char, count // 3)
        for line in found:
            if len(held) > count:
                break
            held.append(line)
    shown = list(held)[:count]
    return Lines(
        sha256=sha256,
        start=first,
        lines=tuple(text for _, text in shown),
        chars=tuple(at for at, _ in shown),
        more=len(held) > count,
    )


def _from_line(found: Iterator[Line], start: int) -> tuple[int, deque[Line]]:
    """Pass over the lines before one."""
    for number, line in enumerate(found, 1):
        if number == start:
            return start, deque([line])
    return start, deque()


def _around(found: Iterator[Line], char: int, before: int) -> tuple[int, deque[Line]]:
    """Read up to the line of a character, and give the number of the first kept one, with the lines from it on."""
    held: deque[Line] = deque(maxlen=before + 1)
    number = 0
    for number, line in enumerate(found, 1):  # noqa: B007 - the last one is told
        held.append(line)
        if line[0] + len(line[1]) >= char:
            break
    return max(1, number - len(held) + 1), deque(held)


def broken(chunks: Iterable[str]) -> Iterator[Line]:
    """Give the lines of a text in constant memory; an end of line is LF, CR LF or CR."""
    at, rest = 0, ""
    for chunk in chunks:
        rest += chunk
        place = 0
        for end in END.finditer(rest):
            if end.end() == len(rest) and end.group() == "\r":
                break  # the next chunk may begin with its "\n"
            yield from _cut(at + place, rest[place : end.start()])
            place = end.end()
        at, rest = at + place, rest[place:]
        while len(rest) > LONGEST + 1:
            yield at, rest[:LONGEST]
            at, rest = at + LONGEST, rest[LONGEST:]
    if rest:
        yield from _cut(at, rest.removesuffix("\r"))


def _cut(at: int, line: str) -> Iterator[Line]:
    """Give a line, in pieces where it is too long."""
    for start in range(0, max(1, len(line)), LONGEST):
        yield at + start, line[start : start + LONGEST]
