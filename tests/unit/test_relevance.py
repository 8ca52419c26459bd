"""What is only the least far is not taken for an answer."""

import numpy as np
import pytest

from strongroom.index.fusion import LABELS, MEANING
from strongroom.index.relevance import SEEN, Bar, bars


def test_the_bar_of_meaning_lies_between_unrelated_and_equal():
    background = np.array([[1.0, 0.0], [0.9, 0.1]], np.float32)
    given = bars(np.array([1.0, 0.0], np.float32), background)
    assert 0.9 < given[MEANING].least < 1.0
    assert given[MEANING].worthless == pytest.approx(0.95)


def test_a_picture_counts_in_full_only_beyond_what_unrelated_questions_reach():
    alike, apart = np.array([[1.0, 0.0], [0.9, 0.1]], np.float32), np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
    query = np.array([1.0, 0.0], np.float32)
    assert bars(query, alike)[LABELS].sure == SEEN
    assert bars(query, apart)[LABELS].sure == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("closeness", "best", "passes"), [(0.2, 0.2, True), (0.04, 0.2, False), (0.06, 0.5, False), (0.3, 0.5, True)]
)
def test_a_segment_must_pass_the_least_and_a_share_of_the_best(closeness: float, best: float, passes: bool):  # noqa: FBT001
    assert Bar(least=0.05, of_best=0.25).passes(closeness, best) is passes


def test_a_channel_counts_the_more_the_closer_its_best_is():
    bar = Bar(least=0.1, sure=0.3)
    assert [round(bar.counts(best), 2) for best in (0.0, 0.2, 0.3, 0.9)] == [0.1, 0.5, 1.0, 1.0]


def test_meaning_counts_in_full_only_where_something_is_surely_near():
    given = bars(np.array([1.0, 0.0], np.float32), np.array([[0.1, 0.99], [0.0, 1.0], [0.2, 0.98]], np.float32))[MEANING]
    assert given.counts(0.7) == 1.0
    assert 0.4 < given.counts(0.4) < 0.6
    assert given.counts(given.least) == pytest.approx(0.1)
