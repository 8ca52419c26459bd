"""The port that records acts."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from strongroom.domain.scope import Actor, Purpose


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """One use of the room: one entry an act, not one a file."""

    verb: str
    """``add``, ``mount``, ``analyze``, ``search``, ``get``, ``forget``."""
    actor: Actor
    """Who."""
    purpose: Purpose
    """What for."""
    policy_version: str
    """Under which version of the rules."""
    details: dict[str, object] = field(default_factory=dict)
    """Counts, hashes, the query: JSON values only."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """An act as the ledger holds it."""

    index: int
    """Its place, counted from 0."""
    at: datetime
    """When it was recorded (UTC)."""
    act: Act
    """What was done, by whom."""


class Ledger(Protocol):
    """An append-only record, durable before the result of the act is shown."""

    def append(self, act: Act) -> int:
        """Record an act and give its index, counted from 0."""
