"""Standings: the few distinct states that contents are in, from which pending work and coverage follow.

A standing is what a content is, and the analyzers that finished it with version and state. A room of a million contents
has some dozens, so whether a standing is pending is asked of each once, for whatever analyzers the room has now, and the
contents are then found through an index on it.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from strongroom.domain.analysis import AnalyzerSpec, State
from strongroom.domain.outcome import BYTES
from strongroom.storage.catalog.catalog import Transaction, dialect_insert
from strongroom.storage.catalog.schema import standings as table


class Verdict(StrEnum):
    """What a standing counts as in a coverage."""

    SEARCHED = "searched"
    PENDING = "pending"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What a content is, and how each analyzer left it."""

    media_type: str | None
    """None until it is identified."""
    type: str | None
    """The plain type."""
    runs: Mapping[str, tuple[int, State]]
    """Version and state by analyzer."""

    def key(self) -> str:
        """Give a text that is equal for equal standings."""
        runs = [[analyzer, version, str(state)] for analyzer, (version, state) in sorted(self.runs.items())]
        return json.dumps([self.media_type, self.type, runs])

    def due(self, specs: Iterable[AnalyzerSpec], retry: Collection[str] = ()) -> tuple[AnalyzerSpec, ...]:
        """Give the analyzers that have yet to run; before a content is identified, all of them.

        Args:
            specs: The analyzers.
            retry: Names of those that are to run again where they failed; `BYTES` among them, to read the bytes again.
        """
        if BYTES in self.runs and BYTES not in retry:
            return ()
        if self.media_type is None:
            return tuple(specs)
        return tuple(spec for spec in specs if spec.takes(self.media_type) and not self._has_finished(spec, retry))

    def failed(self) -> frozenset[str]:
        """Give the names of the analyzers that failed."""
        return frozenset(analyzer for analyzer, (_, state) in self.runs.items() if state is State.FAILED)

    def verdict(self, specs: Sequence[AnalyzerSpec]) -> Verdict:
        """Say what the standing counts as: pending before failed before searched."""
        if BYTES in self.runs:
            return Verdict.FAILED
        if self.media_type is None or self.due(specs):
            return Verdict.PENDING
        states = {self.runs[spec.name][1] for spec in specs if spec.takes(self.media_type)}
        if State.FAILED in states:
            return Verdict.FAILED
        return Verdict.SEARCHED if State.DONE in states else Verdict.SKIPPED

    def _has_finished(self, spec: AnalyzerSpec, retry: Collection[str]) -> bool:
        version, state = self.runs.get(spec.name, (None, None))
        return version in (spec.version, *spec.as_good) and not (state is State.FAILED and spec.name in retry)


UNTOUCHED = Standing(media_type=None, type=None, runs={})
"""Of a content that no analysis has seen; its row has no standing."""


def load(tx: Transaction) -> dict[int | None, Standing]:
    """Give every standing by its id, and `UNTOUCHED` under None."""
    found = {row.id: decode(row.key) for row in tx.execute(sa.select(table))}
    return {None: UNTOUCHED, **found}


def ids(tx: Transaction, keys: AbstractSet[str]) -> dict[str, int]:
    """Give the ids of standings by their keys; those that are new are made."""
    found = _find(tx, keys)
    if len(found) < len(keys):
        rows = [{"key": key} for key in sorted(keys - found.keys())]
        tx.execute(dialect_insert(tx, table).on_conflict_do_nothing(index_elements=["key"]), rows)
        found = _find(tx, keys)
    return found


def _find(tx: Transaction, keys: AbstractSet[str]) -> dict[str, int]:
    statement = sa.select(table.c.key, table.c.id).where(table.c.key.in_(sorted(keys)))
    return {row.key: row.id for row in tx.execute(statement)}


def decode(key: str) -> Standing:
    """Give the standing of a key."""
    media_type, type_, runs = json.loads(key)
    return Standing(
        media_type=media_type, type=type_, runs={analyzer: (version, State(state)) for analyzer, version, state in runs}
    )
