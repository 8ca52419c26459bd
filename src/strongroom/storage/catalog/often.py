"""How often each name is told: counts that are kept with the mentions, and from them what most contents of a scope name.

What is kept counts every mention that is stored. A scope sees a part of them, so a kept count is the most that a scope's own
can be: names are looked at in the order of what is kept, the few that are looked at are counted within the scope, and the
looking ends as soon as no other can come before them (Fagin, Lotem, Naor 2003, the threshold algorithm).
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

import sqlalchemy as sa

from strongroom.domain.entities import KINDS, PERSON, Entity
from strongroom.domain.scope import Scope
from strongroom.storage.catalog import holdings, reach, withholding
from strongroom.storage.catalog.catalog import Transaction, dialect_insert
from strongroom.storage.catalog.schema import containers, contents, mentions, spellings
from strongroom.storage.catalog.schema import entities as table
from strongroom.storage.catalog.schema import holdings as held

SMALL = 20_000
"""Contents of a scope up to which what they name is counted from them, and not name by name."""
FIRST, MOST = 200, 20_000
"""Names on the first page that is looked at, and on the largest: each is twice the one before."""
SPELLINGS = 10
"""Spellings of one entity that are told."""

Counts: TypeAlias = dict[int, tuple[int, int]]
"""Contents and mentions by entity."""
Ranked: TypeAlias = tuple[int, int, str, str, int]
"""Contents and mentions, both negative, kind, key and id of an entity: the smallest comes first."""
Condition: TypeAlias = sa.ColumnElement[bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sight:
    """What of the mentions of one kind of names a scope sees."""

    kind: str
    """The kind."""
    inside: tuple[int, ...] | None
    """The containers whose contents count; None is all that is held."""
    unseen: Counts
    """Where all that is held counts, what contents tell that nothing holds any more."""

    def where(self) -> Condition:
        """Give the condition that a mention is seen."""
        if self.inside is None:
            return sa.exists().where(contents.c.sha256 == mentions.c.sha256, contents.c.is_held)
        return sa.exists().where(held.c.sha256 == mentions.c.sha256, held.c.container_id.in_(self.inside))


def add(tx: Transaction, rows: Iterable[Mapping[str, object]]) -> None:
    """Count mentions that were stored just now, each of a content that told nothing of its entity before."""
    where: dict[int, set[object]] = {}
    times: Counter[tuple[int, str]] = Counter()
    for row in rows:
        entity_id = int(str(row["entity_id"]))
        where.setdefault(entity_id, set()).add(row["sha256"])
        times[entity_id, str(row["spelling"])] += int(str(row["count"]))
    sums: Counter[int] = Counter()
    for (entity_id, _), count in times.items():
        sums[entity_id] += count
    _change(tx, {key: (len(shas), sums[key]) for key, shas in where.items()}, times)


def take(tx: Transaction, *where: Condition) -> None:
    """Remove mentions of whole contents, and what was counted of them; names that nobody tells any more go too."""
    counted = _counts(tx, *where)
    statement = sa.select(mentions.c.entity_id, mentions.c.spelling, sa.func.sum(mentions.c.count)).where(*where)
    rows = tx.execute(statement.group_by(mentions.c.entity_id, mentions.c.spelling))
    spelt = {(entity_id, spelling): -int(count) for entity_id, spelling, count in rows}
    tx.execute(mentions.delete().where(*where))
    _change(tx, {key: (-number, -times) for key, (number, times) in counted.items()}, spelt)
    for some in _cut(sorted(counted)):
        tx.execute(spellings.delete().where(spellings.c.entity_id.in_(some), spellings.c.mentions <= 0))
        mentioned = sa.exists().where(mentions.c.entity_id == table.c.id)
        tx.execute(table.delete().where(table.c.id.in_(some), table.c.contents <= 0, ~mentioned))


def sight(tx: Transaction, scope: Scope) -> object | None:
    """Give a value that is equal for scopes that see the same containers by the same rules; None if all is seen."""
    inside, closed = reach.containers(tx, scope.containers), withholding.closed(tx)
    return None if inside is None and not closed else (None if inside is None else tuple(inside), tuple(closed))


def listed(tx: Transaction, scope: Scope, *, kind: str | None, like: str, after: int, limit: int) -> list[Entity]:
    """Give what contents name, what most of them do first.

    Args:
        tx: A transaction.
        scope: What may be seen; names, spellings and counts are of that alone.
        kind: Of one kind only.
        like: What its key holds; empty for all.
        after: How many to pass over.
        limit: How many at most.
    """
    sights = {one.kind: one for one in _sights(tx, scope, (kind,) if kind else KINDS)}
    ranked = heapq.merge(*(_ranked(tx, sight, like, after + limit) for sight in sights.values()))
    page = list(islice(ranked, after, after + limit))
    spelt: dict[int, list[str]] = {}
    for name, sight in sights.items():
        spelt |= _spellings(tx, sight, [one[-1] for one in page if one[2] == name])
    return [
        Entity(kind=name, name=spelt[key][0], contents=-number, mentions=-times, spellings=tuple(spelt[key][:SPELLINGS]))
        for number, times, name, _, key in page
    ]


def by_frequency(rows: Iterable[tuple[int, str, int]]) -> dict[int, list[str]]:
    """Give the spellings of each entity, the most frequent first; of equals, the one with the fewest capitals."""
    found: dict[int, list[str]] = {}
    for entity_id, spelling, _ in sorted(rows, key=lambda row: (-row[2], sum(map(str.isupper, row[1])), row[1])):
        found.setdefault(entity_id, []).append(spelling)
    return found


def _change(tx: Transaction, counted: Mapping[int, tuple[int, int]], spelt: Mapping[tuple[int, str], int]) -> None:
    """Add to what is kept, in the order of the ids, so that no two writers wait for each other."""
    if not counted:
        return
    more = {"contents": table.c.contents + sa.bindparam("number"), "mentions": table.c.mentions + sa.bindparam("times")}
    rows = [{"key_": key, "number": number, "times": times} for key, (number, times) in sorted(counted.items())]
    tx.execute(table.update().where(table.c.id == sa.bindparam("key_")).values(more), rows)
    insert = dialect_insert(tx, spellings)
    summed = {"mentions": spellings.c.mentions + insert.excluded["mentions"]}
    new = [{"entity_id": key, "spelling": text, "mentions": times} for (key, text), times in sorted(spelt.items())]
    tx.execute(insert.on_conflict_do_update(index_elements=["entity_id", "spelling"], set_=summed), new)


def _counts(tx: Transaction, *where: Condition) -> Counts:
    columns = (mentions.c.entity_id, sa.func.count(mentions.c.sha256.distinct()), sa.func.sum(mentions.c.count))
    rows = tx.execute(sa.select(*columns).where(*where).group_by(mentions.c.entity_id))
    return {entity_id: (number, int(times)) for entity_id, number, times in rows}


def _sights(tx: Transaction, scope: Scope, kinds: Sequence[str]) -> Iterator[_Sight]:
    inside, closed = reach.containers(tx, scope.containers), set(withholding.closed(tx))
    unseen: Counts = {}
    if inside is None:
        dead = sa.select(contents.c.sha256).where(sa.literal_column("NOT contents.is_held"))
        unseen = _counts(tx, mentions.c.sha256.in_(dead))
    for kind in kinds:
        if kind == PERSON and closed:
            live = tx.scalars(sa.select(containers.c.id).where(containers.c.deleted_at.is_(None)))
            granted = {key for key in live if scope.containers is None or key in scope.containers}
            yield _Sight(kind=kind, inside=tuple(sorted(granted - closed)), unseen={})
        else:
            yield _Sight(kind=kind, inside=None if inside is None else tuple(inside), unseen=unseen)


def _ranked(tx: Transaction, sight: _Sight, like: str, wanted: int) -> Iterator[Ranked]:
    """Give entities of a kind in the order of how many contents of a scope name them, as far as anybody asks."""
    if sight.inside is not None and _is_small(tx, sight.inside):
        yield from _of_few(tx, sight, like, wanted)
        return
    waiting: list[Ranked] = []
    offset, size = 0, FIRST
    while page := _page(tx, sight.kind, like, offset, size):
        for one in _seen(tx, sight, page):
            heapq.heappush(waiting, one)
        while waiting and waiting[0] <= page[-1]:
            yield heapq.heappop(waiting)
        offset, size = offset + size, min(size * 2, MOST)
    yield from sorted(waiting)


def _page(tx: Transaction, kind: str, like: str, offset: int, size: int) -> list[Ranked]:
    """Give entities in the order of what is kept of them."""
    statement = sa.select(table).where(table.c.kind == kind, *_holds(like))
    ordered = statement.order_by(table.c.contents.desc(), table.c.mentions.desc(), table.c.key)
    return [
        (-row.contents, -row.mentions, kind, row.key, row.id) for row in tx.execute(ordered.offset(offset).limit(size)).all()
    ]


def _seen(tx: Transaction, sight: _Sight, page: Sequence[Ranked]) -> Iterator[Ranked]:
    """Count entities of a page as a scope sees them; those that it does not see are left out."""
    counts: Counts = {}
    if sight.inside is not None:
        for some in _cut([one[-1] for one in page]):
            counts |= _counts(tx, mentions.c.entity_id.in_(some), sight.where())
    for number, times, kind, key, entity_id in page:
        if sight.inside is None:
            gone = sight.unseen.get(entity_id, (0, 0))
            number, times = number + gone[0], times + gone[1]  # noqa: PLW2901 - both are negative
        else:
            own = counts.get(entity_id, (0, 0))
            number, times = -own[0], -own[1]  # noqa: PLW2901
        if number < 0:
            yield number, times, kind, key, entity_id


def _is_small(tx: Transaction, inside: Sequence[int]) -> bool:
    some = sa.select(held.c.sha256).where(held.c.container_id.in_(inside)).limit(SMALL + 1).subquery()
    return tx.execute(sa.select(sa.func.count()).select_from(some)).scalar_one() <= SMALL


def _of_few(tx: Transaction, sight: _Sight, like: str, wanted: int) -> list[Ranked]:
    """Count what the contents of a small scope name, from their mentions alone."""
    few = sa.select(held.c.sha256).where(held.c.container_id.in_(sight.inside or ())).distinct().subquery()
    number, times = sa.func.count(mentions.c.sha256.distinct()), sa.func.sum(mentions.c.count)
    columns = (number.label("contents"), times.label("times"), table.c.key, table.c.id)
    joined = few.join(mentions, mentions.c.sha256 == few.c.sha256).join(table, table.c.id == mentions.c.entity_id)
    statement = sa.select(*columns).select_from(joined).where(table.c.kind == sight.kind, *_holds(like))
    grouped = statement.group_by(table.c.id, table.c.key).order_by(number.desc(), times.desc(), table.c.key)
    return [(-row.contents, -int(row.times), sight.kind, row.key, row.id) for row in tx.execute(grouped.limit(wanted))]


def _spellings(tx: Transaction, sight: _Sight, ids: Sequence[int]) -> dict[int, list[str]]:
    """Give the spellings of each entity that a scope sees."""
    whole = [key for key in ids if sight.inside is None and key not in sight.unseen]
    rows: list[tuple[int, str, int]] = []
    for some in _cut(whole):
        kept = sa.select(spellings).where(spellings.c.entity_id.in_(some))
        rows += [(row.entity_id, row.spelling, row.mentions) for row in tx.execute(kept)]
    for some in _cut(sorted(set(ids) - set(whole))):
        times = sa.func.sum(mentions.c.count)
        counted = sa.select(mentions.c.entity_id, mentions.c.spelling, times).where(
            mentions.c.entity_id.in_(some), sight.where()
        )
        grouped = counted.group_by(mentions.c.entity_id, mentions.c.spelling)
        rows += [(key, text, int(count)) for key, text, count in tx.execute(grouped)]
    return by_frequency(rows)


def _holds(like: str) -> list[Condition]:
    return [table.c.key.contains(like, autoescape=True)] if like else []


def _cut(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start : start + holdings.CHUNK] for start in range(0, len(ids), holdings.CHUNK)]
