"""Charts are drawings and nothing else: no style, no script, names as text."""

import re
from datetime import date

import pytest

from strongroom.server.web.charts import WIDTHS, stacked

ROWS = ((date(2026, 5, 1), (1_000, 0)), (date(2026, 5, 2), (2_000_000, 500_000)))


@pytest.mark.parametrize("width", list(WIDTHS))
def test_a_chart_takes_its_colours_from_the_page_and_brings_nothing_that_runs(width: str) -> None:
    drawn = str(stacked(("<script>alert(1)</script>", "letters"), ROWS, unit="B", whole=False, width=width))
    assert drawn.startswith('<svg aria-hidden="true"')
    assert "var(--part-0)" in drawn
    assert "var(--part-1)" in drawn
    assert "MB" in drawn
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|href=", drawn)


def test_numbers_of_files_are_whole() -> None:
    drawn = str(stacked(("letters",), ((ROWS[0][0], (1,)), (ROWS[1][0], (2,))), unit="", whole=True, width="wide"))
    assert not re.search(r">\d\.\d+<", drawn)
