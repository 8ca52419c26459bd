"""What contents name: entities, and which content mentions which, how often and in what spelling."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

import sqlalchemy as sa

from strongroom.domain.entities import ANALYZER, KINDS, PERSON, Entity, Mention, key_of
from strongroom.domain.outcome import Outcome
from strongroom.domain.scope import Scope
from strongroom.storage.catalog import holdings, often, reach, withholding
from strongroom.storage.catalog.catalog import Transaction, dialect_insert
from strongroom.storage.catalog.questions import SOME, Question
from strongroom.storage.catalog.schema import analyses, contents, mentions, withheld
from strongroom.storage.catalog.schema import entities as table
from strongroom.storage.catalog.schema import holdings as held_rows
from strongroom.storage.catalog.texts import storable

Condition: TypeAlias = sa.ColumnElement[bool]

COUNTED = 500
"""Entities that are looked at for it, the most frequent first."""
FACET = 12
"""Entities of one kind that are counted over what a search found."""

_MENTIONS = Question(
    sa.select(mentions.c.sha256, mentions.c.entity_id, mentions.c.spelling, mentions.c.count).where(mentions.c.sha256.in_(SOME))
)
_KINDS = Question(sa.select(table.c.id, table.c.kind).where(table.c.id.in_(SOME)))


def record(tx: Transaction, outcomes: Iterable[Outcome]) -> None:
    """Write down what contents name, in the place of what they named before.

    Where anything else was read of a content, its texts may be others now: it is to be looked through again.

    Args:
        tx: A writing transaction.
        outcomes: Of contents that exist.
    """
    named: dict[str, tuple[Mention, ...]] = {}
    stale: set[str] = set()
    for outcome in outcomes:
        ended = {run.analyzer: run for run in outcome.runs if run.stopped is None}
        if ANALYZER in ended:
            named[outcome.sha256] = ended[ANALYZER].mentions
        elif ended:
            stale.add(outcome.sha256)
    for part in holdings.chunks(stale):
        tx.execute(analyses.delete().where(analyses.c.sha256.in_(part), analyses.c.analyzer == ANALYZER))
    if named:
        _replace(tx, named)


def drop(tx: Transaction, sha256s: Collection[str]) -> None:
    """Forget what contents name, and every name that nothing else mentions."""
    for part in holdings.chunks(sha256s):
        often.take(tx, mentions.c.sha256.in_(part))
        tx.execute(withheld.delete().where(withheld.c.sha256.in_(part)))


def hidden(tx: Transaction, limit: int) -> list[str]:
    """Give contents that name people, and that lie only where these are not to be stored."""
    closed = withholding.closed(tx)
    if not closed:
        return []
    person = sa.select(table.c.id).where(table.c.kind == PERSON)
    named = sa.exists().where(mentions.c.sha256 == held_rows.c.sha256, mentions.c.entity_id.in_(person))
    other = held_rows.alias()
    elsewhere = sa.exists().where(other.c.sha256 == held_rows.c.sha256, other.c.container_id.not_in(closed))
    statement = sa.select(held_rows.c.sha256).distinct().where(held_rows.c.container_id.in_(closed), named, ~elsewhere)
    return list(tx.scalars(statement.order_by(held_rows.c.sha256).limit(limit)))


def withhold(tx: Transaction, sha256s: Collection[str]) -> None:
    """Forget the people whom contents name."""
    person = sa.select(table.c.id).where(table.c.kind == PERSON)
    for part in holdings.chunks(sha256s):
        often.take(tx, mentions.c.sha256.in_(part), mentions.c.entity_id.in_(person))
        _mark(tx, part)


def unhidden(tx: Transaction, limit: int) -> list[str]:
    """Give contents whose people's names were left out, and that now lie where these may be stored too."""
    allowed = held_rows.c.container_id.not_in(withholding.closed(tx))
    open_now = sa.exists().where(held_rows.c.sha256 == withheld.c.sha256, allowed)
    return list(tx.scalars(sa.select(withheld.c.sha256).where(open_now).order_by(withheld.c.sha256).limit(limit)))


def forget_reading(tx: Transaction, sha256s: Collection[str]) -> None:
    """Note that contents are to be looked through again; the caller restates them."""
    for part in holdings.chunks(sha256s):
        tx.execute(analyses.delete().where(analyses.c.sha256.in_(part), analyses.c.analyzer == ANALYZER))
        tx.execute(withheld.delete().where(withheld.c.sha256.in_(part)))


def found(
    tx: Transaction,
    scope: Scope,
    *,
    kind: str | None = None,
    like: str = "",
    among: Collection[str],
    after: int = 0,
    limit: int,
) -> list[Entity]:
    """Give what some contents name, what most of them do first; `strongroom.storage.catalog.often` looks at a whole scope.

    Args:
        tx: A transaction.
        scope: What may be seen; names, spellings and counts are of that alone.
        kind: Of one kind only.
        like: What its key holds; empty for all.
        among: SHA-256s of the only contents that count, not more than a few thousand.
        after: How many to pass over.
        limit: How many at most.
    """
    where = [*_shown(tx, scope), mentions.c.sha256.in_(sorted(among)), *([table.c.kind == kind] if kind else [])]
    where += [table.c.key.contains(like, autoescape=True)] if like else []
    number, times = sa.func.count(mentions.c.sha256.distinct()), sa.func.sum(mentions.c.count)
    statement = sa.select(table.c.id, table.c.kind, number.label("contents"), times.label("mentions"))
    statement = statement.join_from(mentions, table, table.c.id == mentions.c.entity_id).where(*where)
    first = (number.desc(), times.desc(), table.c.kind, table.c.key)
    ordered = statement.group_by(table.c.id, table.c.kind, table.c.key).order_by(*first)
    rows = tx.execute(ordered.offset(after).limit(limit)).all()
    spelt = _spellings(tx, [row.id for row in rows], where)
    return [
        Entity(
            kind=row.kind,
            name=spelt[row.id][0],
            contents=row.contents,
            mentions=int(row.mentions),
            spellings=tuple(spelt[row.id][: often.SPELLINGS]),
        )
        for row in rows
    ]


def facets(tx: Transaction, sha256s: Collection[str], kinds: Sequence[str], scope: Scope) -> dict[str, dict[str, int]]:
    """Count what found contents name, by kind: by usual spelling, how many of them do; kinds that are not named are left out.

    Args:
        tx: A transaction.
        sha256s: What was found, a few hundred at most, all of it granted.
        kinds: The kinds to count.
        scope: What may be seen.
    """
    if not sha256s:
        return {}
    # the few mentions of what was found are read alone: joined with anything, a database may read all mentions there are
    found_here: dict[int, set[str]] = {}
    spelt: dict[int, list[tuple[str, str, int]]] = {}
    for sha256, entity_id, spelling, count in _MENTIONS.over(tx, sha256s):
        found_here.setdefault(entity_id, set()).add(sha256)
        spelt.setdefault(entity_id, []).append((sha256, spelling, count))
    if not found_here:
        return {}
    allowed = _open(tx, sha256s, scope)
    counts: dict[str, dict[str, int]] = {kind: {} for kind in kinds}
    often = sorted(found_here, key=lambda one: (-len(found_here[one]), one))[:COUNTED]
    kinds_of: dict[int, str] = dict(_KINDS.over(tx, often))
    for entity_id in often:
        kind = kinds_of[entity_id]
        shown = found_here[entity_id] & allowed if kind == PERSON else found_here[entity_id]
        if kind in counts and shown and len(counts[kind]) < FACET:
            times: Counter[str] = Counter()
            for sha256, spelling, count in spelt[entity_id]:
                times[spelling] += count if sha256 in shown else 0
            counts[kind][_usual(times)] = len(shown)
    return {kind: some for kind, some in counts.items() if some}


def naming(
    tx: Transaction, names: Collection[str], scope: Scope, *, among: Collection[str] | None = None, limit: int | None = None
) -> set[str]:
    """Give contents that name one of some entities.

    Args:
        tx: A transaction.
        names: Any spellings, of whatever kind.
        scope: What may be seen.
        among: The only contents to look at.
        limit: Contents at most.
    """
    pairs = sorted({(kind, key) for name in names for kind in KINDS if (key := key_of(kind, name))})
    ids = [row.id for some in _cut(pairs) for row in tx.execute(sa.select(table.c.id).where(_is_one_of(some)))]
    shown = _shown(tx, scope)
    statement = sa.select(mentions.c.sha256).distinct().join_from(mentions, table, table.c.id == mentions.c.entity_id)
    statement = statement.where(table.c.id.in_(ids), *shown)
    if not ids:
        return set()
    if among is None:
        return set(tx.scalars(statement.limit(limit)))
    return {sha for part in holdings.chunks(among) for sha in tx.scalars(statement.where(mentions.c.sha256.in_(part)))}


def _replace(tx: Transaction, named: Mapping[str, tuple[Mention, ...]]) -> None:
    private = _private(tx, named)
    kept: Counter[tuple[str, str, str, str]] = Counter()
    for sha256, found_here in named.items():
        for one in found_here:
            kind, spelling = one.named.kind, str(storable(one.named.text))
            key = key_of(kind, spelling)
            if key and not (sha256 in private and kind == PERSON):
                kept[sha256, kind, key, spelling] += one.count
    drop(tx, named)
    _mark(tx, private)
    ids = _ids(tx, {(kind, key) for _, kind, key, _ in kept})
    rows = [
        {"entity_id": ids[kind, key], "sha256": sha256, "spelling": spelling, "count": count}
        for (sha256, kind, key, spelling), count in sorted(kept.items())
    ]
    if rows:
        insert = dialect_insert(tx, mentions)
        changed = {"count": insert.excluded["count"]}
        tx.execute(insert.on_conflict_do_update(index_elements=["entity_id", "sha256", "spelling"], set_=changed), rows)
        often.add(tx, rows)


def _ids(tx: Transaction, pairs: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Give the ids of entities by kind and key; those that are new are made."""
    ordered = sorted(pairs)
    if ordered:
        rows = [{"kind": kind, "key": key, "contents": 0, "mentions": 0} for kind, key in ordered]
        tx.execute(dialect_insert(tx, table).on_conflict_do_nothing(index_elements=["kind", "key"]), rows)
    known = [row for some in _cut(ordered) for row in tx.execute(sa.select(table).where(_is_one_of(some)))]
    return {(row.kind, row.key): row.id for row in known}


def _is_one_of(pairs: Sequence[tuple[str, str]]) -> Condition:
    keys: dict[str, list[str]] = {}
    for kind, key in pairs:
        keys.setdefault(kind, []).append(key)
    return sa.or_(*(sa.and_(table.c.kind == kind, table.c.key.in_(some)) for kind, some in keys.items()))


def _cut(pairs: Sequence[tuple[str, str]]) -> list[Sequence[tuple[str, str]]]:
    return [pairs[start : start + holdings.CHUNK] for start in range(0, len(pairs), holdings.CHUNK)]


def _mark(tx: Transaction, sha256s: Collection[str]) -> None:
    if sha256s:
        rows = [{"sha256": sha256} for sha256 in sorted(sha256s)]
        tx.execute(dialect_insert(tx, withheld).on_conflict_do_nothing(index_elements=["sha256"]), rows)


def _private(tx: Transaction, sha256s: Collection[str]) -> set[str]:
    """Give those contents that lie only where people's names are not stored."""
    hidden = set(withholding.closed(tx))
    if not hidden:
        return set()
    places: dict[str, set[int]] = {}
    for part in holdings.chunks(sha256s):
        for row in tx.execute(sa.select(held_rows).where(held_rows.c.sha256.in_(part))):
            places.setdefault(row.sha256, set()).add(row.container_id)
    return {sha256 for sha256, where in places.items() if where <= hidden}


def _shown(tx: Transaction, scope: Scope) -> list[Condition]:
    """Give what a mention must be to be shown: of a live content in the scope, and a person's only where names may be."""
    inside, hidden = reach.containers(tx, scope.containers), withholding.closed(tx)
    if inside is None:
        dead = tx.execute(sa.text("SELECT 1 FROM contents WHERE NOT is_held LIMIT 1")).first() is not None
        alive = sa.exists().where(contents.c.sha256 == mentions.c.sha256, contents.c.is_held)
        live: Condition = alive if dead else sa.true()
    else:
        live = sa.exists().where(held_rows.c.sha256 == mentions.c.sha256, held_rows.c.container_id.in_(inside))
    if not hidden:
        return [live]
    allowed = [held_rows.c.sha256 == mentions.c.sha256, held_rows.c.container_id.not_in(hidden)]
    allowed += [] if inside is None else [held_rows.c.container_id.in_(inside)]
    return [live, sa.or_(table.c.kind != PERSON, sa.exists().where(*allowed))]


def _open(tx: Transaction, sha256s: Collection[str], scope: Scope) -> set[str]:
    """Give those contents whose people's names may be shown: they lie in the scope where these are not withheld."""
    closed = withholding.closed(tx)
    if not closed:
        return set(sha256s)
    where = [held_rows.c.container_id.not_in(closed)]
    where += [] if scope.containers is None else [held_rows.c.container_id.in_(sorted(scope.containers))]
    statement = sa.select(held_rows.c.sha256).where(*where)
    return {sha for part in holdings.chunks(sha256s) for sha in tx.scalars(statement.where(held_rows.c.sha256.in_(part)))}


def _usual(times: Mapping[str, int]) -> str:
    """Give the most frequent spelling; of equals, the one with the fewest capitals."""
    return min(times, key=lambda spelling: (-times[spelling], sum(map(str.isupper, spelling)), spelling))


def _spellings(tx: Transaction, ids: Sequence[int], where: Sequence[Condition]) -> dict[int, list[str]]:
    """Give the spellings of each entity that may be shown, the most frequent first."""
    times = sa.func.sum(mentions.c.count)
    columns = (mentions.c.entity_id, mentions.c.spelling, times.label("times"))
    statement = sa.select(*columns).join_from(mentions, table, table.c.id == mentions.c.entity_id)
    rows: list[tuple[int, str, int]] = []
    for start in range(0, len(ids), holdings.CHUNK):
        some = statement.where(mentions.c.entity_id.in_(ids[start : start + holdings.CHUNK]), *where)
        rows += [(row[0], row[1], int(row[2])) for row in tx.execute(some.group_by(*columns[:2]))]
    return often.by_frequency(rows)
