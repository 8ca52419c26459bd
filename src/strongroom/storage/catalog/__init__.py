"""The catalog: every SQL text of Strongroom is built in this folder."""

from strongroom.storage.catalog.catalog import Catalog, Transaction, now

__all__ = ["Catalog", "Transaction", "now"]
