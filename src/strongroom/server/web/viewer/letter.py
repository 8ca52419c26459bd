"""Messages: who wrote what to whom, what is attached, and the conversation."""

from dataclasses import dataclass

from markupsafe import Markup

from strongroom.domain.mail import Mail
from strongroom.server.web.viewer.marking import html_marked
from strongroom.server.web.viewer.wanted import Look


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """One message."""

    mail: Mail
    """As it was sent."""
    html: Markup | None
    """What it says as HTML that can do no harm, with marks; None where it has none."""


def letter(look: Look) -> Letter:
    """Open a message."""
    mail = look.room.mail(look.card.sha256)
    return Letter(mail=mail, html=None if not mail.html else html_marked(mail.html, look.query))
