"""Searching, in words and by looks, and what a search could see."""

from typing import Annotated, Literal

from fastapi import APIRouter, File, Query, UploadFile
from fastapi.responses import JSONResponse

from strongroom.domain.analysis import Coverage
from strongroom.server.api.form import QUERY_CHARACTERS, Filters, Limit, Offset, Sha, as_json, problems
from strongroom.server.door.visit import Asks

router = APIRouter(tags=["search"])

Words = Annotated[
    str,
    Query(
        max_length=QUERY_CHARACTERS,
        description='Words, `"exact phrases"`, `-without`, and filters such as `type:image`: see the query language.',
    ),
]
Picture = Annotated[UploadFile, File(description="The picture, at most 64 MiB.")]
Sort = Annotated[
    Literal["relevance", "newest", "oldest", "name", "size"],
    Query(description="In which order; all but `relevance` put in order what was found best."),
]


@router.get("/search", responses=problems())
def search(visit: Asks, q: Words, limit: Limit = 10, offset: Offset = 0, sort: Sort = "relevance") -> JSONResponse:
    """Find contents in plain words.

    Gives hits with their best segments, facets, and how much of the room the search could see: the shape is that of
    `strongroom search --json`.
    """
    return as_json(visit.room.search(q, limit=limit, offset=offset, sort=sort))


@router.post("/similar", responses=problems())
def similar(
    visit: Asks,
    picture: Annotated[UploadFile, File(description="The picture, at most 64 MiB.")],
    filters: Filters = "",
    limit: Limit = 10,
    offset: Offset = 0,
) -> JSONResponse:
    """Find pictures, and moments of videos, that look like a picture that is sent."""
    return as_json(visit.room.similar(picture.file, filters=filters, limit=limit, offset=offset))


@router.get("/contents/{sha}/similar", responses=problems(404))
def similar_to(visit: Asks, sha: Sha, filters: Filters = "", limit: Limit = 10, offset: Offset = 0) -> JSONResponse:
    """Find pictures, and moments of videos, that look like one in the room, which is not among them."""
    return as_json(visit.room.similar_to(sha, filters=filters, limit=limit, offset=offset))


@router.get("/contents/{sha}/near-duplicates", responses=problems(404))
def near_duplicates(
    visit: Asks, sha: Sha, limit: Annotated[int, Query(ge=1, le=100, description="How many at most.")] = 50
) -> JSONResponse:
    """Give the pictures that are nearly the same as one: smaller, cropped a little, saved anew; the nearest first."""
    return as_json(visit.room.near_duplicates(sha, limit=limit))


@router.get("/coverage", responses=problems(), response_model=Coverage)
def coverage(visit: Asks) -> JSONResponse:
    """Say how much of what you may see is analysed."""
    return as_json(visit.room.coverage())
