"""Which containers want people's names neither stored nor shown."""

from collections.abc import Mapping

import sqlalchemy as sa

from strongroom.domain.entities import WITHHELD, WITHHOLDING
from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.schema import containers


def closed(tx: Transaction) -> list[int]:
    """Give the containers in which people's names are neither stored nor shown."""
    rows = tx.execute(sa.select(containers.c.id, containers.c.metadata))
    return sorted(row.id for row in rows if _says_none(row.metadata))


def _says_none(said: Mapping[str, str]) -> bool:
    return any(name.lower() == WITHHOLDING and value.strip().lower() == WITHHELD for name, value in said.items())
