"""Etags and locks by name: what keeps concurrent writers of one blob apart."""

from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import blake2b

from sqlalchemy import text

from strongroom.storage.catalog.catalog import Transaction, now
from strongroom.storage.catalog.prepared import driver

TICKS_A_SECOND = 10_000_000
MANY = 32
"""From so many names on, a transaction locks the container as a whole."""


def next_etags(tx: Transaction, count: int) -> list[str]:
    """Give etags that no write of this room ever had, rising."""
    connection = driver(tx)
    if connection is not None:
        statement = "UPDATE room SET value = value + ? WHERE name = 'etag' RETURNING value"
        last = int(connection.execute(statement, (count,)).fetchone()[0])
        numbers = list(range(last - count + 1, last + 1))
    else:
        several = text("SELECT nextval('etags') FROM generate_series(1, :count)")
        numbers = list(tx.execute(several, {"count": count}).scalars())
    return [etag_of(number) for number in numbers]


def etag_of(number: int) -> str:
    """Spell an etag."""
    return f"0x{number:016X}"


def lock_names(tx: Transaction, container_id: int, names: Collection[str]) -> None:
    """Keep other writers off some blobs until the transaction ends.

    SQLite has one writer at a time anyway. On PostgreSQL these are advisory locks, the container's first and then
    the names' in rising order, so that no two writers wait for each other; they also hold where a row does not exist yet.
    """
    if tx.dialect.name == "sqlite":
        return
    if len(set(names)) >= MANY:
        lock_container(tx, container_id)
        return
    keys = sorted({_key(f"{container_id}/{name}") for name in names})
    tx.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": _key(f"{container_id}")}).all()
    tx.execute(text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS BIGINT[])) AS key"), {"keys": keys}).all()


def lock_container(tx: Transaction, container_id: int) -> None:
    """Keep every other writer off a container until the transaction ends."""
    if tx.dialect.name != "sqlite":
        tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _key(f"{container_id}")}).all()


def _key(subject: str) -> int:
    digest = blake2b(subject.encode("utf-8", "surrogatepass"), digest_size=8, person=b"strongroom").digest()
    return int.from_bytes(digest, signed=True)


def version_after(previous: str | None) -> str:
    """Give a version id for this instant, later than a blob's newest: clocks are coarse, and may go back.

    Azure's form: ``2026-11-24T11:16:03.1234567Z``, in ticks of 100 nanoseconds, which sorts as text.
    """
    instant = now()
    candidate = _spelt(instant, instant.microsecond * 10)
    if previous is None or candidate > previous:
        return candidate
    ticks = int(previous[20:27]) + 1
    earlier = datetime.fromisoformat(previous[:19]) + timedelta(seconds=ticks // TICKS_A_SECOND)
    return _spelt(earlier, ticks % TICKS_A_SECOND)


def _spelt(instant: datetime, ticks: int) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%S}.{ticks:07d}Z"
