"""Who searches when: few at once, in the order in which they came.

A search keeps a processor busy all the time, so that sixteen side by side end no sooner than one after another; they hinder
each other instead, and all end late. And who asks what somebody else already waits to ask need not search again.
"""

import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

R = TypeVar("R")


@dataclass(kw_only=True, slots=True, eq=False)
class _Question:
    """What several ask, and the first of them does."""

    is_answered: threading.Event = field(default_factory=threading.Event)
    answer: Any = None
    error: BaseException | None = None


class Turns:
    """Lets so many threads at a time do something, and the others wait in order."""

    def __init__(self, count: int) -> None:
        """Let ``count`` at a time."""
        self._guard = threading.Lock()
        self._free = count
        self._waiting: deque[threading.Lock] = deque()
        self._asked: dict[Hashable, _Question] = {}

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for a turn, and keep it while the block runs; it must not take another."""
        self._take()
        try:
            yield
        finally:
            self._give()

    def shared(self, question: Hashable, act: Callable[[], R]) -> R:
        """Give what an act gives when its turn has come; whoever asks the same before it begins waits for the same answer.

        So no answer is older than its question: once the act has begun, the same is asked anew.

        Args:
            question: Equal only where the act is.
            act: Answers it.
        """
        with self._guard:
            asked = self._asked.get(question)
            is_first = asked is None
            if asked is None:
                asked = self._asked[question] = _Question()
        if is_first:
            self._answer(question, asked, act)
        else:
            asked.is_answered.wait()
        if asked.error is not None:
            raise asked.error
        return cast("R", asked.answer)

    def _answer(self, question: Hashable, asked: _Question, act: Callable[[], object]) -> None:
        try:
            with self.taken():
                self._close(question, asked)
                asked.answer = act()
        except BaseException as error:  # noqa: BLE001 - raised to all who asked
            asked.error = error
        finally:
            self._close(question, asked)
            asked.is_answered.set()

    def _close(self, question: Hashable, asked: _Question) -> None:
        """Let nobody else join a question."""
        with self._guard:
            if self._asked.get(question) is asked:
                del self._asked[question]

    def _take(self) -> None:
        with self._guard:
            if self._free:
                self._free -= 1
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        try:
            mine.acquire()  # released by who gives its turn to this one
        except BaseException:
            with self._guard:
                is_given = mine not in self._waiting
                if not is_given:
                    self._waiting.remove(mine)
            if is_given:
                self._give()
            raise

    def _give(self) -> None:
        """Give the turn to who waits longest."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1
