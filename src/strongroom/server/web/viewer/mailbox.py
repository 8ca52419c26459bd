"""Mailboxes: their messages by conversation, some at a time."""

from strongroom.domain.mail import Mailbox
from strongroom.server.web.viewer.bundle import MEMBERS
from strongroom.server.web.viewer.wanted import Look


def mailbox(look: Look) -> Mailbox:
    """Open a mailbox."""
    return look.room.mailbox(look.card.sha256, after=look.wanted.after or 0, limit=MEMBERS)
