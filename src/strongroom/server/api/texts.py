"""What a content says, as a viewer shows it: passages, lines, cells, a message."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from strongroom.server.api.form import MOST_OFFSET, Sha, as_json, problems
from strongroom.server.door.visit import Asks

router = APIRouter(prefix="/contents/{sha}", tags=["texts"])

MOST_LINES = 1_000_000_000
Line = Annotated[int, Query(ge=1, le=MOST_LINES, description="Number of the first one, counted from 1.")]


@router.get("/text", responses=problems(404))
def text(
    visit: Asks,
    sha: Sha,
    page: Annotated[int | None, Query(ge=1, le=1_000_000, description="Only those of a page, counted from 1.")] = None,
    segment: Annotated[
        str | None, Query(pattern="^[0-9a-f]{32}$", description="Id of a match that is to be among them, in the middle.")
    ] = None,
    *,
    after: Annotated[int, Query(ge=0, le=MOST_OFFSET * 100, description="How many to pass over.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many at most.")] = 200,
) -> JSONResponse:
    """Give the segments of a content in reading order, with what each says and where it lies."""
    return as_json(visit.room.text(sha, page=page, segment=segment, after=after, limit=limit))


@router.get("/lines", responses=problems(404))
def lines(
    visit: Asks,
    sha: Sha,
    start: Line = 1,
    count: Annotated[int, Query(ge=1, le=5000, description="How many at most.")] = 200,
    *,
    char: Annotated[
        int | None, Query(ge=0, le=1 << 53, description="A character that is to be among them; `start` is then not used.")
    ] = None,
) -> JSONResponse:
    """Give lines of a plain text, code or message as it was stored, by their numbers."""
    return as_json(visit.room.lines(sha, start, count, char=char))


@router.get("/table", responses=problems(404))
def table(
    visit: Asks,
    sha: Sha,
    sheet: Annotated[str | None, Query(max_length=500, description="Name of the sheet; the first if not given.")] = None,
    start: Line = 1,
    *,
    rows: Annotated[int, Query(ge=1, le=2000, description="How many at most.")] = 200,
) -> JSONResponse:
    """Give rows of a table (CSV, TSV) or of a sheet (XLSX, ODS), cell by cell."""
    return as_json(visit.room.table(sha, sheet, start=start, rows=rows))


@router.get("/mail", responses=problems(404))
def mail(visit: Asks, sha: Sha) -> JSONResponse:
    """Give a message with its attachments, its HTML made safe, and the conversation that it is part of."""
    return as_json(visit.room.mail(sha))
