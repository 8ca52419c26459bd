"""The port that decides."""

from typing import Protocol

from strongroom.domain.scope import Actor, Purpose, Scope


class Policy(Protocol):
    """The written rules of a room."""

    def scope(self, actor: Actor, purpose: Purpose, action: str) -> Scope:
        """Give what the actor may see for the purpose.

        Args:
            actor: Who asks.
            purpose: What for.
            action: The verb.

        Raises:
            AccessDenied: No rule permits it; the message names the rule, and what would allow it.
        """
