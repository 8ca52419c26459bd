"""Where in a line some of its letters stand, where only the place of the whole line is known, as OCR gives it."""

from unicodedata import east_asian_width

from strongroom.domain.locator import Box

NARROW, SLIM, WIDE = frozenset("ijlI.,:;'|!`’"), frozenset('ftr()[]{}/\\"- “”'), frozenset("mwMW@%—…")  # noqa: RUF001
"""Letters whose widths differ most from the usual one, in the faces that books and letters are set in."""
CAPITAL, DOUBLE = 1.3, 2.0
ROOM = 0.12
"""Of the height of a line: how far the place of letters reaches over what was worked out, since widths are a guess."""


def width(letter: str) -> float:
    """Give about how wide a letter is, beside a small n."""
    if letter in NARROW:
        return 0.5
    if letter in SLIM:
        return 0.65
    if letter in WIDE:
        return 1.5
    if east_asian_width(letter) in "WF":
        return DOUBLE
    return CAPITAL if letter.isupper() else 1.0


def stretch(box: Box, line: str, start: int, end: int) -> Box:
    """Give about where some letters of a line stand.

    Args:
        box: Of the line. One that is higher than wide runs down the page, and is given as it is.
        line: What it says, from left to right.
        start: Index of the first of the letters.
        end: Index behind the last of them.
    """
    left, top, right, bottom = box
    across, down = right - left, bottom - top
    whole = sum(map(width, line))
    if across <= down or not whole:
        return box
    before, until = (sum(map(width, line[:at])) / whole for at in (start, end))
    more = ROOM * down
    return max(left, left + before * across - more), top, min(right, left + until * across + more), bottom
