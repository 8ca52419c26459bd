"""What the blob service as a whole is told to do."""

from collections.abc import Mapping
from typing import Any

from strongroom.storage.catalog import service
from strongroom.vault.contents import Contents


class ServiceProperties(Contents):
    """What the blob service as a whole is told to do."""

    def service_properties(self) -> dict[str, Any]:
        """Give the properties of the service, as far as they were ever set; see `set_service_properties`."""
        with self._catalog.read() as tx:
            return service.read(tx, service.PROPERTIES)

    def set_service_properties(self, changes: Mapping[str, Any]) -> None:
        """Set some properties of the service; what is not named stays as it is.

        Args:
            changes: JSON values by name: ``logging``, ``hour_metrics``, ``minute_metrics``, ``cors``, ``default_version``,
                ``delete_retention`` (``enabled``, ``days``), ``static_website``, ``versioning``.
        """
        self._catalog.change(
            lambda tx: service.write(tx, service.PROPERTIES, {**service.read(tx, service.PROPERTIES), **changes})
        )
