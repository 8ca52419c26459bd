"""Where words stand within a line of which only the whole place is known."""

import pytest
from PIL import ImageFont

from strongroom.domain.lettering import ROOM, stretch

LINE = "M. Castellane, harbour master of Willingham"
LEFT, TOP, RIGHT, BOTTOM = BOX = (0.1, 0.2, 0.9, 0.22)
MORE = ROOM * (BOTTOM - TOP)


@pytest.mark.parametrize("word", LINE.split())
def test_a_word_is_marked_about_where_a_font_sets_it(word: str) -> None:
    font = ImageFont.load_default(size=40)
    start = LINE.index(word)
    scale = (RIGHT - LEFT) / font.getlength(LINE)
    left = LEFT + font.getlength(LINE[:start]) * scale
    right = LEFT + font.getlength(LINE[: start + len(word)]) * scale
    found = stretch(BOX, LINE, start, start + len(word))
    assert found[0] == pytest.approx(left, abs=0.03)
    assert found[2] == pytest.approx(right, abs=0.03)
    assert (found[1], found[3]) == (TOP, BOTTOM)


def test_a_mark_stays_within_its_line() -> None:
    assert stretch(BOX, LINE, 0, len(LINE)) == pytest.approx(BOX)
    assert stretch(BOX, "東京都", 1, 2) == pytest.approx((LEFT + 0.8 / 3 - MORE, TOP, RIGHT - 0.8 / 3 + MORE, BOTTOM))


def test_a_line_that_runs_down_the_page_is_marked_whole() -> None:
    assert stretch((0.1, 0.1, 0.12, 0.9), LINE, 3, 6) == (0.1, 0.1, 0.12, 0.9)
    assert stretch(BOX, "", 0, 0) == BOX
