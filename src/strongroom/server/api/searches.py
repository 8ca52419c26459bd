"""Searches that are kept, and what they report."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from strongroom.domain.saved import NAME_MOST, QUERY_MOST, News, Saved
from strongroom.server.api.form import Limit, as_json, problems
from strongroom.server.door.visit import Asks

router = APIRouter(tags=["searches"])

Number = Annotated[int, Path(ge=1, le=2**62, description="Number of the search.")]


class NewSearch(BaseModel):
    """A search to be kept."""

    name: str = Field(min_length=1, max_length=NAME_MOST, description="What you call it.")
    query: str = Field(min_length=1, max_length=QUERY_MOST, description="As for a search.")
    watch: bool = Field(default=True, description="Whether what comes to match is reported.")
    webhook: str | None = Field(default=None, max_length=2048, description="URL to which new matches are posted.")


class Watching(BaseModel):
    """Whether a search watches."""

    watch: bool = Field(description="Whether what comes to match is reported from now on.")


@router.get("/searches", responses=problems(), response_model=list[Saved])
def searches(visit: Asks) -> JSONResponse:
    """Give the searches that you keep, by name."""
    return as_json(visit.room.saved_searches())


@router.post("/searches", status_code=HTTPStatus.CREATED, responses=problems(409), response_model=Saved)
def save(visit: Asks, wanted: NewSearch) -> JSONResponse:
    """Keep a search."""
    kept = visit.room.save_search(wanted.name, wanted.query, watch=wanted.watch, webhook=wanted.webhook)
    return as_json(kept, HTTPStatus.CREATED)


@router.get("/searches/{number}", responses=problems(404), response_model=News)
def news(
    visit: Asks,
    number: Number,
    limit: Limit = 100,
    *,
    see: Annotated[bool, Query(description="Whether what is told counts as seen from now on.")] = False,
) -> JSONResponse:
    """Give a search with what came to match it, the newest first."""
    return as_json(visit.room.news(number, see=see, limit=limit))


@router.put("/searches/{number}", responses=problems(404), response_model=Saved)
def watch(visit: Asks, number: Number, wanted: Watching) -> JSONResponse:
    """Let a search watch from now on, or no more."""
    return as_json(visit.room.watch_search(number, watch=wanted.watch))


@router.delete("/searches/{number}", status_code=HTTPStatus.NO_CONTENT, responses=problems(404))
def delete(visit: Asks, number: Number) -> Response:
    """Keep a search no more."""
    visit.room.delete_search(number)
    return Response(status_code=HTTPStatus.NO_CONTENT)
