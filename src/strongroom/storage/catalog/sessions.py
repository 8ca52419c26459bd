"""Rows of sessions, and of the links that begin one; of their secrets only the SHA-256 is kept."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, insert, or_, select, update

from strongroom.domain.user import Session
from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.schema import logins, sessions

IDLE = timedelta(hours=12)
"""A session that is not used for so long is over."""

_BY_SECRET = select(sessions).where(sessions.c.secret_hash == bindparam("secret"))  # built once: each request asks


def create(tx: Transaction, secret_hash: bytes, session: Session) -> None:
    """Write a session down."""
    names = ("actor", "csrf", "created_at", "seen_at", "expires_at")
    tx.execute(insert(sessions).values(secret_hash=secret_hash, **{name: getattr(session, name) for name in names}))


def find(tx: Transaction, secret_hash: bytes, at: datetime) -> Session | None:
    """Give the session with a secret; None where there is none, or it is over."""
    row = tx.execute(_BY_SECRET, {"secret": secret_hash}).first()
    if row is None or row.expires_at <= at or row.seen_at + IDLE <= at:
        return None
    return Session(actor=row.actor, csrf=row.csrf, created_at=row.created_at, seen_at=row.seen_at, expires_at=row.expires_at)


def touch(tx: Transaction, secret_hash: bytes, at: datetime) -> None:
    """Note when a session was used."""
    tx.execute(update(sessions).where(sessions.c.secret_hash == secret_hash).values(seen_at=at))


def end(tx: Transaction, secret_hash: bytes) -> None:
    """Forget a session."""
    tx.execute(delete(sessions).where(sessions.c.secret_hash == secret_hash))


def offer(tx: Transaction, secret_hash: bytes, actor: str, at: datetime, until: datetime) -> None:
    """Write down a link that lets an actor in once."""
    tx.execute(insert(logins).values(secret_hash=secret_hash, actor=actor, created_at=at, expires_at=until))


def take(tx: Transaction, secret_hash: bytes, at: datetime) -> str | None:
    """Use a link up, and give the actor whom it lets in; None where there is none, it is used, or it is over."""
    row = tx.execute(delete(logins).where(logins.c.secret_hash == secret_hash).returning(logins)).first()
    return None if row is None or row.expires_at <= at else str(row.actor)


def sweep(tx: Transaction, at: datetime) -> None:
    """Forget what is over."""
    tx.execute(delete(sessions).where(or_(sessions.c.expires_at <= at, sessions.c.seen_at <= at - IDLE)))
    tx.execute(delete(logins).where(logins.c.expires_at <= at))
