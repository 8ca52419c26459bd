"""Token buckets: so many at once, and so many a second over time."""

import threading
import time
from collections import OrderedDict

from strongroom.server.door.refusal import TooMany

MOST_KEYS = 10_000
"""Keys that are remembered; the longest unseen is forgotten first."""


class Buckets:
    """One bucket a key: an address, an actor, a name that somebody tries to sign in by."""

    def __init__(self, *, burst: float, rate: float) -> None:
        """Begin with all of them full.

        Args:
            burst: What a full one holds.
            rate: By how much it fills a second.
        """
        self._burst, self._rate = burst, rate
        self._guard = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, amount: float = 1.0) -> None:
        """Take out of the bucket of a key.

        Raises:
            TooMany: There is not so much in it.
        """
        with self._guard:
            left, now = self._fill(key)
            if left < amount:
                raise TooMany((amount - left) / self._rate)
            self._keep(key, left - amount, now)

    def need(self, key: str, amount: float = 1.0) -> None:
        """Make sure that there is so much in it, and leave it there.

        Raises:
            TooMany: There is not.
        """
        with self._guard:
            left, _ = self._fill(key)
        if left < amount:
            raise TooMany((amount - left) / self._rate)

    def spend(self, key: str, amount: float = 1.0) -> None:
        """Take out of the bucket of a key what there is, up to an amount: `need` refuses the next one."""
        with self._guard:
            left, now = self._fill(key)
            self._keep(key, max(0.0, left - amount), now)

    def give_back(self, key: str, amount: float = 1.0) -> None:
        """Put back what was taken."""
        with self._guard:
            left, now = self._fill(key)
            self._keep(key, min(self._burst, left + amount), now)

    def _fill(self, key: str) -> tuple[float, float]:
        now = time.monotonic()
        left, at = self._left.get(key, (self._burst, now))
        return min(self._burst, left + (now - at) * self._rate), now

    def _keep(self, key: str, left: float, now: float) -> None:
        self._left[key] = (left, now)
        self._left.move_to_end(key)
        if len(self._left) > MOST_KEYS:
            self._left.popitem(last=False)
