"""Leases of blobs and containers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from strongroom.domain import lease as rules
from strongroom.domain.condition import ALWAYS, ANY, Condition
from strongroom.domain.container import Container
from strongroom.domain.lease import Lease, Term
from strongroom.errors import BlobNotFound
from strongroom.storage.catalog import Transaction, blobs, containers, guards, leases, listing
from strongroom.storage.catalog.catalog import now
from strongroom.storage.catalog.etags import lock_names
from strongroom.storage.catalog.leases import WHOLE
from strongroom.vault.contents import Contents


@dataclass(frozen=True, kw_only=True, slots=True)
class Leased:
    """What was done to a lease."""

    lease: Lease | None
    """How it stands now; None once it is released."""
    etag: str
    """Of the blob or container, which a lease does not change."""
    modified_at: datetime
    """When the blob or container was last changed (UTC)."""


class Leases(Contents):
    """Leases of blobs and containers; an empty name stands for the container itself."""

    def lease(self, container: Container, name: str = WHOLE) -> Lease | None:
        """Give how the lease of a blob or container stands; None where it never had one, or released it."""
        with self._catalog.read() as tx:
            return leases.of(tx, container.id, [name]).get(name)

    def acquire_lease(
        self,
        container: Container,
        name: str = WHOLE,
        *,
        seconds: int,
        proposed: str | None = None,
        condition: Condition = ALWAYS,
    ) -> Leased:
        """Take a lease; see `strongroom.domain.lease.acquire`.

        Raises:
            BlobNotFound: There is no such blob, nor blocks of one.
            ConditionFailed: The condition does not hold, or another holds the lease.
            UsageError: No lease lasts so long, or the id is no UUID.
        """
        wanted = None if proposed is None else rules.lease_id(proposed)
        return self._lease(container, name, condition, lambda term, at: rules.acquire(term, at, seconds, wanted))

    def renew_lease(self, container: Container, name: str, lease_id: str, condition: Condition = ALWAYS) -> Leased:
        """Let a lease begin anew; see `strongroom.domain.lease.renew`."""
        return self._lease(container, name, condition, lambda term, at: rules.renew(term, at, lease_id))

    def change_lease(
        self, container: Container, name: str, lease_id: str, proposed: str, condition: Condition = ALWAYS
    ) -> Leased:
        """Give a lease another id; see `strongroom.domain.lease.change`."""
        wanted = rules.lease_id(proposed)
        return self._lease(container, name, condition, lambda term, at: rules.change(term, at, lease_id, wanted))

    def release_lease(self, container: Container, name: str, lease_id: str, condition: Condition = ALWAYS) -> Leased:
        """Let a lease go; see `strongroom.domain.lease.release`."""
        return self._lease(container, name, condition, lambda term, _: rules.release(term, lease_id))

    def break_lease(self, container: Container, name: str, seconds: int | None = None, condition: Condition = ALWAYS) -> Leased:
        """Break a lease, whoever holds it; see `strongroom.domain.lease.broken`."""
        return self._lease(container, name, condition, lambda term, at: rules.broken(term, at, seconds))

    def _lease(
        self,
        container: Container,
        name: str,
        condition: Condition,
        act: Callable[[Term | None, datetime], Term | None],
    ) -> Leased:
        def change(tx: Transaction) -> Leased:
            lock_names(tx, container.id, [name])
            present = containers.by_id(tx, container.id)
            etag, modified_at = _subject(tx, present, name, condition)
            at = now()
            after = act(leases.term(tx, container.id, name), at)
            if after is None:
                leases.drop(tx, container.id, [name])
            else:
                leases.keep(tx, container.id, name, after)
            return Leased(lease=None if after is None else after.at(at), etag=etag, modified_at=modified_at)

        return self._catalog.change(change)


def _subject(tx: Transaction, container: Container, name: str, condition: Condition) -> tuple[str, datetime]:
    """Give etag and time of what is leased, once the condition holds of it."""
    if name == WHOLE:
        containers.check_present(container, condition)
        return container.etag, container.modified_at
    row = blobs.current_rows(tx, container.id, [name]).get(name)
    if row is not None:
        guards.check_present(tx, name, row, condition)
        return row.etag, row.modified_at
    if condition.if_match not in (None, ANY):
        condition.check(name, None)
    staged_at = listing.staged_at(tx, container.id, name)
    if staged_at is None:
        raise BlobNotFound(
            f"{container.name} holds no blob named {name}: `strongroom list {container.name}` shows what it holds"
        )
    return listing.NO_ETAG, staged_at
