"""How many blobs containers hold, and how many bytes."""

from collections.abc import Collection

import sqlalchemy as sa

from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.schema import is_true, versions


def blobs_and_bytes(tx: Transaction, container_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Give the number of current blobs and their bytes by container; one that holds none is left out."""
    here = versions.c.container_id.in_(sorted(container_ids))
    current = (here, is_true(versions.c.is_current), versions.c.deleted_at.is_(None))
    statement = sa.select(versions.c.container_id, sa.func.count(), sa.func.coalesce(sa.func.sum(versions.c.size), 0))
    rows = tx.execute(statement.where(*current).group_by(versions.c.container_id))
    return {int(container): (int(count), int(size)) for container, count, size in rows}
