"""The default ledger: acts are rows of the catalog, durable before their result is shown."""

from strongroom.ports import Act
from strongroom.storage.catalog import Catalog, acts


class CatalogLedger:
    """Keeps acts in the catalog; implements `strongroom.ports.Ledger`."""

    def __init__(self, catalog: Catalog) -> None:
        """Record into an open catalog."""
        self._catalog = catalog

    def append(self, act: Act) -> int:
        """Record an act and give its index, counted from 0; it is durable on return."""
        with self._catalog.write(is_counted=False) as tx:
            return acts.append(tx, act)
