"""Rows of page blobs' pieces: `seq` is the page at which one begins, and between them are zeros.

A write touches only the rows that it overlaps, so that ten thousand of them stay linear.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Row, delete, insert, select, update

from strongroom.domain.blob import Blob
from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import Container
from strongroom.domain.pages import ANY_NUMBER, PAGE, PageRange, SequenceCondition
from strongroom.errors import ConditionFailed, Conflict, UsageError
from strongroom.storage.catalog import blobs, containers, guards, holdings, leases
from strongroom.storage.catalog import changes as feed
from strongroom.storage.catalog.catalog import Transaction, now
from strongroom.storage.catalog.etags import lock_names, next_etags
from strongroom.storage.catalog.holders import HOLE, Piece
from strongroom.storage.catalog.schema import version_objects, versions

MOST_BYTES = 8 << 40
"""The largest page blob."""
MOST_NUMBER = (1 << 63) - 1
"""The highest sequence number."""

MAX, UPDATE, INCREMENT = "max", "update", "increment"
"""How a sequence number is changed: to the greater of two, to a given one, by one."""


def write(
    tx: Transaction,
    container: Container,
    name: str,
    start: int,
    pieces: Sequence[Piece],
    *,
    length: int,
    condition: Condition = ALWAYS,
    sequence: SequenceCondition = ANY_NUMBER,
) -> tuple[Blob, frozenset[str]]:
    """Put pieces of objects in the place of pages, or clear them.

    Args:
        tx: The transaction.
        container: Where.
        name: The blob.
        start: The first byte, at a page.
        pieces: Each of whole pages, in order; none clears.
        length: Bytes, of whole pages.
        condition: What must hold of the blob.
        sequence: What must hold of its sequence number.

    Returns:
        The blob, and objects that may have lost their last reference.

    Raises:
        BlobNotFound: There is none.
        Conflict: It is no page blob, or protected.
        ConditionFailed: A condition does not hold.
        UsageError: The range is not of whole pages within the blob (``InvalidPageRange``).
    """
    row = _to_write(tx, container, name, (start, length), condition)
    sequence.check(name, row.sequence_number)
    loosened = _take(tx, row.id, start // PAGE, (start + length) // PAGE)
    parts = [_part(row.id, seq, piece) for seq, piece in _numbered(pieces, start)]
    if parts:
        tx.execute(insert(version_objects), parts)
    return _changed(tx, container, row, {"sha256": None, "fault": None}), loosened


def _part(version_id: int, seq: int, piece: Piece) -> dict[str, object]:
    place = {"object_id": piece.object_id, "start": piece.start, "length": piece.length}
    return {**place, "version_id": version_id, "seq": seq, "block_id": None}


def _numbered(pieces: Sequence[Piece], start: int) -> Iterator[tuple[int, Piece]]:
    """Give pieces with the page at which each begins; holes get no row."""
    for piece in pieces:
        if piece.place != HOLE:
            yield start // PAGE, piece
        start += piece.length


def _to_write(
    tx: Transaction, container: Container, name: str, span: tuple[int, int], condition: Condition
) -> Row[tuple[object, ...]]:
    """Give the row of a page blob that may be written: lease and kind, range, conditions, in Azurite's order."""
    start, length = span
    lock_names(tx, container.id, [name])
    fresh = containers.by_id(tx, container.id)
    row = blobs.find(tx, container, name)
    held = leases.of(tx, container.id, [name])
    leases.check_read(held.get(name), condition.lease_id, name)
    _check_kind(row)
    leases.check_write(held.get(name), condition.lease_id, name)
    if start % PAGE or length % PAGE or length <= 0 or start + length > row.size:
        raise UsageError(
            f"bytes {start:,} to {start + length:,} are no whole pages of {name}, which has {row.size:,} bytes",
            code="InvalidPageRange",
        )
    guards.check_present(tx, name, row, condition)
    guards.check_arrived(row)
    guards.check_unprotected(fresh, row, now())
    leases.drop_ended(tx, container.id, held)
    return row


def _check_kind(row: Row[tuple[object, ...]]) -> None:
    if row.kind != "page":
        raise Conflict(f"{row.name} is not a page blob: write it as one first", code="InvalidBlobType")


def _row(tx: Transaction, container: Container, name: str, condition: Condition) -> Row[tuple[object, ...]]:
    lock_names(tx, container.id, [name])
    containers.by_id(tx, container.id)
    _check_kind(blobs.find(tx, container, name))
    return guards.check_change(tx, container, name, condition)


def _take(tx: Transaction, version_id: int, first: int, end: int) -> frozenset[str]:
    """Take the pages of a range away; what of a piece lies outside of it stays."""
    part = version_objects.c
    mine = part.version_id == version_id
    columns = (part.seq, part.object_id, part.start, part.length)
    before = select(*columns).where(mine, part.seq < first).order_by(part.seq.desc()).limit(1)
    inside = select(*columns).where(mine, part.seq >= first, part.seq < end).order_by(part.seq)
    left, covered = tx.execute(before).one_or_none(), tx.execute(inside).all()
    if covered:
        tx.execute(delete(version_objects).where(mine, part.seq >= first, part.seq < end))
    if left is not None and left.seq * PAGE + left.length > first * PAGE:
        tx.execute(update(version_objects).where(mine, part.seq == left.seq).values(length=(first - left.seq) * PAGE))
        covered = [left, *covered]
    for one in covered[-1:]:
        over = one.seq * PAGE + one.length - end * PAGE
        if over > 0:
            rest = {"object_id": one.object_id, "start": one.start + one.length - over, "length": over, "block_id": None}
            tx.execute(insert(version_objects).values(version_id=version_id, seq=end, **rest))
    return frozenset(one.object_id for one in covered)


def _changed(tx: Transaction, container: Container, row: Row[tuple[object, ...]], values: dict[str, object]) -> Blob:
    """Note a change of a page blob, in place."""
    written = {**values, "etag": next_etags(tx, 1)[0], "modified_at": now()}
    tx.execute(update(versions).where(versions.c.id == row.id).values(written))
    if row.sha256 is not None and values.get("sha256", row.sha256) != row.sha256:
        holdings.change(tx, placed={}, displaced={row.sha256})
    tagged = blobs.tags_of(tx, row.id)
    changed = blobs.blob_of(container.name, {**row._mapping, **written}, row.id, tagged)  # noqa: SLF001 - SQLAlchemy's documented name
    feed.note(tx, feed.CONTENT_UPDATED, container.name, [changed])
    return changed


def resize(
    tx: Transaction, container: Container, name: str, size: int, condition: Condition = ALWAYS
) -> tuple[Blob, frozenset[str]]:
    """Give a page blob another size: what is cut off is gone, and what is added is zeros.

    Returns:
        The blob, and objects that may have lost their last reference.

    Raises:
        BlobNotFound: There is none.
        Conflict: It is no page blob, or protected.
        ConditionFailed: The condition does not hold.
        UsageError: The size is none of whole pages.
    """
    if size % PAGE or not 0 <= size <= MOST_BYTES:
        raise UsageError(
            f"a page blob has whole pages of {PAGE} bytes, {MOST_BYTES:,} bytes at most", code="InvalidHeaderValue"
        )
    row = _row(tx, container, name, condition)
    loosened = _take(tx, row.id, size // PAGE, row.size // PAGE) if size < row.size else frozenset[str]()
    values: dict[str, object] = {"size": size}
    if size != row.size:
        values |= {"sha256": None, "fault": None}
    return _changed(tx, container, row, values), loosened


def renumber(
    tx: Transaction,
    container: Container,
    name: str,
    change: tuple[str, int | None],
    condition: Condition = ALWAYS,
) -> Blob:
    """Change a page blob's sequence number.

    Args:
        tx: The transaction.
        container: Where.
        name: The blob.
        change: `MAX`, `UPDATE` or `INCREMENT`, and the number, for the first two.
        condition: What must hold of the blob.

    Raises:
        BlobNotFound: There is none.
        Conflict: It is no page blob, or protected, or the number would be too high.
        ConditionFailed: The condition does not hold.
    """
    row = _row(tx, container, name, condition)
    action, number = change
    known: int = row.sequence_number
    wanted = known + 1 if action == INCREMENT else number or 0
    if action == MAX:
        wanted = max(known, wanted)
    if wanted > MOST_NUMBER:
        raise Conflict(f"the sequence number of {name} cannot become higher", code="SequenceNumberIncrementTooLarge")
    return _changed(tx, container, row, {"sequence_number": wanted})


@dataclass(frozen=True, kw_only=True, slots=True)
class _Run:
    """A run of pages, as one row has them."""

    start: int
    end: int
    object_id: str
    shift: int
    """Of its bytes in the object against those in the blob: equal for two runs only if they show the same bytes."""


def ranges(tx: Transaction, version_id: int, start: int, end: int) -> Iterator[PageRange]:
    """Give the pages that a version has, within a range of bytes, one range a write, as Azurite does."""
    for run in _runs(tx, version_id, start, end):
        yield PageRange(start=run.start, end=run.end)


def _runs(tx: Transaction, version_id: int, start: int, end: int) -> Iterator[_Run]:
    part = version_objects.c
    statement = select(part.seq, part.object_id, part.start, part.length).where(part.version_id == version_id)
    before = select(part.seq).where(part.version_id == version_id, part.seq <= start // PAGE)
    least = tx.execute(before.order_by(part.seq.desc()).limit(1)).scalar_one_or_none()
    if least is not None:
        statement = statement.where(part.seq >= least)
    for row in tx.execute(statement.where(part.seq * PAGE < end).order_by(part.seq)):
        at = row.seq * PAGE
        first, last = max(start, at), min(end, at + row.length)
        if first < last:
            yield _Run(start=first, end=last, object_id=row.object_id, shift=row.start - at)


def changes(tx: Transaction, version_id: int, before_id: int, start: int, end: int) -> Iterator[PageRange]:
    """Give the pages within a range of bytes that were written or cleared since an earlier version; neighbours are joined."""
    last: PageRange | None = None
    for one in _differences(_runs(tx, version_id, start, end), _runs(tx, before_id, start, end)):
        if last is not None and last.is_clear == one.is_clear and last.end == one.start:
            last = replace(last, end=one.end)
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last


def _differences(runs: Iterator[_Run], earlier: Iterator[_Run]) -> Iterator[PageRange]:
    """Walk two lists of runs side by side, up to the nearest end of a run each time."""
    new, old, at = next(runs, None), next(earlier, None), 0
    while new is not None or old is not None:
        at = max(at, min(run.start for run in (new, old) if run is not None))
        edges = [run.end if run.start <= at else run.start for run in (new, old) if run is not None]
        edge = min(edges)
        has = new if new is not None and new.start <= at else None
        had = old if old is not None and old.start <= at else None
        if has is not None and (had is None or (has.object_id, has.shift) != (had.object_id, had.shift)):
            yield PageRange(start=at, end=edge)
        elif has is None and had is not None:
            yield PageRange(start=at, end=edge, is_clear=True)
        at = edge
        if new is not None and new.end <= at:
            new = next(runs, None)
        if old is not None and old.end <= at:
            old = next(earlier, None)


def previous(tx: Transaction, container: Container, name: str, snapshot: str, before: str | None) -> int:
    """Give the key of the snapshot that a page blob is compared with.

    Args:
        tx: The transaction.
        container: Where.
        name: The blob.
        snapshot: The snapshot.
        before: The version that is compared with it; None for the present one.

    Raises:
        UsageError: It is newer than that.
        ConditionFailed: There is none.
    """
    if before is not None and snapshot > before:
        raise UsageError(
            f"the snapshot {snapshot} is newer than {before}: turn the two round", code="PreviousSnapshotCannotBeNewer"
        )
    row = versions.c
    mine = (row.container_id == container.id, row.name == name, row.version == snapshot, row.deleted_at.is_(None))
    found = tx.execute(select(row.id).where(*mine, row.kind == "page")).scalar_one_or_none()
    if found is None:
        raise ConditionFailed(f"{name} has no snapshot {snapshot}: list its snapshots", code="PreviousSnapshotNotFound")
    return int(found)
