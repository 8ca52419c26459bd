"""Rows of blob versions: how one lands, is found, listed and removed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Row, Select, delete, func, insert, select, update

from strongroom.domain.blob import Blob
from strongroom.domain.container import Container
from strongroom.errors import BlobNotFound, ConditionFailed
from strongroom.storage.catalog import containers, holdings
from strongroom.storage.catalog.catalog import Transaction, now
from strongroom.storage.catalog.etags import lock_names, next_etags, version_after
from strongroom.storage.catalog.objects import pages
from strongroom.storage.catalog.schema import containers as tables
from strongroom.storage.catalog.schema import objects, tags, version_objects, versions

ANY = "*"
DEFAULT_TYPE = "application/octet-stream"


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
class Condition:
    """What must hold of the present blob for a write to happen."""

    if_match: str | None = None
    """Its etag; ``*`` for any, as long as there is one."""
    if_none_match: str | None = None
    """``*``: there is none; else an etag that it must not have."""

    def check(self, name: str, etag: str | None) -> None:
        """Hold the condition against the etag of the present blob, None where there is none.

        Raises:
            ConditionFailed: It does not hold.
        """
        if self.if_match is not None and (etag is None or self.if_match not in (ANY, etag)):
            raise ConditionFailed(f"{name} is not the version that was expected (etag {self.if_match}): read it again, then repeat")
        if self.if_none_match is not None and etag is not None and self.if_none_match in (ANY, etag):
            raise ConditionFailed(f"{name} exists already: choose another name, or write without the condition")


ALWAYS = Condition()


@dataclass(frozen=True, kw_only=True, slots=True)
class Landing:
    """A blob version that is about to exist; its objects are durable and adopted."""

    name: str
    size: int
    pieces: tuple[Piece, ...]
    sha256: str | None
    md5: bytes | None = None
    kind: str = "block"
    content_type: str = DEFAULT_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    stamp: str | None = None
    """What the source's etag, size and time were."""
    modified_at: datetime | None = None
    """The source's own time, for a mount."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Landed:
    """What a write did."""

    blobs: tuple[Blob, ...]
    """The new versions, in the order given."""
    loosened: frozenset[str]
    """Objects that may have lost their last reference: hand them to `objects.release`."""


def land(tx: Transaction, container: Container, landings: Sequence[Landing], condition: Condition = ALWAYS) -> Landed:
    """Make versions current, each in the place of the one before.

    Args:
        tx: The transaction.
        container: Where; all names in ``landings`` differ.
        landings: The versions.
        condition: Must hold for each name.

    Raises:
        ContainerNotFound: The container was deleted.
        ConditionFailed: The condition does not hold.
    """
    names = [one.name for one in landings]
    lock_names(tx, container.id, names)
    containers.by_id(tx, container.id)
    before = current_rows(tx, container.id, names)
    for name in names:
        condition.check(name, before[name].etag if name in before else None)
    newest = _newest_versions(tx, container.id, names)
    loosened = _retire(tx, container, list(before.values()))
    rows = [
        _values(container.id, one, etag, version_after(newest.get(one.name)), before.get(one.name))
        for one, etag in zip(landings, next_etags(tx, len(landings)), strict=True)
    ]
    statement = insert(versions).returning(versions.c.id, sort_by_parameter_order=True)
    ids = list(tx.execute(statement, rows).scalars())
    _insert_parts(tx, ids, landings)
    holdings.change(
        tx,
        placed={one.sha256: one.size for one in landings if one.sha256},
        displaced={row.sha256 for row in before.values() if row.sha256},
    )
    blobs = tuple(
        _blob_of_values(container.name, version_id, row, one) for version_id, row, one in zip(ids, rows, landings, strict=True)
    )
    return Landed(blobs=blobs, loosened=loosened)


def _values(
    container_id: int, one: Landing, etag: str, version: str, before: "Row[tuple[object, ...]] | None"
) -> dict[str, object]:
    at = now()
    return {
        "container_id": container_id,
        "name": one.name,
        "version": version,
        "is_current": True,
        "is_snapshot": False,
        "kind": one.kind,
        "size": one.size,
        "etag": etag,
        "content_type": one.content_type,
        "headers": dict(one.headers),
        "metadata": dict(one.metadata),
        "sha256": one.sha256,
        "md5": one.md5,
        "source_etag": one.stamp,
        "created_at": at if before is None else before.created_at,
        "modified_at": one.modified_at or at,
    }


def _blob_of_values(container: str, version_id: int, row: Mapping[str, object], one: Landing) -> Blob:
    shown = {key: row[key] for key in SHOWN}
    return Blob(id=version_id, container=container, tags=dict(one.tags), **shown)  # type: ignore[arg-type]


SHOWN = (
    "name",
    "version",
    "is_current",
    "size",
    "etag",
    "content_type",
    "sha256",
    "md5",
    "created_at",
    "modified_at",
    "metadata",
)
"""Columns that are fields of `Blob`."""


def _insert_parts(tx: Transaction, ids: Sequence[int], landings: Sequence[Landing]) -> None:
    parts = [
        {
            "version_id": version_id,
            "seq": seq,
            "object_id": piece.object_id,
            "start": piece.start,
            "length": piece.length,
            "block_id": piece.block_id,
        }
        for version_id, one in zip(ids, landings, strict=True)
        for seq, piece in enumerate(one.pieces)
    ]
    if parts:
        tx.execute(insert(version_objects), parts)
    for version_id, one in zip(ids, landings, strict=True):
        set_tags(tx, version_id, one.tags)


def set_tags(tx: Transaction, version_id: int, given: Mapping[str, str]) -> None:
    """Give a new version its tags."""
    if given:
        tx.execute(insert(tags), [{"version_id": version_id, "name": key, "value": value} for key, value in given.items()])


def current_rows(tx: Transaction, container_id: int, names: Collection[str]) -> dict[str, Row[tuple[object, ...]]]:
    """Give the current versions' rows of some names."""
    found = {}
    for page in pages(list(names)):
        statement = select(versions).where(*_current(container_id), versions.c.name.in_(page))
        found.update({row.name: row for row in tx.execute(statement)})
    return found


def _current(container_id: int) -> tuple[object, ...]:
    return (versions.c.container_id == container_id, versions.c.is_current, versions.c.deleted_at.is_(None))


def _newest_versions(tx: Transaction, container_id: int, names: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for page in pages(list(names)):
        statement = select(versions.c.name, func.max(versions.c.version)).group_by(versions.c.name)
        rows = tx.execute(statement.where(versions.c.container_id == container_id, versions.c.name.in_(page)))
        found.update({name: version for name, version in rows})
    return found


def _retire(tx: Transaction, container: Container, rows: Sequence[Row[tuple[object, ...]]]) -> frozenset[str]:
    """Make versions no longer current: earlier versions where the container keeps such, else gone."""
    ids = [row.id for row in rows]
    if not container.keeps_versions or container.url is not None:
        return drop(tx, ids)
    for page in pages(ids):  # type: ignore[arg-type]
        tx.execute(update(versions).where(versions.c.id.in_(page)).values(is_current=False))
    return frozenset()


def drop(tx: Transaction, version_ids: Sequence[int]) -> frozenset[str]:
    """Remove versions for good.

    Returns:
        Objects that may have lost their last reference: hand them to `objects.release`.
    """
    loosened: set[str] = set()
    for page in pages(version_ids):  # type: ignore[arg-type]
        loosened.update(tx.execute(select(version_objects.c.object_id).where(version_objects.c.version_id.in_(page))).scalars())
        tx.execute(delete(version_objects).where(version_objects.c.version_id.in_(page)))
        tx.execute(delete(tags).where(tags.c.version_id.in_(page)))
        tx.execute(delete(versions).where(versions.c.id.in_(page)))
    return frozenset(loosened)


def remove(
    tx: Transaction, container: Container, name: str, *, version: str | None = None, condition: Condition = ALWAYS
) -> frozenset[str]:
    """Remove a blob, or one version of it.

    Without a version the current one goes, its snapshots with it; a container that keeps versions keeps it as an
    earlier one.

    Returns:
        Objects that may have lost their last reference: hand them to `objects.release`.

    Raises:
        BlobNotFound: There is none.
        ConditionFailed: The condition does not hold.
    """
    lock_names(tx, container.id, [name])
    row = find(tx, container, name, version)
    condition.check(name, row.etag)
    if version is not None:
        loosened = drop(tx, [row.id])
    else:
        statement = select(versions.c.id).where(
            versions.c.container_id == container.id, versions.c.name == name, versions.c.is_snapshot
        )
        loosened = drop(tx, list(tx.execute(statement).scalars())) | _retire(tx, container, [row])
    if row.sha256:
        holdings.change(tx, placed={}, displaced={row.sha256})
    return loosened


def find(tx: Transaction, container: Container, name: str, version: str | None = None) -> Row[tuple[object, ...]]:
    """Give the row of the current version, or of a certain one.

    Raises:
        BlobNotFound: There is none.
    """
    statement = select(versions).where(versions.c.container_id == container.id, versions.c.name == name)
    statement = statement.where(versions.c.deleted_at.is_(None))
    statement = statement.where(versions.c.is_current if version is None else versions.c.version == version)
    row = tx.execute(statement).one_or_none()
    if row is None:
        which = "" if version is None else f" of version {version}"
        raise BlobNotFound(f"{container.name} holds no blob named {name}{which}: `strongroom list {container.name}` shows what it holds")
    return row


def get(tx: Transaction, container: Container, name: str, version: str | None = None) -> Blob:
    """Give a blob.

    Raises:
        BlobNotFound: There is none.
    """
    return _blobs(tx, container.name, [find(tx, container, name, version)])[0]


def all_versions(tx: Transaction, container: Container, name: str) -> list[Blob]:
    """Give every version and snapshot of a blob, newest first."""
    statement = select(versions).where(versions.c.container_id == container.id, versions.c.name == name)
    rows = tx.execute(statement.where(versions.c.deleted_at.is_(None)).order_by(versions.c.version.desc())).all()
    return _blobs(tx, container.name, rows)


def page(tx: Transaction, container: Container, *, start: str, end: str | None, limit: int) -> list[Blob]:
    """Give current blobs in order of name (bytewise), from ``start`` on and before ``end``."""
    statement = select(versions).where(*_current(container.id), versions.c.name >= start)
    if end is not None:
        statement = statement.where(versions.c.name < end)
    return _blobs(tx, container.name, tx.execute(statement.order_by(versions.c.name).limit(limit)).all())


def pieces(tx: Transaction, version_id: int) -> list[Piece]:
    """Give the pieces of a version, in order."""
    part = version_objects.c
    statement = select(part.object_id, objects.c.place, part.start, part.length, part.block_id)
    statement = statement.join(objects, objects.c.id == part.object_id).where(part.version_id == version_id).order_by(part.seq)
    return [
        Piece(object_id=object_id, place=place, start=start, length=length, block_id=block_id)
        for object_id, place, start, length, block_id in tx.execute(statement)
    ]


def stamps(tx: Transaction, container: Container, names: Collection[str]) -> dict[str, str]:
    """Give, for those names that exist, what their source's etag, size and time were."""
    found: dict[str, str] = {}
    for some in pages(list(names)):
        statement = select(versions.c.name, versions.c.source_etag).where(*_current(container.id), versions.c.name.in_(some))
        found.update({name: stamp for name, stamp in tx.execute(statement) if stamp})
    return found


def some_of_container(tx: Transaction, container_id: int, limit: int) -> list[tuple[int, str | None]]:
    """Give keys and hashes of versions of a container, whatever their state."""
    statement = select(versions.c.id, versions.c.sha256).where(versions.c.container_id == container_id).limit(limit)
    return [(key, sha256) for key, sha256 in tx.execute(statement)]


def _blobs(tx: Transaction, container: str, rows: Sequence[Row[tuple[object, ...]]]) -> list[Blob]:
    tagged = _tags(tx, [row.id for row in rows])
    return [
        Blob(id=row.id, container=container, tags=tagged.get(row.id, {}), **{key: getattr(row, key) for key in SHOWN})
        for row in rows
    ]


def _tags(tx: Transaction, ids: Sequence[int]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for some in pages(ids):  # type: ignore[arg-type]
        for key, name, value in tx.execute(select(tags).where(tags.c.version_id.in_(some))):
            found.setdefault(key, {})[name] = value
    return found


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


def stamped(tx: Transaction, container: Container, *, start: str, end: str | None) -> dict[str, str | None]:
    """Give every current name from ``start`` on and before ``end``, with its source's stamp."""
    statement = select(versions.c.name, versions.c.source_etag).where(*_current(container.id), versions.c.name >= start)
    if end is not None:
        statement = statement.where(versions.c.name < end)
    return {name: stamp for name, stamp in tx.execute(statement)}


def remove_all(tx: Transaction, container: Container, names: Collection[str]) -> frozenset[str]:
    """Remove the current versions of some names, those that exist.

    Returns:
        Objects that may have lost their last reference: hand them to `objects.release`.
    """
    lock_names(tx, container.id, names)
    rows = list(current_rows(tx, container.id, names).values())
    loosened = _retire(tx, container, rows)
    holdings.change(tx, placed={}, displaced={row.sha256 for row in rows if row.sha256})
    return loosened


def unread(tx: Transaction, container_ids: Collection[int] | None, *, after: int, limit: int) -> list[int]:
    """Give keys of live versions whose SHA-256 is not known yet, in order, beginning after one.

    Those that could not be read (see `fault`) wait until they change.
    """
    statement = select(versions.c.id).where(*_unread(container_ids), versions.c.id > after)
    return list(tx.execute(statement.order_by(versions.c.id).limit(limit)).scalars())


def unread_count(tx: Transaction, container_ids: Collection[int] | None) -> int:
    """Count what `unread` gives."""
    return tx.execute(select(func.count()).select_from(versions).where(*_unread(container_ids))).scalar_one()


def _unread(container_ids: Collection[int] | None) -> tuple[object, ...]:
    live = select(tables.c.id).where(tables.c.deleted_at.is_(None))
    if container_ids is not None:
        live = live.where(tables.c.id.in_(sorted(container_ids)))
    return (
        versions.c.sha256.is_(None),
        versions.c.deleted_at.is_(None),
        versions.c.is_current,
        versions.c.fault.is_(None),
        versions.c.container_id.in_(live),
    )


def fault(tx: Transaction, version_id: int, reason: str) -> None:
    """Note why the bytes of a version cannot be read."""
    tx.execute(update(versions).where(versions.c.id == version_id).values(fault=reason))


def fingerprinted(tx: Transaction, version_id: int, etag: str, sha256: str) -> bool:
    """Note the SHA-256 of a version, unless it has changed or gone since it had this etag."""
    row = tx.execute(select(versions).where(versions.c.id == version_id)).one_or_none()
    if row is None:
        return False
    lock_names(tx, row.container_id, [row.name])
    statement = update(versions).where(versions.c.id == version_id, versions.c.etag == etag, versions.c.sha256.is_(None))
    if tx.execute(statement.values(sha256=sha256, fault=None)).rowcount == 0:
        return False
    if row.is_current and row.deleted_at is None:
        holdings.change(tx, placed={sha256: row.size})
    return True
