"""Rows of renditions that are asked for by people: which there are, and those that are made when first looked at."""

import sqlalchemy as sa

from strongroom.domain.card import Role
from strongroom.domain.outcome import KeptObject
from strongroom.storage.catalog import objects
from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.schema import contents
from strongroom.storage.catalog.schema import renditions as table


def roles(tx: Transaction, sha256: str) -> tuple[Role, ...]:
    """Give what was derived from a content, by role."""
    statement = sa.select(table.c.role, table.c.media_type, table.c.size).where(table.c.sha256 == sha256)
    return tuple(
        Role(role=row.role, media_type=row.media_type, size=row.size) for row in tx.execute(statement.order_by("role"))
    )


def add(tx: Transaction, sha256: str, role: str, *, analyzer: str, media_type: str, kept: KeptObject) -> list[tuple[str, str]]:
    """Note a rendition that was made apart from an analysis, unless there is one of its role, or the content is gone.

    Args:
        tx: A writing transaction.
        sha256: The content.
        role: What it is of it.
        analyzer: Who made it; an analysis by the same name would replace it.
        media_type: Of its bytes.
        kept: Its bytes.

    Returns:
        Ids and places of the objects whose bytes are to be removed after the commit.
    """
    objects.adopt(tx, [kept])
    known = tx.scalar(sa.select(contents.c.sha256).where(contents.c.sha256 == sha256).with_for_update())
    there = objects.rendition(tx, sha256, role)
    if known is not None and there is None:
        row = {"sha256": sha256, "role": role, "analyzer": analyzer, "media_type": media_type}
        tx.execute(table.insert().values(**row, size=kept.size, object_id=kept.object_id))
    return objects.release(tx, [kept.object_id])
