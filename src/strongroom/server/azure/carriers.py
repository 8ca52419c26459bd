"""Copies from other servers that go on after their request was answered: a few at a time, each in a thread."""

import logging
import threading
from collections.abc import Callable

from strongroom.server.azure.faults import Fault

logger = logging.getLogger("strongroom.server")

MOST = 8
"""Copies at a time; further ones are asked to come again."""
GRACE_SECONDS = 10.0
"""How long they have to end when the server does, once their connections are closed."""


class Carriers:
    """Threads that carry bytes."""

    def __init__(self, most: int = MOST) -> None:
        """Begin with none.

        Args:
            most: How many there may be at a time.
        """
        self._free = threading.BoundedSemaphore(most)
        self._guard = threading.Lock()
        self._under_way: dict[threading.Thread, Callable[[], None]] = {}
        self._is_closed = False

    def take(self) -> None:
        """Take a place, for `start` or `give_back`.

        Raises:
            Fault: There is none (``ServerBusy``).
        """
        if self._is_closed or not self._free.acquire(blocking=False):
            raise Fault("ServerBusy", "As many copies from other servers as may be are under way: come again later.")

    def give_back(self) -> None:
        """Give a place back."""
        self._free.release()

    def start(self, act: Callable[[], None], stop: Callable[[], None]) -> None:
        """Act in a thread, whose place was taken before.

        Args:
            act: What to do; it tells of its own failures.
            stop: Called from another thread when the server ends: lets the act fail soon.
        """

        def run() -> None:
            try:
                act()
            except Exception:
                logger.exception("a copy from another server failed")
            finally:
                with self._guard:
                    self._under_way.pop(threading.current_thread(), None)
                self.give_back()

        thread = threading.Thread(target=run, name="copy", daemon=True)
        with self._guard:
            self._under_way[thread] = stop
        thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait until all that was started has ended; says whether it has."""
        with self._guard:
            threads = list(self._under_way)
        for thread in threads:
            thread.join(seconds)
        return not any(thread.is_alive() for thread in threads)

    def close(self) -> None:
        """Stop what is under way."""
        self._is_closed = True
        with self._guard:
            under_way = list(self._under_way.values())
        for stop in under_way:
            stop()
        self.wait(GRACE_SECONDS)
