"""How versions of blobs come and go."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Row, delete, func, insert, select, update

from strongroom.domain.blob import Blob
from strongroom.domain.container import Container
from strongroom.errors import ConditionFailed
from strongroom.storage.catalog import containers, holdings
from strongroom.storage.catalog.blobs import DEFAULT_TYPE, SHOWN, current_rows, find, set_tags
from strongroom.storage.catalog.catalog import Transaction, now
from strongroom.storage.catalog.etags import lock_names, next_etags, version_after
from strongroom.storage.catalog.holders import Piece
from strongroom.storage.catalog.objects import pages
from strongroom.storage.catalog.schema import blocks, tags, version_objects, versions

ANY = "*"


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
            raise ConditionFailed(
                f"{name} is not the version that was expected (etag {self.if_match}): read it again, then repeat"
            )
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
    made = tx.execute(insert(versions).returning(versions.c.etag, versions.c.id), rows).all()
    key_of = {row.etag: row.id for row in made}  # many rows come back in any order, each with an etag of its own
    ids = [key_of[row["etag"]] for row in rows]
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


def _newest_versions(tx: Transaction, container_id: int, names: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for page in pages(list(names)):
        statement = select(versions.c.name, func.max(versions.c.version)).group_by(versions.c.name)
        rows = tx.execute(statement.where(versions.c.container_id == container_id, versions.c.name.in_(page)))
        found.update(rows.all())
    return found


def _retire(tx: Transaction, container: Container, rows: Sequence[Row[tuple[object, ...]]]) -> frozenset[str]:
    """Make versions no longer current: earlier versions where the container keeps such, else gone."""
    ids = [row.id for row in rows]
    if not container.keeps_versions or container.url is not None:
        return drop(tx, ids)
    for page in pages(ids):
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


def drop_blocks(tx: Transaction, container_id: int) -> frozenset[str]:
    """Remove all uncommitted blocks of a container; gives their objects."""
    found = frozenset(tx.execute(select(blocks.c.object_id).where(blocks.c.container_id == container_id)).scalars())
    tx.execute(delete(blocks).where(blocks.c.container_id == container_id))
    return found


def some_of_container(tx: Transaction, container_id: int, limit: int) -> list[tuple[int, str | None]]:
    """Give keys and hashes of versions of a container, whatever their state."""
    statement = select(versions.c.id, versions.c.sha256).where(versions.c.container_id == container_id).limit(limit)
    return [(key, sha256) for key, sha256 in tx.execute(statement)]
