"""A message as a reader sees it, and the conversation that it is part of."""

from dataclasses import dataclass
from datetime import datetime

from strongroom.domain.card import Members
from strongroom.domain.content import Name


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """One message of a conversation."""

    sha256: str
    """The content."""
    name: Name
    """One of its names within the scope."""
    subject: str
    """As it was sent."""
    sender: str
    """From whom."""
    to: str
    """To whom."""
    date: datetime | None
    """When it was sent, if it says so."""
    message_id: str
    """Its own id, in angle brackets; empty where it has none."""
    answers: str
    """Id of the message that it answers; empty where it answers none."""
    by: str
    """Why it is here: ``itself``; ``reference``, as one names the other's id; ``subject``, as the same people used it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """One message."""

    sha256: str
    """The content."""
    subject: str
    """As it was sent."""
    sender: str
    """From whom."""
    to: str
    """To whom."""
    cc: str
    """To whom in copy."""
    bcc: str
    """To whom in hidden copy, where the sender's own copy says so."""
    reply_to: str
    """Where answers are to go."""
    date: datetime | None
    """When it was sent, if it says so; without a zone where none is known."""
    message_id: str
    """Its own id, in angle brackets; empty where it has none."""
    text: str
    """What it says, as plain text."""
    html: str | None
    """The same as HTML that can do no harm: no script, style, form, frame, nor a picture from elsewhere; None without HTML."""
    remote_images: int
    """Pictures from elsewhere that were taken out: asking for them would tell the sender that the message is read."""
    encrypted: str | None
    """Why what it says cannot be read, where it is encrypted."""
    problems: tuple[str, ...]
    """What is missing of it."""
    attachments: Members
    """Its attachments, the first 200."""
    thread: tuple[Post, ...]
    """The messages of the same conversation within the scope, itself among them, oldest first; at most 200."""
