"""Who you are here."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from strongroom.server.api.form import as_json, problems
from strongroom.server.door.login import end_session
from strongroom.server.door.site import site_of
from strongroom.server.door.visit import Asks

router = APIRouter(tags=["session"])


@router.get("/session", responses=problems())
def session(request: Request, visit: Asks) -> JSONResponse:
    """Say who you are, what you may do, and what a change by the page's session has to bring in `x-csrf-token`."""
    may = sorted(site_of(request).room.member_policy.actions(visit.actor))
    return as_json({"actor": visit.actor.name, "csrf": visit.csrf, "is_session": visit.is_session, "may": may})


@router.delete("/session", status_code=HTTPStatus.NO_CONTENT, responses=problems())
def sign_out(request: Request, visit: Asks) -> Response:
    """End the page's session; an API key stays as it is."""
    if visit.is_session:
        end_session(request, site_of(request), visit.actor)
    answer = Response(status_code=HTTPStatus.NO_CONTENT)
    answer.delete_cookie(site_of(request).cookie, path="/")
    return answer
