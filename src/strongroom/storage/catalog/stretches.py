"""Rows of stretches: how far analyzers are in long recordings; what came to its end is in `analyses` instead.

A reading that was interrupted has no row of analyses, so its content is simply pending; where it goes on is written here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypeAlias

import sqlalchemy as sa

from strongroom.domain.analysis import State
from strongroom.domain.outcome import Outcome, Run, Stretch
from strongroom.storage.catalog import holdings
from strongroom.storage.catalog.catalog import Transaction, dialect_insert, now
from strongroom.storage.catalog.schema import analyses
from strongroom.storage.catalog.schema import stretches as table
from strongroom.storage.catalog.texts import storable

Key: TypeAlias = tuple[str, str]
"""SHA-256 of a content, and name of an analyzer."""


def stretches(tx: Transaction, sha256s: Collection[str]) -> dict[Key, Stretch]:
    """Give how far analyzers are in contents, by SHA-256 and name."""
    columns = [table.c[one.name] for one in fields(Stretch)]
    found: dict[Key, Stretch] = {}
    for part in holdings.chunks(sha256s):
        statement = sa.select(table.c.sha256, table.c.analyzer, *columns).where(table.c.sha256.in_(part))
        for sha, analyzer, *values in tx.execute(statement):
            given = dict(zip((column.name for column in columns), values, strict=True))
            found[sha, analyzer] = Stretch(**{**given, "problems": tuple(given["problems"])})
    return found


def reached(tx: Transaction, sha256: str, analyzer: str, version: int) -> float:
    """Give how far one analyzer is in a content, in seconds; 0 where it has not begun, or is past the end."""
    found = stretches(tx, [sha256]).get((sha256, analyzer))
    return found.reached if found is not None and found.version == version else 0.0


def current(tx: Transaction, outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Leave out the runs that began where reading no longer stands: another process was quicker, or read more.

    What they found is the same as what was found there before.
    """
    given = list(outcomes)
    known = stretches(tx, {one.sha256 for one in given})
    done = _done(tx, {one.sha256 for one in given if any(run.stopped for run in one.runs)})

    def stands(sha256: str, run: Run) -> bool:
        if not run.began and not run.stopped and run.state is not State.FAILED:
            return True  # it has all
        row = known.get((sha256, run.analyzer))
        at = row.reached if row is not None and row.version == run.version else 0.0
        return run.began == at and not (run.stopped and (sha256, run.analyzer, run.version) in done)

    return [replace(one, runs=tuple(run for run in one.runs if stands(one.sha256, run))) for one in given]


def record(tx: Transaction, outcomes: Sequence[Outcome], known: Mapping[Key, Stretch]) -> None:
    """Write down how far runs came, and forget it of those that came to their end.

    A run that failed on its way keeps its row, so that trying again goes on from there.

    Args:
        tx: A writing transaction.
        outcomes: `current` ones, of contents that exist.
        known: The rows of these contents as they are.
    """
    rows, gone, begun = list[dict[str, Any]](), list[Key](), list[Key]()
    for outcome in outcomes:
        for run in outcome.runs:
            key = (outcome.sha256, run.analyzer)
            if run.stopped is not None:
                rows.append(_row(key, run, known.get(key) if run.began else None))
                begun.append(key)
            elif key in known and not (run.state is State.FAILED and known[key].version == run.version):
                gone.append(key)
    _delete(tx, table, gone)
    _delete(tx, analyses, begun)
    if rows:
        insert = dialect_insert(tx, table)
        changed = {c.name: insert.excluded[c.name] for c in table.c if not c.primary_key}
        tx.execute(insert.on_conflict_do_update(index_elements=["sha256", "analyzer"], set_=changed), rows)


def _row(key: Key, run: Run, earlier: Stretch | None) -> dict[str, Any]:
    if run.stopped is None:
        raise ValueError("only a run that stopped at a checkpoint has a stretch")
    return {
        "sha256": key[0],
        "analyzer": run.analyzer,
        "version": run.version,
        "reached": run.stopped.at,
        "total": run.stopped.of,
        "segments": run.segments,
        "members": (earlier.members if earlier else 0) + len(run.members),
        "seconds": max(run.seconds, 0.0),
        "properties": storable(run.properties),
        "problems": storable(list(run.problems)),
        "troubles": run.troubles,
        "updated_at": now(),
    }


def _delete(tx: Transaction, rows: sa.Table, keys: Sequence[Key]) -> None:
    for sha256, analyzer in keys:
        tx.execute(rows.delete().where(rows.c.sha256 == sha256, rows.c.analyzer == analyzer))


def _done(tx: Transaction, sha256s: Collection[str]) -> set[tuple[str, str, int]]:
    found: set[tuple[str, str, int]] = set()
    for part in holdings.chunks(sha256s):
        statement = sa.select(analyses.c.sha256, analyses.c.analyzer, analyses.c.version)
        rows = tx.execute(statement.where(analyses.c.sha256.in_(part), analyses.c.state != State.FAILED))
        found |= {(sha, analyzer, version) for sha, analyzer, version in rows}
    return found
