"""Containers of the vault: making, changing, deleting and restoring them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import STORED, AccessPolicy, Container
from strongroom.domain.lease import Lease
from strongroom.domain.scope import Scope
from strongroom.errors import UsageError
from strongroom.storage.catalog import Transaction, containers, glance, leases, service
from strongroom.storage.catalog.etags import lock_container
from strongroom.storage.names import check_container_name
from strongroom.vault import upkeep
from strongroom.vault.contents import Contents

MOST_DAYS = 365
"""The longest that what is deleted can be kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerPage:
    """A part of a listing of containers."""

    containers: tuple[Container, ...]
    """By name."""
    leases: Mapping[int, Lease]
    """Their leases, by their keys; those that never had one are left out."""
    is_last: bool
    """Whether there are no more."""


class Containers(Contents):
    """Containers of the vault: making, changing, deleting and restoring them."""

    def create_container(
        self,
        name: str,
        *,
        metadata: Mapping[str, str] | None = None,
        keeps_versions: bool = False,
        public: str = "none",
    ) -> Container:
        """Make an empty container.

        Args:
            name: Azure's rule: 3 to 63 of a-z, 0-9 and single hyphens.
            metadata: The user's own names and values.
            keeps_versions: Whether a blob that is overwritten or deleted stays as an earlier version.
            public: What anybody may read: ``none``, ``blob`` or ``container``.

        Raises:
            NameRefused: The name breaks Azure's rule.
            AlreadyExists: There is one of this name.
        """
        check_container_name(name)
        with self._catalog.write() as tx:
            return containers.create(tx, name, kind=STORED, metadata=metadata, keeps_versions=keeps_versions, public=public)

    def container(self, name: str, scope: Scope) -> Container:
        """Give a container.

        Raises:
            ContainerNotFound: There is none, or the scope does not show it.
        """
        if self._catalog.dialect == "sqlite":
            return self._catalog.glance(lambda connection: glance.container(connection, name, scope), is_one=True)
        with self._catalog.read() as tx:
            return containers.get(tx, name, scope)

    def containers(self, scope: Scope) -> list[Container]:
        """Give the containers that a scope shows, by name."""
        with self._catalog.read() as tx:
            return containers.all_in(tx, scope)

    def list_containers(
        self,
        scope: Scope,
        *,
        prefix: str = "",
        after: tuple[str, int | None] = ("", None),
        limit: int = 5000,
        with_deleted: bool = False,
    ) -> ContainerPage:
        """Give a page of containers, by name; see `strongroom.storage.catalog.containers.page`."""
        with self._catalog.read() as tx:
            found = containers.page(tx, scope, prefix=prefix, after=after, limit=limit + 1, with_deleted=with_deleted)
            shown = tuple(found[:limit])
            held = leases.of_containers(tx, [one.id for one in shown])
        return ContainerPage(containers=shown, leases=held, is_last=len(found) <= limit)

    def check_container_lease(self, container: Container, lease_id: str | None) -> Lease | None:
        """Give how a container's lease stands, if the one that the caller holds, if any, is it.

        Raises:
            ConditionFailed: It is another.
        """
        with self._catalog.read() as tx:
            held = leases.of_containers(tx, [container.id]).get(container.id)
        leases.check_container(held, lease_id, container.name)
        return held

    def set_container_metadata(
        self, container: Container, metadata: Mapping[str, str], condition: Condition = ALWAYS
    ) -> Container:
        """Put metadata in the place of all that was there.

        Raises:
            ConditionFailed: The condition does not hold, or the lease is another's.
        """
        return self._change_container(container, {"metadata": dict(metadata)}, condition)

    def set_container_access(
        self, container: Container, public: str, policies: Sequence[AccessPolicy], condition: Condition = ALWAYS
    ) -> Container:
        """Say what anybody may read, and put stored access policies in the place of all that were there.

        Raises:
            ConditionFailed: The condition does not hold, or the lease is another's.
        """
        documents = containers.policy_documents(policies)
        return self._change_container(container, {"public": public, "access_policies": documents}, condition)

    def _change_container(self, container: Container, values: Mapping[str, object], condition: Condition) -> Container:
        def change(tx: Transaction) -> Container:
            containers.to_change(tx, container.id, condition)
            return containers.write(tx, container.id, values)

        return self._catalog.change(change)

    def delete_container(self, container: Container, condition: Condition = ALWAYS) -> None:
        """Delete a container with all that it holds; its name is free at once.

        Where deleted containers are kept (`keep_deleted_containers`), it can be restored; else it is emptied before
        this returns.

        Raises:
            ContainerNotFound: It was deleted already.
            ConditionFailed: The condition does not hold, or somebody else holds its lease.
            Conflict: A legal hold or an immutability policy protects what it holds.
        """

        def change(tx: Transaction) -> int:
            lock_container(tx, container.id)
            present = containers.to_change(tx, container.id, condition, deletes=True)
            containers.check_unprotected(tx, present)
            days = service.container_kept_days(tx)
            containers.mark_deleted(tx, container.id, kept_days=days)
            return days

        if not self._catalog.change(change):
            upkeep.purge(self._committer, container.id)

    def restore_container(self, name: str, container_id: int, new_name: str, scope: Scope) -> Container:
        """Bring a deleted container back, with all that it held.

        Args:
            name: The name that it had.
            container_id: Its key; see `list_containers`.
            new_name: The name that it is to have.
            scope: What the actor may see.

        Raises:
            NameRefused: The new name breaks Azure's rule.
            ContainerNotFound: It is gone for good.
            AlreadyExists: There is one of the new name.
        """
        check_container_name(new_name)
        return self._catalog.change(lambda tx: containers.restore(tx, name, container_id, new_name, scope))

    def keep_deleted_containers(self, days: int) -> None:
        """Say for how many days a deleted container can be restored; 0 for none.

        Raises:
            UsageError: It is not 0 to 365.
        """
        if not 0 <= days <= MOST_DAYS:
            raise UsageError(f"deleted containers can be kept for 0 to {MOST_DAYS} days")
        document = {"enabled": days > 0, "days": days}
        self._catalog.change(lambda tx: service.write(tx, service.CONTAINER_RETENTION, document))
