"""Rows of analyses: which content each analyzer finished, how, and what is still to do.

Remaining work is a query over standings, not a queue.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import sqlalchemy as sa

from strongroom.domain.analysis import AnalyzerSpec, State
from strongroom.domain.outcome import BYTES, Outcome, Run, Stretch
from strongroom.domain.times import clock
from strongroom.storage.catalog import contents, entities, findings, holdings, reach, standings, stretches
from strongroom.storage.catalog.catalog import Transaction, dialect_insert, now
from strongroom.storage.catalog.schema import analyses as table
from strongroom.storage.catalog.schema import contents as content_rows
from strongroom.storage.catalog.schema import holdings as held_rows
from strongroom.storage.catalog.schema import standings as standing_rows
from strongroom.storage.catalog.schema import stretches as stretch_rows
from strongroom.storage.catalog.standings import Standing
from strongroom.storage.catalog.texts import storable

Condition: TypeAlias = sa.ColumnElement[bool]

MEDIA = "media"
"""The analyzer whose property `DURATION` says how many seconds a recording takes."""
DURATION = "duration"


def pending(
    tx: Transaction,
    specs: Sequence[AnalyzerSpec],
    *,
    containers: frozenset[int] | None,
    failed_before: datetime | None = None,
    after: str,
    limit: int,
) -> list[str]:
    """Give live contents that some analyzer has yet to read, or that are not identified yet, in order of SHA-256.

    Args:
        tx: A transaction.
        specs: The analyzers.
        containers: Where to look; None is everywhere.
        failed_before: What failed before this instant is to be read again; None leaves failures alone.
        after: The last content known; empty for none.
        limit: How many at most.
    """
    sure, unsure = _candidates(tx, specs, failed_before)
    inside = reach.containers(tx, containers)
    if inside is None:
        pages = [_page_by_standing(tx, key, after, limit) for key in sure]
        wheres: list[list[Condition]] = [[content_rows.c.is_held]]
    else:
        wheres = [[held_rows.c.container_id == i, held_rows.c.sha256 == content_rows.c.sha256] for i in inside]
        pages = [_page(tx, [*where, _stands(sure)], after, limit) for where in wheres]
    for key, names in unsure.items():
        again = [_stands([key]), _failed(names, failed_before)]
        pages += [_page(tx, [*where, *again], after, limit) for where in wheres]
    return sorted(set().union(*pages))[:limit]


def pending_count(
    tx: Transaction,
    specs: Sequence[AnalyzerSpec],
    *,
    containers: frozenset[int] | None,
    failed_before: datetime | None = None,
) -> int:
    """Give how many contents `pending` would give in all."""
    sure, unsure = _candidates(tx, specs, failed_before)
    counts = reach.standing_counts(tx, containers)
    total = sum(counts.get(key, 0) for key in sure)
    for key, names in unsure.items():
        if key in counts:
            within = reach.held(reach.containers(tx, containers))
            again = sa.select(sa.func.count()).where(within, _stands([key]), _failed(names, failed_before))
            total += tx.execute(again.select_from(content_rows)).scalar_one()
    return total


def due(
    tx: Transaction, sha256s: Collection[str], specs: Sequence[AnalyzerSpec], *, failed_before: datetime | None = None
) -> dict[str, tuple[AnalyzerSpec, ...]]:
    """Give the analyzers that have yet to read each content; before it is identified, all of them."""
    retry: dict[str, set[str]] = {}
    if failed_before is not None:
        for part in holdings.chunks(sha256s):
            statement = sa.select(table.c.sha256, table.c.analyzer).where(table.c.sha256.in_(part))
            failed = statement.where(table.c.state == State.FAILED, table.c.finished_at < failed_before)
            for sha, analyzer in tx.execute(failed):
                retry.setdefault(sha, set()).add(analyzer)
    return {sha: one.due(specs, retry.get(sha, ())) for sha, one in _standings_of(tx, sha256s).items()}


def earlier(tx: Transaction, runs: Collection[tuple[str, str]]) -> dict[tuple[str, int], list[str]]:
    """Give the contents that some analyzers have written segments of, by analyzer and version.

    Args:
        tx: A transaction.
        runs: Each a content's SHA-256 and an analyzer's name.
    """
    wanted, found = set(runs), dict[tuple[str, int], set[str]]()
    for part in holdings.chunks({sha for sha, _ in wanted}):
        for rows in (table, stretch_rows):
            statement = sa.select(rows.c.sha256, rows.c.analyzer, rows.c.version).where(rows.c.sha256.in_(part))
            for sha, analyzer, version in tx.execute(statement):
                if (sha, analyzer) in wanted:
                    found.setdefault((analyzer, version), set()).add(sha)
    return {key: sorted(shas) for key, shas in found.items()}


def record(tx: Transaction, outcomes: Iterable[Outcome]) -> list[tuple[str, str]]:
    """Write down what workers found out; writing it twice changes nothing but the number of attempts.

    Args:
        tx: A writing transaction.
        outcomes: Those of contents that are gone meanwhile leave nothing behind.

    Returns:
        Ids and places of the objects whose bytes are to be removed after the commit.

    Raises:
        StorageError: Bytes that a worker counted on were removed meanwhile; read those contents again.
    """
    given = list(outcomes)
    known = _lock(tx, {outcome.sha256 for outcome in given})
    last = {one.sha256: one for one in given}.values()
    present = stretches.current(tx, [outcome for outcome in last if outcome.sha256 in known])
    partial = stretches.stretches(tx, known)
    offered = findings.adopt(tx, given)
    findings.write_members(tx, present, {sha: row.depth for sha, row in known.items()}, partial)
    offered |= findings.write_renditions(tx, present)
    stretches.record(tx, present, partial)
    _write_runs(tx, present, known)
    entities.record(tx, present)
    contents.measure(tx, _durations(present))
    kinds = {outcome.sha256: (outcome.media_type, outcome.type) for outcome in present}
    kept = {sha: (row.media_type, row.type) for sha, row in known.items() if kinds[sha][0] is None}
    contents.restate(tx, {**kinds, **kept})
    return findings.release(tx, offered)


def lose(tx: Transaction, sha256: str, specs: Sequence[AnalyzerSpec], reason: str) -> None:
    """Note that reading a content killed its worker or passed a limit: what was being done to it has failed.

    Args:
        tx: A writing transaction.
        sha256: The content.
        specs: The analyzers of the pass.
        reason: A sentence for people.
    """
    found = _standings_of(tx, [sha256]).get(sha256)
    if found is None:
        return
    # with nothing due it was a retry, of what failed before
    failed = found.due(specs) or found.due(specs, found.failed())
    partial = stretches.stretches(tx, [sha256])
    runs = tuple(_lost(spec, partial.get((sha256, spec.name)), reason) for spec in failed)
    if found.media_type is None or BYTES in found.runs:
        record(tx, [Outcome(sha256=sha256, media_type=None, type=None, runs=(), fault=reason)])
    else:
        record(tx, [Outcome(sha256=sha256, media_type=found.media_type, type=found.type, runs=runs)])


def properties(tx: Transaction, sha256s: Collection[str]) -> dict[str, dict[str, object]]:
    """Give what all analyzers together said of each content as a whole."""
    found: dict[str, dict[str, object]] = {}
    for part in holdings.chunks(sha256s):
        statement = sa.select(table.c.sha256, table.c.properties).where(table.c.sha256.in_(part))
        for sha, said in tx.execute(statement.order_by(table.c.sha256, table.c.analyzer)):
            found.setdefault(sha, {}).update(said)
    return found


def written(tx: Transaction, *, after: tuple[str, str], limit: int) -> list[tuple[str, str, int, int]]:
    """Give content, analyzer, version and number of segments of each run and stretch, in order of content and analyzer.

    Args:
        tx: A transaction.
        after: Content and analyzer of the last run known; empty texts for none.
        limit: How many at most.
    """
    ended = sa.exists().where(table.c.sha256 == stretch_rows.c.sha256, table.c.analyzer == stretch_rows.c.analyzer)
    found: list[tuple[str, str, int, int]] = []
    for rows, where in ((table, sa.true()), (stretch_rows, ~ended)):
        key = (rows.c.sha256, rows.c.analyzer)
        statement = sa.select(*key, rows.c.version, rows.c.segments).where(sa.tuple_(*key) > after, where)
        found += [tuple(row) for row in tx.execute(statement.order_by(*key).limit(limit))]
    return sorted(found)[:limit]


def rate(tx: Transaction, *, containers: Iterable[int] | None = None, seconds: float = 120.0) -> float:
    """Give how many contents of some containers, None for all, were finished a second in the last minutes; 0 for none."""
    instant = now()
    statement = sa.select(sa.func.count(table.c.sha256.distinct()), sa.func.min(table.c.finished_at)).where(
        table.c.finished_at > instant - timedelta(seconds=seconds)
    )
    inside = reach.containers(tx, containers)
    if inside is not None:
        held = sa.exists().where(held_rows.c.sha256 == table.c.sha256, held_rows.c.container_id.in_(inside))
        statement = statement.where(held)
    count, first = tx.execute(statement).one()
    return float(count) / max((instant - first).total_seconds(), 1.0) if count else 0.0


def _page_by_standing(tx: Transaction, key: int | None, after: str, limit: int) -> list[str]:
    # spelt by hand so that the partial index serves it
    standing = "standing IS NULL" if key is None else "standing = :key"
    text = f"SELECT sha256 FROM contents WHERE is_held AND {standing} AND sha256 > :after ORDER BY sha256 LIMIT :limit"  # noqa: S608
    values = {"after": after, "limit": limit, **({} if key is None else {"key": key})}
    return list(tx.scalars(sa.text(text), values))


def _page(tx: Transaction, where: Sequence[Condition], after: str, limit: int) -> list[str]:
    statement = sa.select(content_rows.c.sha256).where(*where, content_rows.c.sha256 > after)
    return list(tx.scalars(statement.order_by(content_rows.c.sha256).limit(limit)))


def _candidates(
    tx: Transaction, specs: Sequence[AnalyzerSpec], failed_before: datetime | None
) -> tuple[list[int | None], dict[int | None, frozenset[str]]]:
    """Give the standings that are pending, and those that are so if one of the named analyzers failed long enough ago."""
    known = standings.load(tx)
    sure = [key for key, one in known.items() if one.due(specs)]
    if failed_before is None:
        return sure, {}
    unsure: dict[int | None, frozenset[str]] = {}
    for key in known.keys() - set(sure):
        failed = known[key].failed()
        names = frozenset(name for name in failed if known[key].due(specs, {name}))
        if names:
            unsure[key] = names
    return sure, unsure


def _stands(keys: Sequence[int | None]) -> Condition:
    among = content_rows.c.standing.in_([key for key in keys if key is not None])
    return sa.or_(among, content_rows.c.standing.is_(None)) if None in keys else among


def _failed(names: Collection[str], before: datetime | None) -> Condition:
    return sa.exists().where(
        table.c.sha256 == content_rows.c.sha256,
        table.c.state == State.FAILED,
        table.c.analyzer.in_(sorted(names)),
        table.c.finished_at < before,
    )


def _standings_of(tx: Transaction, sha256s: Collection[str]) -> dict[str, Standing]:
    found: dict[str, Standing] = {}
    for part in holdings.chunks(sha256s):
        statement = sa.select(content_rows.c.sha256, content_rows.c.standing, standing_rows.c.key)
        statement = statement.outerjoin(standing_rows, standing_rows.c.id == content_rows.c.standing)
        for row in tx.execute(statement.where(content_rows.c.sha256.in_(part))):
            found[row.sha256] = standings.UNTOUCHED if row.key is None else standings.decode(row.key)
    return found


def _lock(tx: Transaction, sha256s: Collection[str]) -> dict[str, sa.Row[Any]]:
    """Give the rows of contents that exist, locked in one order; beside each, whether its bytes were once unreadable."""
    faulty = sa.exists().where(table.c.sha256 == content_rows.c.sha256, table.c.analyzer == BYTES).label("faulty")
    columns = (content_rows.c.sha256, content_rows.c.depth, content_rows.c.media_type, content_rows.c.type, faulty)
    found: dict[str, sa.Row[Any]] = {}
    for part in holdings.chunks(sha256s):
        statement = sa.select(*columns).where(content_rows.c.sha256.in_(part)).order_by(content_rows.c.sha256)
        found.update({row.sha256: row for row in tx.execute(statement.with_for_update(of=content_rows))})
    return found


def _write_runs(tx: Transaction, outcomes: Sequence[Outcome], known: Mapping[str, sa.Row[Any]]) -> None:
    readable = [one.sha256 for one in outcomes if one.fault is None and known[one.sha256].faulty]
    for part in holdings.chunks(readable):
        tx.execute(table.delete().where(table.c.sha256.in_(part), table.c.analyzer == BYTES))
    rows = [_row(outcome.sha256, run) for outcome in outcomes for run in _runs(outcome) if run.stopped is None]
    if not rows:
        return
    insert = dialect_insert(tx, table)
    changed = {c.name: insert.excluded[c.name] for c in table.c if c.name not in ("sha256", "analyzer", "attempts")}
    changed["attempts"] = table.c.attempts + 1
    tx.execute(insert.on_conflict_do_update(index_elements=["sha256", "analyzer"], set_=changed), rows)


def _runs(outcome: Outcome) -> tuple[Run, ...]:
    if outcome.fault is None:
        return outcome.runs
    return (*outcome.runs, Run(analyzer=BYTES, version=1, state=State.FAILED, reason=outcome.fault))


def _lost(spec: AnalyzerSpec, stretch: Stretch | None, reason: str) -> Run:
    """Give the run of an analyzer that ended with its worker; what it wrote before a checkpoint counts."""
    if stretch is None or stretch.version != spec.version:
        return Run(analyzer=spec.name, version=spec.version, state=State.FAILED, reason=reason)
    return Run(
        analyzer=spec.name,
        version=spec.version,
        state=State.FAILED,
        reason=reason,
        seconds=stretch.seconds,
        segments=stretch.segments,
        properties=stretch.properties,
        began=stretch.reached,
    )


def _durations(outcomes: Iterable[Outcome]) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for outcome in outcomes:
        for run in outcome.runs:
            if run.analyzer == MEDIA and run.state is State.DONE:
                found[outcome.sha256] = seconds_of(run.properties)
    return found


def seconds_of(said: Mapping[str, object]) -> float | None:
    """Give how many seconds a recording takes by its properties; None where they do not say, or it cannot be."""
    value = said.get(DURATION)
    return float(value) if isinstance(value, int | float) and 0 < value < math.inf else None


def _row(sha256: str, run: Run) -> dict[str, object]:
    reason = run.reason
    if run.state is State.FAILED and run.began:
        reason = f"{reason}; what comes before {clock(run.began)} is read, and kept"
    return {
        "sha256": sha256,
        "analyzer": run.analyzer,
        "version": run.version,
        "state": str(run.state),
        "reason": storable(reason),
        "seconds": max(run.seconds, 0.0),
        "attempts": 1,
        "segments": run.segments,
        "properties": storable(run.properties),
        "finished_at": now(),
    }
