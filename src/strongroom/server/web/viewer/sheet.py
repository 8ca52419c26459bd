"""PDF and office files page by page: the page's picture with marks, its text, and a strip of its neighbours."""

from dataclasses import dataclass

from strongroom.domain.leaf import Leaf
from strongroom.domain.locator import Box
from strongroom.domain.text import Text
from strongroom.server.web.viewer.marking import spelt
from strongroom.server.web.viewer.wanted import Look

PIECES = 300
STRIP = 12
"""Pages on the strip, on either side."""
DPI, POINTS = 150, 72
"""How finely a page is drawn."""
WHOLE = 0.6
"""Of a page: a passage that covers more is not drawn round."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """One page."""

    leaf: Leaf
    """Its number and measures."""
    width: int
    """Pixels of its picture."""
    height: int
    """The same."""
    marks: tuple[str, ...]
    """What is marked on it."""
    boxes: tuple[Box, ...]
    """The lines of the passage that it was opened at, where no word on it is marked."""
    text: Text
    """What it says."""
    strip: range
    """Numbers of the pages around it."""


def sheet(look: Look) -> Sheet:
    """Open a document at its page."""
    number = look.wanted.page or look.at.page or 1
    leaf = look.room.leaf(look.card.sha256, number)
    text = look.room.text(look.card.sha256, page=number, limit=PIECES)
    marks = spelt((piece.text for piece in text.pieces), look.query)
    boxes = () if marks or look.at.page not in (None, number) else look.at.boxes
    covered = sum((right - left) * (bottom - top) for left, top, right, bottom in boxes)
    return Sheet(
        leaf=leaf,
        width=max(1, round(leaf.width * DPI / POINTS)),
        height=max(1, round(leaf.height * DPI / POINTS)),
        marks=marks,
        boxes=boxes if covered < WHOLE else (),
        text=text,
        strip=range(max(1, number - STRIP), min(leaf.count, number + STRIP) + 1),
    )
