"""What time does to blobs: deleted ones go for good, old ones get cheaper or go; and the lists that tell of it."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from strongroom.domain.blob import Blob
from strongroom.domain.change import Change
from strongroom.domain.container import Container
from strongroom.domain.lease import Lease
from strongroom.domain.lifecycle import Act, Policy, Ran, Step, read_policy
from strongroom.errors import ConditionFailed, Conflict, ContainerNotFound, UsageError
from strongroom.storage.catalog import Transaction, changes, lifecycle, removals, service
from strongroom.storage.catalog.catalog import now
from strongroom.storage.catalog.lifecycle import START, Walk
from strongroom.vault.containers import MOST_DAYS
from strongroom.vault.contents import Contents

PAGE = 1000
"""Rows that are looked at, or let go, in one transaction."""
BETWEEN_RUNS = timedelta(days=1)
"""How long the upkeep waits before it runs the lifecycle rules again, as Azure does."""


def ignored(act: Act) -> None:
    """Take no notice of an act."""
    del act


class Lifecycle(Contents):
    """What time does to blobs, and the lists that tell of it."""

    def purge_expired(self) -> int:
        """Remove for good the deleted blobs, snapshots and versions whose days are over; gives how many.

        What is protected stays until it is not.
        """
        count, last = 0, 0
        while True:
            with self._catalog.read() as tx:
                page = removals.expired(tx, after=last, limit=PAGE)
            if not page:
                return count

            def change(tx: Transaction, page: list[int] = page) -> tuple[int, frozenset[str]]:
                return removals.purge(tx, page)

            count += self._committer.commit((), change)
            last = page[-1]

    def lifecycle(self) -> dict[str, Any]:
        """Give the lifecycle rules as they were set: a management policy of Azure's form, without rules if none was."""
        with self._catalog.read() as tx:
            return service.read(tx, lifecycle.RULES) or {"rules": []}

    def set_lifecycle(self, document: Mapping[str, Any]) -> Policy:
        """Set the lifecycle rules of the room, in the place of those before.

        Raises:
            UsageError: It is no such policy; the message says where.
        """
        policy = read_policy(document)
        self._catalog.change(lambda tx: service.write(tx, lifecycle.RULES, document))
        return policy

    def run_lifecycle(
        self, *, dry_run: bool = False, at: datetime | None = None, on_act: Callable[[Act], None] = ignored
    ) -> Ran:
        """Do what the lifecycle rules say, each step by itself and only if it is still due at its own moment.

        Args:
            dry_run: Whether only to tell what would be done.
            at: As of when; now if not given.
            on_act: Is told of each version for which something is due.
        """
        policy, moment = read_policy(self.lifecycle()), at or now()
        done: Counter[str] = Counter()
        left = 0
        old = moment - timedelta(days=policy.least_days)
        with self._catalog.read() as tx:
            found = [one for one in lifecycle.stored(tx) if policy.may_be_about(one.name)]
        for container in found:
            for blob, _ in self.walk_all(container, Walk(with_versions=True, with_snapshots=True, made_before=old)):
                step = policy.step(blob, moment)
                if step is None:
                    continue
                refusal = None if dry_run else self._do(container, blob, lambda one: policy.step(one, moment))
                if refusal != "":
                    on_act(Act(action=step.action, blob=blob, refusal=refusal or ""))
                    done[step.action] += refusal is None
                    left += refusal is not None
        return Ran(done=dict(+done), left=left)

    def _do(self, container: Container, blob: Blob, decide: Callable[[Blob], Step | None]) -> str | None:
        """Do what is due; gives None where that was done, why it was refused, or nothing where it is due no more."""
        try:
            step = self._committer.commit((), lambda tx: lifecycle.act(tx, container, blob, decide))
        except (Conflict, ConditionFailed) as error:
            return str(error)
        except ContainerNotFound:
            return ""
        return "" if step is None else None

    def tend(self) -> None:
        """Purge what is deleted and over its days, and once a day run the lifecycle rules."""
        self.purge_expired()
        with self._catalog.read() as tx:
            last = service.read(tx, lifecycle.LAST_RUN).get("at")
        if last is not None and now() - datetime.fromisoformat(last) < BETWEEN_RUNS:
            return
        if read_policy(self.lifecycle()).rules:
            self.run_lifecycle()
            self._catalog.change(lambda tx: service.write(tx, lifecycle.LAST_RUN, {"at": now().isoformat()}))

    def keep_deleted_blobs(self, days: int) -> None:
        """Say for how many days what is deleted or overwritten of blobs can be restored, in the whole room; 0 for none.

        Raises:
            UsageError: It is not 0 to 365.
        """
        if not 0 <= days <= MOST_DAYS:
            raise UsageError(f"deleted blobs can be kept for 0 to {MOST_DAYS} days")

        def change(tx: Transaction) -> None:
            document = service.read(tx, service.PROPERTIES)
            kept = {**document.get("delete_retention", {}), "enabled": days > 0, "days": days}
            service.write(tx, service.PROPERTIES, {**document, "delete_retention": kept})

        self._catalog.change(change)

    def kept_days(self) -> tuple[int, int]:
        """Give the days for which deleted blobs, and deleted containers, can be restored."""
        with self._catalog.read() as tx:
            return service.kept_days(tx), service.container_kept_days(tx)

    def walk_all(self, container: Container, walk: Walk) -> Iterator[tuple[Blob, Lease | None]]:
        """Give versions of a container with their leases, in order of name and version, a page at a time."""
        after = START
        while True:
            with self._catalog.read() as tx:
                page = lifecycle.page(tx, container, walk, after, PAGE)
            if not page:
                return
            yield from page
            after = (page[-1][0].name, page[-1][0].version)

    def changes(self, *, after: int = 0, since: datetime | None = None) -> Iterator[Change]:
        """Give the change feed in order, a page at a time.

        Args:
            after: The id of the last change known; 0 for none.
            since: Only from this instant on.
        """
        while True:
            with self._catalog.read() as tx:
                page = changes.page(tx, after=after, since=since, limit=PAGE)
            if not page:
                return
            yield from page
            after = page[-1].id
