"""`growth`: what was stored at each time, by container or by type."""

import time
from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from threading import Lock

from strongroom.domain.growth import Amount, Growth, Point
from strongroom.domain.scope import Scope
from strongroom.errors import UsageError
from strongroom.storage.catalog import Catalog, Transaction
from strongroom.storage.catalog import growth as sums

WAYS = ("container", "type")
MOST_PARTS = 12
"""Parts that are told apart; the rest is summed."""
OTHERS = "others"
DAYS, WEEKS = 366, 366 * 7
"""Up to so many days there is a point a day; up to so many, a week; beyond that a month."""
EPOCH = date(1970, 1, 1)
LONG, AGAIN = 0.25, 20
"""A sum that took more seconds than this is good for so many times as long."""
SCOPES = 100
"""Scopes whose sums are kept."""

Step = tuple[str, date, int, int]
"""Part, day, and by how much blobs and bytes change on it."""


class Growths:
    """Sums the growth of scopes, which reads every version; threads that ask at once wait for one sum."""

    def __init__(self, catalog: Catalog) -> None:
        """Read an open catalog."""
        self._catalog = catalog
        self._lock = Lock()
        self._kept: OrderedDict[tuple[frozenset[int] | None, str], tuple[float, Growth]] = OrderedDict()

    def growth(self, scope: Scope, by: str) -> Growth:
        """Say how what a scope shows grew; where that took long, what was found is given again for a while.

        Args:
            scope: What may be seen.
            by: One of `WAYS`.

        Raises:
            UsageError: It is none of them.
        """
        if by not in WAYS:
            raise UsageError(f"growth is told by container or by type, not by {by!r}")
        key = (scope.containers, by)
        with self._lock:
            begun = time.monotonic()
            until, found = self._kept.get(key, (0.0, None))
            if found is None or begun > until:
                found = _growth(self._catalog, scope, by)
                took = time.monotonic() - begun
                self._kept[key] = (begun + AGAIN * took if took > LONG else begun, found)
                if len(self._kept) > SCOPES:
                    self._kept.popitem(last=False)
            return found


def _growth(catalog: Catalog, scope: Scope, by: str) -> Growth:
    with catalog.read() as tx:
        steps = _steps(tx, scope, by)
        blobs, size = sums.current(tx, scope)
        all_blobs, all_size = sums.every(tx, scope)
        contents, stored = sums.content_count(tx, scope), sums.stored(tx, scope)
    named = _largest(steps)
    step, points = _points(steps, named, datetime.now(UTC).date())
    return Growth(
        by=by,
        step=step,
        parts=named,
        points=tuple(points),
        current=Amount(size=size, blobs=blobs),
        kept=Amount(size=all_size - size, blobs=all_blobs - blobs),
        contents=contents,
        stored=stored,
    )


def _steps(tx: Transaction, scope: Scope, by: str) -> list[Step]:
    names = sums.names(tx, scope) if by == "container" else {}
    came = [(part, date.fromisoformat(day), n, size) for part, day, n, size in sums.arrived(tx, scope, by)]
    left = [(part, EPOCH + timedelta(days=day), -n, -size) for part, day, n, size in sums.departed(tx, scope, by)]
    return [(names[part] if isinstance(part, int) else part, day, n, size) for part, day, n, size in (*came, *left)]


def _largest(steps: Sequence[Step]) -> tuple[str, ...]:
    """Give the names of the parts that are told apart, by what came into them in all."""
    sizes: Counter[str] = Counter()
    for part, _, blobs, size in steps:
        sizes[part] += max(size, 0) + (1 if blobs > 0 else 0)
    ordered = [part for part, _ in sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0]))]
    if len(ordered) <= MOST_PARTS:
        return tuple(ordered)
    return (*ordered[: MOST_PARTS - 1], OTHERS)


def _points(steps: Sequence[Step], named: Sequence[str], today: date) -> tuple[str, Iterable[Point]]:
    """Sum steps up to the end of each day, week or month, from the first one until today."""
    if not steps:
        return "day", ()
    first = min(day for _, day, _, _ in steps)
    last = max(today, *(day for _, day, _, _ in steps))
    span = (last - first).days
    step = "day" if span < DAYS else "week" if span < WEEKS else "month"
    place = {part: number for number, part in enumerate(named)}
    changes: dict[date, list[tuple[int, int, int]]] = {}
    for part, day, blobs, size in steps:
        changes.setdefault(_end(day, step), []).append((place.get(part, len(named) - 1), blobs, size))
    return step, _summed(changes, len(named), step, _end(last, step))


def _summed(changes: dict[date, list[tuple[int, int, int]]], count: int, step: str, last: date) -> Iterable[Point]:
    blobs, sizes = [0] * count, [0] * count
    at = min(changes)
    while at <= last:
        for part, more, bytes_ in changes.get(at, ()):
            blobs[part] += more
            sizes[part] += bytes_
        amounts = tuple(Amount(size=size, blobs=number) for size, number in zip(sizes, blobs, strict=True))
        yield Point(until=at, total=Amount(size=sum(sizes), blobs=sum(blobs)), parts=amounts)
        at = _end(at + timedelta(days=1), step)


def _end(day: date, step: str) -> date:
    """Give the last day of the day, week (Sunday) or month that a day lies in."""
    if step == "week":
        return day + timedelta(days=6 - day.weekday())
    if step == "month":
        return (day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return day
