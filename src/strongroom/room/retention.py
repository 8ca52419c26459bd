"""How long what a room holds is kept: rules of containers, lifecycle rules, and the lists that tell of it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO

from strongroom.domain.change import Change
from strongroom.domain.container import Container
from strongroom.domain.lifecycle import Act, Ran
from strongroom.errors import ContainerNotFound
from strongroom.flows import inventory
from strongroom.room.asking import Questions
from strongroom.storage.catalog.holds import Keeping
from strongroom.storage.catalog.lifecycle import Walk
from strongroom.vault.lifecycle import ignored


class Retention(Questions):
    """How long what a room holds is kept."""

    def set_container(self, name: str, wanted: Keeping) -> Container:
        """Change a container's rules: versions, public access, days of immutability, legal holds.

        Raises:
            ContainerNotFound: There is none.
            UsageError: A value cannot be.
            Conflict: Its days are locked, and would become fewer.
        """
        scope = self.scope("manage")
        changed = self.vault.set_keeping(self.vault.container(name, scope), wanted)
        self._record("set_container", scope, container=name, rules=_given(wanted))
        return changed

    def delete_container(self, name: str) -> None:
        """Delete a container with all that it holds; it can be restored for the days that `keep_deleted` says.

        Raises:
            ContainerNotFound: There is none.
            Conflict: A legal hold or an immutability policy protects what it holds.
        """
        scope = self.scope("delete")
        self.vault.delete_container(self.vault.container(name, scope))
        self._record("delete_container", scope, container=name)

    def restore_container(self, name: str, new_name: str | None = None) -> Container:
        """Bring the container of a name that was deleted last back, with all that it held.

        Args:
            name: The name that it had.
            new_name: The name that it is to have; the same if not given.

        Raises:
            ContainerNotFound: None of this name can be restored.
            AlreadyExists: There is another container of the name by now.
        """
        scope = self.scope("manage")
        deleted = [one for one in self._deleted_containers(name) if one.name == name]
        if not deleted:
            raise ContainerNotFound(f"no deleted container {name} can be restored: its days are over, or it was not kept")
        last = max(deleted, key=lambda one: one.deleted_at or one.created_at)
        restored = self.vault.restore_container(name, last.id, new_name or name, scope)
        self._record("restore_container", scope, container=restored.name)
        return restored

    def _deleted_containers(self, prefix: str = "") -> Iterator[Container]:
        after: tuple[str, int | None] = ("", None)
        while True:
            page = self.vault.list_containers(self.scope("list"), prefix=prefix, after=after, with_deleted=True)
            yield from (one for one in page.containers if one.deleted_at is not None)
            if page.is_last:
                return
            after = (page.containers[-1].name, page.containers[-1].id)

    def deleted_containers(self) -> list[Container]:
        """Give the deleted containers that can be restored."""
        return list(self._deleted_containers())

    def keep_deleted(self, *, blob_days: int | None = None, container_days: int | None = None) -> tuple[int, int]:
        """Say for how many days deleted blobs, and deleted containers, can be restored; None leaves what was said.

        Returns:
            The days of blobs, and those of containers, as they are now.

        Raises:
            UsageError: They are not 0 to 365.
        """
        scope = self.scope("manage")
        if blob_days is not None:
            self.vault.keep_deleted_blobs(blob_days)
        if container_days is not None:
            self.vault.keep_deleted_containers(container_days)
        if blob_days is not None or container_days is not None:
            self._record("keep_deleted", scope, blob_days=blob_days, container_days=container_days)
        return self.vault.kept_days()

    def lifecycle(self) -> dict[str, Any]:
        """Give the lifecycle rules, in the form of Azure's management policies."""
        self.scope("list")
        return self.vault.lifecycle()

    def set_lifecycle(self, document: Mapping[str, Any]) -> int:
        """Set the lifecycle rules, in the place of those before; gives how many there are.

        Raises:
            UsageError: It is no management policy; the message says where.
        """
        scope = self.scope("manage")
        policy = self.vault.set_lifecycle(document)
        self._record("set_lifecycle", scope, rules=[rule.name for rule in policy.rules])
        return len(policy.rules)

    def run_lifecycle(self, *, dry_run: bool = False, on_act: Callable[[Act], None] = ignored) -> Ran:
        """Do what the lifecycle rules say now, or only tell it.

        Args:
            dry_run: Whether nothing is to be done.
            on_act: Is told of each version for which something is due.
        """
        scope = self.scope("manage")
        ran = self.vault.run_lifecycle(dry_run=dry_run, on_act=on_act)
        if not dry_run:
            self._record("run_lifecycle", scope, done=dict(ran.done), left=ran.left)
        return ran

    def changes(self, *, since: datetime | None = None) -> Iterator[Change]:
        """Give what happened to the blobs that the actor may see, in order (setting ``change_feed``)."""
        shown = {one.name for one in self.containers()} if self.scope("list").containers is not None else None
        return (one for one in self.vault.changes(since=since) if shown is None or one.container in shown)

    def inventory(self, container: str, out: BinaryIO, form: str = "csv", *, prefix: str = "", everything: bool = False) -> int:
        """Write a table of the blobs of a container, as it is read: memory does not grow with it.

        Args:
            container: Its name.
            out: Where to.
            form: ``csv``, ``json`` or ``parquet``.
            prefix: Only names that begin so.
            everything: Whether earlier versions, snapshots and what is deleted are in it too.

        Returns:
            How many rows there are.

        Raises:
            ContainerNotFound: There is none.
        """
        scope = self.scope("list")
        found = self.vault.container(container, scope)
        walk = Walk(prefix=prefix, with_versions=everything, with_snapshots=everything, with_deleted=everything)
        at = datetime.now(UTC)
        rows = (inventory.row_of(blob, lease, at) for blob, lease in self.vault.walk_all(found, walk))
        count = inventory.FORMS[form](rows, out)
        self._record("inventory", scope, container=container, rows=count)
        return count


def _given(wanted: Keeping) -> dict[str, object]:
    """Give those rules that are to change."""
    names = ("keeps_versions", "public", "immutable_days", "lock", "add_holds", "clear_holds")
    values = {name: getattr(wanted, name) for name in names}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items() if value or value == 0}
