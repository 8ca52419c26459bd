"""What the doors of recordings ask of the catalog: pieces of a transcript, how an analysis ended, what lies beside."""

import sqlalchemy as sa

from strongroom.domain.analysis import State
from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.schema import analyses, members, renditions
from strongroom.storage.names import successor


def roles(tx: Transaction, sha256: str, prefix: str) -> list[str]:
    """Give the roles of a content's renditions that begin so, in order."""
    statement = sa.select(renditions.c.role).where(renditions.c.sha256 == sha256, renditions.c.role >= prefix)
    return sorted(role for role in tx.scalars(statement) if role.startswith(prefix))


def end_of(tx: Transaction, sha256: str, analyzer: str) -> tuple[State, str | None] | None:
    """Give how an analyzer left a content, and why; None where it has not come to an end."""
    statement = sa.select(analyses.c.state, analyses.c.reason).where(analyses.c.sha256 == sha256)
    row = tx.execute(statement.where(analyses.c.analyzer == analyzer)).one_or_none()
    return None if row is None else (State(row.state), row.reason)


def members_under(tx: Transaction, parent_sha256: str, prefix: str, limit: int) -> list[tuple[str, str]]:
    """Give path and SHA-256 of the members of a content whose paths begin so, in order of path."""
    columns = (members.c.path, members.c.child_sha256)
    statement = sa.select(*columns).where(members.c.parent_sha256 == parent_sha256, members.c.path >= prefix)
    end = successor(prefix) if prefix else None
    if end is not None:
        statement = statement.where(members.c.path < end)
    return [(path, sha) for path, sha in tx.execute(statement.order_by(members.c.path).limit(limit))]
