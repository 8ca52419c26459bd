"""The in-process executor holds what every executor holds; cutting a failed batch and telling reasons."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.engine import LocalExecutor, reasons
from strongroom.engine.frames import Frames, Kind, send
from strongroom.engine.mark import Mark
from strongroom.engine.narrow import narrow
from strongroom.engine.process import sweep_directories
from strongroom.errors import UsageError
from strongroom.ports import Executor, Limits
from strongroom.testing.executors import ExecutorTests
from strongroom.testing.inline import InlineExecutor

LIMITS = Limits(seconds=1, memory=1)


class TestInlineExecutor(ExecutorTests):
    def executor(self, workers: int) -> Executor:
        return InlineExecutor()


@given(st.integers(2, 200), st.integers(-3, 210))
def test_narrowing_keeps_each_id_once_in_smaller_pieces(count: int, suspect: int):
    ids = tuple(map(str, range(count)))
    pieces = list(narrow(ids, suspect))
    assert sorted(item for piece in pieces for item in piece) == sorted(ids)
    assert all(0 < len(piece) < count for piece in pieces)
    assert all(len(piece) <= (count + 1) // 2 for piece in pieces)


def test_narrowing_tries_the_suspect_alone_first():
    assert next(narrow(("a", "b", "c"), 1)) == ("b",)


def test_no_workers_is_refused():
    with pytest.raises(UsageError, match="at least one"):
        LocalExecutor(0)


def test_a_make_that_cannot_be_sent_is_refused_before_anything_starts():
    with pytest.raises(UsageError, match="top of a module"):
        list(LocalExecutor(1).map(lambda: lambda ids, on_item: ids, [["a"]], LIMITS))


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (reasons.ended(-11), "the reader crashed (signal 11)"),
        (reasons.ended(-9), "the reader was killed (signal 9), most likely because the machine ran out of memory"),
        (reasons.ended(3), "the reader ended unexpectedly (exit code 3)"),
        (reasons.too_long(300.0), "took longer than 300 s"),
        (reasons.too_large(3 << 29), "needed more than 1.5 GB of memory"),
        (reasons.too_large(300 << 20), "needed more than 300 MB of memory"),
    ],
)
def test_reasons_are_plain_words(told: str, words: str):
    assert told == words


def test_frames_are_put_together_from_pieces():
    ours, theirs = os.pipe()
    send(theirs, Kind.RESULT, b"x" * 5000)
    send(theirs, Kind.READY)
    whole = os.read(ours, 10_000)
    frames, heard = Frames(ours), []
    for at in range(0, len(whole), 7):
        os.write(theirs, whole[at : at + 7])
        heard += frames.read()
    os.close(theirs)
    heard += frames.read()
    os.close(ours)
    assert heard == [(Kind.RESULT, b"x" * 5000), (Kind.READY, b"")]
    assert frames.ended


def test_a_mark_is_seen_through_another_mapping():
    fd = os.memfd_create("mark")
    os.ftruncate(fd, Mark.SIZE)
    mine, theirs = Mark(fd), Mark(fd)
    os.close(fd)
    theirs.set(7)
    assert mine.get()[0] == 7
    mine.close()
    theirs.close()


def test_directories_of_killed_runs_are_swept_and_those_of_others_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left, living = tmp_path / f"strongroom-worker-{gone.pid}-a", tmp_path / f"strongroom-worker-{os.getpid()}-b"
    (left / "soffice").mkdir(parents=True)
    living.mkdir()
    sweep_directories()
    assert (left.exists(), living.exists()) == (False, True)
