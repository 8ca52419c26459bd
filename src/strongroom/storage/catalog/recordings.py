"""What the doors of recordings ask of the catalog: pieces of a transcript, how an analysis ended, what lies beside."""

from collections.abc import Collection

import sqlalchemy as sa

from strongroom.domain.analysis import State
from strongroom.domain.media import AUDIO, VIDEO
from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.schema import analyses, contents, is_true, members, renditions, versions
from strongroom.storage.names import successor

PLACES = 100
"""Places that one statement looks at."""


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


def under(tx: Transaction, places: Collection[tuple[int, str]]) -> list[tuple[int, str, str]]:
    """Give the recordings among the current blobs whose names begin so: container, name and SHA-256, in order of name.

    Args:
        tx: A transaction.
        places: Ids of containers, each with the beginning of a name; not empty, and not the last of all texts.
    """
    found: list[tuple[int, str, str]] = []
    ordered = sorted(places)
    statement = sa.select(versions.c.container_id, versions.c.name, versions.c.sha256)
    statement = statement.join(contents, contents.c.sha256 == versions.c.sha256)
    statement = statement.where(
        is_true(versions.c.is_current), versions.c.deleted_at.is_(None), contents.c.type.in_((AUDIO, VIDEO))
    )
    for start in range(0, len(ordered), PLACES):
        spans = [
            sa.and_(versions.c.container_id == one, versions.c.name >= prefix, versions.c.name < successor(prefix))
            for one, prefix in ordered[start : start + PLACES]
        ]
        rows = tx.execute(statement.where(sa.or_(*spans)).order_by(versions.c.name))
        found += [(container, name, sha) for container, name, sha in rows]
    return found
