"""What the blob service is told to do, a document each: its properties, its lifecycle rules, its secrets."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from strongroom.storage.catalog.catalog import Transaction, dialect_insert
from strongroom.storage.catalog.schema import service

PROPERTIES = "properties"
"""The document of Set Blob Service Properties, as `strongroom.server.azure` keeps it."""

CONTAINER_RETENTION = "container_delete_retention"
"""The document that says for how many days a deleted container can be restored."""


def read(tx: Transaction, name: str) -> dict[str, Any]:
    """Give a document; an empty one where it was never written."""
    found = tx.execute(select(service.c.value).where(service.c.name == name)).scalar_one_or_none()
    return dict(found or {})


def write(tx: Transaction, name: str, value: Mapping[str, Any]) -> None:
    """Write a document in the place of the one before."""
    statement = dialect_insert(tx, service).values(name=name, value=dict(value))
    tx.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": dict(value)}))


def kept_days(tx: Transaction) -> int:
    """Give the days for which a deleted or overwritten blob can be restored; 0 where it is gone at once."""
    policy = read(tx, PROPERTIES).get("delete_retention", {})
    return int(policy.get("days", 0)) if policy.get("enabled") else 0


def container_kept_days(tx: Transaction) -> int:
    """Give the days for which a deleted container can be restored; 0 where it is gone at once."""
    policy = read(tx, CONTAINER_RETENTION)
    return int(policy.get("days", 0)) if policy.get("enabled") else 0
