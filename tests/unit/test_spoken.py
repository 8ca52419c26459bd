"""The language of a recording is told stretch by stretch, and one odd slice is not a change."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.models.sounds import LONGEST, Window
from strongroom.models.spoken import parts, smooth, starts
from strongroom.ports.tools import RATE

SECONDS = 120


def noise() -> np.ndarray:
    return np.random.default_rng(1).standard_normal(SECONDS * RATE).astype(np.float32) * np.float32(0.1)


def heard(said: str) -> list[dict[str, float]]:
    """Give sure slices for words like ``en``, and doubtful ones for words like ``en?``."""
    sure, doubtful = 0.95, 0.4
    return [{word.strip("?"): doubtful if word.endswith("?") else sure, "la": 0.02} for word in said.split()]


@pytest.mark.parametrize(
    ("slices", "course"),
    [
        ("en en en en", "en en en en"),
        ("en en fr fr fr en en", "en en fr fr fr en en"),
        ("en en en fr fr fr", "en en en fr fr fr"),
        ("en en en tl en en", "en en en en en en"),
        ("en en en en fr", "en en en en en"),
        ("ko en en en en", "en en en en en"),
        ("en cy? en fi? ko? en", "en en en en en en"),
        ("en en tl es es es", "en en en es es es"),
        ("fr?", "fr"),
    ],
)
def test_a_change_is_believed_where_two_slices_are_sure_of_it(slices: str, course: str):
    assert smooth(heard(slices)) == course.split()


def test_slices_cover_a_window_to_its_end():
    assert starts(1.0) == [0.0]
    assert starts(6.0) == [0.0, 3.0]
    assert starts(29.0)[-1] == pytest.approx(26.0)
    assert len(starts(29.0)) == 10


def test_a_window_is_cut_in_the_pause_where_the_language_changes():
    sound = noise()
    sound[round(13.4 * RATE) : round(13.9 * RATE)] = 0
    cut = list(parts(sound, [Window(pieces=((1.0, 25.0),))], [["en"] * 4 + ["fr"] * 4]))
    assert [language for _, language in cut] == ["en", "fr"]
    ((begin, border),), ((again, end),) = (window.pieces for window, _ in cut)
    assert (begin, end) == (1.0, 25.0)
    assert 13.4 < border == again < 13.9


def test_a_window_is_cut_between_its_pieces_where_one_ends_near_the_change():
    windows = [Window(pieces=((0.0, 11.0), (40.0, 53.0)))]
    cut = list(parts(noise(), windows, [["en"] * 4 + ["fr"] * 4]))
    assert [window.pieces for window, _ in cut] == [((0.0, 11.0),), ((40.0, 53.0),)]


def test_a_stretch_that_two_windows_share_is_put_together():
    windows = [Window(pieces=((0.0, 12.0), (12.5, 24.5))), Window(pieces=((26.0, 38.0), (40.0, 52.0)))]
    cut = list(parts(noise(), windows, [["en"] * 4 + ["fr"] * 4, ["fr"] * 4 + ["en"] * 4]))
    assert [language for _, language in cut] == ["en", "fr", "en"]
    assert cut[1][0].pieces == ((12.5, 24.5), (26.0, 38.0))


LANGUAGES = st.lists(st.sampled_from(["en", "fr", "ru"]), min_size=9, max_size=9)


@given(st.lists(LANGUAGES, min_size=1, max_size=4))
def test_nothing_is_lost_by_cutting_and_no_window_becomes_too_long(languages: list[Sequence[str]]):
    windows = [Window(pieces=((30.0 * n, 30.0 * n + 13), (30.0 * n + 14, 30.0 * n + 29))) for n in range(len(languages))]
    cut = [window for window, _ in parts(noise(), windows, languages)]
    assert sum(window.seconds for window in cut) == pytest.approx(28 * len(windows))
    assert all(0 < window.seconds <= LONGEST for window in cut)
    edges = [edge for window in cut for piece in window.pieces for edge in piece]
    assert edges == sorted(edges)
