"""Messages with large attachments: what is encoded in them stays in the file, so that memory does not grow with it."""

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

_LONG = 1 << 20
"""Bytes of base64 in a row beyond which they are left in the file."""
_LONGEST_LINE = 1 << 16
_BLOCK = 1 << 18
_ENCODED = re.compile(rb"[A-Za-z0-9+/]{56,}={0,2}[ \t]*\r?\n?\Z")
_LAST = re.compile(rb"[A-Za-z0-9+/]+={0,2}[ \t]*\r?\n?\Z")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_TOKEN = b"strongroom: this run of base64 was left in the file: %010d"
"""What the line that stands for a run decodes to: whole groups of three bytes, so that what follows it is decoded as before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """Lines of base64 that were left in the file."""

    start: int
    """First byte."""
    end: int
    """One past the last."""
    opened: BinaryIO
    """The file."""

    def lines(self) -> Iterator[bytes]:
        """Give the lines as they are, but for their ends, which become those of the network (RFC 5322, 2.1)."""
        for block in self.raw():
            yield block.replace(b"\r", b"").replace(b"\n", b"\r\n")

    def raw(self) -> Iterator[bytes]:
        """Give the lines as they are."""
        at = self.start
        while at < self.end:
            self.opened.seek(at)
            block = self.opened.read(min(_BLOCK, self.end - at))
            if not block:
                return
            at += len(block)
            yield block

    def decoded(self) -> Iterator[bytes]:
        """Give what they stand for."""
        held = b""
        for block in self.raw():
            held += _NOT_BASE64.sub(b"", block)
            whole = len(held) // 4 * 4
            yield base64.b64decode(held[:whole])
            held = held[whole:]
        if len(held) > 1:
            yield base64.b64decode(held + b"=" * (4 - len(held)))


@dataclass(kw_only=True, slots=True)
class Slim:
    """A message without its long runs of base64, each of which one line stands for."""

    data: bytes = b""
    """The message."""
    is_cut: bool = False
    """Whether it was too long even so, and its end is missing."""
    runs: list[Run] = field(default_factory=list)
    """What was left in the file, in order."""

    def unfold(self, data: bytes) -> Iterator[bytes]:
        """Put the runs back into a part's bytes: decoded where the part was, as they are where it was not.

        Args:
            data: What was made of a part of the message.
        """
        places: dict[bytes, Callable[[], Iterator[bytes]]] = {}
        for number, run in enumerate(self.runs):
            token = _TOKEN % number
            places |= {token: run.decoded, base64.b64encode(token): run.lines}
        at = 0
        for match in re.finditer(b"(?:(" + b"|".join(map(re.escape, places)) + b")\r?\n?)", data) if places else ():
            yield data[at : match.start()]
            yield from places[match.group(1)]()
            decoded = match.group(1).startswith(_TOKEN[:10])
            at = match.end(1) if decoded else match.end()
        yield data[at:]


def slim(opened: BinaryIO, limit: int) -> Slim:
    """Read a message, and leave long runs of base64 where they are.

    Args:
        opened: The message, at its start; it must stay open for what was left.
        limit: Bytes that are read beside them.
    """
    found = Slim()
    held: list[bytes] = []
    size = 0
    for lines, start, end in _groups(opened):
        if end - start > _LONG:
            held.append(base64.b64encode(_TOKEN % len(found.runs)) + b"\n")
            found.runs.append(Run(start=start, end=end, opened=opened))
            size += len(held[-1])
        else:
            held += lines
            size += end - start
        if size > limit:
            found.is_cut = True
            break
    found.data = b"".join(held)
    return found


def _groups(opened: BinaryIO) -> Iterator[tuple[list[bytes], int, int]]:
    """Give lines of base64 together, with the shorter last one, and every other line alone, each with its place."""
    lines: list[bytes] = []
    start = at = 0
    while line := opened.readline(_LONGEST_LINE):
        if _ENCODED.match(line):
            if at - start <= _LONG:
                lines.append(line)
        elif at > start and _LAST.match(line):
            lines.append(line)
            yield lines, start, at + len(line)
            lines, start = [], at + len(line)
        else:
            if at > start:
                yield lines, start, at
            yield [line], at, at + len(line)
            lines, start = [], at + len(line)
        at += len(line)
    if at > start:
        yield lines, start, at
