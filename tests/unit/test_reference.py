from pathlib import Path

import pytest

from strongroom.cli.reference import PAGES

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_made_from_the_code_is_up_to_date(name: str):
    assert (REFERENCE / name).read_text("utf-8") == PAGES[name](), "run `make docs`"
