"""Leases: who alone may write a blob, or delete a container, for a while."""

from dataclasses import dataclass
from enum import StrEnum


class LeaseState(StrEnum):
    """Azure's states of a lease: https://learn.microsoft.com/rest/api/storageservices/lease-blob."""

    AVAILABLE = "available"
    LEASED = "leased"
    EXPIRED = "expired"
    BREAKING = "breaking"
    BROKEN = "broken"


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """A lease as it stands at one moment."""

    id: str
    """The holder's secret, a UUID in lower case."""
    state: LeaseState
    """Where it stands."""
    is_infinite: bool
    """Whether it lasts until it is released."""
    break_seconds: int = 0
    """Seconds until a breaking lease is broken."""

    @property
    def is_active(self) -> bool:
        """Whether only its holder may write."""
        return self.state in (LeaseState.LEASED, LeaseState.BREAKING)
