import re
from itertools import pairwise

import pytest

from strongroom.domain import captions
from strongroom.domain.times import clock, seconds
from strongroom.domain.transcript import Utterance, Word
from strongroom.errors import UsageError

LONG = (
    "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, "
    "it was the epoch of belief. It was the epoch of incredulity, it was the season of Light."
)
STAMP = re.compile(r"(\d\d):(\d\d):(\d\d)[,.](\d{3})")


def said(text: str, t_start: float, t_end: float, language: str = "en") -> Utterance:
    return Utterance(text=text, t_start=t_start, t_end=t_end, language=language)


def spoken(text: str, *, begin: float = 0.0, pace: float = 0.3, pauses: dict[int, float] | None = None) -> Utterance:
    """Give an utterance whose words are timed, with a pause before some of them."""
    words, at = [], begin
    for number, word in enumerate(text.split()):
        at += (pauses or {}).get(number, 0.0)
        words.append(Word(text=word, t_start=at, t_end=at + pace))
        at += pace
    return Utterance(text=text, t_start=begin, t_end=at, language="en", words=tuple(words))


def times(text: str) -> list[tuple[float, float]]:
    found = [int(h) * 3600 + int(m) * 60 + int(s) + int(ms) / 1000 for h, m, s, ms in STAMP.findall(text)]
    return list(zip(found[::2], found[1::2], strict=True))


def test_subrip_is_numbered_with_a_comma_before_the_milliseconds():
    text = captions.srt([said("Good morning.", 1, 2.5), said("Good night.", 3661.0004, 3662)])
    assert text == "1\n00:00:01,000 --> 00:00:02,500\nGood morning.\n\n2\n01:01:01,000 --> 01:01:02,000\nGood night.\n"


def test_webvtt_has_its_head_and_escapes_markup():
    text = captions.vtt([said("R&D <b>says</b> a --> b", 0, 2)])
    assert text == "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nR&amp;D &lt;b&gt;says&lt;/b&gt; a --&gt; b\n"


def test_subrip_shows_what_players_would_take_for_a_tag_or_an_arrow():
    text = captions.srt([said("<i>x</i> --> y, 1 < 2 {\\an8}", 0, 2)])
    body = text.split("\n", 2)[2]
    assert "<i>" not in body
    assert "-->" not in body
    assert "{\\" not in body
    assert "1 < 2" in body


def test_a_caption_has_two_lines_of_42_columns_and_seven_seconds_at_most():
    found = captions.captions([spoken(LONG)])
    assert " ".join(line for one in found for line in one.lines) == LONG
    assert all(len(line) <= captions.COLUMNS for one in found for line in one.lines)
    assert all(len(one.lines) <= captions.LINES for one in found)
    assert all(one.t_end - one.t_start <= captions.LONGEST for one in found)


def test_a_cut_between_captions_falls_on_the_end_of_a_sentence():
    found = captions.captions(
        [spoken("The engineer came on Tuesday and measured. Both pumps run and the water went down a foot.")]
    )
    assert [one.lines[-1][-1] for one in found] == [".", "."]


def test_a_cut_between_captions_falls_on_a_pause():
    text = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    found = captions.captions([spoken(text, pauses={7: 0.9})])
    assert found[0].lines[-1].endswith("seven")
    assert found[1].t_start == pytest.approx(7 * 0.3 + 0.9)


def test_captions_are_timed_by_their_words():
    found = captions.captions([spoken(LONG, begin=100)])
    counts = [sum(len(line.split()) for line in one.lines) for one in found]
    starts = [100 + 0.3 * sum(counts[:number]) for number in range(len(counts))]
    assert [one.t_start for one in found] == pytest.approx(starts)


def test_captions_without_timed_words_share_the_time_by_their_length():
    first, second = captions.captions([said("a" * 40 + " " + "b" * 40 + " " + "c" * 40 + " " + "d" * 39, 0, 8)])
    assert first.t_end == pytest.approx(4, abs=0.1)
    assert second.t_start == pytest.approx(4, abs=0.1)


def test_a_short_caption_stays_long_enough_to_be_read_where_there_is_room():
    crowded, last = captions.captions([said("No.", 1, 1.1), said("Yes.", 1.5, 1.6)])
    assert (crowded.t_end, last.t_end) == (1.5, pytest.approx(1.5 + captions.SHORTEST, abs=0.001))


@pytest.mark.parametrize("form", ["srt", "vtt"])
def test_captions_never_overlap_whatever_the_times_are(form: str):
    broken = [
        said("A", 5, 9),
        said("B", 4, 6),
        said("C", 4, 4),
        said("D", 6, 3),
        said("E", -1, -0.5),
        said("F", 5.0001, 5.0002),
    ]
    spans = times(captions.FORMS[form](broken))
    assert spans == sorted(spans)
    assert all(start < end for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_two_who_speak_at_once_share_a_caption():
    (one,) = captions.captions([said("Hello?", 1, 2), said("Who is there?", 1, 3)])
    assert one.lines == ("Hello?", "Who is there?")


def test_no_line_of_a_caption_is_empty():
    found = captions.captions([said("First line\n\n  second\tline ", 0, 2), said("  \n ", 2, 3)])
    assert [one.lines for one in found] == [("First line second line",)]


def test_a_script_without_blanks_is_cut_between_characters_and_never_before_a_stop():
    text = "これはとても長い文章です。日本語の文字は幅が広いので、一行に二十一文字しか入りません。だから折り返します。"
    found = captions.captions([said(text, 0, 9, "ja")])
    lines = [line for one in found for line in one.lines]
    assert "".join(lines) == text
    assert all(len(line) <= captions.COLUMNS // 2 for line in lines)
    assert not any(line[0] in "。、" for line in lines)


def test_an_endless_word_is_broken_so_that_it_fits():
    found = captions.captions([said("a" * 500, 0, 5)])
    assert all(len(line) <= captions.COLUMNS for one in found for line in one.lines)


def test_words_that_are_not_in_the_text_are_passed_over():
    one = Utterance(text="Two pumps run.", t_start=3, t_end=5, language="en", words=(Word(text="Too", t_start=3, t_end=4),))
    assert captions.captions([one])[0].lines == ("Two pumps run.",)


def test_plain_text_begins_a_paragraph_at_a_pause_and_at_another_language():
    text = captions.plain([said("One.", 0, 1), said("Two.", 1.2, 2), said("Three.", 9, 10), said("Vier.", 10, 11, "de")])
    assert text == "One. Two.\n\nThree.\n\nVier.\n"


def test_plain_text_with_times_begins_each_paragraph_with_its_own():
    assert captions.plain([said("One.", 3723.9, 3724)], times=True) == "[1:02:03] One.\n"


@pytest.mark.parametrize("form", captions.FORMS)
def test_no_form_commands_a_terminal(form: str):
    text = captions.FORMS[form]([said("The \x1b]0;pumps\x07 \x9b31mrun\x00 \ud800now", 0, 2)])
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]", text)
    assert "pumps" in text


def test_nothing_said_is_nothing_written():
    assert (captions.srt([]), captions.vtt([]), captions.plain([])) == ("", "WEBVTT\n", "")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1:02:03", 3723),
        ("62:03.5", 3723.5),
        ("3723", 3723),
        ("0.25", 0.25),
        ("1h2m3s", 3723),
        ("5m", 300),
        ("2H", 7200),
        ("1,5", 1.5),
    ],
)
def test_a_time_is_read_as_people_write_it(text: str, meant: float):
    assert seconds(text) == meant


@pytest.mark.parametrize("text", ["", "noon", "1:2:3:4", "-5", "1:", "h", "1e3", "٣"])
def test_what_is_no_time_is_refused(text: str):
    with pytest.raises(UsageError, match="is no time"):
        seconds(text)


def test_a_time_is_written_to_the_second_or_finer():
    assert [clock(59.999), clock(3723.9996, 3), clock(7.04, 1), clock(36000)] == [
        "0:00:59",
        "1:02:04.000",
        "0:00:07.0",
        "10:00:00",
    ]
