"""Lists of blobs by name, as rows for whoever writes them out: thousands a page, and no query a blob.

Rows come nearly as the database gives them: to make a `Blob` of each would take longer than all the rest. What is
behind a common prefix is jumped over, not read, inside one recursive query.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Integer, Text, func, select

from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.objects import pages
from strongroom.storage.catalog.schema import blocks, is_true, tags, versions
from strongroom.storage.names import BLOB_CHARACTERS, LEAST, successor

NO_ETAG = "0x0"
"""The etag of a blob that has only blocks not yet committed."""

BEYOND = "\U0010ffff" * BLOB_CHARACTERS
"""Behind a text, not less than any blob's name that begins with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wants:
    """What is listed beside the live blobs, and what is told of each."""

    snapshots: bool = False
    """Snapshots too."""
    versions: bool = False
    """Earlier versions too."""
    deleted: bool = False
    """Of all those also what was deleted and can be restored."""
    bare: bool = False
    """Blobs too of which only earlier versions are left."""
    uncommitted: bool = False
    """Blobs too of which there are only blocks."""
    metadata: bool = False
    """Their metadata."""
    copies: bool = False
    """How they came to be copies."""
    tags: bool = False
    """Their tags."""

    @property
    def is_plain(self) -> bool:
        """Whether each name has one row at most."""
        return not (self.snapshots or self.versions or self.deleted or self.bare)


PLAIN = Wants()


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """Where a page starts."""

    name: str = ""
    """The first name, or the one before it."""
    is_after: bool = False
    """Whether it is the one before."""
    version: str | None = None
    """Of that name, the last earlier version or snapshot on the page before."""


class Rest(NamedTuple):
    """What of a row is the same for nearly all: times are whole microseconds since 1970, documents JSON, and None if empty."""

    is_current: bool = True
    is_snapshot: bool = False
    kind: str = "block"
    headers: str | None = None
    metadata: str | None = None
    deleted_at: int | None = None
    purge_at: int | None = None
    tier: str | None = None
    tier_changed_at: int | None = None
    rehydrating_to: str | None = None
    copy: str | None = None
    sequence_number: int = 0
    is_sealed: bool = False
    immutable_until: int | None = None
    is_immutability_locked: bool = False
    has_legal_hold: bool = False
    tag_count: int = 0
    is_bare: bool = False
    is_committed: bool = True


USUAL = Rest()
"""A block blob with nothing beside its bytes, of which many thousand rows make one."""


class Entry(NamedTuple):
    """One row; times are whole microseconds since 1970, the MD5 is in hexadecimal digits."""

    id: int
    name: str
    version: str
    size: int
    etag: str
    content_type: str
    md5: str | None
    created_at: int
    modified_at: int
    rest: Rest = USUAL


_OWN = Entry._fields[:-1]
_EMPTY = {"headers": "{}", "metadata": "{}", "copy": "null"}
"""How the documents are spelt where there is nothing in them; None stands for that."""
_RAW = {"is_current", "is_snapshot", "is_sealed", "is_immutability_locked", "has_legal_hold"}
_TIMES = ("created_at", "modified_at", "deleted_at", "purge_at", "tier_changed_at", "immutable_until")


def flat(tx: Transaction, container_id: int, wants: Wants, *, start: Start, end: str | None, limit: int) -> list[Entry]:
    """Give rows from a start on, and before an end: by name, of one name the oldest first and the current one last."""
    found = _rows(tx, container_id, wants, _range(versions, start, end), limit)
    return _with_uncommitted(tx, container_id, found, start=start, end=end, limit=limit) if wants.uncommitted else found


def folded(
    tx: Transaction, container_id: int, wants: Wants, *, prefix: str, delimiter: str, start: Start, end: str | None, limit: int
) -> list[Entry | str]:
    """Give the same with names folded behind the first delimiter after the prefix; of each fold the text of it."""
    if start.is_after and fold(start.name, prefix, delimiter) == start.name:
        start = Start(name=successor(start.name) or BEYOND)
    walk = _Walk(container_id=container_id, skipped=len(prefix), delimiter=delimiter, start=start, end=end, limit=limit)
    names = _fold_starts(tx, versions, _visible(versions, wants), walk)
    if wants.uncommitted:
        names += _fold_starts(tx, blocks, _uncommitted(blocks), walk)
    folds = sorted({fold(name, prefix, delimiter) or name for name in names})[:limit]
    plain = [name for name in folds if fold(name, prefix, delimiter) is None]
    rows = _of_names(tx, container_id, wants, plain, start=start, limit=limit)
    found: list[Entry | str] = []
    for name in folds:
        found += rows.get(name, []) if fold(name, prefix, delimiter) is None else [name]
    return found[:limit]


def fold(name: str, prefix: str, delimiter: str) -> str | None:
    """Give the part of a name that is listed in the place of all that begin so; None where it stands for itself."""
    at = name.find(delimiter, len(prefix))
    return None if at < 0 else name[: at + len(delimiter)]


def staged_at(tx: Transaction, container_id: int, name: str) -> datetime | None:
    """Give when the newest block not yet committed of a blob was put; None where it has none."""
    statement = select(func.max(blocks.c.created_at)).where(blocks.c.container_id == container_id, blocks.c.name == name)
    found: datetime | None = tx.execute(statement).scalar_one()
    return found


def tags_of(tx: Transaction, entries: Sequence[Entry]) -> dict[int, dict[str, str]]:
    """Give the tags of those rows that have some, by key."""
    found: dict[int, dict[str, str]] = {}
    keys: Sequence[Any] = [one.id for one in entries if one.rest.tag_count]
    for some in pages(keys):
        statement = select(tags).where(tags.c.version_id.in_(some)).order_by(tags.c.version_id, tags.c.name)
        for key, name, value in tx.execute(statement):
            found.setdefault(key, {})[name] = value
    return found


def _rows(tx: Transaction, container_id: int, wants: Wants, within: Collection[ColumnElement[bool]], limit: int) -> list[Entry]:
    statement = select(*_columns(tx, wants)).where(versions.c.container_id == container_id, *within)
    statement = statement.where(_visible(versions, wants))
    order = [versions.c.name] if wants.is_plain else [versions.c.name, versions.c.is_current, versions.c.version]
    return _fetched(tx, statement.order_by(*order).limit(limit))


def _fetched(tx: Transaction, statement: sa.Select[Any]) -> list[Entry]:
    """Give the rows of a statement; on SQLite as one JSON list a column, since its driver waits for other threads at each row.

    What is usual is left out there, which halves the time.
    """
    width = len(_OWN)
    if tx.dialect.name != "sqlite":
        return [Entry._make((*row[:width], Rest._make(row[width:]))) for row in tx.execute(statement).all()]
    found = list(statement.subquery().c)
    usual = sa.and_(*(column.is_not_distinct_from(value) for column, value in zip(found[width:], USUAL, strict=True)))
    unusual = sa.case((usual, None), else_=func.json_array(*found[width:]).concat(""))  # joined, JSON is a text for SQLite
    lists = tx.execute(select(*map(func.json_group_array, (*found[:width], unusual)))).one()
    *columns, rest = map(json.loads, lists)
    return list(map(Entry, *columns, (USUAL if one is None else Rest._make(json.loads(one)) for one in rest)))


def _columns(tx: Transaction, wants: Wants) -> list[ColumnElement[Any]]:
    shown: list[ColumnElement[Any]] = []
    for name in (*_OWN, *Rest._fields[:-3]):
        column = versions.c[name]
        if (name == "metadata" and not wants.metadata) or (name == "copy" and not wants.copies):
            shown.append(sa.null().label(name))
        elif name in _EMPTY:
            shown.append(func.nullif(sa.cast(column, Text), _EMPTY[name]).label(name))
        elif name == "md5":
            digits = func.hex(column) if tx.dialect.name == "sqlite" else func.encode(column, "hex")
            shown.append(func.nullif(digits, "").label(name))
        elif name in _TIMES or name in _RAW:
            shown.append(sa.type_coerce(column, Integer).label(name))
        else:
            shown.append(column)
    is_bare = _is_bare() if wants.bare else sa.literal_column("0").label("is_bare")
    return [*shown, _tag_count(tx), is_bare, sa.literal_column("1").label("is_committed")]


def _tag_count(tx: Transaction) -> ColumnElement[int]:
    if tx.execute(select(tags.c.version_id).limit(1)).first() is None:
        return sa.literal_column("0").label("tag_count")
    counted = select(func.count()).select_from(tags).where(tags.c.version_id == versions.c.id)
    return counted.scalar_subquery().label("tag_count")


def _live(of: sa.FromClause) -> ColumnElement[bool]:
    return sa.and_(is_true(of.c.is_current), of.c.deleted_at.is_(None))


def _visible(of: sa.FromClause, wants: Wants) -> ColumnElement[bool]:
    if wants.is_plain:
        return _live(of)
    is_version = sa.and_(sa.not_(of.c.is_current), sa.not_(of.c.is_snapshot))
    kinds: list[ColumnElement[bool]] = [of.c.is_current]
    kinds += [of.c.is_snapshot] if wants.snapshots else []
    kinds += [is_version] if wants.versions else []
    shown = sa.or_(*kinds) if wants.deleted else sa.and_(sa.or_(*kinds), of.c.deleted_at.is_(None))
    return sa.or_(shown, sa.and_(is_version, _newest_without_current(of))) if wants.bare else shown


def _newest_without_current(of: sa.FromClause) -> ColumnElement[bool]:
    """Say of an earlier version that no blob is left of its name, and no later version."""
    other = versions.alias()
    later = sa.or_(_live(other), sa.and_(sa.not_(other.c.is_snapshot), other.c.version > of.c.version))
    same = (other.c.container_id == of.c.container_id, other.c.name == of.c.name)
    return sa.not_(sa.exists().where(*same, later).correlate(of))


def _is_bare() -> ColumnElement[bool]:
    is_version = sa.and_(sa.not_(versions.c.is_current), sa.not_(versions.c.is_snapshot))
    return sa.and_(is_version, _newest_without_current(versions)).label("is_bare")


def _range(of: sa.FromClause, start: Start, end: str | None) -> list[ColumnElement[bool]]:
    found = [of.c.name > start.name if start.is_after else of.c.name >= start.name]
    if end is not None:
        found.append(of.c.name < end)
    return found + _not_listed_yet(of, start)


def _not_listed_yet(of: sa.FromClause, start: Start) -> list[ColumnElement[bool]]:
    """Say of a row that it was not on the page before."""
    if start.version is None:
        return []
    return [sa.not_(sa.and_(of.c.name == start.name, sa.not_(of.c.is_current), of.c.version <= start.version))]


def _of_names(
    tx: Transaction, container_id: int, wants: Wants, names: Sequence[str], *, start: Start, limit: int
) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for some in pages(names):
        within = [versions.c.name.in_(some), *_not_listed_yet(versions, start)]
        rows = _rows(tx, container_id, wants, within, limit)
        if wants.uncommitted:
            rows += _staged(tx, container_id, [blocks.c.name.in_(some)], limit)
        for one in rows:
            found.setdefault(one.name, []).append(one)
        if sum(map(len, found.values())) >= limit:
            break
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class _Walk:
    """How names are walked while they are folded."""

    container_id: int
    skipped: int
    delimiter: str
    start: Start
    end: str | None
    limit: int


def _fold_starts(tx: Transaction, table: sa.Table, visible: ColumnElement[bool], walk: _Walk) -> list[str]:
    """Give the first name of each fold, and each name that stands for itself, by jumping from one to the next."""
    within = [table.c.container_id == walk.container_id, visible]
    within += [] if walk.end is None else [table.c.name < walk.end]

    def first(beyond: ColumnElement[bool]) -> sa.ScalarSelect[str]:
        return select(table.c.name).where(beyond, *within).order_by(table.c.name).limit(1).scalar_subquery()

    start = walk.start
    lower = table.c.name > start.name if start.is_after else table.c.name >= start.name
    scan = select(first(lower).label("name")).cte("scan", recursive=True)
    step = first(table.c.name >= _next(tx, scan.c.name, walk))
    scan = scan.union_all(select(step).where(scan.c.name.is_not(None)))
    return list(tx.execute(select(scan.c.name).where(scan.c.name.is_not(None)).limit(walk.limit)).scalars())


def _next(tx: Transaction, name: ColumnElement[str], walk: _Walk) -> ColumnElement[str]:
    """Give the least text beyond a name and all that is folded with it."""
    position = func.instr if tx.dialect.name == "sqlite" else func.strpos
    at = position(func.substr(name, walk.skipped + 1), walk.delimiter)
    following = successor(walk.delimiter) or walk.delimiter + BEYOND
    return sa.case((at > 0, func.substr(name, 1, walk.skipped + at - 1).concat(following)), else_=name.concat(LEAST))


def _uncommitted(of: sa.Table) -> ColumnElement[bool]:
    other = versions.alias()
    same = (other.c.container_id == of.c.container_id, other.c.name == of.c.name)
    return sa.not_(sa.exists().where(*same, _live(other)).correlate(of))


def _staged(tx: Transaction, container_id: int, within: Collection[ColumnElement[bool]], limit: int) -> list[Entry]:
    """Give rows of blobs that have only blocks not yet committed."""
    newest = func.max(sa.type_coerce(blocks.c.created_at, Integer))
    oldest = func.min(sa.type_coerce(blocks.c.created_at, Integer))
    statement = select(blocks.c.name, oldest, newest).where(blocks.c.container_id == container_id, *within)
    statement = statement.where(_uncommitted(blocks)).group_by(blocks.c.name).order_by(blocks.c.name).limit(limit)
    return [_staged_entry(name, made, changed) for name, made, changed in tx.execute(statement)]


def _staged_entry(name: str, created_at: int, modified_at: int) -> Entry:
    return Entry(
        id=0,
        name=name,
        version="",
        size=0,
        etag=NO_ETAG,
        content_type="application/octet-stream",
        md5=None,
        created_at=created_at,
        modified_at=modified_at,
        rest=Rest(is_committed=False),
    )


def _with_uncommitted(
    tx: Transaction, container_id: int, found: list[Entry], *, start: Start, end: str | None, limit: int
) -> list[Entry]:
    last = found[-1].name if len(found) == limit else None
    within = _range(blocks, Start(name=start.name, is_after=start.is_after or start.version is not None), end)
    within += [] if last is None else [blocks.c.name <= last]
    staged = _staged(tx, container_id, within, limit)
    if not staged:
        return found
    return sorted([*found, *staged], key=lambda one: (one.name, one.rest.is_current, one.version))[:limit]
