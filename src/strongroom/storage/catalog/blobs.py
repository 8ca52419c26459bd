"""Rows of blob versions: how one is found, listed and fingerprinted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, insert, select, update

from strongroom.domain.blob import Blob, Copy, Look
from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import Container
from strongroom.errors import BlobNotFound
from strongroom.storage.catalog import holdings, leases
from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.etags import lock_names
from strongroom.storage.catalog.objects import pages
from strongroom.storage.catalog.schema import containers as tables
from strongroom.storage.catalog.schema import is_true, tags, version_objects, versions

DEFAULT_TYPE = "application/octet-stream"

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
    "kind",
    "headers",
    "is_snapshot",
    "tier",
    "tier_changed_at",
    "rehydrating_to",
    "sequence_number",
    "is_sealed",
    "immutable_until",
    "is_immutability_locked",
    "has_legal_hold",
    "deleted_at",
    "purge_at",
)
"""Columns that are fields of `Blob` as they stand."""


def set_tags(tx: Transaction, version_id: int, given: Mapping[str, str]) -> None:
    """Give a new version its tags."""
    if given:
        tx.execute(insert(tags), [{"version_id": version_id, "name": key, "value": value} for key, value in given.items()])


def copy_tags(tx: Transaction, source_id: int, target_id: int) -> None:
    """Give a new version the tags of another."""
    set_tags(tx, target_id, tags_of(tx, source_id))


def current_rows(tx: Transaction, container_id: int, names: Collection[str]) -> dict[str, Row[tuple[object, ...]]]:
    """Give the current versions' rows of some names."""
    found = {}
    for page in pages(list(names)):
        statement = select(versions).where(*_current(container_id), versions.c.name.in_(page))
        found.update({row.name: row for row in tx.execute(statement)})
    return found


def _current(container_id: int) -> tuple[ColumnElement[bool], ...]:
    return (versions.c.container_id == container_id, is_true(versions.c.is_current), versions.c.deleted_at.is_(None))


def find(tx: Transaction, container: Container, name: str, version: str | None = None) -> Row[tuple[object, ...]]:
    """Give the row of the current version, or of a certain one.

    Raises:
        BlobNotFound: There is none.
    """
    statement = select(versions).where(versions.c.container_id == container.id, versions.c.name == name)
    statement = statement.where(versions.c.deleted_at.is_(None))
    statement = statement.where(is_true(versions.c.is_current) if version is None else versions.c.version == version)
    row = tx.execute(statement).one_or_none()
    if row is None:
        raise missing(container, name, version)
    return row


def missing(container: Container, name: str, version: str | None = None) -> BlobNotFound:
    """Give the error that tells that there is no such blob."""
    which = "" if version is None else f" of version {version}"
    return BlobNotFound(
        f"{container.name} holds no blob named {name}{which}: `strongroom list {container.name}` shows what it holds"
    )


def get(tx: Transaction, container: Container, name: str, version: str | None = None) -> Blob:
    """Give a blob.

    Raises:
        BlobNotFound: There is none.
    """
    return blobs_of(tx, container.name, [find(tx, container, name, version)])[0]


def look(tx: Transaction, container: Container, name: str, version: str | None = None, condition: Condition = ALWAYS) -> Look:
    """Give all that is told of a blob, where a reader's condition holds.

    Raises:
        BlobNotFound: There is none.
        ConditionFailed: The condition does not hold, or the lease is another.
    """
    try:
        row = find(tx, container, name, version)
    except BlobNotFound:
        condition.check_read(name, None)
        raise
    blob = blobs_of(tx, container.name, [row])[0]
    condition.check_read(name, blob.etag, blob.modified_at, lambda: blob.tags)
    lease = leases.of(tx, container.id, [name]).get(name) if blob.is_current else None
    leases.check_read(lease, condition.lease_id, name)
    return Look(blob=blob, lease=lease, blocks=block_count(tx, blob.id) if blob.kind == "append" else None)


def block_count(tx: Transaction, version_id: int) -> int:
    """Give how many pieces a block or append blob has: their numbers have no gaps."""
    last = select(func.max(version_objects.c.seq)).where(version_objects.c.version_id == version_id)
    found = tx.execute(last).scalar_one()
    return 0 if found is None else found + 1


def all_versions(tx: Transaction, container: Container, name: str) -> list[Blob]:
    """Give every version and snapshot of a blob, newest first."""
    statement = select(versions).where(versions.c.container_id == container.id, versions.c.name == name)
    rows = tx.execute(statement.where(versions.c.deleted_at.is_(None)).order_by(versions.c.version.desc())).all()
    return blobs_of(tx, container.name, rows)


def page(tx: Transaction, container: Container, *, start: str, end: str | None, limit: int) -> list[Blob]:
    """Give current blobs in order of name (bytewise), from ``start`` on and before ``end``."""
    statement = select(versions).where(*_current(container.id), versions.c.name >= start)
    if end is not None:
        statement = statement.where(versions.c.name < end)
    return blobs_of(tx, container.name, tx.execute(statement.order_by(versions.c.name).limit(limit)).all())


def stamps(tx: Transaction, container: Container, names: Collection[str]) -> dict[str, str]:
    """Give, for those names that exist, what their source's etag, size and time were."""
    found: dict[str, str] = {}
    for some in pages(list(names)):
        statement = select(versions.c.name, versions.c.source_etag).where(*_current(container.id), versions.c.name.in_(some))
        found.update({name: stamp for name, stamp in tx.execute(statement) if stamp})
    return found


def blobs_of(tx: Transaction, container: str, rows: Sequence[Row[tuple[object, ...]]]) -> list[Blob]:
    """Give the blobs of which some rows tell, with their tags."""
    tagged = _tags(tx, [row.id for row in rows])
    return [blob_of(container, dict(row._mapping), row.id, tagged.get(row.id, {})) for row in rows]  # noqa: SLF001 - SQLAlchemy's documented name


def blob_of(container: str, row: Mapping[str, Any], version_id: int, tags: Mapping[str, str]) -> Blob:
    """Give the blob that a row of `versions` tells of."""
    shown = {key: row[key] for key in SHOWN}
    return Blob(id=version_id, container=container, tags=dict(tags), copy=copy_of(row["copy"]), **shown)


def copy_of(document: Mapping[str, Any] | None) -> Copy | None:
    """Give the state of a copy as the catalog keeps it."""
    if document is None:
        return None
    at = document["completed_at"]
    return Copy(**{**document, "completed_at": None if at is None else datetime.fromisoformat(at)})


def copy_document(copy: Copy | None) -> dict[str, Any] | None:
    """Give the state of a copy as the catalog keeps it."""
    if copy is None:
        return None
    return {**asdict(copy), "completed_at": None if copy.completed_at is None else copy.completed_at.isoformat()}


def tags_of(tx: Transaction, version_id: int) -> dict[str, str]:
    """Give the tags of a version."""
    return _tags(tx, [version_id]).get(version_id, {})


def _tags(tx: Transaction, ids: Sequence[int]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for some in pages(ids):  # type: ignore[arg-type]
        for key, name, value in tx.execute(select(tags).where(tags.c.version_id.in_(some))):
            found.setdefault(key, {})[name] = value
    return found


def stamped(tx: Transaction, container: Container, *, start: str, end: str | None) -> dict[str, str | None]:
    """Give every current name from ``start`` on and before ``end``, with its source's stamp."""
    statement = select(versions.c.name, versions.c.source_etag).where(*_current(container.id), versions.c.name >= start)
    if end is not None:
        statement = statement.where(versions.c.name < end)
    return dict(tx.execute(statement).all())


def unread(tx: Transaction, container_ids: Collection[int] | None, *, after: int, limit: int) -> list[int]:
    """Give keys of live versions whose SHA-256 is not known yet, in order, beginning after one.

    Those that could not be read (see `fault`) wait until they change.
    """
    statement = select(versions.c.id).where(*_unread(container_ids), versions.c.id > after)
    return list(tx.execute(statement.order_by(versions.c.id).limit(limit)).scalars())


def unread_count(tx: Transaction, container_ids: Collection[int] | None) -> int:
    """Count what `unread` gives."""
    return tx.execute(select(func.count()).select_from(versions).where(*_unread(container_ids))).scalar_one()


def _unread(container_ids: Collection[int] | None) -> tuple[ColumnElement[bool], ...]:
    live = select(tables.c.id).where(tables.c.deleted_at.is_(None))
    if container_ids is not None:
        live = live.where(tables.c.id.in_(sorted(container_ids)))
    return (
        versions.c.sha256.is_(None),
        versions.c.deleted_at.is_(None),
        is_true(versions.c.is_current),
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
