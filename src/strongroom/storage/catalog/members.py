"""Members by their path: what lies where inside a content."""

import sqlalchemy as sa

from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.schema import members


def find(tx: Transaction, parent_sha256: str, path: str) -> str | None:
    """Give the SHA-256 of the first member of a content with this path; None where there is none."""
    where = (members.c.parent_sha256 == parent_sha256, members.c.path == path)
    statement = sa.select(members.c.child_sha256).where(*where).order_by(members.c.analyzer, members.c.seq).limit(1)
    return tx.execute(statement).scalar_one_or_none()
