"""Many small blobs that came from many writers, landed in one transaction: each with its own condition and its own answer."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from sqlite3 import Connection

from strongroom.domain.blob import Blob
from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import Container
from strongroom.domain.outcome import KeptObject
from strongroom.errors import ContainerNotFound, StrongroomError
from strongroom.storage.catalog import blocks, containers, holdings, landings, leases, objects, quick
from strongroom.storage.catalog.catalog import Transaction, now
from strongroom.storage.catalog.landings import Landing
from strongroom.storage.catalog.prepared import driver
from strongroom.storage.layout import writer_of

Outcome = Blob | Exception
"""The blob that was made, or why there is none."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Order:
    """One blob that is to be."""

    container: Container
    """Where."""
    landing: Landing
    """What."""
    kept: KeptObject
    """Its bytes; they may become durable while this is written, but must be before it is committed."""
    condition: Condition = ALWAYS
    """What must hold of what is there."""


def land_each(tx: Transaction, orders: Sequence[Order]) -> tuple[list[Outcome], set[str]]:
    """Land blobs in the order given, each whether or not others are refused.

    Returns:
        The blob, or why there is none, of each; and the objects that may have lost their last reference.
    """
    found: dict[Order, Outcome] = {}
    loosened: set[str] = set()
    connection = driver(tx)
    if connection is not None:
        for some in _by_container(orders).values():
            found.update(_free(tx, connection, some))
    left = [order for order in orders if order not in found]
    first = {(order.container.id, order.landing.name): order for order in reversed(left)}
    for some in _by_container([order for order in left if _is_first(order, first)]).values():
        if len(some) > 1:
            with suppress(StrongroomError):  # one is refused: each finds out for itself whether it is
                found.update(zip(some, _within(tx, some, loosened), strict=True))
    for order in left:
        if order not in found:
            found[order] = _alone(tx, order, loosened)
    return [found[order] for order in orders], loosened


def _is_first(order: Order, first: Mapping[tuple[int, str], Order]) -> bool:
    """Say whether an order may go together with others: it asks for nothing, and none of its name comes before it."""
    return order.condition is ALWAYS and first[order.container.id, order.landing.name] is order


def _by_container(orders: Collection[Order]) -> dict[int, list[Order]]:
    found: dict[int, list[Order]] = {}
    for order in orders:
        found.setdefault(order.container.id, []).append(order)
    return found


def _free(tx: Transaction, connection: Connection, orders: Sequence[Order]) -> dict[Order, Outcome]:
    """Land those whose names nothing has, all at once."""
    container = orders[0].container
    names = {order.landing.name: order for order in reversed(orders)}  # of one name, the first
    maker = next((writer_of(order.kept.object_id) for order in orders if order.kept.object_id), "")
    seen = quick.see(connection, container.id, names, maker)
    if not seen.is_there:
        try:
            containers.need(tx, container.id)
        except ContainerNotFound as error:
            return dict.fromkeys(orders, error)
    found: dict[Order, Outcome] = {}
    free: list[Order] = []
    for order in orders:
        name = order.landing.name
        if name in seen.taken or names[name] is not order or order.landing.kind != "block":
            continue
        try:
            if order.condition is not ALWAYS:
                order.condition.check(name, None)
                leases.check_write(None, order.condition.lease_id, name)
        except StrongroomError as error:
            found[order] = error
        else:
            free.append(order)
    if free:
        _adopt(tx, connection, [order.kept for order in free if order.kept.object_id], maker if seen.may_write else None)
        made = landings.land_free(tx, connection, container, [order.landing for order in free], seen.etag)
        found.update(zip(free, made, strict=True))
    return found


def _adopt(tx: Transaction, connection: Connection, kept: Sequence[KeptObject], maker: str | None) -> None:
    """Give objects their rows, in one statement where all are new ones of a writer that may, in one place."""
    is_plain = maker is not None and all(
        one.is_new and one.place == kept[0].place and writer_of(one.object_id) == maker for one in kept
    )
    if not is_plain:
        objects.adopt(tx, kept)
    elif kept and maker:
        quick.add_kept(connection, maker, kept[0].place, [(one.object_id, one.size) for one in kept], now())


def _alone(tx: Transaction, order: Order, loosened: set[str]) -> Outcome:
    try:
        return _within(tx, [order], loosened)[0]
    except StrongroomError as error:
        return error


def _within(tx: Transaction, orders: Sequence[Order], loosened: set[str]) -> tuple[Blob, ...]:
    """Land blobs of one container, of different names and under one condition: all of them, or none where this raises."""
    container, condition = orders[0].container, orders[0].condition
    tx.exec_driver_sql("SAVEPOINT orders")
    try:
        objects.adopt(tx, [order.kept for order in orders])
        landed = landings.land(tx, container, [order.landing for order in orders], condition)
        waiting = [blocks.drop_waiting(tx, container.id, order.landing.name) for order in orders]
    except StrongroomError:
        tx.exec_driver_sql("ROLLBACK TO SAVEPOINT orders")
        tx.exec_driver_sql("RELEASE SAVEPOINT orders")
        raise
    tx.exec_driver_sql("RELEASE SAVEPOINT orders")
    loosened |= landed.loosened.union(*waiting)
    return landed.blobs


def fingerprint(tx: Transaction, digests: Mapping[int, tuple[str, str]]) -> None:
    """Note the SHA-256 of versions that landed without, unless they have changed or gone since.

    Args:
        tx: A transaction on SQLite.
        digests: Etag and SHA-256 of each, by its key.
    """
    connection = driver(tx)
    assert connection is not None
    for container_id, sizes in quick.fingerprint(connection, digests).items():
        left = quick.place(connection, container_id, sizes)
        if left:
            holdings.change(tx, placed=left)
