"""Rows of containers."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from strongroom.domain.condition import ANY, Condition
from strongroom.domain.container import AccessPolicy, Container
from strongroom.domain.scope import Scope
from strongroom.errors import AlreadyExists, ConditionFailed, Conflict, ContainerNotFound
from strongroom.storage.catalog import leases as held_leases
from strongroom.storage.catalog import quick
from strongroom.storage.catalog.catalog import Transaction, now
from strongroom.storage.catalog.etags import lock_container, next_etags
from strongroom.storage.catalog.prepared import driver
from strongroom.storage.catalog.schema import containers, holdings, leases, versions
from strongroom.storage.names import successor


def create(
    tx: Transaction,
    name: str,
    *,
    kind: str,
    url: str | None = None,
    metadata: Mapping[str, str] | None = None,
    keeps_versions: bool = False,
    public: str = "none",
) -> Container:
    """Make a container.

    Raises:
        AlreadyExists: There is one of this name.
    """
    at = now()
    values = {
        "name": name,
        "kind": kind,
        "url": url,
        "etag": next_etags(tx, 1)[0],
        "created_at": at,
        "modified_at": at,
        "keeps_versions": keeps_versions,
        "metadata": dict(metadata or {}),
        "public": public,
    }
    try:
        row = tx.execute(insert(containers).values(values).returning(containers)).one()
    except IntegrityError as error:
        raise AlreadyExists(f"there is a container named {name} already: choose another name") from error
    return container_of(row)


def get(tx: Transaction, name: str, scope: Scope) -> Container:
    """Give a container by its name.

    Raises:
        ContainerNotFound: There is none, or the scope does not show it.
    """
    row = tx.execute(select(containers).where(containers.c.name == name, containers.c.deleted_at.is_(None))).one_or_none()
    if row is None or not scope.grants(row.id):
        raise missing(name)
    return container_of(row)


def missing(name: str) -> ContainerNotFound:
    """Give the error that tells that there is no such container."""
    return ContainerNotFound(f"there is no container named {name}: `strongroom list` shows those that there are")


def by_id(tx: Transaction, container_id: int) -> Container:
    """Give a live container by its key; whoever holds a lock of `etags` on it may rely on that until the transaction ends.

    Raises:
        ContainerNotFound: It was deleted.
    """
    statement = select(containers).where(containers.c.id == container_id, containers.c.deleted_at.is_(None))
    row = tx.execute(statement).one_or_none()
    if row is None:
        raise ContainerNotFound("the container was deleted meanwhile: create it again, or choose another")
    return container_of(row)


def need(tx: Transaction, container_id: int) -> None:
    """Make sure that a container is there; see `by_id`, which takes longer.

    Raises:
        ContainerNotFound: It was deleted.
    """
    connection = driver(tx)
    if connection is None or not quick.is_there(connection, container_id):
        by_id(tx, container_id)


def all_in(tx: Transaction, scope: Scope) -> list[Container]:
    """Give the containers that a scope shows, by name."""
    statement = select(containers).where(containers.c.deleted_at.is_(None)).order_by(containers.c.name)
    if scope.containers is not None:
        statement = statement.where(containers.c.id.in_(sorted(scope.containers)))
    return [container_of(row) for row in tx.execute(statement)]


def page(
    tx: Transaction, scope: Scope, *, prefix: str, after: tuple[str, int | None], limit: int, with_deleted: bool
) -> list[Container]:
    """Give containers that a scope shows, by name, and of one name those that were deleted in the order they were made.

    Args:
        tx: The transaction.
        scope: What the actor may see.
        prefix: Only names that begin so.
        after: Name and key of the last one on the page before; without a key all of that name.
        limit: At most so many.
        with_deleted: Whether also those that can still be restored.
    """
    name, key = after
    statement = select(containers).where(containers.c.name >= max(prefix, name))
    beyond = containers.c.name > name
    statement = statement.where(beyond if key is None else or_(beyond, containers.c.id > key))
    end = successor(prefix) if prefix else None
    if end is not None:
        statement = statement.where(containers.c.name < end)
    if scope.containers is not None:
        statement = statement.where(containers.c.id.in_(sorted(scope.containers)))
    live = containers.c.deleted_at.is_(None)
    statement = statement.where(or_(live, containers.c.purge_at > now()) if with_deleted else live)
    return [container_of(row) for row in tx.execute(statement.order_by(containers.c.name, containers.c.id).limit(limit))]


def to_change(tx: Transaction, container_id: int, condition: Condition, *, deletes: bool = False) -> Container:
    """Give a live container, kept from other writers of itself, that is about to be changed or deleted.

    Raises:
        ContainerNotFound: It was deleted.
        ConditionFailed: The condition does not hold (``ConditionNotMet``), or see `leases.check_container`.
    """
    statement = select(containers).where(containers.c.id == container_id, containers.c.deleted_at.is_(None))
    row = tx.execute(statement.with_for_update()).one_or_none()
    if row is None:
        raise ContainerNotFound("the container was deleted meanwhile: create it again, or choose another")
    check_present(container_of(row), condition)
    held = held_leases.of_containers(tx, [container_id]).get(container_id)
    held_leases.check_container(held, condition.lease_id, row.name, deletes=deletes)
    return container_of(row)


def check_present(container: Container, condition: Condition) -> None:
    """Hold a condition against a container that exists.

    Raises:
        ConditionFailed: With code ``ConditionNotMet``.
    """
    if condition.if_none_match == ANY:
        condition = replace(condition, if_none_match=None)
    try:
        condition.check(container.name, container.etag, container.modified_at)
    except ConditionFailed as error:
        raise ConditionFailed(*error.args, code="ConditionNotMet") from error


def write(tx: Transaction, container_id: int, values: Mapping[str, object]) -> Container:
    """Change columns of a container, with a new etag and time."""
    changed = {**values, "etag": next_etags(tx, 1)[0], "modified_at": now()}
    statement = update(containers).where(containers.c.id == container_id).values(changed).returning(containers)
    return container_of(tx.execute(statement).one())


def check_unprotected(tx: Transaction, container: Container) -> None:
    """Refuse to delete a container with blobs that a legal hold or an immutability policy protects.

    Raises:
        Conflict: With code ``ContainerImmutabilityPolicyProtected``.
    """
    inside = select(versions.c.id).where(versions.c.container_id == container.id)
    if not container.legal_holds and not container.immutable_days:
        inside = inside.where(or_(versions.c.has_legal_hold, versions.c.immutable_until > now()))
    if tx.execute(inside.limit(1)).first() is not None:
        raise Conflict(
            f"{container.name} holds what a legal hold or an immutability policy protects: it stays",
            code="ContainerImmutabilityPolicyProtected",
        )


def restore(tx: Transaction, name: str, container_id: int, new_name: str, scope: Scope) -> Container:
    """Bring a deleted container back, under its name or another.

    Raises:
        ContainerNotFound: There is no such deleted container, or it is gone for good, or the scope does not show it.
        AlreadyExists: There is a container of the new name.
    """
    one = (containers.c.id == container_id, containers.c.name == name, containers.c.deleted_at.is_not(None))
    statement = update(containers).where(*one, containers.c.purge_at > now()).returning(containers)
    if not scope.grants(container_id):
        raise ContainerNotFound(f"there is no deleted container named {name}")
    values = {"name": new_name, "deleted_at": None, "purge_at": None, "etag": next_etags(tx, 1)[0], "modified_at": now()}
    try:
        row = tx.execute(statement.values(values)).one_or_none()
    except IntegrityError as error:
        raise AlreadyExists(f"there is a container named {new_name}: restore it under another name") from error
    if row is None:
        raise ContainerNotFound(f"there is no deleted container named {name}: list containers, the deleted ones too")
    return container_of(row)


def mark_deleted(tx: Transaction, container_id: int, *, kept_days: int = 0) -> None:
    """Hide a container and all it holds at once; its name is free again, and its rows go afterwards.

    Args:
        tx: The transaction.
        container_id: Which.
        kept_days: Days for which it can be restored.

    Raises:
        ContainerNotFound: It was deleted already.
    """
    lock_container(tx, container_id)
    statement = update(containers).where(containers.c.id == container_id, containers.c.deleted_at.is_(None))
    until = now() + timedelta(days=kept_days) if kept_days else None
    if tx.execute(statement.values(deleted_at=now(), purge_at=until)).rowcount == 0:
        raise ContainerNotFound("the container was deleted already")
    held_leases.drop(tx, container_id, [held_leases.WHOLE])


def deleted_ids(tx: Transaction) -> list[int]:
    """Give the keys of deleted containers that cannot be restored any more."""
    over = or_(containers.c.purge_at.is_(None), containers.c.purge_at <= now())
    return list(tx.execute(select(containers.c.id).where(containers.c.deleted_at.is_not(None), over)).scalars())


def remove(tx: Transaction, container_id: int) -> None:
    """Forget a deleted container that holds nothing any more; its key is never used again."""
    tx.execute(delete(holdings).where(holdings.c.container_id == container_id))
    tx.execute(delete(leases).where(leases.c.container_id == container_id))
    tx.execute(delete(containers).where(containers.c.id == container_id, containers.c.deleted_at.is_not(None)))


def container_of(row: Any) -> Container:
    """Give the container that a row of `containers` tells of."""
    return Container(
        id=row.id,
        name=row.name,
        kind=row.kind,
        url=row.url,
        etag=row.etag,
        created_at=row.created_at,
        modified_at=row.modified_at,
        metadata=row.metadata,
        keeps_versions=row.keeps_versions,
        public=row.public,
        access_policies=tuple(_policy(one) for one in row.access_policies),
        legal_holds=tuple(row.legal_holds),
        immutable_days=row.immutable_days,
        is_immutability_locked=row.is_immutability_locked,
        deleted_at=row.deleted_at,
        purge_at=row.purge_at,
    )


def _policy(document: Mapping[str, str | None]) -> AccessPolicy:
    times = {key: datetime.fromisoformat(at) for key in ("start", "expiry") if (at := document.get(key))}
    return AccessPolicy(id=str(document["id"]), permission=str(document.get("permission") or ""), **times)


def policy_documents(policies: Iterable[AccessPolicy]) -> list[dict[str, str | None]]:
    """Give stored access policies as the catalog keeps them."""
    return [
        {
            "id": one.id,
            "start": None if one.start is None else one.start.isoformat(),
            "expiry": None if one.expiry is None else one.expiry.isoformat(),
            "permission": one.permission,
        }
        for one in policies
    ]
