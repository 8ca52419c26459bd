"""What the room's texts name."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from strongroom.server.api.form import NAME_CHARACTERS, Limit, Offset, as_json, problems
from strongroom.server.door.visit import Asks

router = APIRouter(tags=["entities"])

Kind = Annotated[
    Literal["organisation", "person", "place", "date", "amount", "address", "number"] | None,
    Query(description="Of one kind only."),
]


@router.get("/entities", responses=problems(404))
def entities(  # noqa: PLR0917 - FastAPI gives them by name
    visit: Asks,
    kind: Kind = None,
    like: Annotated[str, Query(max_length=200, description="Words that the name holds.")] = "",
    content: Annotated[
        str | None, Query(max_length=NAME_CHARACTERS + 100, description="`CONTAINER/BLOB`, or a SHA-256: of this one only.")
    ] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> JSONResponse:
    """Give people, organisations, places, dates, amounts, addresses and numbers, those that most contents name first."""
    return as_json({"entities": visit.room.entities(kind=kind, like=like, content=content, after=offset, limit=limit)})
