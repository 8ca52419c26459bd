"""Texts are joined by score, pictures by rank, and what has both counts as much as its better side."""

import pytest

from strongroom.index.fusion import LABELS, LOOKS, MEANING, SHARES, WORDS, by_rank, firsts, fused, joined


def test_a_key_stands_where_it_stands_first():
    assert firsts(["b", "a", "b", "c", "a"]) == ["b", "a", "c"]


def test_what_words_and_meaning_agree_on_comes_first():
    scores = joined({WORDS: {"a": 9.0, "b": 8.5}, MEANING: {"c": 0.8, "b": 0.75}}, {MEANING: 0.3})
    assert next(iter(scores)) == "b"


def test_the_best_of_each_text_channel_is_worth_its_share():
    scores = joined({WORDS: {"a": 31.0}, MEANING: {"b": 0.4}}, {MEANING: 0.3})
    assert scores == {"b": pytest.approx(SHARES[MEANING]), "a": pytest.approx(SHARES[WORDS])}


def test_one_text_channel_alone_is_worth_all():
    assert joined({WORDS: {"a": 4.0, "b": 1.0}}, {}) == {"a": 1.0, "b": 0.25}


def test_what_lies_on_the_floor_is_worth_as_little_as_what_was_not_found():
    scores = joined({WORDS: {"a": 9.0, "b": 3.0}, MEANING: {"a": 0.8}}, {WORDS: 3.0})
    assert scores == {"a": pytest.approx(1.0), "b": 0.0}


def test_a_meaning_in_doubt_leaves_the_order_to_the_words():
    found = {WORDS: {"holds all": 9.0, "holds some": 5.0}, MEANING: {"other words": 0.3, "holds all": 0.2}}
    assert next(iter(joined(found, {MEANING: 0.1}, {MEANING: 0.2}))) == "holds all"
    assert list(joined({WORDS: {"said": 9.0}, MEANING: {"near": 0.8}}, {}, {MEANING: 0.3})) == ["said", "near"]
    assert list(joined({WORDS: {"said": 9.0}, MEANING: {"near": 0.8}}, {})) == ["near", "said"]


def test_the_best_by_words_and_by_meaning_is_worth_all_whatever_the_doubt():
    scores = joined({WORDS: {"a": 9.0, "b": 4.0}, MEANING: {"a": 0.3, "b": 0.2}}, {}, {MEANING: 0.1})
    assert scores["a"] == pytest.approx(1.0)


def test_a_meaning_in_doubt_stands_far_behind_pictures():
    found = {WORDS: {}, MEANING: {"sheet": 0.2}, LABELS: {"cat": 0.4, "kitten": 0.3, "lynx": 0.2}}
    scores = fused(found, counts={MEANING: 0.1})
    assert list(scores) == ["cat", "kitten", "lynx", "sheet"]
    assert scores["sheet"] < scores["lynx"] / 2


def test_scores_that_all_lie_on_the_floor_are_equal():
    assert joined({WORDS: {"a": 0.0, "b": 0.0}}, {}) == {"a": 1.0, "b": 1.0}


def test_equal_scores_come_in_the_same_order_always():
    assert list(fused({LABELS: {"b": 0.4}, LOOKS: {"a": 0.4}})) == ["a", "b"]
    assert list(fused({LOOKS: {"a": 0.4}, LABELS: {"b": 0.4}})) == ["a", "b"]
    assert list(fused({WORDS: {"b": 1.0, "a": 1.0}})) == ["a", "b"]


@pytest.mark.parametrize("pictures", [(LABELS,), (LOOKS,), (LABELS, LOOKS)])
def test_the_best_picture_stands_right_behind_the_best_passage(pictures: tuple[str, ...]):
    texts = {WORDS: {"first": 7.0, "second": 5.0}, MEANING: {"first": 0.8, "second": 0.7}}
    found = texts | {channel: {"picture": 0.3} for channel in pictures}
    assert list(fused(found)) == ["first", "picture", "second"]


def test_a_sure_picture_stands_before_a_passage_that_only_one_channel_found():
    assert list(fused({WORDS: {}, MEANING: {"passage": 0.8}, LABELS: {"picture": 0.3}})) == ["picture", "passage"]


def test_pictures_in_doubt_stand_behind_passages():
    found = {WORDS: {"a": 7.0, "b": 6.0}, MEANING: {"a": 0.8, "b": 0.8}, LABELS: {"picture": 0.1}}
    assert list(fused(found, counts={LABELS: 0.1})) == ["a", "b", "picture"]


def test_one_picture_channel_alone_keeps_its_order():
    assert list(fused({LOOKS: {"c": 0.9, "a": 0.8, "b": 0.7}})) == ["c", "a", "b"]


def test_what_is_poor_in_words_and_in_pictures_does_not_outdo_a_good_passage():
    found = {WORDS: {"passage": 9.0}, MEANING: {"passage": 0.8, "film": 0.5}, LABELS: {"film": 0.3}}
    assert list(fused(found, floors={MEANING: 0.3}, counts={LABELS: 0.4})) == ["passage", "film"]


def test_of_equally_good_pictures_the_one_that_is_spoken_of_too_comes_first():
    found = {WORDS: {"b": 4.0}, LABELS: {"a": 0.4, "b": 0.39}}
    assert next(iter(fused(found))) == "b"


def test_ranks_fall_from_one():
    scores = by_rank(["a", "b", "c"])
    assert scores["a"] == 1.0
    assert scores["a"] > scores["b"] > scores["c"] > 0.8
