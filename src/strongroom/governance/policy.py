"""The rules of a room that nobody shares: one local owner, who may do everything for one purpose."""

from strongroom.domain.scope import Actor, Purpose, Scope
from strongroom.errors import AccessDenied

OWNER = Actor(name="owner")
"""Who acts in a room that nobody shares."""
GENERAL = Purpose(name="general")
"""What for."""
VERSION = "owner-1"
"""Names these rules in the ledger."""


class OwnerPolicy:
    """Grants the local owner every container for the general purpose; implements `strongroom.ports.Policy`."""

    def scope(self, actor: Actor, purpose: Purpose, action: str) -> Scope:
        """Give the whole room to its owner.

        Args:
            actor: Who asks.
            purpose: What for.
            action: The verb.

        Raises:
            AccessDenied: Somebody else asks, or for another purpose.
        """
        if actor != OWNER:
            raise AccessDenied(
                f"{actor.name} may not {action} here: this room has its owner alone (rules {VERSION}); act as {OWNER.name!r}"
            )
        if purpose != GENERAL:
            raise AccessDenied(
                f"there is no purpose {purpose.name!r} to {action} for: this room has one (rules {VERSION}); "
                f"declare {GENERAL.name!r}"
            )
        return Scope(actor=actor, purpose=purpose, containers=None, policy_version=VERSION)


class KeyPolicy:
    """Grants every container to whom the owner gave a key; implements `strongroom.ports.Policy`.

    What the key, or what was signed with it, permits is known to the door that looked at it.
    """

    def scope(self, actor: Actor, purpose: Purpose, action: str) -> Scope:
        """Give the whole room."""
        del action
        return Scope(actor=actor, purpose=purpose, containers=None, policy_version=VERSION)
