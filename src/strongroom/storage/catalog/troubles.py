"""What could not be read, by its reason and by who says so: counted by the database, however much it is."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from strongroom.domain.analysis import AnalyzerSpec, Failure, State
from strongroom.domain.outcome import BYTES
from strongroom.domain.scope import Scope
from strongroom.domain.status import FailureGroup
from strongroom.storage.catalog import coverage, reach, retries
from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.holdings import live
from strongroom.storage.catalog.names import first_names
from strongroom.storage.catalog.schema import analyses, containers, contents, holdings, versions

EXAMPLES = 3
"""Files that are told of each reason."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Group:
    """Files that one analyzer could not read for one reason."""

    analyzer: str
    """Which; `BYTES` where none could begin."""
    reason: str
    """The sentence."""
    state: State
    """What it did to them."""
    count: int
    """How many."""
    is_told_of_analyses: bool
    """Whether rows of analyses say so; else those of versions, or what kind the contents are."""

    def order(self) -> tuple[int, str, str, State]:
        """Give by what groups are put in order."""
        return -self.count, self.reason, self.analyzer, self.state


def groups(
    tx: Transaction, specs: Sequence[AnalyzerSpec], scope: Scope, *, skipped: bool, after: int, limit: int
) -> list[FailureGroup]:
    """Give what could not be read, by reason and analyzer, the most frequent first.

    Args:
        tx: A transaction.
        specs: The analyzers.
        scope: What may be seen; counts and examples are of that alone.
        skipped: Whether to give what a limit left out and what nothing here reads, in the place of what failed.
        after: How many groups to pass over.
        limit: How many at most.
    """
    wanted = after + limit
    found = [*_of_analyses(tx, scope, skipped=skipped, limit=wanted)]
    found += _of_kinds(tx, specs, scope) if skipped else _of_bytes(tx, scope, wanted)
    page = sorted(found, key=_Group.order)[after:wanted]
    return [
        FailureGroup(
            reason=one.reason,
            analyzer=one.analyzer,
            state=one.state,
            count=one.count,
            examples=tuple(_examples(tx, specs, scope, one)),
        )
        for one in page
    ]


def _of_analyses(tx: Transaction, scope: Scope, *, skipped: bool, limit: int) -> list[_Group]:
    count = sa.func.count()
    columns = (analyses.c.analyzer, analyses.c.reason, analyses.c.state)
    state = analyses.c.state == State.SKIPPED if skipped else analyses.c.state != State.SKIPPED
    where = (analyses.c.reason.is_not(None), state, *_seen(tx, scope))
    grouped = sa.select(*columns, count.label("files")).where(*where).group_by(*columns)
    rows = tx.execute(grouped.order_by(count.desc(), analyses.c.reason, analyses.c.analyzer).limit(limit))
    return [
        _Group(analyzer=row.analyzer, reason=row.reason, state=State(row.state), count=row.files, is_told_of_analyses=True)
        for row in rows
    ]


def _of_bytes(tx: Transaction, scope: Scope, limit: int) -> list[_Group]:
    """Group live blobs whose bytes could not be read, so that no content is known."""
    count = sa.func.count()
    granted = [] if scope.containers is None else [containers.c.id.in_(sorted(scope.containers))]
    statement = sa.select(versions.c.fault, count.label("files")).where(live(), versions.c.fault.is_not(None), *granted)
    rows = tx.execute(statement.group_by(versions.c.fault).order_by(count.desc(), versions.c.fault).limit(limit))
    return [
        _Group(analyzer=BYTES, reason=row.fault, state=State.FAILED, count=row.files, is_told_of_analyses=False) for row in rows
    ]


def _of_kinds(tx: Transaction, specs: Sequence[AnalyzerSpec], scope: Scope) -> list[_Group]:
    """Group contents that no analyzer takes."""
    counts = reach.standing_counts(tx, scope.containers)
    tally: Counter[str] = Counter()
    for key, reason in coverage.alone_kinds(tx, specs).items():
        tally[reason] += counts.get(key, 0)
    return [
        _Group(analyzer=BYTES, reason=reason, state=State.SKIPPED, count=count, is_told_of_analyses=False)
        for reason, count in tally.items()
        if count
    ]


def _seen(tx: Transaction, scope: Scope) -> list[sa.ColumnElement[bool]]:
    """Give the condition that a content is live in the scope; none where all that was ever read is."""
    inside = reach.containers(tx, scope.containers)
    if inside is not None:
        return [sa.exists().where(holdings.c.sha256 == analyses.c.sha256, holdings.c.container_id.in_(inside))]
    if tx.execute(sa.text("SELECT 1 FROM contents WHERE NOT is_held LIMIT 1")).first() is None:
        return []
    return [sa.exists().where(contents.c.sha256 == analyses.c.sha256, contents.c.is_held)]


def _examples(tx: Transaction, specs: Sequence[AnalyzerSpec], scope: Scope, group: _Group) -> list[Failure]:
    if not group.is_told_of_analyses:
        if group.state is State.SKIPPED:
            return coverage.unread(tx, specs, scope, "", EXAMPLES, reason=group.reason)
        return [failure for _, failure in retries.unreadable(tx, scope, 0, EXAMPLES, reason=group.reason)]
    where = (*coverage.troubled(tx, group.analyzer, group.reason), analyses.c.state == group.state, *_seen(tx, scope))
    statement = sa.select(analyses.c.sha256, analyses.c.attempts).where(*where).order_by(analyses.c.sha256)
    tries = {row.sha256: row.attempts for row in tx.execute(statement.limit(EXAMPLES))}
    names = first_names(tx, tries.keys(), scope)
    return [
        Failure(
            sha256=sha256,
            name=names[sha256],
            analyzer=group.analyzer,
            reason=group.reason,
            state=group.state,
            attempts=count,
        )
        for sha256, count in tries.items()
        if sha256 in names
    ]
