"""What took long to count is given again for a while: in a large room many ask for the same within a minute."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import TypeVar, cast

R = TypeVar("R")

LONG, AGAIN = 0.25, 20
"""What took more seconds than this is good for so many times as long."""
MOST = 200
"""Answers that are kept."""
ASKERS = 32
"""Locks that the questions share: two different ones seldom wait for each other."""


class SlowAnswers:
    """Keeps what took long; threads that ask the same at once wait for one answer, and hinder nobody who asks another."""

    def __init__(self) -> None:
        """Keep nothing."""
        self._lock = Lock()
        self._askers = [Lock() for _ in range(ASKERS)]
        self._found: OrderedDict[Hashable, tuple[float, object]] = OrderedDict()

    def get(self, key: Hashable, count: Callable[[], R]) -> R:
        """Give an answer.

        Args:
            key: What is asked, and in what scope: whoever may see something else has another one.
            count: Finds the answer, where none is kept.
        """
        with self._askers[hash(key) % ASKERS]:
            begun = time.monotonic()
            with self._lock:
                until, found = self._found.pop(key, (0.0, None))
                if begun < until:
                    self._found[key] = (until, found)
                    return cast("R", found)
            made = count()
            took = time.monotonic() - begun
            if took > LONG:
                with self._lock:
                    self._found[key] = (begun + AGAIN * took, made)
                    if len(self._found) > MOST:
                        self._found.popitem(last=False)
            return made
