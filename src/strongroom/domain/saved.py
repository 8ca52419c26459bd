"""Searches that somebody keeps, and what they found among what arrived since."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from strongroom.domain.content import Name

NAME_MOST = 100
"""Characters of the name of a saved search."""
QUERY_MOST = 4000
"""Characters of its query."""
MOST = 200
"""Searches that one actor keeps."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Saved:
    """A search that somebody keeps."""

    id: int
    """Unique in the room."""
    actor: str
    """Whose it is."""
    name: str
    """Theirs for it; unique among their own."""
    query: str
    """As for `Room.search`."""
    is_watching: bool
    """Whether what arrives is looked at for it."""
    webhook: str | None
    """URL to which new matches are posted."""
    feed_secret: str
    """Opens its Atom feed: whoever knows the address reads what its owner may see."""
    created_at: datetime
    """UTC."""
    reached_at: datetime
    """Up to which finished analysis was looked."""
    seen_at: datetime
    """When its owner last looked at the new matches."""
    unseen: int = 0
    """Matches since."""

    @property
    def signing_secret(self) -> str:
        """The key by which what is posted to the webhook is signed."""
        return hashlib.sha256(f"webhook:{self.feed_secret}".encode()).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class New:
    """A content that came to match a saved search."""

    content: str
    """Its SHA-256."""
    names: tuple[Name, ...]
    """Where it is stored, within the scope of the search's owner; never empty."""
    type: str
    """Plain type."""
    size: int
    """Bytes."""
    found_at: datetime
    """When it was found, in UTC."""
    is_unseen: bool
    """Whether the owner has not looked at the matches since."""


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    """A saved search with what it found lately."""

    search: Saved
    """The search."""
    matches: tuple[New, ...]
    """What matches, the newest first; what is no longer granted is not among it."""
