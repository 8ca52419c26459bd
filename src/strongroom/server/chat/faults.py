"""What could not be done, in the shape that OpenAI's clients read."""

import json
from http import HTTPStatus

from fastapi import Response

from strongroom.server.door.problem import Problem

TYPES = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.NOT_FOUND: "not_found_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
}
KEY = "invalid_api_key"


def error_of(problem: Problem) -> dict[str, object]:
    """Give the error that a problem is."""
    usual = "server_error" if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
    code = KEY if problem.status == HTTPStatus.UNAUTHORIZED else problem.type.rpartition("/")[2]
    if code == "about:blank":
        code = problem.title.lower().replace(" ", "_")
    faults = problem.more.get("errors")
    where = faults[0]["where"].removeprefix("body.") if isinstance(faults, list) and faults else None
    kind = TYPES.get(HTTPStatus(problem.status), usual)
    return {"error": {"message": problem.detail, "type": kind, "param": where, "code": code.replace("-", "_")}}


def told(problem: Problem) -> Response:
    """Give the answer that tells a chat program of a problem."""
    body = json.dumps(error_of(problem), ensure_ascii=False).encode("utf-8", "replace")
    return Response(body, problem.status, dict(problem.headers), "application/json")
