"""What could not be read, a page at a time; and taking note that it is to be tried again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from strongroom.domain.analysis import Failure, State
from strongroom.domain.content import Name
from strongroom.domain.outcome import BYTES
from strongroom.domain.scope import Scope
from strongroom.storage.catalog import contents, coverage, holdings, reach
from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.holdings import live
from strongroom.storage.catalog.schema import analyses, containers, stretches, versions
from strongroom.storage.catalog.schema import contents as content_rows
from strongroom.storage.catalog.schema import holdings as held


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """A run that ended with trouble."""

    sha256: str
    """The content."""
    analyzer: str
    """Which analyzer; `BYTES` where the bytes themselves were unreadable."""
    version: int
    """Of the analyzer."""
    segments: int
    """Segments that it wrote."""
    goes_on: bool
    """Whether it goes on from a checkpoint, so that what it wrote is still needed."""


def unreadable(
    tx: Transaction, scope: Scope, after: int, limit: int, *, reason: str | None = None
) -> list[tuple[int, Failure]]:
    """Give keys of live versions whose bytes could not be read, in order, each with what is told of it."""
    columns = (versions.c.id, versions.c.sha256, versions.c.name, versions.c.fault, containers.c.name.label("container"))
    statement = sa.select(*columns).where(live(), versions.c.fault.is_not(None), versions.c.id > after, *_granted(scope))
    statement = statement if reason is None else statement.where(versions.c.fault == reason)
    return [
        (
            row.id,
            Failure(
                sha256=row.sha256 or "",
                name=str(Name(container=row.container, blob=row.name)),
                analyzer=BYTES,
                reason=row.fault,
                state=State.FAILED,
                attempts=1,
            ),
        )
        for row in tx.execute(statement.order_by(versions.c.id).limit(limit))
    ]


def failed(tx: Transaction, scope: Scope, after: str, limit: int) -> list[str]:
    """Give contents in the scope that some analyzer failed on, in order of SHA-256."""
    inside = reach.containers(tx, scope.containers)
    here = sa.exists().where(held.c.sha256 == analyses.c.sha256)
    if inside is not None:
        here = here.where(held.c.container_id.in_(inside))
    statement = sa.select(analyses.c.sha256).where(
        analyses.c.reason.is_not(None), analyses.c.state == State.FAILED, analyses.c.sha256 > after, here
    )
    return list(tx.scalars(statement.distinct().order_by(analyses.c.sha256).limit(limit)))


def alike(tx: Transaction, scope: Scope, after: str, limit: int, *, analyzer: str | None, reason: str | None) -> list[str]:
    """Give contents in the scope that an analyzer could not read, wholly or in part, for a reason, in order of SHA-256."""
    inside = reach.containers(tx, scope.containers)
    here = sa.exists().where(held.c.sha256 == analyses.c.sha256)
    if inside is not None:
        here = here.where(held.c.container_id.in_(inside))
    where = (*coverage.troubled(tx, analyzer, reason), analyses.c.sha256 > after, here)
    return list(tx.scalars(sa.select(analyses.c.sha256).where(*where).distinct().order_by(analyses.c.sha256).limit(limit)))


def troubled(
    tx: Transaction,
    sha256s: Collection[str],
    *,
    partly: bool,
    analyzer: str | None = None,
    reason: str | None = None,
) -> list[Tried]:
    """Give the runs over contents that failed; with ``partly``, also those that found only a part.

    Args:
        tx: A transaction.
        sha256s: The contents.
        partly: Whether what is read in part counts.
        analyzer: Only runs of this one.
        reason: Only those that ended for this reason.
    """
    goes_on = sa.exists().where(stretches.c.sha256 == analyses.c.sha256, stretches.c.analyzer == analyses.c.analyzer)
    c = analyses.c
    bad = coverage.troubled(tx, analyzer, reason) if partly else [c.state == State.FAILED]
    found: list[Tried] = []
    for part in holdings.chunks(sha256s):
        statement = sa.select(c.sha256, c.analyzer, c.version, c.segments, goes_on.label("goes_on"))
        rows = tx.execute(statement.where(c.sha256.in_(part), *bad).order_by(c.sha256, c.analyzer))
        found += [Tried(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's documented name
    return found


def forget(tx: Transaction, runs: Sequence[Tried]) -> None:
    """Take away that analyzers read contents, so that they are pending again.

    Args:
        tx: A writing transaction.
        runs: As `troubled` gave them; what was read anew since stays as it is.
    """
    shas = {run.sha256 for run in runs}
    kinds: dict[str, tuple[str | None, str | None]] = {}
    for part in holdings.chunks(shas):
        statement = sa.select(content_rows.c.sha256, content_rows.c.media_type, content_rows.c.type)
        locked = statement.where(content_rows.c.sha256.in_(part)).order_by(content_rows.c.sha256).with_for_update()
        kinds |= {row.sha256: (row.media_type, row.type) for row in tx.execute(locked)}
    for run in runs:
        c = analyses.c
        same = (c.sha256 == run.sha256, c.analyzer == run.analyzer, c.version == run.version, c.reason.is_not(None))
        tx.execute(analyses.delete().where(*same))
    contents.restate(tx, kinds)


def forget_faults(tx: Transaction, version_ids: Collection[int]) -> int:
    """Take away that the bytes of versions could not be read, so that they are fingerprinted anew; gives how many."""
    count = 0
    for start in range(0, len(version_ids), holdings.CHUNK):
        some = sorted(version_ids)[start : start + holdings.CHUNK]
        statement = versions.update().where(versions.c.id.in_(some), versions.c.fault.is_not(None))
        count += tx.execute(statement.values(fault=None)).rowcount
    return count


def faulty(tx: Transaction, container_id: int, name: str) -> int | None:
    """Give the key of the live version of a blob whose bytes could not be read; None where there is none."""
    where = (live(), versions.c.container_id == container_id, versions.c.name == name, versions.c.fault.is_not(None))
    return tx.scalar(sa.select(versions.c.id).where(*where))


def _granted(scope: Scope) -> list[sa.ColumnElement[bool]]:
    return [] if scope.containers is None else [containers.c.id.in_(sorted(scope.containers))]
