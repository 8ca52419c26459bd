"""Archives and mailboxes: what lies in them."""

from strongroom.domain.card import Members
from strongroom.server.web.viewer.wanted import Look

MEMBERS = 200
"""Members that are shown at once."""


def bundle(look: Look) -> Members:
    """Open an archive: the members in it, some at a time."""
    return look.room.inside(look.card.sha256, after=look.wanted.after or 0, limit=MEMBERS)
