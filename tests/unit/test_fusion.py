"""Rankings are put together by rank, so that no channel drowns another."""

import pytest

from strongroom.index.fusion import LABELS, LOOKS, MEANING, RANK_CONSTANT, WORDS, firsts, fuse, weights


def test_a_content_ranks_where_its_best_segment_does():
    assert firsts(["b", "a", "b", "c", "a"]) == ["b", "a", "c"]


def test_what_two_rankings_agree_on_comes_first():
    scores = fuse({WORDS: ["a", "b"], MEANING: ["c", "b"]}, {WORDS: 1.0, MEANING: 1.0})
    assert next(iter(scores)) == "b"
    assert scores["b"] == pytest.approx(2 / (RANK_CONSTANT + 2))


def test_equal_scores_come_in_the_same_order_always():
    one = fuse({WORDS: ["b"], MEANING: ["a"]}, {WORDS: 1.0, MEANING: 1.0})
    other = fuse({MEANING: ["a"], WORDS: ["b"]}, {MEANING: 1.0, WORDS: 1.0})
    assert list(one) == list(other) == ["a", "b"]


@pytest.mark.parametrize("pictures", [(LABELS,), (LOOKS,), (LABELS, LOOKS)])
def test_the_best_picture_is_worth_as_much_as_the_best_passage(pictures: tuple[str, ...]):
    weight = weights([WORDS, MEANING, *pictures])
    rankings = {WORDS: ["passage"], MEANING: ["passage"]} | {channel: ["picture"] for channel in pictures}
    scores = fuse(rankings, weight)
    assert scores["passage"] == pytest.approx(scores["picture"])


def test_one_picture_channel_alone_keeps_its_order():
    assert list(fuse({LOOKS: ["c", "a", "b"]}, weights([LOOKS]))) == ["c", "a", "b"]
