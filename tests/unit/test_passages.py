from collections.abc import Iterator

import pytest

from strongroom.analyzers import passages, sentences


def cut(text: str) -> list[str]:
    at, pieces = 0, []
    for end in [*sentences.ends(text, 0, len(text)), len(text)]:
        pieces.append(text[at:end].strip())
        at = end
    return [piece for piece in pieces if piece]


@pytest.mark.parametrize(
    "pieces",
    [
        ["Dr. Smith paid 3.50 euros.", "He left."],
        ["It was 5 p.m. in the U.S. capital.", "Rain fell."],
        ['"Really?" she asked.', "“Yes.”", "They went."],
        ["Wait... what?", "No!"],
        ["J. R. Example wrote it, e.g. the 2nd part, etc.", "Then he stopped."],
        ["Am 3. Oktober kam Nr. 7 bzw. Nr. 8 an.", "Das war z.B. gut."],
        ["彼は来た。", "「はい。」", "そして帰った。"],
        ["वह आया।", "फिर गया।"],
        ["هل جاء؟", "نعم."],
        ["He moved to room 12.", "The door was open."],
        ["See Fig. 3 (p. 12) for it.", "(It is small.)", "Next."],
        ["1. First thing\n2. Second thing"],
    ],
)
def test_sentences_end_where_a_reader_says(pieces: list[str]):
    joined = "".join(piece if ord(piece[0]) > 0x3000 else piece + " " for piece in pieces)
    assert cut(joined) == pieces


def test_a_short_text_is_one_passage_and_an_empty_one_is_none():
    assert passages.split("  Hello there. \n") == [(2, 14)]
    assert passages.split(" \n\t ") == []
    assert passages.split("") == []


def test_paragraphs_that_fit_stay_whole():
    paragraph = "The river rose in the night and the lower street was closed to carts. " * 6
    text = "\n\n".join([paragraph.strip()] * 4)
    assert [text[a:b] for a, b in passages.split(text)] == [paragraph.strip()] * 4


@pytest.mark.parametrize("heading", ["# The second part\n", "The second part\n\n"])
def test_a_heading_goes_with_what_follows(heading: str):
    paragraph = "The council met and it was decided to wait for the spring. " * 10
    text = paragraph.strip() + "\n\n" + heading + paragraph
    first, second = passages.split(text)
    assert text[slice(*first)] == paragraph.strip()
    assert text[slice(*second)].startswith(heading.strip())


def test_long_prose_is_cut_at_sentences_near_the_target():
    text = "The harbour was quiet that morning, and nobody spoke. " * 200
    spans = passages.split(text)
    assert all(text[b - 1] == "." and 500 < b - a <= 700 for a, b in spans[:-1])


def test_source_code_is_cut_at_blank_lines():
    function = "def f(x):\n    y = x.replace('. ', '! ')\n" + "    y += x\n" * 30 + "    return y"
    text = "\n\n\n".join([function] * 5)
    assert {text[a:b] for a, b in passages.split(text, lines=True)} == {function}


def test_an_unbroken_run_is_cut_at_the_limit_and_a_wordy_one_at_words():
    assert passages.split("x" * 3000) == [(0, 1200), (1200, 2400), (2400, 3000)]
    text = "word " * 1000
    assert all(text[b - 1] == "d" and text[b : b + 1] in (" ", "") for _, b in passages.split(text))


def test_no_accent_is_parted_from_its_letter():
    text = "e\u0301" * 2000
    assert all(not text[a:b].startswith("\u0301") for a, b in passages.split(text))


def test_a_text_of_dense_script_has_shorter_passages():
    text = "これは文です。" * 300
    spans = passages.split(text)
    assert all(b - a <= 400 and text[b - 1] == "。" for a, b in spans)


def test_segments_carry_offsets_into_the_whole_text():
    def chunks() -> Iterator[str]:
        yield from ["One sentence here. "] * 20_000

    found = list(passages.segments(chunks(), page=3, part="notes"))
    last = found[-1].locator
    assert (last.page, last.part, last.char_end) == (3, "notes", 19 * 20_000 - 1)
    assert found[0].text.endswith("here.")
