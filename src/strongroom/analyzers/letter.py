"""One message, whatever format it came in, and the findings that it gives."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from mimetypes import guess_extension

from strongroom.analyzers import names, passages, tnef
from strongroom.analyzers.bounds import Meter
from strongroom.domain.findings import PROPERTIES, Finding, Member, Problem, Property, Segment
from strongroom.domain.locator import Locator
from strongroom.errors import Encrypted, Unreadable

SHOWN = ("subject", "from", "to", "cc", "bcc", "reply-to")
"""Headers that people search for."""
KEPT = (*SHOWN, "message-id", "in-reply-to", "references")
"""Headers that become properties."""
_MANY = frozenset({"references", "in-reply-to"})
_LONGEST_HEADER = 8000
_SLICE = 1 << 18
_ARMOUR = "-----BEGIN PGP MESSAGE-----"
_TYPES = {"text/plain": ".txt", "message/rfc822": ".eml", "image/jpeg": ".jpg", "text/html": ".html"}
_IDS = re.compile(r"<[^<>\s]+>")


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A file in a message."""

    name: str | None
    """As the message spells it."""
    media_type: str
    """As the message says."""
    data: bytes
    """Its bytes."""
    chunks: Iterable[bytes] | None = field(default=None, repr=False)
    """Its bytes in pieces, where it is too large for them to be held; `data` then has lines that stand for some of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """What a message says."""

    headers: dict[str, str]
    """Decoded, by lower-case name."""
    date: datetime | None
    """When it was sent."""
    body: str
    """What it says, as plain text."""
    names: tuple[str, ...]
    """Names of the attachments, for people who search for them."""
    attachments: Iterable[Attachment] = field(default=(), repr=False)
    """Read once, in order."""
    problems: tuple[str, ...] = ()
    """What is missing, and why."""
    encrypted: str = ""
    """Why the body cannot be read, where it is encrypted."""


def findings(letter: Letter, meter: Meter) -> Iterator[Finding]:
    """Yield headers as properties, body as passages, attachments as members.

    Args:
        letter: The message.
        meter: Counts the attachments.

    Raises:
        Encrypted: The body is; all else was yielded.
        LimitExceeded: There are too many attachments.
    """
    for name in KEPT:
        if value := letter.headers.get(name, "")[:_LONGEST_HEADER]:
            yield Property(name=name, value=tuple(_IDS.findall(value)) or value if name in _MANY else value)
    if letter.date:
        yield Property(name="date", value=letter.date.isoformat())
    yield _heading(letter)
    for segment in passages.segments([letter.body], part="body"):
        yield replace(segment, taken_at=letter.date)
    taken = names.Unique()
    for number, attachment in enumerate(letter.attachments, 1):
        yield from _unpacked(attachment, number, taken, meter)
    yield from (Problem(reason=reason) for reason in letter.problems)
    if letter.encrypted or _ARMOUR in letter.body[:_LONGEST_HEADER]:
        raise Encrypted(letter.encrypted or "its body is encrypted with PGP; its headers can be found, its words not")


def _heading(letter: Letter) -> Segment:
    rows = [f"{name.capitalize()}: {letter.headers[name][:_LONGEST_HEADER]}" for name in SHOWN if letter.headers.get(name)]
    if letter.date:
        rows.append(f"Date: {letter.date:%Y-%m-%d %H:%M}")
    if letter.names:
        rows.append(f"Attachments: {', '.join(letter.names)}"[:_LONGEST_HEADER])
    return Segment(kind=PROPERTIES, text="\n".join(rows), locator=Locator(part="header"), taken_at=letter.date)


def _unpacked(attachment: Attachment, number: int, taken: names.Unique, meter: Meter) -> Iterator[Finding]:
    """Give one attachment as a member; a winmail.dat as what it wraps."""
    if tnef.is_tnef(attachment.data):
        try:
            parcel = tnef.read(attachment.data)
        except Unreadable as error:
            yield Problem(reason=f"{attachment.name or 'winmail.dat'} is damaged: {error}")
        else:
            yield from passages.segments([parcel.body], part="winmail.dat")
            for inner, (name, data) in enumerate(parcel.files, 1):
                path = taken.take("winmail.dat/" + names.clean(name, inner))
                yield from _member(path, None, _sliced(data), meter)
            return
    suffix = _TYPES.get(attachment.media_type) or guess_extension(attachment.media_type) or ".bin"
    path = names.clean(attachment.name.replace("/", "_"), number) if attachment.name else f"attachment-{number}{suffix}"
    pieces = attachment.chunks if attachment.chunks is not None else _sliced(attachment.data)
    yield from _member(taken.take(path), attachment.media_type, pieces, meter)


def _sliced(data: bytes) -> Iterator[bytes]:
    return (data[at : at + _SLICE] for at in range(0, len(data), _SLICE))


def _member(path: str, media_type: str | None, pieces: Iterable[bytes], meter: Meter) -> Iterator[Member]:
    meter.member()
    yield Member(path=path, chunks=meter.chunks(pieces), media_type=media_type)
    meter.check()
