"""A snippet shows what matched, and marks it."""

import pytest

from strongroom.domain.query import parse
from strongroom.index.snippets import LENGTH, snippet
from strongroom.index.tokens import STOP_WORDS, holds, telling


def marked(text: str, query: str) -> list[str]:
    cut = snippet(text, parse(query))
    return [cut.text[start:end] for start, end in cut.marks]


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("The runner was RUNNING daily", "runs", ["RUNNING"]),
        ("Über die Brücke im naïve café", "uber CAFE", ["Über", "café"]),
        ("cats, catalogue and cat", "cat", ["cats", "cat"]),
        ("to be or not to be", '"not to be"', ["not to be"]),
        ("an annual  report; annual fee", '"annual report"', ["annual  report"]),
        ("日本語の文章を検索する", "検索", ["検索"]),
        ("the Straße is long", "strasse", ["Straße"]),
        ("meet at 10:30 sharp", "10:30", ["10", "30"]),
        ("nothing here", "zebra", []),
        ("e\u0301cole normale", "école", ["e\u0301cole"]),
        ("the cat", "the cat", ["cat"]),
        ("", "cat", []),
    ],
)
def test_what_matched_is_marked(text: str, query: str, expected: list[str]):
    assert marked(text, query) == expected


def test_the_window_holds_most_of_what_matched():
    text = "apple " + "filler " * 200 + "apple banana cherry " + "filler " * 200
    cut = snippet(text, parse("apple banana cherry"))
    assert [cut.text[a:b] for a, b in cut.marks] == ["apple", "banana", "cherry"]
    assert len(cut.text) <= LENGTH + 2
    assert cut.text.startswith("…")
    assert cut.text.endswith("…")


def test_a_text_without_a_match_is_shown_from_its_start():
    cut = snippet("word " * 100, parse("absent"))
    assert cut.text.startswith("word word")
    assert cut.marks == ()


def test_a_short_text_is_shown_whole_with_plain_spaces():
    cut = snippet("line one\nline\ttwo", parse("two"))
    assert cut.text == "line one line two"
    assert cut.marks == ((14, 17),)


def test_a_word_longer_than_the_window_is_cut():
    cut = snippet("x" * 5000, parse("x" * 5000))
    assert len(cut.text) <= LENGTH + 2


def test_a_phrase_is_held_only_word_for_word():
    assert holds("The Annual,\nReport of 2020", "annual report")
    assert not holds("annual reports", "annual report")
    assert not holds("biannual report", "annual report")
    assert holds("日本語の文章を検索する", "文章を")
    assert not holds("anything", "...")


def test_stop_words_are_left_out_unless_there_is_nothing_else():
    assert telling(["the", "cat", "cat", "and", "dog"]) == ["cat", "dog"]
    assert telling(["to", "be", "or", "not", "to", "be"]) == ["to", "be", "or", "not"]
    assert "not" in STOP_WORDS
