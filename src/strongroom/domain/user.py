"""Who may come in by the page and the HTTP API: people and programs, their keys and their sessions."""

from dataclasses import dataclass
from datetime import datetime

OWNER_ROLE, EDITOR, READER = "owner", "editor", "reader"
ROLES = (OWNER_ROLE, EDITOR, READER)
"""What somebody may do: everything; read and fill; read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """A person or program that may come in."""

    name: str
    """Unique in the room; the actor's name in the ledger."""
    role: str
    """One of `ROLES`."""
    containers: tuple[str, ...] | None
    """Names of the containers that are granted; None grants all."""
    has_password: bool
    """Whether they can sign in by a password."""
    created_at: datetime
    """UTC."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """An API key, without its secret."""

    id: str
    """By which it is revoked."""
    actor: str
    """Whose it is."""
    label: str
    """What it is for, in its maker's words."""
    created_at: datetime
    """UTC."""
    expires_at: datetime | None
    """Until when it opens (UTC); None for ever."""
    used_at: datetime | None
    """When it was used last, to the minute (UTC)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A visit by the page, from login to logout, without its secret."""

    actor: str
    """Whose."""
    csrf: str
    """What a change has to bring, so that no other site can ask for it."""
    created_at: datetime
    """UTC."""
    seen_at: datetime
    """When it was used last, to the minute (UTC)."""
    expires_at: datetime
    """When it ends at the latest (UTC)."""
