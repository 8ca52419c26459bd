"""What every route of the API has in common: JSON answers, the problems that it may tell, and the parameters that recur."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Path, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from strongroom.server.door.problem import MEDIA_TYPE
from strongroom.server.json_form import plain

PREFIX = "/api/v1"
MOST = 200
"""Things in one answer."""
MOST_OFFSET = 100_000
QUERY_CHARACTERS = 4000
NAME_CHARACTERS = 1024
MOST_SECONDS = 10_000_000.0

Sha = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of the content: 64 hexadecimal digits.")]
ContainerName = Annotated[str, Path(pattern="^[$a-z0-9-]{3,63}$", description="Name of the container.")]
Limit = Annotated[int, Query(ge=1, le=MOST, description="How many at most.")]
Offset = Annotated[int, Query(ge=0, le=MOST_OFFSET, description="How many to pass over.")]
Filters = Annotated[
    str,
    Query(max_length=QUERY_CHARACTERS, description="Filters of the query language, such as `container:photos`; no words."),
]


class ProblemDetails(BaseModel):
    """What could not be done, and why (RFC 9457)."""

    type: str = Field(description="A URI of the kind of problem; `about:blank` where the status says it all.")
    title: str = Field(description="The kind of problem, in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened and what to do next.")
    instance: str = Field(default="", description="This one occurrence: the request's id, as in the server's log.")


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the problems that a route may tell, beside those that any route may."""
    told = sorted({400, 401, 403, 413, 422, 429, 503, *statuses})
    schema = {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}
    return {status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: schema}} for status in told}


def gives(description: str, *media_types: str, status: int = HTTPStatus.OK) -> dict[int | str, dict[str, Any]]:
    """Describe an answer of bytes."""
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {int(status): {"description": description, "content": dict.fromkeys(media_types, schema)}}


def as_json(value: object, status: int = HTTPStatus.OK) -> JSONResponse:
    """Give a value as JSON."""
    return JSONResponse(plain(value), status)
