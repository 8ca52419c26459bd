"""Searching, and what a search could see."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from strongroom.domain.analysis import Coverage
from strongroom.server.api.form import as_json, problems
from strongroom.server.door.visit import Asks

router = APIRouter(tags=["search"])

QUERY_CHARACTERS = 4000
MOST_HITS = 200
MOST_OFFSET = 100_000

Limit = Annotated[int, Query(ge=1, le=MOST_HITS, description="Hits on a page.")]
Offset = Annotated[int, Query(ge=0, le=MOST_OFFSET, description="Hits to pass over.")]
Words = Annotated[
    str,
    Query(
        max_length=QUERY_CHARACTERS,
        description='Words, `"exact phrases"`, `-without`, and filters such as `type:image`: see the query language.',
    ),
]


@router.get("/search", responses=problems())
def search(visit: Asks, q: Words, limit: Limit = 10, offset: Offset = 0) -> JSONResponse:
    """Find contents in plain words.

    Gives hits with their best segments, facets, and how much of the room the search could see: the shape is that of
    `strongroom search --json`.
    """
    return as_json(visit.room.search(q, limit=limit, offset=offset))


@router.get("/coverage", responses=problems(), response_model=Coverage)
def coverage(visit: Asks) -> JSONResponse:
    """Say how much of what you may see is analysed."""
    return as_json(visit.room.coverage())
