"""Captions keep their rules whatever is said whenever."""

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from strongroom.analyzers import subtitles
from strongroom.domain import captions
from strongroom.domain.times import clock, seconds
from strongroom.domain.transcript import Utterance, Word

TIMES = st.floats(0, 4e4)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60)


@st.composite
def utterances(draw: st.DrawFn) -> Utterance:
    text = draw(st.lists(WORDS, max_size=30).map(" ".join))
    start, length = draw(TIMES), draw(st.floats(0, 60))
    timed = draw(st.booleans())
    parts = text.split() if timed else []
    words = tuple(
        Word(text=part, t_start=start + length * n / len(parts), t_end=start + length * (n + 1) / len(parts))
        for n, part in enumerate(parts)
    )
    return Utterance(text=text, t_start=start, t_end=start + length, language=None, words=words)


@given(st.lists(utterances(), max_size=8))
def test_captions_are_in_order_apart_and_narrow(said: list[Utterance]):
    found = captions.captions(said)
    assert all(one.t_start < one.t_end for one in found)
    assert all(before.t_end <= after.t_start for before, after in pairwise(found))
    assert all(line.strip() for one in found for line in one.lines)
    assert all(captions._width(line) <= captions.COLUMNS for one in found for line in one.lines)


@given(utterances())
def test_captions_hold_all_that_was_said_in_its_order(one: Utterance):
    found = captions.captions([one])
    held = "".join(line for caption in found for line in caption.lines)
    assert re.sub(r"\s", "", held) == re.sub(r"\s", "", one.text)


@given(st.lists(utterances(), max_size=5))
def test_what_is_written_as_webvtt_is_read_again(said: list[Utterance]):
    found = captions.captions(said)
    again = list(subtitles.cues([captions.vtt(said)]))
    assert [round(one.t_start, 3) for one in again] == [one.t_start for one in found]
    assert [one.text for one in again] == ["\n".join(one.lines) for one in found]


@given(st.lists(utterances(), max_size=5))
def test_a_caption_of_subrip_holds_no_line_that_would_end_it(said: list[Utterance]):
    blocks = captions.srt(said).split("\n\n") if said else []
    spans = [block for block in blocks if block.strip()]
    assert all(block.split("\n")[1].count(" --> ") == 1 for block in spans)
    assert all("-->" not in line for block in spans for line in block.split("\n")[2:])


@given(st.integers(0, 360_000_000))
def test_a_time_that_is_written_is_read_again(milliseconds: int):
    assert round(seconds(clock(milliseconds / 1000, 3)) * 1000) == milliseconds
