"""`failures` and `retry`: what could not be read and why, a page at a time; and having it tried again."""

import re
from collections.abc import Collection, Sequence
from functools import partial

from strongroom.domain.analysis import Failure
from strongroom.domain.scope import Scope
from strongroom.domain.status import Failures
from strongroom.errors import BlobNotFound, UsageError
from strongroom.flows import fetch
from strongroom.flows.parts import Parts
from strongroom.index import IndexWriter
from strongroom.storage.catalog import Transaction, containers, coverage, retries

MOST = 1000
"""Contents of a page."""
PAGE = 500
BYTES, READING, KIND = "bytes", "reading", "kind"
"""What is told first, next and last: blobs without bytes, contents that failed, contents that nothing here reads."""
STAGES = (BYTES, READING, KIND)
PLACE = re.compile(r"(?P<stage>bytes(?=:\d{0,18}$)|reading|kind):(?P<last>[0-9a-f]*)", re.ASCII)
"""Where a page begins: a stage, and behind which key or content of it."""


def failures(parts: Parts, scope: Scope, after: str, limit: int) -> Failures:
    """Give a page of what could not be read.

    Args:
        parts: An open room.
        scope: What may be seen.
        after: `Failures.next` of the page before; empty for the first.
        limit: Contents on the page; one may have several failures.

    Raises:
        UsageError: ``after`` or ``limit`` is none that can be.
    """
    place = PLACE.fullmatch(after or f"{BYTES}:")
    if place is None or not 1 <= limit <= MOST:
        raise UsageError(f"after is {after!r}, limit {limit}: give the `next` of the page before, and a limit of 1 to {MOST}")
    stage, last = place.group("stage"), place.group("last")
    found: list[Failure] = []
    with parts.catalog.read() as tx:
        for one in STAGES[STAGES.index(stage) :]:
            page, following = _page(tx, parts, scope, (one, last), limit - len({f.sha256 or f.name for f in found}))
            found += page
            last = ""
            if following is not None:
                return Failures(failures=_told_once(found), next=f"{one}:{following}")
    return Failures(failures=_told_once(found), next=None)


def _page(tx: Transaction, parts: Parts, scope: Scope, at: tuple[str, str], limit: int) -> tuple[list[Failure], str | None]:
    """Give failures of one stage, and behind which one the next page begins; None where the stage ends."""
    stage, last = at
    if limit <= 0:
        return [], last
    if stage == BYTES:
        rows = retries.unreadable(tx, scope, int(last or 0), limit)
        return [failure for _, failure in rows], str(rows[-1][0]) if len(rows) == limit else None
    if stage == READING:
        found = coverage.failures(tx, scope, last, limit)
    else:
        found = coverage.unread(tx, parts.specs, scope, last, limit)
    return found, found[-1].sha256 if len({failure.sha256 for failure in found}) == limit else None


def _told_once(found: Sequence[Failure]) -> tuple[Failure, ...]:
    """Leave out what a second analyzer says of the same content in the same words."""
    return tuple({(one.sha256, one.name if not one.sha256 else "", one.reason): one for one in reversed(found)}.values())[::-1]


def retry(parts: Parts, scope: Scope, names: Sequence[str] | None) -> int:
    """Have what failed read again by the next analysis; gives how many contents and blobs that is.

    Args:
        parts: An open room.
        scope: What may be seen.
        names: Blobs, members and SHA-256s, of which also what was read in part is read again; None is all that failed.

    Raises:
        NotFound: There is nothing of a name.
    """
    if names is not None:
        shas, blobs = _named(parts, scope, names)
        return _again(parts, shas, partly=True) + _refingerprint(parts, blobs)
    count, after = 0, ""
    while True:
        with parts.catalog.read() as tx:
            page = retries.failed(tx, scope, after, PAGE)
        if not page:
            break
        count, after = count + _again(parts, page, partly=False), page[-1]
    last = 0
    while True:
        with parts.catalog.read() as tx:
            keys = [key for key, _ in retries.unreadable(tx, scope, last, PAGE)]
        if not keys:
            return count
        count, last = count + _refingerprint(parts, keys), keys[-1]


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


def _again(parts: Parts, sha256s: Collection[str], *, partly: bool) -> int:
    """Forget runs, and first what they wrote into the index: what is read anew may be less."""
    with parts.catalog.read() as tx:
        runs = retries.troubled(tx, sha256s, partly=partly)
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
