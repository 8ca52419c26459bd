"""Rows of the change feed: what happened to blobs, written with the change itself, where the room keeps one.

The events are those of Azure's change feed, and `CONTENT_UPDATED` for appends and pages, which it passes over:
https://learn.microsoft.com/azure/storage/blobs/storage-blob-change-feed.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from strongroom.domain.change import Change
from strongroom.storage.catalog.catalog import KEEPS_CHANGES, Transaction, now
from strongroom.storage.catalog.schema import changes as table

CREATED = "BlobCreated"
DELETED = "BlobDeleted"
RESTORED = "BlobUndeleted"
CONTENT_UPDATED = "BlobContentUpdated"
PROPERTIES_UPDATED = "BlobPropertiesUpdated"
SNAPSHOT_CREATED = "BlobSnapshotCreated"
TIER_CHANGED = "BlobTierChanged"


def are_kept(tx: Transaction) -> bool:
    """Say whether this room keeps a change feed (setting ``change_feed``)."""
    return bool(tx.get_execution_options().get(KEEPS_CHANGES, False))


def note(tx: Transaction, event: str, container: str, versions: Iterable[Any]) -> None:
    """Write down what is happening to versions, where the room keeps a change feed; costs nothing where it does not.

    Args:
        tx: The transaction that changes them.
        event: What happens: `CREATED`, ….
        container: Name of the container.
        versions: Blobs, or rows of the table.
    """
    if not are_kept(tx):
        return
    at = now()
    rows = [
        {
            "at": at,
            "event": event,
            "container": container,
            "name": one.name,
            "version": one.version,
            "etag": one.etag,
            "kind": one.kind,
            "size": one.size,
            "content_type": one.content_type,
        }
        for one in versions
    ]
    if rows:
        tx.execute(insert(table), rows)


def page(tx: Transaction, *, after: int = 0, since: datetime | None = None, limit: int) -> list[Change]:
    """Give changes in their order.

    Args:
        tx: A transaction.
        after: The id of the last one known; 0 for none.
        since: Only those at this instant or later.
        limit: How many at most.
    """
    statement = select(table).where(table.c.id > after)
    if since is not None:
        statement = statement.where(table.c.at >= since)
    rows = tx.execute(statement.order_by(table.c.id).limit(limit))
    return [Change(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's documented name
