"""What every route of the API has in common: JSON answers, and the problems that it may tell."""

from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from strongroom.server.door.problem import MEDIA_TYPE
from strongroom.server.json_form import plain

PREFIX = "/api/v1"


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


def as_json(value: object, status: int = HTTPStatus.OK) -> JSONResponse:
    """Give a value as JSON."""
    return JSONResponse(plain(value), status)
