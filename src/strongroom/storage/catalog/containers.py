"""Rows of containers."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Row, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from strongroom.domain.container import AccessPolicy, Container
from strongroom.domain.scope import Scope
from strongroom.errors import AlreadyExists, ContainerNotFound
from strongroom.storage.catalog.catalog import Transaction, now
from strongroom.storage.catalog.etags import lock_container, next_etags
from strongroom.storage.catalog.schema import containers, holdings, leases


def create(
    tx: Transaction,
    name: str,
    *,
    kind: str,
    url: str | None = None,
    metadata: Mapping[str, str] | None = None,
    keeps_versions: bool = False,
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
    }
    try:
        row = tx.execute(insert(containers).values(values).returning(containers)).one()
    except IntegrityError as error:
        raise AlreadyExists(f"there is a container named {name} already: choose another name") from error
    return _container(row)


def get(tx: Transaction, name: str, scope: Scope) -> Container:
    """Give a container by its name.

    Raises:
        ContainerNotFound: There is none, or the scope does not show it.
    """
    row = tx.execute(select(containers).where(containers.c.name == name, containers.c.deleted_at.is_(None))).one_or_none()
    if row is None or not scope.grants(row.id):
        raise ContainerNotFound(f"there is no container named {name}: `strongroom list` shows those that there are")
    return _container(row)


def by_id(tx: Transaction, container_id: int) -> Container:
    """Give a live container by its key; whoever holds a lock of `etags` on it may rely on that until the transaction ends.

    Raises:
        ContainerNotFound: It was deleted.
    """
    statement = select(containers).where(containers.c.id == container_id, containers.c.deleted_at.is_(None))
    row = tx.execute(statement).one_or_none()
    if row is None:
        raise ContainerNotFound("the container was deleted meanwhile: create it again, or choose another")
    return _container(row)


def all_in(tx: Transaction, scope: Scope) -> list[Container]:
    """Give the containers that a scope shows, by name."""
    statement = select(containers).where(containers.c.deleted_at.is_(None)).order_by(containers.c.name)
    if scope.containers is not None:
        statement = statement.where(containers.c.id.in_(sorted(scope.containers)))
    return [_container(row) for row in tx.execute(statement)]


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


def deleted_ids(tx: Transaction) -> list[int]:
    """Give the keys of deleted containers that cannot be restored any more."""
    over = or_(containers.c.purge_at.is_(None), containers.c.purge_at <= now())
    return list(tx.execute(select(containers.c.id).where(containers.c.deleted_at.is_not(None), over)).scalars())


def remove(tx: Transaction, container_id: int) -> None:
    """Forget a deleted container that holds nothing any more; its key is never used again."""
    tx.execute(delete(holdings).where(holdings.c.container_id == container_id))
    tx.execute(delete(leases).where(leases.c.container_id == container_id))
    tx.execute(delete(containers).where(containers.c.id == container_id, containers.c.deleted_at.is_not(None)))


def _container(row: Row[tuple[object, ...]]) -> Container:
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
