"""Few search at once, in order; the same question is answered once for all who asked it before that began."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from strongroom.flows.turns import Turns


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.001)


class Slow:
    """Acts that note when they begin, and end when they are let."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.may_end = threading.Semaphore(0)

    def act(self, name: str) -> Callable[[], str]:
        def run() -> str:
            self.begun.append(name)
            assert self.may_end.acquire(timeout=60)
            return f"{name} {len(self.begun)}"

        return run


class Key:
    """A question that notes when it is found equal to another one."""

    def __init__(self) -> None:
        self.is_found = threading.Event()

    def __hash__(self) -> int:  # noqa: D105
        return 1

    def __eq__(self, other: object) -> bool:  # noqa: D105
        self.is_found.set()
        return True


def submit(threads: ThreadPoolExecutor, turns: Turns, slow: Slow, name: str, key: object = "") -> Future[str]:
    """Ask, and wait until the turn is taken, or waited for."""
    known = len(slow.begun) + len(turns._waiting)
    told = threads.submit(turns.shared, key or name, slow.act(name))
    until(lambda: len(slow.begun) + len(turns._waiting) > known)
    return told


def test_no_more_than_so_many_run_at_once_and_the_others_follow_in_the_order_in_which_they_came():
    turns, slow = Turns(2), Slow()
    names = ["a", "b", "c", "d", "e", "f"]
    with ThreadPoolExecutor(6) as threads:
        told = [submit(threads, turns, slow, name) for name in names]
        for count in range(2, 7):
            until(lambda count=count: len(slow.begun) == count)
            assert slow.begun == names[:count]
            slow.may_end.release()
        slow.may_end.release()
        assert [one.result(60)[0] for one in told] == names
    assert turns._free == 2


def test_who_asks_the_same_while_it_waits_shares_the_answer():
    turns, slow = Turns(1), Slow()
    with ThreadPoolExecutor(4) as threads:
        first = submit(threads, turns, slow, "first")
        key = Key()
        waiting = submit(threads, turns, slow, "second", key)
        joined = threads.submit(turns.shared, Key(), slow.act("never"))
        assert key.is_found.wait(60)
        slow.may_end.release(2)
        assert first.result(60) == "first 1"
        assert waiting.result(60) == joined.result(60) == "second 2"
    assert slow.begun == ["first", "second"]


def test_what_has_begun_is_asked_anew_since_something_may_have_changed_meanwhile():
    turns, slow = Turns(2), Slow()
    with ThreadPoolExecutor(2) as threads:
        first = submit(threads, turns, slow, "first", "same")
        again = submit(threads, turns, slow, "again", "same")
        slow.may_end.release(2)
        assert {first.result(60)[:5], again.result(60)[:5]} == {"first", "again"}


def test_an_error_is_told_to_all_who_asked_and_the_turn_goes_on():
    turns, slow = Turns(1), Slow()

    def broken() -> str:
        raise ValueError("no")

    with ThreadPoolExecutor(4) as threads:
        first = submit(threads, turns, slow, "first")
        key = Key()
        told = threads.submit(turns.shared, key, broken)
        until(lambda: len(turns._waiting) == 1)
        joined = threads.submit(turns.shared, Key(), slow.act("never"))
        assert key.is_found.wait(60)
        slow.may_end.release()
        first.result(60)
        for one in (told, joined):
            with pytest.raises(ValueError, match="no"):
                one.result(60)
    with turns.taken():
        assert turns._free == 0
    assert turns._free == 1
    assert turns._asked == {}


def test_many_threads_and_few_turns_lose_none():
    turns, most, now, guard = Turns(3), 0, 0, threading.Lock()

    def work(number: int) -> int:
        nonlocal most, now
        with guard:
            now += 1
            most = max(most, now)
        time.sleep(0.0005)
        with guard:
            now -= 1
        return number

    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(lambda number: turns.shared(number, lambda: work(number)), range(300)))
    assert found == list(range(300))
    assert most <= 3
    assert turns._free == 3
