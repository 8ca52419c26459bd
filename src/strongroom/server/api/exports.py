"""What is found, as files: tables, dossiers, and many searches at once."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import FileResponse

from strongroom.domain.export import MEDIA_TYPES, USUAL
from strongroom.flows.export.batch import FIRST_MOST
from strongroom.server.api.form import QUERY_CHARACTERS, gives, problems
from strongroom.server.api.search import Sort, Words
from strongroom.server.door.files import handed
from strongroom.server.door.visit import Asks

router = APIRouter(tags=["exports"])

DOSSIER_MOST = 200
"""Hits of a dossier that is made while somebody waits; the command line makes larger ones."""
QUERIES = 100
"""Queries of a batch that is made while somebody waits; the command line takes more."""


class ManyQueries(BaseModel):
    """Searches that are made at once."""

    queries: list[Annotated[str, Field(min_length=1, max_length=QUERY_CHARACTERS)]] = Field(
        min_length=1, max_length=QUERIES, description="Each as for a search."
    )
    form: Literal["xlsx", "csv", "json"] = Field(default="xlsx", description="In which form the table is given.")
    first: int = Field(default=3, ge=1, le=FIRST_MOST, description="Hits that are told of each.")


@router.get("/exports", responses=problems() | gives("The file.", *MEDIA_TYPES.values()), response_class=FileResponse)
def export(
    visit: Asks,
    q: Words,
    form: Annotated[Literal["xlsx", "csv", "json", "zip"], Query(description="`zip` is the dossier.")] = "xlsx",
    limit: Annotated[int, Query(ge=1, le=USUAL, description="Hits at most; of a dossier, 200.")] = USUAL,
    sort: Sort = "relevance",
    *,
    originals: Annotated[bool, Query(description="Whether a dossier holds the files themselves.")] = False,
) -> FileResponse:
    """Give what a search finds as a table, as JSON, or as a dossier that opens without a server."""
    most = min(limit, DOSSIER_MOST) if form == "zip" else limit
    return handed(
        lambda file: visit.room.export(q, file, limit=most, sort=sort, originals=originals), f"found.{form}", MEDIA_TYPES[form]
    )


@router.post("/batches", responses=problems() | gives("The table.", *MEDIA_TYPES.values()), response_class=FileResponse)
def batch(visit: Asks, wanted: ManyQueries) -> FileResponse:
    """Search for each query of a list, and give a table of how often it is found, and where."""
    name, media_type = f"hits.{wanted.form}", MEDIA_TYPES[wanted.form]
    return handed(lambda file: visit.room.batch(wanted.queries, file, first=wanted.first), name, media_type)
