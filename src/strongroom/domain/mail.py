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


@dataclass(frozen=True, kw_only=True, slots=True)
class Mailbox:
    """A part of the messages in a mailbox."""

    conversations: tuple[tuple[Post, ...], ...]
    """In the order in which each begins in the mailbox; the messages of each oldest first. One that reaches beyond this part
    comes in parts, and a message that lies in the mailbox twice comes once."""
    total: int
    """Messages in all."""
    after: int
    """How many lie before these."""
    count: int
    """How many these are, as the mailbox counts them."""

    @property
    def more(self) -> bool:
        """Whether there are more behind these."""
        return self.after + self.count < self.total
