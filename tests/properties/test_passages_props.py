from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from strongroom.analyzers import passages

PIECES = st.sampled_from(
    [
        "word ",
        "Dr. Who ",
        "end. ",
        "Ende.\n",
        "\n\n",
        "# Heading\n",
        "。",
        "漢字",
        "x" * 90,
        "3.14 ",
        "\r\n",
        "\u0301",
        "👩‍👩‍👧",
        " " * 200,
    ]
)
TEXTS = st.one_of(st.text(max_size=600), st.lists(PIECES, max_size=120).map("".join))


@given(text=TEXTS, target=st.integers(20, 120), lines=st.booleans())
def test_every_solid_character_is_in_exactly_one_passage_and_none_is_too_long(*, text: str, target: int, lines: bool):
    limit = target * 2
    at = 0
    for start, end in passages.split(text, target, limit, lines=lines):
        assert not text[at:start].strip()
        assert 0 < end - start <= limit
        assert not text[start].isspace()
        assert not text[end - 1].isspace()
        at = end
    assert not text[at:].strip()


@given(text=TEXTS, size=st.integers(1, 50), lines=st.booleans())
def test_a_text_in_chunks_gives_the_same_passages_as_the_whole(*, text: str, size: int, lines: bool):
    chunks = [text[i : i + size] for i in range(0, len(text), size)]
    with patch.object(passages, "_BLOCK", 10):
        streamed = list(passages.stream(chunks, 60, 120, lines=lines))
    assert [(p.start, p.end) for p in streamed] == passages.split(text, 60, 120, lines=lines)
    assert all(p.text == text[p.start : p.end] for p in streamed)
