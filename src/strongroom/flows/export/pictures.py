"""What a dossier shows of a hit: a small picture, and the pages and moments that match, with the matches marked."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

from PIL import Image

from strongroom.domain.hit import Hit, Match
from strongroom.domain.media import AUDIO, DOCUMENT, IMAGE, PDF, PRESENTATION, SPREADSHEET, VIDEO
from strongroom.domain.times import clock
from strongroom.errors import AnalysisError, NotFound, Unsupported, UsageError
from strongroom.flows import frame, page, thumbnail
from strongroom.flows.moment import Moment
from strongroom.flows.parts import Parts

SMALL = 240
"""Pixels of the longer side of the small picture."""
WIDE = 1400
"""Pixels of the longer side of a page: small print can be read."""
QUALITY = 82
MOST = 3
"""Pages or moments that are shown of one hit."""
SHEETS = (PDF, DOCUMENT, SPREADSHEET, PRESENTATION)
PICTURED = (IMAGE, VIDEO, AUDIO, *SHEETS)
UNDRAWN = (AnalysisError, NotFound, UsageError)
"""What a picture may fail on: the hit stays, and it is told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture in a dossier, or the reason why there is none."""

    path: str
    """In the dossier's folder."""
    label: str
    """What it shows, for people: ``page 3``."""
    data: bytes = b""
    """A JPEG or PNG; empty where it could not be drawn."""
    problem: str = ""
    """Why not."""
    is_small: bool = False
    """Whether it is the small one."""

    def bare(self) -> Self:
        """Give the same without the bytes."""
        return replace(self, data=b"")


def pictures(parts: Parts, hit: Hit, words: Sequence[str], number: int) -> Iterator[Picture]:
    """Draw what is shown of a hit, one picture at a time.

    Args:
        parts: An open room.
        hit: What was found.
        words: What is marked.
        number: Of the hit; names of files begin with it.
    """
    if hit.type not in PICTURED:
        return
    yield _small(parts, hit, number)
    for picture, match in _places(hit, number):
        try:
            yield replace(picture, data=_drawn(parts, hit, match, words))
        except Unsupported:
            continue  # an office file whose pages nobody drew has its text alone
        except UNDRAWN as error:
            yield replace(picture, problem=f"{picture.label} of {hit.names[0]}: {error}")


def _small(parts: Parts, hit: Hit, number: int) -> Picture:
    try:
        media_type, data = thumbnail.thumbnail(parts, hit.content, SMALL)
    except UNDRAWN as error:
        return Picture(path="", label="small picture", problem=f"the small picture of {hit.names[0]}: {error}")
    ending = "png" if media_type == "image/png" else "jpg"
    return Picture(path=f"pictures/{number:05d}-small.{ending}", label="small picture", data=data, is_small=True)


def _places(hit: Hit, number: int) -> list[tuple[Picture, Match]]:
    """Give the different pages or moments of a hit, the best first."""
    found: dict[str, tuple[Picture, Match]] = {}
    for match in hit.matches:
        if hit.type == VIDEO and match.frame is not None:
            label, mark = clock(match.frame), f"{match.frame:.1f}s"
        elif hit.type in SHEETS:
            label, mark = f"page {match.locator.page or 1}", f"p{match.locator.page or 1}"
        elif hit.type == IMAGE:
            label, mark = "picture", "picture"
        else:
            continue
        path = f"pictures/{number:05d}-{mark}.jpg"
        found.setdefault(path, (Picture(path=path, label=label), match))
    return [*found.values()][:MOST]


def _drawn(parts: Parts, hit: Hit, match: Match, words: Sequence[str]) -> bytes:
    if hit.type == VIDEO:
        return _fitted(frame.draw_frame(parts, Moment(sha256=hit.content, name=str(hit.names[0])), match.frame, "jpg"))
    return _fitted(page.draw_page(parts, hit.content, match.locator.page or 1, words))


def _fitted(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as picture:
        shown = picture.convert("RGB")
    shown.thumbnail((WIDE, WIDE))
    out = io.BytesIO()
    shown.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
