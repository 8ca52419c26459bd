"""What the catalog tells of one content: how analyzers left it, what lies in it and around it, and its blobs' past."""

import sqlalchemy as sa

from strongroom.domain.analysis import State
from strongroom.domain.card import Inside, Members, Past, Reading
from strongroom.domain.entities import ANALYZER
from strongroom.domain.scope import Scope
from strongroom.storage.catalog import names
from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.schema import analyses, containers, contents, members, versions
from strongroom.storage.catalog.schema import holdings as held

BLOBS = 20
"""Names whose versions are told of."""


def readings(tx: Transaction, sha256: str) -> tuple[Reading, ...]:
    """Give how each analyzer left a content, by name; last the finding of names, which comes after all of them."""
    c = analyses.c
    columns = (c.analyzer, c.version, c.state, c.reason, c.seconds, c.attempts, c.segments, c.finished_at)
    rows = tx.execute(sa.select(*columns).where(c.sha256 == sha256).order_by(c.analyzer == ANALYZER, c.analyzer))
    return tuple(Reading(**{**row._mapping, "state": State(row.state)}) for row in rows)  # noqa: SLF001 - SQLAlchemy's documented name


def inside(tx: Transaction, sha256: str, *, after: int, limit: int) -> Members:
    """Give a part of what lies directly inside a content.

    Args:
        tx: A transaction.
        sha256: The content.
        after: How many to pass over.
        limit: How many at most.
    """
    here = members.c.parent_sha256 == sha256
    total = tx.execute(sa.select(sa.func.count()).select_from(members).where(here)).scalar_one()
    statement = sa.select(members.c.path, *_shown()).join(contents, contents.c.sha256 == members.c.child_sha256).where(here)
    rows = tx.execute(statement.order_by(members.c.analyzer, members.c.seq).offset(after).limit(limit))
    return Members(members=tuple(Inside(**row._mapping) for row in rows), total=total, after=after)  # noqa: SLF001 - as above


def around(tx: Transaction, sha256: str, scope: Scope, limit: int) -> tuple[Inside, ...]:
    """Give what a content directly lies in, as far as the scope shows it."""
    granted = [held.c.sha256 == members.c.parent_sha256, *_within(held.c.container_id, scope)]
    statement = sa.select(members.c.path, *_shown()).join(contents, contents.c.sha256 == members.c.parent_sha256)
    statement = statement.where(members.c.child_sha256 == sha256, sa.exists().where(*granted))
    rows = tx.execute(statement.order_by(members.c.parent_sha256, members.c.seq).limit(limit)).all()
    named = names.names(tx, {row.sha256 for row in rows}, scope, limit=1)
    return tuple(Inside(**row._mapping, name=named[row.sha256][0]) for row in rows if row.sha256 in named)  # noqa: SLF001 - as above


def past(tx: Transaction, sha256: str, scope: Scope, limit: int) -> tuple[Past, ...]:
    """Give the versions of the blobs that hold or held a content, newest first, as far as the scope shows their containers."""
    alive = (versions.c.container_id == containers.c.id, containers.c.deleted_at.is_(None), *_within(containers.c.id, scope))
    places = sa.select(versions.c.container_id, versions.c.name).where(versions.c.sha256 == sha256, *alive)
    where = tx.execute(places.distinct().order_by(versions.c.container_id, versions.c.name).limit(BLOBS)).all()
    if not where:
        return ()
    c = versions.c
    columns = (c.version, c.sha256, c.size, c.etag, c.created_at, c.modified_at, c.deleted_at, c.is_current, c.is_snapshot)
    statement = sa.select(containers.c.name.label("container"), c.name.label("blob"), *columns).where(*alive)
    named = sa.or_(*(sa.and_(c.container_id == row.container_id, c.name == row.name) for row in where))
    rows = tx.execute(statement.where(named).order_by(c.version.desc(), c.id.desc()).limit(limit))
    return tuple(Past(**row._mapping) for row in rows)  # noqa: SLF001 - as above


def _shown() -> tuple[sa.ColumnElement[object], ...]:
    return (contents.c.sha256, contents.c.size, contents.c.type, contents.c.media_type)


def _within(column: sa.ColumnElement[int], scope: Scope) -> list[sa.ColumnElement[bool]]:
    return [] if scope.containers is None else [column.in_(sorted(scope.containers))]
