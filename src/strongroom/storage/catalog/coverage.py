"""Coverage: how much of a scope is analysed, by type, and every failure with its reason."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from strongroom.domain.analysis import AnalyzerSpec, Coverage, Failure, State
from strongroom.domain.media import EMPTY, OCTETS
from strongroom.domain.outcome import BYTES
from strongroom.domain.scope import Scope
from strongroom.storage.catalog import holdings, reach, standings
from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.holdings import live
from strongroom.storage.catalog.names import first_names
from strongroom.storage.catalog.schema import analyses, containers, versions
from strongroom.storage.catalog.schema import contents as content_rows
from strongroom.storage.catalog.schema import holdings as held_rows
from strongroom.storage.catalog.standings import Verdict

UNKNOWN = "unknown"
"""Stands for the type of what is not identified yet."""


def coverage(tx: Transaction, specs: Sequence[AnalyzerSpec], scope: Scope) -> Coverage:
    """Give how much of what a scope holds is analysed; a blob that is not fingerprinted yet counts as one content."""
    return _sum(by_type(tx, specs, scope))


def by_type(tx: Transaction, specs: Sequence[AnalyzerSpec], scope: Scope) -> dict[str, Coverage]:
    """Give the coverage of each plain type; what is not identified yet is under ``unknown``."""
    known = standings.load(tx)
    tallies: dict[str, Counter[Verdict]] = {}
    for key, count in reach.standing_counts(tx, scope.containers).items():
        one = known[key]
        tallies.setdefault(one.type or UNKNOWN, Counter())[one.verdict(specs)] += count
    for verdict, count in _unread(tx, scope).items():
        tallies.setdefault(UNKNOWN, Counter())[verdict] += count
    return {type_: _coverage(tally) for type_, tally in sorted(tallies.items())}


def by_container(tx: Transaction, specs: Sequence[AnalyzerSpec], scope: Scope, ids: Collection[int]) -> dict[int, Coverage]:
    """Give the coverage of each of some containers that the scope shows."""
    known = standings.load(tx)
    tallies: dict[int, Counter[Verdict]] = {key: Counter() for key in ids}
    for container_id, standing, count in reach.standing_counts_by_container(tx, ids):
        tallies[container_id][known[standing].verdict(specs)] += count
    faulty = versions.c.fault.is_not(None)
    statement = sa.select(versions.c.container_id, faulty, sa.func.count()).where(
        live(), versions.c.sha256.is_(None), versions.c.container_id.in_(sorted(ids)), *_granted(scope)
    )
    for container_id, has_fault, count in tx.execute(statement.group_by(versions.c.container_id, faulty)):
        tallies[container_id][Verdict.FAILED if has_fault else Verdict.PENDING] += count
    return {key: _coverage(tally) for key, tally in tallies.items()}


def failures(
    tx: Transaction, scope: Scope, after: str, limit: int, *, analyzer: str | None = None, reason: str | None = None
) -> list[Failure]:
    """Give contents that could not be analysed, wholly or in part, in order of SHA-256.

    Args:
        tx: A transaction.
        scope: What may be seen.
        after: SHA-256 of the last failure known; empty for none.
        limit: Contents a page, at most; one content may have several failures.
        analyzer: Only what this one could not read.
        reason: Only what could not be read for this reason.
    """
    troubles = _troubles(tx, scope, after, limit, troubled(tx, analyzer, reason))
    names = first_names(tx, {row.sha256 for row in troubles}, scope)
    return [
        Failure(
            sha256=row.sha256,
            name=names[row.sha256],
            analyzer=row.analyzer,
            reason=row.reason,
            state=State(row.state),
            attempts=row.attempts,
        )
        for row in troubles
        if row.sha256 in names
    ]


def troubled(tx: Transaction, analyzer: str | None, reason: str | None) -> list[sa.ColumnElement[bool]]:
    """Give the conditions that an analysis ended with trouble, of one analyzer and for one reason where these are given."""
    where: list[sa.ColumnElement[bool]] = [analyses.c.reason.is_not(None)]
    where += [] if analyzer is None else [analyses.c.analyzer == analyzer]
    if reason is not None:
        where.append(analyses.c.reason == reason)
        if tx.dialect.name == "postgresql":  # whose index holds a digest: a reason may be longer than an index may hold
            where.append(sa.func.md5(analyses.c.reason) == sa.func.md5(reason))
    return where


def unread(
    tx: Transaction, specs: Sequence[AnalyzerSpec], scope: Scope, after: str, limit: int, *, reason: str | None = None
) -> list[Failure]:
    """Give contents that no analyzer takes, in order of SHA-256.

    Args:
        tx: A transaction.
        specs: The analyzers.
        scope: What may be seen.
        after: SHA-256 of the last content known; empty for none.
        limit: How many at most.
        reason: Only those that are told with this sentence.
    """
    alone = {key: why for key, why in alone_kinds(tx, specs).items() if reason in (None, why)}
    columns = (content_rows.c.sha256, content_rows.c.standing)
    where = (
        content_rows.c.standing.in_(alone),
        content_rows.c.sha256 > after,
        reach.held(reach.containers(tx, scope.containers)),
    )
    rows = tx.execute(sa.select(*columns).where(*where).order_by(content_rows.c.sha256).limit(limit)).all()
    names = first_names(tx, {row.sha256 for row in rows}, scope)
    return [
        Failure(
            sha256=row.sha256,
            name=names[row.sha256],
            analyzer=BYTES,
            reason=alone[row.standing],
            state=State.SKIPPED,
            attempts=1,
        )
        for row in rows
        if row.sha256 in names
    ]


def alone_kinds(tx: Transaction, specs: Sequence[AnalyzerSpec]) -> dict[int | None, str]:
    """Give the standings of what no analyzer takes, each with the sentence that tells it."""
    known = {key: one.media_type for key, one in standings.load(tx).items() if one.media_type is not None}
    return {key: _no_reader(media) for key, media in known.items() if not any(spec.takes(media) for spec in specs)}


def _no_reader(media_type: str) -> str:
    if media_type == EMPTY:
        return "it is empty"
    if media_type == OCTETS:
        return "its bytes are of no known kind"
    return f"no analyzer here reads {media_type}"


def _troubles(
    tx: Transaction, scope: Scope, after: str, limit: int, where: Sequence[sa.ColumnElement[bool]]
) -> Sequence[sa.Row[Any]]:
    """Give the rows of analyses with a reason, of a page of contents in the scope."""
    inside = reach.containers(tx, scope.containers)
    table = held_rows
    held = sa.exists().where(table.c.sha256 == analyses.c.sha256)
    if inside is not None:
        held = held.where(table.c.container_id.in_(inside))
    page = sa.select(analyses.c.sha256).where(*where, analyses.c.sha256 > after, held)
    shas = tx.scalars(page.distinct().order_by(analyses.c.sha256).limit(limit)).all()
    rows: list[sa.Row[Any]] = []
    for part in holdings.chunks(shas):
        statement = sa.select(analyses).where(analyses.c.sha256.in_(part), *where)
        rows += tx.execute(statement.order_by(analyses.c.sha256, analyses.c.analyzer))
    return rows


def _unread(tx: Transaction, scope: Scope) -> Counter[Verdict]:
    """Count live blobs that no content is known of yet."""
    faulty = versions.c.fault.is_not(None)
    statement = sa.select(faulty, sa.func.count()).where(live(), versions.c.sha256.is_(None), *_granted(scope))
    tally: Counter[Verdict] = Counter()
    for has_fault, count in tx.execute(statement.group_by(faulty)):
        tally[Verdict.FAILED if has_fault else Verdict.PENDING] += count
    return tally


def _granted(scope: Scope) -> list[sa.ColumnElement[bool]]:
    return [] if scope.containers is None else [containers.c.id.in_(sorted(scope.containers))]


def _coverage(tally: Counter[Verdict]) -> Coverage:
    return Coverage(**{str(verdict): tally[verdict] for verdict in Verdict})


def _sum(parts: Mapping[str, Coverage]) -> Coverage:
    whole = parts.values()
    return Coverage(
        searched=sum(part.searched for part in whole),
        pending=sum(part.pending for part in whole),
        failed=sum(part.failed for part in whole),
        skipped=sum(part.skipped for part in whole),
    )
