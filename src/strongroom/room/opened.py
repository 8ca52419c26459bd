"""A room that is open: its parts, who acts in it, and what it records."""

from pathlib import Path
from types import TracebackType
from typing import Self

from strongroom.domain.scope import Actor, Purpose, Scope
from strongroom.domain.settings import Settings
from strongroom.flows.parts import Parts
from strongroom.governance.ledger import CatalogLedger
from strongroom.governance.policy import GENERAL, OWNER, OwnerPolicy
from strongroom.ports import Act, Ledger, Policy
from strongroom.vault import Vault


class Opened:
    """An open room, acted in by one actor for one purpose."""

    def __init__(
        self,
        parts: Parts,
        *,
        actor: Actor = OWNER,
        purpose: Purpose = GENERAL,
        policy: Policy | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        """Use open parts; see `strongroom.open`.

        Args:
            parts: The room's parts.
            actor: Who acts.
            purpose: What for.
            policy: The rules; one local owner by default.
            ledger: Where acts are recorded; the catalog by default.
        """
        self._parts = parts
        self.actor = actor
        """Who acts."""
        self.purpose = purpose
        """What for."""
        self._policy = policy or OwnerPolicy()
        self._ledger = ledger or CatalogLedger(parts.catalog)

    def __enter__(self) -> Self:
        """Give the room itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the room."""
        self.close()

    def acting(self, actor: Actor, policy: Policy, purpose: Purpose = GENERAL) -> Self:
        """Give this room as somebody else acts in it, by some rules; it shares the parts, and is not to be closed."""
        return type(self)(self._parts, actor=actor, purpose=purpose, policy=policy, ledger=self._ledger)

    def close(self) -> None:
        """Close every file and connection."""
        self._parts.close()

    @property
    def path(self) -> Path:
        """The room's directory."""
        return self._parts.layout.root

    @property
    def settings(self) -> Settings:
        """The room's settings."""
        return self._parts.settings

    @property
    def vault(self) -> Vault:
        """Containers and blobs, for a door that asks a policy and records acts by itself."""
        return self._parts.vault

    @property
    def ledger(self) -> Ledger:
        """Where acts are recorded."""
        return self._ledger

    def scope(self, action: str) -> Scope:
        """Give what the actor may see for an action.

        Raises:
            AccessDenied: The policy does not permit it.
        """
        return self._policy.scope(self.actor, self.purpose, action)

    def _record(self, verb: str, scope: Scope, **details: object) -> None:
        self._ledger.append(
            Act(verb=verb, actor=scope.actor, purpose=scope.purpose, policy_version=scope.policy_version, details=details)
        )
