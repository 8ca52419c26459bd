"""Sound is cut for the speech model at pauses, and every moment of a window is found again in the recording."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.models.sounds import LONGEST, Window, gain, halves, pack, split
from strongroom.ports.tools import RATE


def noise(seconds: float) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(round(seconds * RATE)).astype(np.float32) * np.float32(0.1)


def test_stretches_fill_windows_and_long_pauses_are_left_out():
    sound = noise(120)
    windows = list(pack(sound, [(0, 10), (10.5, 20), (60, 68), (70, 80)]))
    assert [window.pieces for window in windows] == [((0, 20), (60, 68)), ((70, 80),)]
    assert len(windows[0].take(sound)) == 28 * RATE


def test_a_stretch_that_is_too_long_is_cut_where_it_is_quietest():
    sound = noise(40)
    sound[22 * RATE : 23 * RATE] = 0
    first, second = split(sound, (0.0, 40.0), LONGEST)
    assert 22 < first[1] == second[0] < 23


def test_moments_of_a_window_lie_in_its_pieces():
    window = Window(pieces=((10.0, 12.0), (50.0, 55.0)))
    assert window.when(1.0) == 11.0
    assert window.when(2.0, end=True) == 12.0
    assert window.when(2.0) == 50.0
    assert window.when(99.0) == 55.0


def test_halves_are_cut_between_pieces_or_in_a_pause():
    sound = noise(60)
    apart = Window(pieces=((0.0, 4.0), (10.0, 15.0), (30.0, 50.0)))
    assert [half.pieces for half in halves(sound, apart)] == [((0.0, 4.0), (10.0, 15.0)), ((30.0, 50.0),)]
    sound[11 * RATE : 12 * RATE] = 0
    first, second = halves(sound, Window(pieces=((0.0, 20.0),)))
    assert 11 < first.pieces[0][1] == second.pieces[0][0] < 12


def test_quiet_sound_is_raised_and_loud_sound_is_not():
    assert gain(noise(1)) == pytest.approx(1.0)
    assert gain(noise(1) * np.float32(0.01)) == pytest.approx(60, rel=0.2)
    assert gain(np.zeros(RATE, np.float32)) == 1000
    assert gain(np.zeros(0, np.float32)) == 1000


@given(st.lists(st.tuples(st.floats(0.01, 5), st.floats(0.1, 80)), max_size=12))
def test_every_stretch_is_in_exactly_one_window_and_none_is_too_long(steps: list[tuple[float, float]]):
    spans, at = [], 0.0
    for pause, length in steps:
        spans.append((at + pause, at + pause + length))
        at += pause + length
    windows = list(pack(noise(at), spans))
    assert all(window.seconds <= LONGEST + 1e-6 for window in windows)
    pieces = [piece for window in windows for piece in window.pieces]
    assert all(before[1] <= after[0] + 1e-9 for before, after in pairwise(pieces))
    for start, end in spans:
        assert sum(max(0.0, min(end, b) - max(start, a)) for a, b in pieces) == pytest.approx(end - start, abs=1e-6)
