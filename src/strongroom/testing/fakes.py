"""Fakes of the governance ports, for tests that need neither rules nor a catalog."""

from collections.abc import Iterable

from strongroom.domain.scope import Actor, Purpose, Scope
from strongroom.ports import Act


class FakeLedger:
    """A `strongroom.ports.Ledger` in memory."""

    def __init__(self) -> None:
        """Begin with no acts."""
        self.acts: list[Act] = []
        """All that was recorded, in order."""

    def append(self, act: Act) -> int:
        """Keep an act and give its index."""
        self.acts.append(act)
        return len(self.acts) - 1


class FixedPolicy:
    """A `strongroom.ports.Policy` that grants everybody the same containers."""

    def __init__(self, containers: Iterable[int] | None = None) -> None:
        """Grant some containers by their ids; None grants all."""
        self._containers = None if containers is None else frozenset(containers)

    def scope(self, actor: Actor, purpose: Purpose, action: str) -> Scope:
        """Grant the containers, whoever asks."""
        del action
        return Scope(actor=actor, purpose=purpose, containers=self._containers, policy_version="fixed")
