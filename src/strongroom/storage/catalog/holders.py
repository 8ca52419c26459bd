"""Where the bytes of versions are: the pieces of a stored one, the source of a mounted one."""

from dataclasses import dataclass

from sqlalchemy import Select, func, select

from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.schema import containers as tables
from strongroom.storage.catalog.schema import objects, version_objects, versions


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A part of an object, as a part of a blob."""

    object_id: str
    """The object."""
    place: str
    """``file`` or ``pack``."""
    start: int
    """First byte in the object."""
    length: int
    """Bytes."""
    block_id: str | None = None
    """The block that it was put as."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """A live blob version that holds a content, or will when it is fingerprinted."""

    version_id: int
    """Its key."""
    name: str
    """The blob's name."""
    size: int
    """Bytes."""
    etag: str
    """The version's etag."""
    sha256: str | None
    """The content."""
    stamp: str | None
    """What the source's etag, size and time were."""
    url: str | None
    """Where the container is mounted from; None for stored bytes."""


def pieces(tx: Transaction, version_id: int) -> list[Piece]:
    """Give the pieces of a version, in order."""
    part = version_objects.c
    statement = select(part.object_id, objects.c.place, part.start, part.length, part.block_id)
    statement = statement.join(objects, objects.c.id == part.object_id).where(part.version_id == version_id).order_by(part.seq)
    return [
        Piece(object_id=object_id, place=place, start=start, length=length, block_id=block_id)
        for object_id, place, start, length, block_id in tx.execute(statement)
    ]


def holders(tx: Transaction, sha256: str, limit: int = 16) -> list[Holder]:
    """Give live versions that hold a content, stored ones before mounted ones."""
    statement = _holders().where(versions.c.sha256 == sha256).order_by(tables.c.kind.desc(), versions.c.id).limit(limit)
    return [Holder(**row._mapping) for row in tx.execute(statement)]  # noqa: SLF001 - SQLAlchemy's documented name


def holder(tx: Transaction, version_id: int) -> Holder | None:
    """Give a live version as a holder; None where it is gone."""
    row = tx.execute(_holders().where(versions.c.id == version_id)).one_or_none()
    return None if row is None else Holder(**row._mapping)  # noqa: SLF001


def _holders() -> Select[tuple[object, ...]]:
    row = versions.c
    statement = select(
        row.id.label("version_id"), row.name, row.size, row.etag, row.sha256, row.source_etag.label("stamp"), tables.c.url
    )
    statement = statement.join(tables, tables.c.id == row.container_id)
    return statement.where(row.deleted_at.is_(None), tables.c.deleted_at.is_(None))


def hashed(tx: Transaction, *, after: int, limit: int) -> list[Holder]:
    """Give stored versions whose SHA-256 is known, in order of key."""
    statement = _holders().where(versions.c.id > after, versions.c.sha256.is_not(None), tables.c.url.is_(None))
    rows = tx.execute(statement.order_by(versions.c.id).limit(limit))
    return [Holder(**row._mapping) for row in rows]  # noqa: SLF001


def wrong_sums(tx: Transaction) -> list[tuple[str, int, int]]:
    """Give name, size and sum of the pieces of stored versions where the two differ."""
    total = func.coalesce(func.sum(version_objects.c.length), 0)
    statement = select(versions.c.name, versions.c.size, total).join(tables, tables.c.id == versions.c.container_id)
    statement = statement.outerjoin(version_objects, version_objects.c.version_id == versions.c.id)
    statement = statement.where(tables.c.url.is_(None)).group_by(versions.c.id, versions.c.name, versions.c.size)
    return [(name, size, int(found)) for name, size, found in tx.execute(statement.having(total != versions.c.size))]
