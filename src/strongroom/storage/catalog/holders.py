"""Where the bytes of versions are: the pieces of a stored one, the source of a mounted one."""

from dataclasses import dataclass

from sqlalchemy import Select, and_, func, or_, select

from strongroom.domain.pages import PAGE
from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.schema import containers as tables
from strongroom.storage.catalog.schema import objects, version_objects, versions

HOLE = "hole"
"""The place of bytes that were never written, or cleared again: they are zeros, and no object holds them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A part of an object, as a part of a blob."""

    object_id: str
    """The object."""
    place: str
    """``file``, ``pack``, or `HOLE` for zeros, which no object holds."""
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
    """Give the pieces of a version, in order; those of a page blob with the holes between them, which are zeros."""
    part, row = version_objects.c, versions.c
    statement = select(row.kind, row.size, part.seq, part.object_id, objects.c.place, part.start, part.length, part.block_id)
    joined = versions.outerjoin(version_objects, part.version_id == row.id).outerjoin(objects, objects.c.id == part.object_id)
    rows = tx.execute(statement.select_from(joined).where(row.id == version_id).order_by(part.seq)).all()
    found: list[Piece] = []
    at = 0
    for one in rows:
        if one.kind == "page":
            end = one.size if one.object_id is None else one.seq * PAGE
            found += holes(at, end)
            at = end + (one.length or 0)
        if one.object_id is not None:
            found.append(
                Piece(object_id=one.object_id, place=one.place, start=one.start, length=one.length, block_id=one.block_id)
            )
    return found + holes(at, rows[-1].size) if rows and rows[-1].kind == "page" else found


def holes(start: int, end: int) -> list[Piece]:
    """Give what stands for the zeros of a range; nothing for an empty one."""
    return [Piece(object_id="", place=HOLE, start=0, length=end - start)] if start < end else []


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
    """Give name, size and sum of the pieces of stored versions where the two differ.

    Pages of a page blob may be missing; there, the piece that ends last is held against the size.
    """
    part, row = version_objects.c, versions.c
    total = func.coalesce(func.sum(part.length), 0)
    last = func.coalesce(func.max(part.seq * PAGE + part.length), 0)
    is_page = row.kind == "page"
    statement = select(row.name, row.size, row.kind, total, last).join(tables, tables.c.id == row.container_id)
    statement = statement.outerjoin(version_objects, part.version_id == row.id)
    statement = statement.where(tables.c.url.is_(None)).group_by(row.id, row.name, row.size, row.kind)
    wrong = or_(and_(~is_page, total != row.size), and_(is_page, or_(last > row.size, total > row.size)))
    return [
        (name, size, int(ends if kind == "page" else found))
        for name, size, kind, found, ends in tx.execute(statement.having(wrong))
    ]
