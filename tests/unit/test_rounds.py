"""What a server does every now and then: again and again, whatever goes wrong, and once more at the end."""

import threading

import pytest

from strongroom.errors import StorageFull
from strongroom.server.rounds import Round, rounds

PATIENCE = 30.0


def test_a_round_goes_on_although_it_fails_and_ends_with_the_block(caplog: pytest.LogCaptureFixture):
    enough, count, last = threading.Event(), [0], [0]

    def work() -> None:
        count[0] += 1
        if count[0] == 1:
            raise StorageFull("no space is left")
        if count[0] == 2:
            raise ZeroDivisionError
        enough.set()

    def end() -> None:
        last[0] += 1

    with rounds(Round(every=0.01, work=work, last=end)):
        assert enough.wait(PATIENCE)
    done = count[0]
    assert last == [1]
    assert "upkeep has to wait: no space is left" in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert count[0] == done


def test_a_round_begins_at_once_only_where_it_is_told_so():
    begun = threading.Event()
    with rounds(Round(every=3600, work=begun.set, at_once=True)):
        assert begun.wait(PATIENCE)
    waits = threading.Event()
    with rounds(Round(every=3600, work=waits.set)):
        pass
    assert not waits.is_set()
