"""Rows of objects: how they are adopted, who refers to them, and when they are let go.

References are never counted: an object is live as long as a version, a block, a content or a rendition names it.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, exists, select

from strongroom.domain.outcome import KeptObject
from strongroom.errors import StorageError
from strongroom.storage.catalog import quick, writers
from strongroom.storage.catalog.catalog import Transaction, dialect_insert, now
from strongroom.storage.catalog.prepared import driver
from strongroom.storage.catalog.schema import blocks, contents, garbage, members, objects, renditions, version_objects, versions
from strongroom.storage.layout import writer_of

PAGE = 500


def adopt(tx: Transaction, kept: Iterable[KeptObject]) -> None:
    """Give kept objects their rows, in the transaction that begins to refer to them.

    Raises:
        StorageError: A sweep took the process that kept one for dead, or the one it was found equal to is gone.
    """
    wanted = {one.object_id: one for one in kept if one.object_id}
    connection = driver(tx)
    if not wanted or (connection is not None and quick.adopt(connection, wanted.values())):
        return
    known = _locked(tx, wanted)
    fresh = [one for key, one in wanted.items() if key not in known]
    makers = {writer_of(one.object_id) for one in fresh}
    if any(not one.is_new for one in fresh) or makers - writers.unfenced(tx, makers):
        raise StorageError("kept bytes were removed before they were used: repeat; nothing was lost")
    rows = [
        {"id": one.object_id, "writer": writer_of(one.object_id), "place": one.place, "size": one.size, "created_at": now()}
        for one in fresh
    ]
    if rows:
        tx.execute(dialect_insert(tx, objects).on_conflict_do_nothing(), rows)


def _locked(tx: Transaction, ids: Collection[str]) -> set[str]:
    """Give those objects that have rows; none of them can be let go before the transaction ends."""
    found: set[str] = set()
    for page in pages(sorted(ids)):
        statement = select(objects.c.id).where(objects.c.id.in_(page)).order_by(objects.c.id)
        found.update(tx.execute(statement.with_for_update(read=True, key_share=True)).scalars())
    return found


def release(tx: Transaction, ids: Collection[str]) -> list[tuple[str, str]]:
    """Let go of objects that nothing refers to any more.

    Args:
        tx: The transaction that removed the references.
        ids: Objects that may have lost their last one.

    Returns:
        Ids and places of those whose bytes are to be removed after the commit; until `forget` is called with them,
        they are noted as garbage.
    """
    freed: list[tuple[str, str]] = []
    for page in pages(sorted(ids)):
        lock = select(objects.c.id).where(objects.c.id.in_(page)).order_by(objects.c.id).with_for_update()
        tx.execute(lock).all()  # on PostgreSQL: whoever is about to refer to one has finished before we look
        unused = select(objects.c.id, objects.c.place).where(objects.c.id.in_(page), *_unreferenced())
        found = [(one, place) for one, place in tx.execute(unused)]
        if found:
            tx.execute(delete(objects).where(objects.c.id.in_([one for one, _ in found])))
            tx.execute(dialect_insert(tx, garbage).on_conflict_do_nothing(), [{"id": o, "place": p} for o, p in found])
        freed += found
    return freed


def forget(tx: Transaction, ids: Collection[str]) -> None:
    """Say that the bytes of these are removed."""
    for page in pages(sorted(ids)):
        tx.execute(delete(garbage).where(garbage.c.id.in_(page)))


def garbage_after(tx: Transaction, after: str, limit: int) -> list[tuple[str, str]]:
    """Give ids and places of objects whose bytes are still to be removed, in order of id."""
    statement = select(garbage.c.id, garbage.c.place).where(garbage.c.id > after).order_by(garbage.c.id).limit(limit)
    return [(one, place) for one, place in tx.execute(statement)]


def known(tx: Transaction, ids: Collection[str]) -> set[str]:
    """Give those objects that have a row, as an object or as garbage."""
    found: set[str] = set()
    for page in pages(list(ids)):
        found.update(tx.execute(select(objects.c.id).where(objects.c.id.in_(page))).scalars())
        found.update(tx.execute(select(garbage.c.id).where(garbage.c.id.in_(page))).scalars())
    return found


def after(tx: Transaction, last: str, limit: int) -> list[tuple[str, str, int]]:
    """Give ids, places and sizes of objects in order of id, beginning after one."""
    statement = select(objects.c.id, objects.c.place, objects.c.size)
    statement = statement.where(objects.c.id > last).order_by(objects.c.id).limit(limit)
    return [(one, place, size) for one, place, size in tx.execute(statement)]


def unreferenced_after(tx: Transaction, last: str, limit: int) -> list[str]:
    """Give objects that have a row and no reference, in order of id."""
    statement = select(objects.c.id).where(objects.c.id > last, *_unreferenced()).order_by(objects.c.id).limit(limit)
    return list(tx.execute(statement).scalars())


def place(tx: Transaction, object_id: str) -> str | None:
    """Give an object's place; None where it has no row."""
    return tx.execute(select(objects.c.place).where(objects.c.id == object_id)).scalar_one_or_none()


def users(tx: Transaction, ids: Collection[str]) -> dict[str, list[str]]:
    """Give, for those objects that have a row, what needs them, in words for people."""
    found: dict[str, list[str]] = {}
    for page in pages(sorted(ids)):
        found.update({one: [] for one in tx.execute(select(objects.c.id).where(objects.c.id.in_(page))).scalars()})
        blob = select(version_objects.c.object_id, versions.c.name).join(
            versions, versions.c.id == version_objects.c.version_id
        )
        statements = (
            blob.where(version_objects.c.object_id.in_(page)),
            select(contents.c.object_id, "the content " + contents.c.sha256).where(contents.c.object_id.in_(page)),
            select(renditions.c.object_id, "a picture of " + renditions.c.sha256).where(renditions.c.object_id.in_(page)),
            select(blocks.c.object_id, "a block of " + blocks.c.name).where(blocks.c.object_id.in_(page)),
        )
        for statement in statements:
            for one, name in tx.execute(statement):
                found.setdefault(one, []).append(name)
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class ContentRow:
    """What reading a content needs to know of it."""

    sha256: str
    """The content."""
    size: int
    """Bytes."""
    media_type: str | None
    """What the bytes are."""
    depth: int
    """0 for a blob's content."""
    object_id: str | None
    """The object that it holds itself."""
    place: str | None
    """That object's place."""
    member_path: str | None
    """A path under which it lies in another content."""


def content(tx: Transaction, sha256: str) -> ContentRow | None:
    """Give a content; None where the catalog does not know it."""
    path = select(members.c.path).where(members.c.child_sha256 == sha256).limit(1).scalar_subquery()
    row = contents.c
    statement = select(
        row.sha256, row.size, row.media_type, row.depth, row.object_id, objects.c.place, path.label("member_path")
    )
    statement = statement.outerjoin_from(contents, objects, objects.c.id == row.object_id).where(row.sha256 == sha256)
    found = tx.execute(statement).one_or_none()
    return None if found is None else ContentRow(**found._mapping)  # noqa: SLF001 - SQLAlchemy's documented name


def rendition(tx: Transaction, sha256: str, role: str) -> tuple[str, str, str, int] | None:
    """Give media type, object id, place and size of a derived picture or document."""
    statement = select(renditions.c.media_type, objects.c.id, objects.c.place, renditions.c.size)
    statement = statement.join(objects, objects.c.id == renditions.c.object_id)
    row = tx.execute(statement.where(renditions.c.sha256 == sha256, renditions.c.role == role)).one_or_none()
    return None if row is None else (row[0], row[1], row[2], row[3])


def _unreferenced() -> tuple[ColumnElement[bool], ...]:
    holders = (version_objects.c.object_id, blocks.c.object_id, contents.c.object_id, renditions.c.object_id)
    return tuple(~exists().where(column == objects.c.id) for column in holders)


def pages(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut a list into pieces that fit one statement."""
    return (ids[start : start + PAGE] for start in range(0, len(ids), PAGE))
