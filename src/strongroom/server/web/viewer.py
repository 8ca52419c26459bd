"""The viewer: one content, opened at the match, with all that is known of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from strongroom.domain.card import Card
from strongroom.domain.hit import Hit
from strongroom.domain.locator import Locator
from strongroom.domain.media import AUDIO, DOCUMENT, IMAGE, MAIL, PDF, PRESENTATION, SPREADSHEET, TEXT, VIDEO
from strongroom.domain.query import Query, parse
from strongroom.domain.text import Text
from strongroom.errors import NotFound, QueryError, StrongroomError, Unsupported
from strongroom.index.snippets import marks
from strongroom.room import Room
from strongroom.server.door.visit import Asks
from strongroom.server.web.pages import ENVIRONMENT, address, page

router = APIRouter(include_in_schema=False)

SHEETS = (PDF, DOCUMENT, PRESENTATION)
"""Types that are shown page by page, where they have pages."""
MOVING = (AUDIO, VIDEO)
SHOWN_BY_BROWSERS = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif")
PIECES = 200
NEIGHBOURS = 200
"""Results among which the next and the previous one are looked for."""
SHA = "^[0-9a-f]{64}$"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What the viewer's address says."""

    sha: str
    """The content."""
    q: str = ""
    """What was searched for, to be marked."""
    segment: str = ""
    """The segment that it opens at."""
    page: int | None = None
    """The page that it opens at."""
    t: float | None = None
    """The second that it opens at."""

    def to(self, **changes: object) -> str:
        """Give the address of the same content with something changed."""
        given = {"q": self.q, "segment": self.segment, "page": self.page, "t": self.t, **changes}
        return address(f"/view/{self.sha}", **given)


@router.get("/view/{sha}")
def view(request: Request, visit: Asks, sha: Annotated[str, Path(pattern=SHA)]) -> Response:
    """Show a content; with ``part`` only the viewer itself, to stand beside a list."""
    wanted = wanted_of(request, sha)
    part = bool(request.query_params.get("part"))
    card = visit.room.card(sha)
    text = visit.room.text(sha, segment=wanted.segment or None, page=wanted.page, limit=PIECES)
    at = locator_of(text, wanted)
    kind = kind_of(card)
    number = max(1, wanted.page or at.page or 1)
    query = query_of(wanted.q)
    return page(
        visit,
        "view/part.html" if part else "view/page.html",
        here="Search",
        title=title_of(card),
        card=card,
        name=title_of(card),
        wanted=wanted,
        kind=kind,
        number=number,
        marks=(*query.phrases, *query.words),
        text=paged(visit.room, card, text, number, kind),
        at=at,
        query=query,
        is_shown=card.media_type in SHOWN_BY_BROWSERS,
        second=wanted.t if wanted.t is not None else at.t_start,
        transcript=said_in(visit.room, card),
        around=None if part else neighbours(visit.room, wanted),
    )


def wanted_of(request: Request, sha: str) -> Wanted:
    """Read an address; what cannot be is left out."""
    given = request.query_params
    segment, number, second = given.get("segment", ""), given.get("page", ""), given.get("t", "")
    is_segment = len(segment) == 32 and segment.isascii() and segment.isalnum()  # noqa: PLR2004
    is_second = second.replace(".", "", 1).isdigit() and second.isascii()
    return Wanted(
        sha=sha,
        q=given.get("q", "")[:4000],
        segment=segment if is_segment else "",
        page=min(int(number), 1_000_000) if number.isascii() and number.isdigit() and len(number) < 8 else None,  # noqa: PLR2004
        t=float(second) if is_second and len(second) < 20 else None,  # noqa: PLR2004
    )


def kind_of(card: Card) -> str:
    """Say in which form a content is shown."""
    if card.type in SHEETS and card.page_count:
        return "sheet"
    if card.type in MOVING:
        return "moving"
    if card.type == IMAGE:
        return "picture"
    if card.type == MAIL:
        return "mail"
    if card.type == SPREADSHEET:
        return "table"
    return "text" if card.type == TEXT else "other"


def title_of(card: Card) -> str:
    """Give the last part of a content's first name."""
    name = card.names[0]
    return (name.member or name.blob).rpartition("/")[2] or name.blob


def query_of(text: str) -> Query:
    """Read what is to be marked; what is no query marks nothing."""
    try:
        return parse(text)
    except QueryError:
        return Query()


def locator_of(text: Text, wanted: Wanted) -> Locator:
    """Give the place of the segment that is opened."""
    return next((piece.locator for piece in text.pieces if piece.segment_id == wanted.segment), Locator())


def paged(room: Room, card: Card, text: Text, number: int, kind: str) -> Text:
    """Give the text that is shown: of what is shown page by page, that of the page."""
    if kind != "sheet":
        return text
    return room.text(card.sha256, page=number, limit=PIECES)


def said_in(room: Room, card: Card) -> Sequence[object]:
    """Give what is said in a recording, as far as it is written down."""
    if card.type not in MOVING:
        return ()
    try:
        return room.transcript(card.sha256).utterances
    except (NotFound, Unsupported):
        return ()


def neighbours(room: Room, wanted: Wanted) -> tuple[Hit | None, Hit | None] | None:
    """Give the results before and after this one in the list that it was opened from."""
    if not wanted.q:
        return None
    try:
        hits = room.search(wanted.q, limit=NEIGHBOURS).hits
    except StrongroomError:
        return None
    at = next((place for place, hit in enumerate(hits) if hit.content == wanted.sha), None)
    if at is None:
        return None
    return (hits[at - 1] if at else None, hits[at + 1] if at + 1 < len(hits) else None)


ENVIRONMENT.filters["marks_in"] = marks
