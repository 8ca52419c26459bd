"""Mailboxes (mbox): each message is a member, read as it passes, so that a mailbox of any size takes constant memory."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from strongroom.analyzers.bounds import CHUNK, Meter
from strongroom.domain.findings import Finding, Member, Property
from strongroom.domain.media import EML
from strongroom.errors import Unreadable

_FROM = re.compile(rb"From .*\d\d:\d\d.*\d{4}|From \S+@\S+|From - |From MAILER-DAEMON")
_QUOTED = re.compile(rb">+From ")
_LONGEST_LINE = 1 << 16


def read(opened: BinaryIO, meter: Meter) -> Iterator[Finding]:
    """Yield each message as ``message 12.eml``.

    Args:
        opened: The mailbox, at its start.
        meter: Counts the messages.

    Raises:
        Unreadable: It does not begin as a mailbox does.
        LimitExceeded: There are too many messages.
    """
    first = opened.readline(_LONGEST_LINE)
    while first in (b"\n", b"\r\n"):
        first = opened.readline(_LONGEST_LINE)
    if not first.startswith(b"From "):
        raise Unreadable("it is not a mailbox: it does not begin with a From line")
    number = 0
    more = True
    while more:
        number += 1
        meter.member()
        message = _Message(opened)
        yield Member(path=f"message {number}.eml", chunks=meter.chunks(message), media_type=EML)
        meter.check()
        more = message.finish()
    yield Property(name="message-count", value=number)


class _Message:
    """The lines up to the next From line after a blank one, which is no part of the message; quoted From lines unquoted."""

    def __init__(self, opened: BinaryIO) -> None:
        self._opened = opened
        self._ended = False
        self._more = False
        self._first = True

    def __iter__(self) -> Iterator[bytes]:
        held: list[bytes] = []
        size = 0
        for line in self._lines():
            held.append(line)
            size += len(line)
            if size >= CHUNK:
                yield b"".join(held)
                held, size = [], 0
        if held:
            yield b"".join(held)

    def finish(self) -> bool:
        """Pass over what was not read; say whether another message follows."""
        for _ in self._lines():
            pass
        return self._more

    def _lines(self) -> Iterator[bytes]:
        held = b""
        whole = True
        while not self._ended:
            line = self._opened.readline(_LONGEST_LINE)
            self._more = whole and bool(held or self._first) and line.startswith(b"From ") and _FROM.match(line) is not None
            if not line or self._more:
                self._ended = True
                return
            if held:
                yield held
            held = line if whole and line in (b"\n", b"\r\n") else b""
            if not held:
                yield line[1:] if whole and _QUOTED.match(line) else line
            whole = line.endswith(b"\n")
            self._first = False
