"""Problem details (RFC 9457): how the API says what could not be done."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from fastapi import Request, Response

from strongroom.errors import StrongroomError, codes
from strongroom.server.door.refusal import Refusal

MEDIA_TYPE = "application/problem+json"
MACHINES = ("/api/", "/v1/", "/mcp", "/dav")
"""Paths under which programs ask."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What could not be done, and why."""

    status: int
    """HTTP status."""
    title: str
    """The kind of problem, in words."""
    detail: str
    """What happened and what to do next."""
    type: str = "about:blank"
    """A URI of the kind of problem; ``about:blank`` where the status says it all."""
    instance: str = ""
    """This one occurrence: the request's id."""
    more: Mapping[str, object] = field(default_factory=dict)
    """Further members."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of the answer."""


def problem_of(error: Exception, instance: str = "") -> Problem:
    """Give the problem that an error is."""
    if isinstance(error, Refusal):
        return Problem(
            status=error.status, title=error.status.phrase, detail=error.detail, instance=instance, headers=error.headers
        )
    if isinstance(error, StrongroomError):
        name = re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()
        title = name.replace("-", " ").capitalize()
        return Problem(status=codes(error).http, title=title, detail=str(error), type=f"/problems/{name}", instance=instance)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    detail = "something went wrong here that should not; the server's log has it under this instance"
    return Problem(status=status, title=status.phrase, detail=detail, instance=instance)


def answer(problem: Problem) -> Response:
    """Give the answer that tells a program of a problem."""
    return Response(dumped(problem), problem.status, dict(problem.headers), MEDIA_TYPE)


def dumped(problem: Problem) -> bytes:
    """Write a problem as JSON."""
    told = {"type": problem.type, "title": problem.title, "status": problem.status, "detail": problem.detail}
    given = {**told, **({"instance": problem.instance} if problem.instance else {}), **problem.more}
    return json.dumps(given, ensure_ascii=False).encode("utf-8", "replace")


def is_machine(request: Request) -> bool:
    """Say whether a program asks, to be told in JSON."""
    return request.url.path.startswith(MACHINES)


def instance_of(request: Request) -> str:
    """Give the URI of a request."""
    return f"urn:uuid:{request.scope.get('strongroom.request_id', '')}"
