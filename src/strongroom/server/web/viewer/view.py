"""The viewer's pages: the whole one, the fragment that stands beside a list, and what is asked for later."""

from collections.abc import Callable, Iterator
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from strongroom.domain.card import Card
from strongroom.domain.hit import Hit
from strongroom.domain.media import (
    ARCHIVE,
    AUDIO,
    DOCUMENT,
    IMAGE,
    MAIL,
    PDF,
    PRESENTATION,
    SPREADSHEET,
    TEXT,
    VIDEO,
)
from strongroom.domain.text import Piece
from strongroom.errors import AnalysisError, NotFound, StrongroomError, Unsupported, UsageError
from strongroom.room import Room
from strongroom.server.door.visit import Asks, Visit
from strongroom.server.web.pages import page
from strongroom.server.web.viewer import about, picture
from strongroom.server.web.viewer.bundle import bundle
from strongroom.server.web.viewer.grid import grid
from strongroom.server.web.viewer.inside import inside
from strongroom.server.web.viewer.letter import letter
from strongroom.server.web.viewer.mailbox import mailbox
from strongroom.server.web.viewer.marking import query_of
from strongroom.server.web.viewer.moving import moving
from strongroom.server.web.viewer.plain import passages, plain
from strongroom.server.web.viewer.sheet import sheet
from strongroom.server.web.viewer.wanted import Look, Wanted

router = APIRouter(include_in_schema=False)

TABLES = ("text/csv", "text/tab-separated-values")
Sha = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
Show = Callable[[Look], object]
"""Opens a content in one form: gives what its template shows."""

SHOWS: dict[str, Show] = {
    "sheet": sheet,
    "moving": moving,
    "picture": picture.picture,
    "mail": letter,
    "mailbox": mailbox,
    "table": grid,
    "text": plain,
    "bundle": bundle,
    "other": passages,
}
"""Each form that a content is shown in; its template has the same name."""
FORMS: dict[str | None, tuple[str, ...]] = {
    PDF: ("sheet",),
    DOCUMENT: ("sheet",),
    PRESENTATION: ("sheet",),
    SPREADSHEET: ("table", "sheet"),
    AUDIO: ("moving",),
    VIDEO: ("moving",),
    IMAGE: ("picture",),
    MAIL: ("mail", "mailbox", "bundle"),
    ARCHIVE: ("bundle",),
    TEXT: ("text",),
}
"""Which of them each type is tried in, the best first; what can be shown in none is shown by what it says."""


@router.get("/view/{sha}")
def view(request: Request, visit: Asks, sha: Sha) -> Response:
    """Show a content; with ``part`` only the viewer itself, to stand beside a list."""
    part = bool(request.query_params.get("part"))
    look, problem = looked(visit, request, sha)
    kind, shown, trouble = shown_of(look)
    title = title_of(look.card)
    return page(
        visit,
        "view/part.html" if part else "view/page.html",
        here="Search",
        title=title,
        look=look,
        card=look.card,
        wanted=look.wanted,
        query=look.query,
        at=look.at,
        name=title,
        kind=kind,
        shown=shown,
        problem=problem or trouble,
        found=inside(look) if look.wanted.find else None,
        facts=tuple(about.facts(look.card)),
        length=about.length(look.card),
        read_as=about.read_as,
        may_retry=visit.may("retry") and any(one.state.value == "failed" for one in look.card.readings),
        around=None if part else neighbours(visit.room, look.wanted),
    )


@router.get("/view/{sha}/inside")
def look_inside(request: Request, visit: Asks, sha: Sha) -> Response:
    """Show where in a content the words are, for a page that is open already."""
    look, _ = looked(visit, request, sha)
    return page(visit, "view/_inside.html", wanted=look.wanted, found=inside(look))


@router.get("/view/{sha}/like")
def looks_like(visit: Asks, sha: Sha) -> Response:
    """Show what is the same as a picture, and what looks like it, for a page that is open already."""
    same = picture.same(visit.room, sha)
    known = {one.sha256 for one in same}
    like = tuple(hit for hit in picture.like(visit.room, sha) if hit.content not in known)
    return page(visit, "view/_like.html", same=same, like=like, sha=sha)


def looked(visit: Visit, request: Request, sha: str) -> tuple[Look, str]:
    """Give what an address asks for, and what of it is no more."""
    wanted = Wanted.of(request, sha)
    card = visit.room.card(sha)
    opened, problem = None, ""
    try:
        opened = _opened(visit.room, wanted)
    except NotFound as error:
        problem = str(error)
    look = Look(room=visit.room, card=card, wanted=wanted, query=query_of(wanted.find or wanted.q), opened=opened)
    return look, problem


def _opened(room: Room, wanted: Wanted) -> Piece | None:
    if not wanted.segment:
        return None
    return next(iter(room.text(wanted.sha, segment=wanted.segment, limit=1).pieces), None)


def shown_of(look: Look) -> tuple[str, object, str]:
    """Give the form in which a content is shown, what its template shows, and why it is not a better one."""
    trouble = ""
    for kind in _forms(look.card):
        try:
            return kind, SHOWS[kind](look), trouble
        except Unsupported:
            continue
        except (UsageError, NotFound, AnalysisError) as error:
            trouble = trouble or str(error)
    return "other", passages(look), trouble


def _forms(card: Card) -> Iterator[str]:
    yield from ("table",) if card.media_type in TABLES else ()
    yield from FORMS.get(card.type, ())


def title_of(card: Card) -> str:
    """Give the last part of a content's first name."""
    name = card.names[0]
    return (name.member or name.blob).rpartition("/")[2] or name.blob


def neighbours(room: Room, wanted: Wanted) -> tuple[Hit | None, Hit | None]:
    """Give the results before and after this one in the list that it was opened from."""
    if not wanted.q:
        return None, None
    try:
        return room.around(wanted.q, wanted.sha)
    except StrongroomError:
        return None, None
