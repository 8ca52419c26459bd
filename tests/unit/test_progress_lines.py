"""Progress of recordings is told in their own time."""

import pytest

from strongroom.cli import progress
from strongroom.domain.analysis import Cost
from strongroom.domain.progress import SECONDS, Progress
from strongroom.flows.tally import Tally


def test_plain_lines_show_a_clock_and_the_time_left(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    at = iter([0.0, 100.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(at))
    lines = progress._Lines()
    for done in (0, 2530):
        lines(Progress(step="reading deeper", done=done, total=28800, unit=SECONDS))
    told = capsys.readouterr().err.splitlines()
    assert told == ["reading deeper: 0:42:10 of 8:00:00 (25.3 times as fast as it plays, 0:17:18 left)"]


def test_a_stretch_counts_as_what_was_read_of_it():
    told: list[Progress] = []
    tally = Tally(told.append)
    tally.begin("reading deeper", 900.0, media_of=Cost.DEEP)
    tally.hand_out(["2:a"], {"2:a": 600.0})
    tally.hand_out(["2:b"], {"2:b": 300.0})
    tally.came_back(["2:a"], [], on_the_way=["2:a"])
    tally.recorded(["2:a"], {"2:a": 480.0})
    tally.hand_out(["2:a"], {"2:a": 480.0})
    tally.came_back(["2:a", "2:b"], ["broken"])
    tally.recorded(["2:a", "2:b"], {})
    assert [(one.done, one.total, one.unit) for one in told] == [
        (120, 900, SECONDS),
        (120, 900, SECONDS),
        (900, 900, SECONDS),
    ]
    assert (tally.contents, tally.failed, tally.out) == (2, 1, set())


def test_where_contents_are_counted_a_stretch_is_none():
    told: list[Progress] = []
    tally = Tally(told.append)
    tally.begin("reading scans", 2)
    tally.hand_out(["1:a", "1:b"])
    tally.came_back(["1:a", "1:b"], [], on_the_way=["1:a"])
    tally.recorded(["1:a", "1:b"], {})
    tally.hand_out(["1:a"])
    tally.came_back(["1:a"], [])
    assert [(one.done, one.total) for one in told] == [(1, 2), (2, 2)]
    assert tally.contents == 2
