"""Rows of copies whose bytes are still on their way from another server, and how they end.

Each has a document in `service` that is touched while bytes arrive, so that one whose server died can be told.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from strongroom.domain.blob import Copy
from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import Container
from strongroom.domain.outcome import KeptObject
from strongroom.errors import ConditionFailed, Conflict
from strongroom.storage.catalog import blobs, changes, holdings, landings, leases, service
from strongroom.storage.catalog.catalog import Transaction, now
from strongroom.storage.catalog.etags import lock_names, next_etags
from strongroom.storage.catalog.landings import Landed, Landing
from strongroom.storage.catalog.schema import containers, version_objects, versions
from strongroom.storage.catalog.schema import service as documents

PENDING, SUCCESS, FAILED, ABORTED = "pending", "success", "failed", "aborted"
PREFIX = "copy/"


def begin(tx: Transaction, container: Container, landing: Landing, condition: Condition = ALWAYS) -> Landed:
    """Make an empty blob whose copy is pending.

    Raises:
        ConditionFailed: The condition does not hold.
    """
    landed = landings.land(tx, container, [landing], condition)
    _touch(tx, landed.blobs[0].id)
    return landed


def _touch(tx: Transaction, version_id: int) -> None:
    service.write(tx, f"{PREFIX}{version_id}", {"at": now().isoformat()})


def _pending(tx: Transaction, version_id: int) -> tuple[Row[tuple[object, ...]], Copy] | None:
    """Give the row of a copy that is still wanted, locked."""
    found = tx.execute(select(versions).where(versions.c.id == version_id)).one_or_none()
    if found is None:
        return None
    lock_names(tx, found.container_id, [found.name])
    row = tx.execute(select(versions).where(versions.c.id == version_id)).one_or_none()
    copy = None if row is None else blobs.copy_of(row.copy)
    return (row, copy) if row is not None and copy is not None and copy.status == PENDING else None


def _wanted(tx: Transaction, version_id: int) -> tuple[Row[tuple[object, ...]], Copy]:
    found = _pending(tx, version_id)
    if found is None:
        raise ConditionFailed("the copy is no longer wanted: it was aborted, overwritten or deleted")
    return found


def progress(tx: Transaction, version_id: int, done: int) -> None:
    """Note how many bytes came.

    Raises:
        ConditionFailed: The copy is no longer wanted.
    """
    _, copy = _wanted(tx, version_id)
    _set(tx, version_id, replace(copy, done=done, total=max(done, copy.total)), {})
    _touch(tx, version_id)


def finish(tx: Transaction, version_id: int, kept: KeptObject) -> None:
    """Give a copy its bytes.

    Raises:
        ConditionFailed: The copy is no longer wanted.
    """
    row, copy = _wanted(tx, version_id)
    if kept.size:
        part = {"object_id": kept.object_id, "start": 0, "length": kept.size, "block_id": None}
        tx.execute(insert(version_objects).values(version_id=version_id, seq=0, **part))
    ended = replace(copy, status=SUCCESS, done=kept.size, total=kept.size, completed_at=now())
    values = {"size": kept.size, "sha256": kept.sha256, "md5": row.md5 or kept.md5, "fault": None}
    _set(tx, version_id, ended, {**values, **_anew(tx)})
    _forget(tx, version_id)
    named = select(versions, containers.c.name.label("box")).join(containers, containers.c.id == versions.c.container_id)
    changed = tx.execute(named.where(versions.c.id == version_id)).one()
    changes.note(tx, changes.CONTENT_UPDATED, changed.box, [changed])
    if row.is_current and row.deleted_at is None:
        holdings.change(tx, placed={kept.sha256: kept.size}, displaced={row.sha256} if row.sha256 else ())


def stop(tx: Transaction, version_id: int, status: str, why: str) -> bool:
    """End a copy without its bytes; False where it had ended already."""
    found = _pending(tx, version_id)
    _forget(tx, version_id)
    if found is None:
        return False
    _set(tx, version_id, replace(found[1], status=status, completed_at=now(), description=why), _anew(tx))
    return True


def abort(tx: Transaction, container: Container, name: str, copy_id: str, lease_id: str | None) -> None:
    """End a pending copy because somebody asks for it; the blob stays, empty.

    Raises:
        BlobNotFound: There is no such blob.
        ConditionFailed: Another holds a lease.
        Conflict: It is no such copy (``CopyIdMismatch``), or not pending any more (``NoPendingCopyOperation``).
    """
    lock_names(tx, container.id, [name])
    row = blobs.find(tx, container, name)
    held = leases.of(tx, container.id, [name]).get(name)
    leases.check_read(held, lease_id, name)
    copy = blobs.copy_of(row.copy)
    if copy is None or copy.id != copy_id:
        raise Conflict(f"{name} is not made by the copy {copy_id}: look at its properties", code="CopyIdMismatch")
    if copy.status != PENDING:
        raise Conflict(f"the copy {copy_id} has ended already", code="NoPendingCopyOperation")
    leases.check_write(held, lease_id, name)
    stop(tx, row.id, ABORTED, "")


def old(tx: Transaction, before: datetime) -> list[int]:
    """Give the keys of pending copies of which nothing was heard since an instant."""
    rows = tx.execute(select(documents.c.name, documents.c.value).where(documents.c.name.startswith(PREFIX, autoescape=True)))
    return [int(name.removeprefix(PREFIX)) for name, value in rows if datetime.fromisoformat(value["at"]) < before]


def _anew(tx: Transaction) -> dict[str, object]:
    return {"etag": next_etags(tx, 1)[0], "modified_at": now()}


def _set(tx: Transaction, version_id: int, copy: Copy, values: Mapping[str, Any]) -> None:
    written = {**values, "copy": blobs.copy_document(copy)}
    tx.execute(update(versions).where(versions.c.id == version_id).values(written))


def _forget(tx: Transaction, version_id: int) -> None:
    tx.execute(delete(documents).where(documents.c.name == f"{PREFIX}{version_id}"))
