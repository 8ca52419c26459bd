"""Who asks, what for, and what the policy grants for it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who acts: a person, a key or a program."""

    name: str
    """Unique in the room."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Purpose:
    """What the actor declares to act for."""

    name: str
    """A named case."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What one actor may see for one purpose; every read takes one, and there is no default."""

    actor: Actor
    """Who asks."""
    purpose: Purpose
    """What for."""
    containers: frozenset[int] | None
    """Ids of the containers that are granted; None grants all, which adds no filter to a search."""
    policy_version: str
    """The version of the rules that granted it; goes into the ledger."""

    def grants(self, container_id: int) -> bool:
        """Say whether the scope shows a container."""
        return self.containers is None or container_id in self.containers
