"""Lifecycle rules: what becomes of blobs as they grow old, in the form of Azure's management policies.

https://learn.microsoft.com/azure/storage/blobs/lifecycle-management-policy-structure
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from strongroom.domain import tier
from strongroom.domain.blob import Blob
from strongroom.errors import UsageError

BASE, SNAPSHOT, VERSION = "baseBlob", "snapshot", "version"
"""What steps are of."""

DELETE = "delete"
TIERS = {"tierToCool": tier.COOL, "tierToCold": tier.COLD, "tierToArchive": tier.ARCHIVE}
CHEAPEST_FIRST = (DELETE, "tierToArchive", "tierToCold", "tierToCool")
"""Of several steps that are due, the first of these is taken, as with Azure."""

CREATED, MODIFIED = "daysAfterCreationGreaterThan", "daysAfterModificationGreaterThan"
SINCE_TIER = "daysAfterLastTierChangeGreaterThan"
KINDS = {"blockBlob": "block", "appendBlob": "append"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What is done, and when."""

    action: str
    """One of `CHEAPEST_FIRST`."""
    days: Mapping[str, float]
    """Days of each of `CREATED`, `MODIFIED`, `SINCE_TIER` after which it is due; all must have passed."""

    def is_due(self, blob: Blob, at: datetime) -> bool:
        """Say whether a version is old enough, and not there yet."""
        if self.action != DELETE and not _gets_colder(blob, TIERS[self.action]):
            return False
        since = {CREATED: written_at(blob), MODIFIED: blob.modified_at, SINCE_TIER: blob.tier_changed_at}
        return all(at - (since[key] or blob.created_at) > timedelta(days=days) for key, days in self.days.items())


def _gets_colder(blob: Blob, wanted: str) -> bool:
    present = blob.tier or tier.HOT
    if blob.kind != "block" or present not in tier.BLOCK_TIERS:
        return False
    return tier.BLOCK_TIERS.index(wanted) > tier.BLOCK_TIERS.index(present)


def written_at(blob: Blob) -> datetime:
    """Give when a blob was first written, or a snapshot or earlier version made: its id says that."""
    return blob.created_at if blob.is_current else datetime.fromisoformat(blob.version[:19]).replace(tzinfo=UTC)


def target_of(blob: Blob) -> str:
    """Give which steps a version has: `BASE`, `SNAPSHOT` or `VERSION`."""
    return BASE if blob.is_current else SNAPSHOT if blob.is_snapshot else VERSION


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Steps for the blobs that it is about."""

    name: str
    """Unique in the policy."""
    is_enabled: bool
    """Whether it counts."""
    kinds: frozenset[str]
    """``block``, ``append`` or both."""
    prefixes: tuple[str, ...]
    """``CONTAINER/NAME`` begins with one of them; any does if there are none."""
    tags: Mapping[str, str]
    """Index tags that a blob must have."""
    steps: Mapping[str, tuple[Step, ...]]
    """Of `BASE`, `SNAPSHOT` and `VERSION`."""

    def is_about(self, blob: Blob) -> bool:
        """Say whether a version is one that it is about."""
        path = f"{blob.container}/{blob.name}"
        return (
            blob.kind in self.kinds
            and (not self.prefixes or path.startswith(self.prefixes))
            and all(blob.tags.get(name) == value for name, value in self.tags.items())
        )

    def may_be_about(self, container: str) -> bool:
        """Say whether it can be about anything in a container."""
        inside = f"{container}/"
        return not self.prefixes or any(one.startswith(inside) or inside.startswith(one) for one in self.prefixes)


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """All rules of a room."""

    rules: tuple[Rule, ...] = ()
    """In the order given."""

    def step(self, blob: Blob, at: datetime) -> Step | None:
        """Give what is to be done with a version now: the cheapest of what is due."""
        due = [
            step
            for rule in self.rules
            if rule.is_enabled and rule.is_about(blob)
            for step in rule.steps.get(target_of(blob), ())
            if step.is_due(blob, at)
        ]
        return min(due, key=lambda step: CHEAPEST_FIRST.index(step.action), default=None)

    @property
    def least_days(self) -> float:
        """Days within which nothing is ever due after a blob is first written: younger ones need no look."""
        steps = [step for rule in self.rules if rule.is_enabled for some in rule.steps.values() for step in some]
        return min((max(step.days.get(key, 0.0) for key in (CREATED, MODIFIED)) for step in steps), default=0.0)

    def may_be_about(self, container: str) -> bool:
        """Say whether any rule can be about anything in a container."""
        return any(rule.is_enabled and rule.may_be_about(container) for rule in self.rules)


def read_policy(document: Mapping[str, Any]) -> Policy:
    """Read a management policy as Azure writes it.

    Args:
        document: ``{"rules": [...]}``, or the resource with its ``properties.policy``.

    Raises:
        UsageError: It is none; the message says where.
    """
    inner = document.get("properties", document)
    inner = inner.get("policy", inner) if isinstance(inner, Mapping) else inner
    rules = inner.get("rules") if isinstance(inner, Mapping) else None
    if not isinstance(rules, Sequence) or isinstance(rules, str):
        raise UsageError('a lifecycle policy has "rules": see the example in the docs')
    found = tuple(_rule(_mapping(one, "rules"), number) for number, one in enumerate(rules, 1))
    names = [rule.name for rule in found]
    if len(set(names)) < len(names):
        raise UsageError("two rules of the lifecycle policy have the same name: give each its own")
    return Policy(rules=found)


def _rule(document: Mapping[str, Any], number: int) -> Rule:
    name = document.get("name") or f"rule {number}"
    if document.get("type", "Lifecycle") != "Lifecycle":
        raise UsageError(f'{name}: the type of a rule is "Lifecycle"')
    definition = _mapping(document.get("definition"), f"{name}: definition")
    filters = _mapping(definition.get("filters", {}), f"{name}: filters")
    actions = _mapping(definition.get("actions"), f"{name}: actions")
    unknown = sorted(set(actions) - {BASE, SNAPSHOT, VERSION})
    if unknown or not actions:
        raise UsageError(f"{name}: actions can be {BASE}, {SNAPSHOT} and {VERSION}, and not {', '.join(unknown) or 'none'}")
    return Rule(
        name=str(name),
        is_enabled=bool(document.get("enabled", True)),
        kinds=_kinds(filters.get("blobTypes", list(KINDS)), name),
        prefixes=tuple(str(one) for one in filters.get("prefixMatch", ())),
        tags=_tags(filters.get("blobIndexMatch", ()), name),
        steps={key: _steps(_mapping(value, f"{name}: {key}"), f"{name}: {key}", key) for key, value in actions.items()},
    )


def _mapping(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UsageError(f"{where} of the lifecycle policy must be an object")
    return value


def _kinds(given: Sequence[str], name: str) -> frozenset[str]:
    unknown = [one for one in given if one not in KINDS]
    if unknown or not given:
        raise UsageError(f"{name}: blobTypes can be {' and '.join(KINDS)}, and not {', '.join(unknown) or 'none'}")
    return frozenset(KINDS[one] for one in given)


def _tags(given: Sequence[Mapping[str, str]], name: str) -> dict[str, str]:
    if any(one.get("op") != "==" or "name" not in one or "value" not in one for one in given):
        raise UsageError(f'{name}: blobIndexMatch has entries like {{"name": "case", "op": "==", "value": "17"}}')
    return {one["name"]: one["value"] for one in given}


def _steps(given: Mapping[str, Any], where: str, target: str) -> tuple[Step, ...]:
    unknown = sorted(set(given) - set(CHEAPEST_FIRST))
    if unknown:
        raise UsageError(f"{where}: actions can be {', '.join(CHEAPEST_FIRST)}, and not {', '.join(unknown)}")
    allowed = (CREATED, MODIFIED, SINCE_TIER) if target == BASE else (CREATED, SINCE_TIER)
    return tuple(
        Step(action=action, days=_days(_mapping(days, where), f"{where}: {action}", allowed)) for action, days in given.items()
    )


def _days(given: Mapping[str, Any], where: str, allowed: Sequence[str]) -> dict[str, float]:
    wrong = [key for key, value in given.items() if key not in allowed or not isinstance(value, int | float) or value < 0]
    if wrong or not set(given) - {SINCE_TIER}:
        raise UsageError(f"{where}: give days for {' or '.join(allowed[:-1])}, and not {', '.join(wrong) or 'none'}")
    return {key: float(value) for key, value in given.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """What a rule does, or would do, with one version."""

    action: str
    """One of `CHEAPEST_FIRST`."""
    blob: Blob
    """The version as it was before."""
    refusal: str = ""
    """Why it was left as it is; empty where it was done."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """What a run of the lifecycle rules did."""

    done: Mapping[str, int]
    """Versions by action; with a dry run, those that it would be."""
    left: int
    """Versions that were due and left, because they are protected, leased, or have snapshots."""
