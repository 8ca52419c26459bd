"""Accounts: names under which blob clients sign in, with two keys each."""

from dataclasses import dataclass, field
from datetime import datetime

FIRST = "strongroom"
"""The account that every room begins with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountKey:
    """One key of an account; it signs requests and shared access signatures."""

    slot: int
    """1 or 2."""
    secret: bytes = field(repr=False)
    """The key itself; never printed unasked, never logged."""
    made_at: datetime
    """When it was made or rotated (UTC)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A name to sign in with; it is an actor of the room, not a place: all accounts share one namespace of containers."""

    name: str
    """3 to 24 of ``a-z`` and ``0-9``."""
    created_at: datetime
    """UTC."""
    keys: tuple[AccountKey, ...]
    """Both; either signs, so that one can be rotated while the other is in use."""
