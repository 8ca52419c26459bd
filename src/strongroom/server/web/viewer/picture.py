"""Pictures: how large they are, what they show, what is written on them, and which others are like them."""

from collections.abc import Sequence
from dataclasses import dataclass

from strongroom.domain.alike import Alike
from strongroom.domain.hit import Hit
from strongroom.domain.locator import Box
from strongroom.domain.text import Text
from strongroom.errors import NotFound
from strongroom.room import Room
from strongroom.server.web.viewer.marking import boxes_of
from strongroom.server.web.viewer.wanted import Look

SHOWN_BY_BROWSERS = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/bmp")
PIECES = 200
LIKE = 12
"""Pictures that look like it."""
SAME = 12
TURNED = 5
"""EXIF orientations from here on lie on their side."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """One picture."""

    width: int | None
    """Pixels across, as it is shown."""
    height: int | None
    """The same, down."""
    is_shown: bool
    """Whether browsers draw the original."""
    labels: str
    """What it may show."""
    text: Text
    """What is written on it, and said of it."""
    boxes: tuple[Box, ...]
    """The written lines that match."""


def picture(look: Look) -> Picture:
    """Open a picture."""
    said = look.card.properties
    width, height = (said.get(name) if isinstance(said.get(name), int) else None for name in ("width", "height"))
    turn = said.get("orientation")
    if isinstance(turn, int) and turn >= TURNED:
        width, height = height, width
    text = look.room.text(look.card.sha256, limit=PIECES)
    return Picture(
        width=width if isinstance(width, int) else None,
        height=height if isinstance(height, int) else None,
        is_shown=look.card.media_type in SHOWN_BY_BROWSERS,
        labels=next((piece.text for piece in text.pieces if piece.kind == "image"), ""),
        text=text,
        boxes=boxes_of(text.pieces, look.query),
    )


def same(room: Room, sha: str) -> Sequence[Alike]:
    """Give the pictures that are nearly the same."""
    return room.near_duplicates(sha, limit=SAME)


def like(room: Room, sha: str) -> Sequence[Hit]:
    """Give the pictures that look most like it; none where nobody has looked at it yet."""
    try:
        return room.similar_to(sha, filters="type:image", limit=LIKE).hits
    except NotFound:
        return ()
