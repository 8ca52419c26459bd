"""Names of contents: where each is stored, by its live blobs and by what lies inside of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from strongroom.domain.content import Name
from strongroom.domain.scope import Scope
from strongroom.storage.catalog import holdings
from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.holdings import live
from strongroom.storage.catalog.questions import INSIDE, SOME, Question
from strongroom.storage.catalog.schema import containers, members, versions
from strongroom.storage.catalog.schema import holdings as held_rows

LEVELS = 32
"""How many levels a member is followed upwards; analysis opens fewer."""

_MOST: sa.BindParameter[int] = sa.bindparam("most")


def _first_blobs(*within: sa.ColumnElement[bool]) -> Question:
    place = sa.func.row_number().over(partition_by=versions.c.sha256, order_by=versions.c.id).label("place")
    every = sa.select(versions.c.sha256, place, containers.c.name.label("container"), versions.c.name)
    ranked = every.where(live(), versions.c.sha256.in_(SOME), *within).subquery()
    return Question(sa.select(ranked).where(ranked.c.place <= _MOST))


def _first_parents(*within: sa.ColumnElement[bool]) -> Question:
    order = (members.c.parent_sha256, members.c.analyzer, members.c.seq)
    place = sa.func.row_number().over(partition_by=members.c.child_sha256, order_by=order).label("place")
    held = sa.exists().where(held_rows.c.sha256 == members.c.parent_sha256, *within)
    every = sa.select(members.c.child_sha256, place, members.c.parent_sha256, members.c.path)
    ranked = every.where(members.c.child_sha256.in_(SOME), held).subquery()
    return Question(sa.select(ranked).where(ranked.c.place <= _MOST))


_BLOBS, _BLOBS_IN = _first_blobs(), _first_blobs(containers.c.id.in_(INSIDE))
_PARENTS, _PARENTS_IN = _first_parents(), _first_parents(held_rows.c.container_id.in_(INSIDE))


@dataclass(frozen=True, slots=True)
class _Trail:
    """A way from a content up to something that it lies in."""

    origin: str
    """The content asked for."""
    top: str
    """What it lies in."""
    path: tuple[str, ...]
    """Member paths, outermost first."""
    passed: frozenset[str]
    """All on the way: an archive may hold itself."""


def names(tx: Transaction, sha256s: Collection[str], scope: Scope, limit: int = 20) -> dict[str, tuple[Name, ...]]:
    """Give the names under which a scope shows contents; those that it does not show are left out.

    What decides is the live blob at the top, as it is at this moment.

    Args:
        tx: A transaction.
        sha256s: The contents.
        scope: What may be seen.
        limit: Names a content, at most; shorter ways first.
    """
    found: dict[str, list[Name]] = {sha: [] for sha in sha256s}
    trails = [_Trail(origin=sha, top=sha, path=(), passed=frozenset([sha])) for sha in found]
    for _ in range(LEVELS):
        blobs = _blobs(tx, {trail.top for trail in trails}, scope, limit)
        for trail in trails:
            given = found[trail.origin]
            above = blobs.get(trail.top, [])
            given += [Name(container=c, blob=b, member="!/".join(trail.path)) for c, b in above[: limit - len(given)]]
        trails = _climb(tx, [trail for trail in trails if len(found[trail.origin]) < limit], scope, limit)
        if not trails:
            break
    return {sha: tuple(given) for sha, given in found.items() if given}


def first_names(tx: Transaction, sha256s: Collection[str], scope: Scope) -> dict[str, str]:
    """Give one name of each content that a scope shows, as people read it."""
    return {sha: str(given[0]) for sha, given in names(tx, sha256s, scope, limit=1).items()}


def name_counts(tx: Transaction, sha256s: Collection[str], scope: Scope) -> dict[str, int]:
    """Give under how many names a scope shows each content; those that it does not show are left out."""
    edges: dict[str, list[tuple[str, int]]] = {}
    level, seen = set(sha256s), set[str]()
    while level:
        seen |= level
        for part in holdings.chunks(level):
            above = sa.select(members.c.child_sha256, members.c.parent_sha256, sa.func.count())
            grouped = above.where(members.c.child_sha256.in_(part)).group_by(*above.selected_columns[:2])
            for child, parent, count in tx.execute(grouped):
                edges.setdefault(child, []).append((parent, count))
        level = {parent for sha in level for parent, _ in edges.get(sha, [])} - seen
    direct = _blob_counts(tx, seen, scope)
    known: dict[str, int] = {}
    counts = {sha: _count(sha, edges, direct, known, frozenset()) for sha in sha256s}
    return {sha: count for sha, count in counts.items() if count}


def _count(
    sha: str, edges: dict[str, list[tuple[str, int]]], direct: dict[str, int], known: dict[str, int], passed: frozenset[str]
) -> int:
    if sha in passed or len(passed) > LEVELS:
        return 0
    if sha not in known:
        inside = passed | {sha}
        above = sum(times * _count(parent, edges, direct, known, inside) for parent, times in edges.get(sha, []))
        known[sha] = direct.get(sha, 0) + above
    return known[sha]


def _blobs(tx: Transaction, sha256s: Collection[str], scope: Scope, limit: int) -> dict[str, list[tuple[str, str]]]:
    """Give container and name of the live blobs of contents, oldest first."""
    found: dict[str, list[tuple[str, str]]] = {}
    question, given = (_BLOBS, {}) if scope.containers is None else (_BLOBS_IN, {"inside": sorted(scope.containers)})
    for sha, _, container, name in sorted(question.over(tx, sha256s, most=limit, **given)):
        found.setdefault(sha, []).append((container, name))
    return found


def _blob_counts(tx: Transaction, sha256s: Collection[str], scope: Scope) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in holdings.chunks(sha256s):
        statement = sa.select(versions.c.sha256, sa.func.count()).where(live(), versions.c.sha256.in_(part))
        statement = statement.where(*_within(containers.c.id, scope)).group_by(versions.c.sha256)
        found |= dict(tx.execute(statement).all())
    return found


def _climb(tx: Transaction, trails: Sequence[_Trail], scope: Scope, limit: int) -> list[_Trail]:
    """Follow trails one level upwards, only into what the scope holds, at most `limit` for each content."""
    parents = _parents(tx, {trail.top for trail in trails}, scope, limit)
    climbed: dict[str, list[_Trail]] = {}
    for trail in trails:
        taken = climbed.setdefault(trail.origin, [])
        for parent, path in parents.get(trail.top, []):
            if parent not in trail.passed and len(taken) < limit:
                passed = trail.passed | {parent}
                taken.append(_Trail(origin=trail.origin, top=parent, path=(path, *trail.path), passed=passed))
    return [trail for taken in climbed.values() for trail in taken]


def _parents(tx: Transaction, sha256s: Collection[str], scope: Scope, limit: int) -> dict[str, list[tuple[str, str]]]:
    """Give what contents directly lie in, and the path there."""
    found: dict[str, list[tuple[str, str]]] = {}
    question, given = (_PARENTS, {}) if scope.containers is None else (_PARENTS_IN, {"inside": sorted(scope.containers)})
    for child, _, parent, path in sorted(question.over(tx, sha256s, most=limit, **given)):
        found.setdefault(child, []).append((parent, path))
    return found


def _within(column: sa.ColumnElement[int], scope: Scope) -> list[sa.ColumnElement[bool]]:
    return [] if scope.containers is None else [column.in_(sorted(scope.containers))]
