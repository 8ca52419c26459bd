"""Members by their path: what lies where inside a content."""

from collections.abc import Collection

import sqlalchemy as sa

from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.holdings import chunks
from strongroom.storage.catalog.schema import contents, members


def find(tx: Transaction, parent_sha256: str, path: str) -> str | None:
    """Give the SHA-256 of the first member of a content with this path; None where there is none."""
    where = (members.c.parent_sha256 == parent_sha256, members.c.path == path)
    statement = sa.select(members.c.child_sha256).where(*where).order_by(members.c.analyzer, members.c.seq).limit(1)
    return tx.execute(statement).scalar_one_or_none()


def holding(tx: Transaction, sha256s: Collection[str], types: Collection[str]) -> set[str]:
    """Give which of some contents are of one of some types and hold others."""
    found: set[str] = set()
    for part in chunks(sha256s):
        here = (members.c.parent_sha256.in_(part), contents.c.type.in_(types))
        statement = sa.select(members.c.parent_sha256).join(contents, contents.c.sha256 == members.c.parent_sha256)
        found |= set(tx.execute(statement.where(*here).distinct()).scalars())
    return found
