"""What took long to count is given again for a while, to whoever asks the same."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from types import SimpleNamespace
from typing import TypeAlias

import pytest

from strongroom.flows import keeping
from strongroom.flows.keeping import AGAIN, LONG, SlowAnswers

Asked: TypeAlias = tuple[list[float], list[str], Callable[[str, float], Callable[[], str]]]
"""The clock, what was counted, and what makes a count that takes so many seconds."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    now, done = [100.0], list[str]()
    monkeypatch.setattr(keeping, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def taking(what: str, seconds: float) -> Callable[[], str]:
        def count() -> str:
            now[0] += seconds
            done.append(what)
            return what

        return count

    return now, done, taking


def test_what_took_long_is_kept_for_a_multiple_of_that_and_what_is_quick_is_counted_each_time(asked: Asked):
    now, done, taking = asked
    kept = SlowAnswers()
    for _ in range(3):
        assert kept.get("quick", taking("quick", LONG / 2)) == "quick"
        assert kept.get("slow", taking("slow", 1.0)) == "slow"
    assert (done.count("quick"), done.count("slow")) == (3, 1)
    now[0] += AGAIN
    kept.get("slow", taking("slow", 1.0))
    assert done.count("slow") == 2


def test_only_the_newest_answers_are_kept(asked: Asked, monkeypatch: pytest.MonkeyPatch):
    _, done, taking = asked
    monkeypatch.setattr(keeping, "MOST", 1)
    kept = SlowAnswers()
    for key in ("a", "b", "b", "a"):
        kept.get(key, taking(key, 1.0))
    assert done == ["a", "b", "a"]


def test_whoever_asks_something_else_does_not_wait_for_a_long_count():
    kept, counting, answered = SlowAnswers(), Event(), Event()

    def long() -> str:
        counting.set()
        assert answered.wait(30), "the other question waited for this one"
        return "long"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(kept.get, 1, long)
        assert counting.wait(30)
        assert kept.get(2, lambda: "short") == "short"
        answered.set()
        assert first.result(30) == "long"
