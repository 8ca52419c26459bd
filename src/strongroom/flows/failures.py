"""`failures` and `retry`: what could not be read and why, a page at a time; and having it tried again."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial

from strongroom.domain import outcome
from strongroom.domain.analysis import Failure
from strongroom.domain.scope import Scope
from strongroom.domain.status import FailureGroups, Failures
from strongroom.errors import BlobNotFound, UsageError
from strongroom.flows import fetch
from strongroom.flows.parts import Parts
from strongroom.index import IndexWriter
from strongroom.storage.catalog import Transaction, containers, coverage, retries, troubles

MOST = 1000
"""Contents of a page."""
MOST_GROUPS = 200
PAGE = 500
BYTES, READING, KIND = "bytes", "reading", "kind"
"""What is told first, next and last: blobs without bytes, contents that failed, contents that nothing here reads."""
STAGES = (BYTES, READING, KIND)
PLACE = re.compile(r"(?P<stage>bytes(?=:\d{0,18}$)|reading|kind):(?P<last>[0-9a-f]*)", re.ASCII)
"""Where a page begins: a stage, and behind which key or content of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Like:
    """Which failures are meant."""

    analyzer: str | None = None
    """Those of this one; None is any."""
    reason: str | None = None
    """Those for this reason; None is any."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """Where a page begins."""

    stage: str
    """One of `STAGES`."""
    last: str
    """Behind which key or content of it; empty for its first."""
    like: Like
    """Which failures are told."""


def failures(
    parts: Parts, scope: Scope, after: str, limit: int, *, analyzer: str | None = None, reason: str | None = None
) -> Failures:
    """Give a page of what could not be read.

    Args:
        parts: An open room.
        scope: What may be seen.
        after: `Failures.next` of the page before; empty for the first.
        limit: Contents on the page; one may have several failures.
        analyzer: Only what this one could not read.
        reason: Only what could not be read for this reason.

    Raises:
        UsageError: ``after`` or ``limit`` is none that can be.
    """
    place = PLACE.fullmatch(after or f"{BYTES}:")
    if place is None or not 1 <= limit <= MOST:
        raise UsageError(f"after is {after!r}, limit {limit}: give the `next` of the page before, and a limit of 1 to {MOST}")
    stage, last, like = place.group("stage"), place.group("last"), Like(analyzer=analyzer, reason=reason)
    found: list[Failure] = []
    with parts.catalog.read() as tx:
        for one in STAGES[STAGES.index(stage) :]:
            page, following = _page(tx, parts, scope, _Place(stage=one, last=last, like=like), limit - _count(found))
            found += page
            last = ""
            if following is not None:
                return Failures(failures=_told_once(found), next=f"{one}:{following}")
    return Failures(failures=_told_once(found), next=None)


def everything(parts: Parts, scope: Scope) -> tuple[Failure, ...]:
    """Give all that could not be read; it is held in memory whole."""
    page = failures(parts, scope, "", MOST)
    found = [*page.failures]
    while page.next is not None:
        page = failures(parts, scope, page.next, MOST)
        found += page.failures
    return tuple(found)


def groups(parts: Parts, scope: Scope, *, skipped: bool, after: int, limit: int) -> FailureGroups:
    """Give a page of what could not be read, by reason and analyzer, the most frequent first.

    Args:
        parts: An open room.
        scope: What may be seen.
        skipped: Whether to give what a limit left out and what nothing here reads, in the place of what failed.
        after: `FailureGroups.next` of the page before; 0 for the first.
        limit: Groups on the page.

    Raises:
        UsageError: ``after`` or ``limit`` is none that can be.
    """
    if after < 0 or not 1 <= limit <= MOST_GROUPS:
        raise UsageError(f"after is {after}, limit {limit}: after must be 0 or more, and limit 1 to {MOST_GROUPS}")
    with parts.catalog.read() as tx:
        found = troubles.groups(tx, parts.specs, scope, skipped=skipped, after=after, limit=limit + 1)
    return FailureGroups(groups=tuple(found[:limit]), next=after + limit if len(found) > limit else None)


def _count(found: Sequence[Failure]) -> int:
    return len({failure.sha256 or failure.name for failure in found})


def _page(tx: Transaction, parts: Parts, scope: Scope, at: _Place, limit: int) -> tuple[list[Failure], str | None]:
    """Give failures of one stage, and behind which one the next page begins; None where the stage ends."""
    stage, last, like = at.stage, at.last, at.like
    if limit <= 0:
        return [], last
    if stage != READING and like.analyzer not in (None, outcome.BYTES):
        return [], None
    if stage == BYTES:
        rows = retries.unreadable(tx, scope, int(last or 0), limit, reason=like.reason)
        return [failure for _, failure in rows], str(rows[-1][0]) if len(rows) == limit else None
    if stage == READING:
        found = coverage.failures(tx, scope, last, limit, analyzer=like.analyzer, reason=like.reason)
    else:
        found = coverage.unread(tx, parts.specs, scope, last, limit, reason=like.reason)
    return found, found[-1].sha256 if len({failure.sha256 for failure in found}) == limit else None


def _told_once(found: Sequence[Failure]) -> tuple[Failure, ...]:
    """Leave out what a second analyzer says of the same content in the same words."""
    return tuple({(one.sha256, one.name if not one.sha256 else "", one.reason): one for one in reversed(found)}.values())[::-1]


def retry(parts: Parts, scope: Scope, names: Sequence[str] | None, like: Like | None = None) -> int:
    """Have what failed read again by the next analysis; gives how many contents and blobs that is.

    Args:
        parts: An open room.
        scope: What may be seen.
        names: Blobs, members and SHA-256s, of which also what was read in part is read again; None is all that failed.
        like: Only failures that are like this, of which also what was read in part is read again.

    Raises:
        NotFound: There is nothing of a name.
    """
    if names is not None:
        shas, blobs = _named(parts, scope, names)
        return _again(parts, shas, partly=True) + _refingerprint(parts, blobs)
    count, after = 0, ""
    while True:
        with parts.catalog.read() as tx:
            page = _next(tx, scope, after, like)
        if not page:
            break
        count, after = count + _again(parts, page, partly=like is not None, like=like or Like()), page[-1]
    if like is not None and like.analyzer not in (None, outcome.BYTES):
        return count
    last = 0
    while True:
        with parts.catalog.read() as tx:
            keys = [key for key, _ in retries.unreadable(tx, scope, last, PAGE, reason=like.reason if like else None)]
        if not keys:
            return count
        count, last = count + _refingerprint(parts, keys), keys[-1]


def _next(tx: Transaction, scope: Scope, after: str, like: Like | None) -> list[str]:
    if like is None:
        return retries.failed(tx, scope, after, PAGE)
    return retries.alike(tx, scope, after, PAGE, analyzer=like.analyzer, reason=like.reason)


def _named(parts: Parts, scope: Scope, names: Sequence[str]) -> tuple[set[str], set[int]]:
    shas, blobs = set[str](), set[int]()
    for name in names:
        try:
            shas.add(fetch.resolve(parts, name, scope))
        except BlobNotFound:
            container, _, rest = name.partition("/")
            with parts.catalog.read() as tx:
                key = retries.faulty(tx, containers.get(tx, container, scope).id, rest)
            if key is None:
                raise
            blobs.add(key)
    return shas, blobs


def _again(parts: Parts, sha256s: Collection[str], *, partly: bool, like: Like = Like()) -> int:
    """Forget runs, and first what they wrote into the index: what is read anew may be less."""
    with parts.catalog.read() as tx:
        runs = retries.troubled(tx, sha256s, partly=partly, analyzer=like.analyzer, reason=like.reason)
    writer = IndexWriter(parts.table)
    wrote: dict[tuple[str, int], set[str]] = {}
    for run in runs:
        if run.segments and not run.goes_on:
            wrote.setdefault((run.analyzer, run.version), set()).add(run.sha256)
    for (analyzer, version), shas in wrote.items():
        writer.supersede(sorted(shas), analyzer, version)
    parts.catalog.change(partial(retries.forget, runs=runs))
    return len({run.sha256 for run in runs})


def _refingerprint(parts: Parts, keys: Collection[int]) -> int:
    return parts.catalog.change(partial(retries.forget_faults, version_ids=keys)) if keys else 0
