"""Rows of users and of their API keys; of a key's secret only the SHA-256 is kept."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from strongroom.domain.user import OWNER_ROLE, Key, User
from strongroom.errors import AlreadyExists, Conflict, NotFound
from strongroom.storage.catalog import searches
from strongroom.storage.catalog.catalog import Transaction, now
from strongroom.storage.catalog.schema import containers, logins, sessions, user_keys, users

SEEN_EVERY = timedelta(minutes=1)
"""How exactly it is known when a key, or a session, was used last: a write for each use would be too many."""


def create(tx: Transaction, name: str, role: str, containers: Sequence[str] | None, password: str | None) -> User:
    """Make a user.

    Args:
        tx: A transaction that writes.
        name: Unique.
        role: One of `strongroom.domain.user.ROLES`.
        containers: Names of those that are granted; None grants all.
        password: An Argon2id hash in its own notation; None where there is no password.

    Raises:
        AlreadyExists: There is one of this name.
    """
    granted = None if containers is None else list(containers)
    try:
        tx.execute(insert(users).values(name=name, role=role, containers=granted, password=password, created_at=now()))
    except IntegrityError as error:
        raise AlreadyExists(
            f"there is a user {name} already: `strongroom users remove {name}` first, or choose another name"
        ) from error
    return get(tx, name)


def get(tx: Transaction, name: str) -> User:
    """Give a user.

    Raises:
        NotFound: There is none of this name.
    """
    found = find(tx, name)
    if found is None:
        raise NotFound(f"there is no user {name}: `strongroom users list` shows those that there are")
    return found


def find(tx: Transaction, name: str) -> User | None:
    """Give a user; None where there is none."""
    row = tx.execute(select(users).where(users.c.name == name)).first()
    return None if row is None else _user(row)


def everyone(tx: Transaction) -> Sequence[User]:
    """Give every user, by name; there are few."""
    return [_user(row) for row in tx.execute(select(users).order_by(users.c.name))]


def any_at_all(tx: Transaction) -> bool:
    """Say whether there is a user."""
    return tx.execute(select(users.c.name).limit(1)).first() is not None


def granted_ids(tx: Transaction, names: Sequence[str]) -> frozenset[int]:
    """Give the ids of those containers among some names that there are now."""
    statement = select(containers.c.id).where(containers.c.name.in_(names), containers.c.deleted_at.is_(None))
    return frozenset(tx.execute(statement).scalars())


def password_hash(tx: Transaction, name: str) -> str | None:
    """Give the hash of a user's password; None where there is no such user, or no password."""
    return tx.execute(select(users.c.password).where(users.c.name == name)).scalar_one_or_none()


def set_password(tx: Transaction, name: str, password: str) -> None:
    """Put a hash in the place of the one before, and end the user's sessions and links.

    Raises:
        NotFound: There is no such user.
    """
    get(tx, name)
    tx.execute(update(users).where(users.c.name == name).values(password=password))
    leave(tx, name)


def change(tx: Transaction, name: str, role: str, containers: Sequence[str] | None) -> User:
    """Give a user another role, and other containers.

    Args:
        tx: A transaction that writes.
        name: Whose.
        role: One of `strongroom.domain.user.ROLES`.
        containers: Names of those that are granted; None grants all.

    Raises:
        NotFound: There is no such user.
        Conflict: They are the last owner, and would be none.
    """
    owners = select(users.c.name).where(users.c.role == OWNER_ROLE).order_by(users.c.name)
    left = set(tx.scalars(owners.with_for_update())) - {name}  # locked, so that two owners cannot end each other
    if get(tx, name).role == OWNER_ROLE and role != OWNER_ROLE and not left:
        raise Conflict(f"{name} is the last owner: make somebody else one first: `strongroom users change NAME --role owner`")
    granted = None if containers is None else list(containers)
    tx.execute(update(users).where(users.c.name == name).values(role=role, containers=granted))
    return get(tx, name)


def remove(tx: Transaction, name: str) -> None:
    """Forget a user with keys, sessions and links.

    Raises:
        NotFound: There is no such user.
    """
    get(tx, name)
    leave(tx, name)
    searches.drop_actor(tx, name)
    tx.execute(delete(user_keys).where(user_keys.c.actor == name))
    tx.execute(delete(users).where(users.c.name == name))


def leave(tx: Transaction, actor: str) -> None:
    """End every session of an actor, and every link that would begin one."""
    for table in (sessions, logins):
        tx.execute(delete(table).where(table.c.actor == actor))


def create_key(tx: Transaction, key: Key, secret_hash: bytes) -> None:
    """Write a key down."""
    values = {name: getattr(key, name) for name in ("id", "actor", "label", "created_at", "expires_at")}
    tx.execute(insert(user_keys).values(**values, secret_hash=secret_hash))


def key_of(tx: Transaction, secret_hash: bytes, at: datetime) -> Key | None:
    """Give the key with a secret; None where there is none, or it is over."""
    row = tx.execute(select(user_keys).where(user_keys.c.secret_hash == secret_hash)).first()
    if row is None or (row.expires_at is not None and row.expires_at <= at):
        return None
    return _key(row)


def touch_key(tx: Transaction, key: str, at: datetime) -> None:
    """Note when a key was used."""
    tx.execute(update(user_keys).where(user_keys.c.id == key).values(used_at=at))


def keys(tx: Transaction, actor: str | None = None) -> Sequence[Key]:
    """Give the keys of an actor, or all, oldest first."""
    statement = select(user_keys).order_by(user_keys.c.created_at, user_keys.c.id)
    return [_key(row) for row in tx.execute(statement if actor is None else statement.where(user_keys.c.actor == actor))]


def revoke_key(tx: Transaction, key: str) -> Key:
    """Forget a key.

    Raises:
        NotFound: There is none of this id.
    """
    row = tx.execute(select(user_keys).where(user_keys.c.id == key)).first()
    if row is None:
        raise NotFound(f"there is no key {key}: `strongroom users list` shows the keys that there are")
    tx.execute(delete(user_keys).where(user_keys.c.id == key))
    return _key(row)


def _user(row: Any) -> User:
    return User(
        name=row.name,
        role=row.role,
        containers=None if row.containers is None else tuple(row.containers),
        has_password=row.password is not None,
        created_at=row.created_at,
    )


def _key(row: Any) -> Key:
    return Key(
        id=row.id,
        actor=row.actor,
        label=row.label,
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )
