"""Containers of the vault: making, changing, deleting and restoring them."""

from collections.abc import Mapping

from strongroom.domain.container import STORED, Container
from strongroom.domain.scope import Scope
from strongroom.storage.catalog import containers
from strongroom.storage.names import check_container_name
from strongroom.vault import upkeep
from strongroom.vault.contents import Contents


class Containers(Contents):
    """Containers of the vault: making, changing, deleting and restoring them."""

    def create_container(
        self, name: str, *, metadata: Mapping[str, str] | None = None, keeps_versions: bool = False
    ) -> Container:
        """Make an empty container.

        Raises:
            NameRefused: The name breaks Azure's rule.
            AlreadyExists: There is one of this name.
        """
        check_container_name(name)
        with self._catalog.write() as tx:
            return containers.create(tx, name, kind=STORED, metadata=metadata, keeps_versions=keeps_versions)

    def container(self, name: str, scope: Scope) -> Container:
        """Give a container.

        Raises:
            ContainerNotFound: There is none, or the scope does not show it.
        """
        with self._catalog.read() as tx:
            return containers.get(tx, name, scope)

    def containers(self, scope: Scope) -> list[Container]:
        """Give the containers that a scope shows, by name."""
        with self._catalog.read() as tx:
            return containers.all_in(tx, scope)

    def delete_container(self, container: Container) -> None:
        """Delete a container with all that it holds; it is hidden at once, and emptied before this returns.

        Raises:
            ContainerNotFound: It was deleted already.
        """
        with self._catalog.write() as tx:
            containers.mark_deleted(tx, container.id)
        upkeep.purge(self._committer, container.id)
