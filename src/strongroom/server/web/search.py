"""The search page: one box, what was found, and the line that says in how much of the room."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Request, UploadFile
from fastapi.responses import JSONResponse, Response

from strongroom.domain.hit import Hit, Match, Results
from strongroom.domain.media import AUDIO, DOCUMENT, IMAGE, PDF, PRESENTATION, SPREADSHEET, VIDEO
from strongroom.domain.query import parse
from strongroom.errors import NotFound, UsageError
from strongroom.room import Room
from strongroom.server.door.visit import Asks
from strongroom.server.web.examples import example, examples_of
from strongroom.server.web.pages import address, page

router = APIRouter(include_in_schema=False)

PAGE = {"list": 20, "grid": 60}
"""Results a page."""
MOST = 500
"""Pages that one may turn."""
LOOKS = (IMAGE, VIDEO, AUDIO, PDF, DOCUMENT, SPREADSHEET, PRESENTATION)
"""Types of which there is a picture to show."""
SHEETS = (PDF, DOCUMENT, SPREADSHEET, PRESENTATION)
"""Types that are best known by the top of a page."""
EXAMPLES = ("invoice", '"annual report"', "type:image boat", "type:video", "after:2020 letter")
WORDS = "words"
"""The channel that finds what holds a word itself."""
NAMED = {"organisation": "Organisation", "person": "Person", "place": "Place"}
"""What files name, and may be narrowed down to."""
FACETS = {"type": "Kind", "container": "Container", "year": "Year", "language": "Language", **NAMED}
SORTS = ("relevance", "newest", "oldest", "name", "size")


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """Everything that the search page's address says."""

    q: str = ""
    """What was typed."""
    type: str = ""
    """Only this kind."""
    container: str = ""
    """Only this container."""
    year: str = ""
    """Only this year."""
    language: str = ""
    """Only this language."""
    organisation: str = ""
    """Only what names this organisation."""
    person: str = ""
    """Only what names this person."""
    place: str = ""
    """Only what names this place."""
    sort: str = ""
    """In which order."""
    view: str = ""
    """``grid``, or a list."""
    n: int = 1
    """Which page of results."""
    open: str = ""
    """The content that stands open beside them."""
    like: str = ""
    """The content that others shall look like, in place of words."""

    @classmethod
    def of(cls, request: Request) -> Self:
        """Read an address; what cannot be is left out."""
        given = {name: request.query_params.get(name, "") for name in (f.name for f in fields(cls)) if name != "n"}
        raw = request.query_params.get("n", "")
        return cls(**given, n=min(max(int(raw), 1), MOST) if raw.isascii() and raw.isdigit() else 1)

    @property
    def filters(self) -> str:
        """The filters, in the query language."""
        parts = [f'{name}:"{value}"' for name, value in (("type", self.type), ("container", self.container)) if value]
        parts += [f'lang:"{self.language}"'] if self.language else []
        parts += [f'entity:"{name}"' for name in (self.organisation, self.person, self.place) if name]
        if self.year.isascii() and self.year.isdigit():
            parts += [f"after:{int(self.year):04d}-01-01", f"before:{int(self.year) + 1:04d}-01-01"]
        return " ".join(parts)

    @property
    def query(self) -> str:
        """Words and filters, in the query language."""
        return f"{self.q} {self.filters}".strip()

    @property
    def is_asked(self) -> bool:
        """Whether anything is searched for."""
        return bool(self.query or self.like)

    def to(self, **changes: object) -> str:
        """Give the address of this state with something changed; another question begins at its first page."""
        if not {"n", "open", "view"} & changes.keys():
            changes = {"n": 1, "open": "", **changes}
        found = replace(self, **changes)  # type: ignore[arg-type]
        values = {f.name: getattr(found, f.name) for f in fields(found)}
        return address("/", **values | {"n": found.n if found.n > 1 else ""})

    def view_of(self, hit: Hit, match: Match | None = None) -> str:
        """Give the address of the viewer that shows a hit's match."""
        best = match or hit.matches[0]
        return address(f"/view/{hit.content}", q=self.query, segment=best.segment_id)


async def state(request: Request) -> State:
    """Read the state from the address; it waits for nothing, and would take a thread if it were not said to be async."""
    return State.of(request)


def run(room: Room, wanted: State, by: str | Path | None) -> Results:
    """Search as a state says, by a picture if there is one."""
    limit = PAGE["grid" if wanted.view == "grid" else "list"]
    offset = (wanted.n - 1) * limit
    if isinstance(by, Path):
        return room.similar(by, filters=wanted.filters, limit=limit, offset=offset)
    if by:
        return room.similar_to(by, filters=wanted.filters, limit=limit, offset=offset)
    return room.search(wanted.query, limit=limit, offset=offset, sort=wanted.sort or "relevance")


def has_words(q: str, results: Results) -> bool:
    """Say whether any word that was typed stands in what was found; where none was typed, but filters alone, it does."""
    return not parse(q).terms or any(WORDS in one.channels for hit in results.hits for one in hit.matches)


@router.get("/")
def search(request: Request, visit: Asks, wanted: Annotated[State, Depends(state)]) -> Response:
    """Show the search page, or with ``part`` only what was found."""
    part = bool(request.query_params.get("part"))
    results, problem = None, ""
    try:
        by = example(request, wanted.like, visit.actor.name)
        results = run(visit.room, wanted, by) if wanted.is_asked else None
    except (UsageError, NotFound) as error:
        problem = str(error)
    return page(
        visit,
        "found.html" if part else "search.html",
        here="Search",
        title=wanted.q or "Search",
        status=400 if problem and not part else 200,
        state=wanted,
        results=results,
        problem=problem,
        coverage=results.coverage if results else visit.room.coverage(),
        containers=() if results else visit.room.containers(),
        looks=LOOKS,
        sheets=SHEETS,
        has_words=not wanted.q or results is None or has_words(wanted.q, results),
        facets=FACETS,
        sorts=SORTS,
        examples=EXAMPLES,
        image=IMAGE,
        per_page=PAGE["grid" if wanted.view == "grid" else "list"],
    )


@router.post("/like")
def like(request: Request, visit: Asks, picture: UploadFile) -> Response:
    """Take a picture as the question, and give the address of what looks like it."""
    name = examples_of(request).add(picture.file, visit.actor.name)
    return JSONResponse({"address": State(like=name).to()})
