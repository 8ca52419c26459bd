"""The page and the HTTP API put together into one application."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException
from starlette.routing import Route

import strongroom
from strongroom.domain.scope import Actor
from strongroom.errors import AccessDenied, StrongroomError
from strongroom.room import Room
from strongroom.server import api, chat, web
from strongroom.server.api.form import PREFIX
from strongroom.server.dav.door import PATH as DAV
from strongroom.server.dav.door import DavDoor
from strongroom.server.door import login
from strongroom.server.door.buckets import Buckets
from strongroom.server.door.problem import Problem, answer, instance_of, is_machine, problem_of
from strongroom.server.door.refusal import Refusal, Unproven
from strongroom.server.door.shield import Shield
from strongroom.server.door.site import Site, address_of, site_of
from strongroom.server.mcp.over_http import PATH as MCP
from strongroom.server.mcp.over_http import McpDoor
from strongroom.server.work import Work

log = logging.getLogger("strongroom.server")

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
MOST_FAULTS = 20


def front(room: Room, *, url: str = "", is_open: bool = False, work: Work | None = None, dav_writable: bool = False) -> FastAPI:
    """Give the application that serves the page and the HTTP API of a room.

    Args:
        room: An open room, as its owner acts in it.
        url: Where people reach it, if that is known: ``https://…`` sends cookies over TLS only.
        is_open: Whether others than this machine reach it; otherwise only this machine's names, and that of ``url``,
            are answered, so that no name that leads here (DNS rebinding) opens it.
        work: Reads what waits; a new one with the room's own settings if not given.
        dav_writable: Whether editors may write by WebDAV; otherwise it is read only.
    """
    named = urlsplit(url)
    settings = room.settings
    site = Site(
        room=room,
        work=work or Work(room.path, {}),
        hosts=None if is_open else LOOPBACK | {_bare(named.netloc)} - {""},
        is_secure=named.scheme == "https",
        pages=web.PAGES,
        cookie=f"strongroom-{sha256(str(room.path).encode()).hexdigest()[:8]}",
        actors=Buckets(burst=settings.page_burst, rate=settings.page_rate),
        uploads=CapacityLimiter(settings.serve_uploads),
        addresses=Buckets(burst=settings.page_burst, rate=settings.page_rate),
    )
    app = FastAPI(
        title="Strongroom",
        version=strongroom.__version__,
        summary="Search, read and fill a room of raw material.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=_threads(settings.serve_threads),
    )
    app.state.site, app.state.url, app.state.mcp = site, url, McpDoor()
    app.add_middleware(Shield, site=site, tell=told, body_seconds=settings.serve_body_seconds)
    app.include_router(login.router)
    for router in web.routers():  # first, since routes are tried in order, and the search page is what is asked for most
        app.include_router(router, include_in_schema=False)
    for router in api.routers():
        app.include_router(router, prefix=PREFIX)
    web.mount(app)
    app.include_router(chat.router)
    app.router.routes.append(Route(MCP, app.state.mcp, include_in_schema=False))
    app.mount(DAV, DavDoor(is_writable=dav_writable))
    for kind in (Refusal, StrongroomError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, told)
    return app


def told(request: Request, error: Exception) -> Response:
    """Tell a program, or a person, what could not be done."""
    if isinstance(error, HTTPException) and isinstance(error.__cause__, Refusal):
        error = error.__cause__  # raised while the body was read
    if isinstance(error, AccessDenied):
        actor: Actor | None = request.scope.get("strongroom.actor")
        if actor is not None:
            site_of(request).note("refuse", actor, address=address_of(request), path=request.url.path, why=str(error))
    problem = _problem(error, instance_of(request))
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("%s %s: %d %s", request.method, request.url.path, problem.status, problem.detail)
    if request.url.path.startswith(f"{chat.PREFIX}/"):
        return chat.told(problem)
    if is_machine(request):
        return answer(problem)
    if isinstance(error, Unproven):
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        back = asked if request.method == "GET" else "/"
        return RedirectResponse(f"/login?next={quote(back, safe='')}", HTTPStatus.SEE_OTHER)
    response = site_of(request).pages.fault(request, problem)
    response.headers.update(problem.headers)
    return response


def _problem(error: Exception, instance: str) -> Problem:
    if isinstance(error, RequestValidationError):
        faults = [{"where": ".".join(map(str, one["loc"])), "what": one["msg"]} for one in error.errors()[:MOST_FAULTS]]
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        detail = "; ".join(f"{one['where']}: {one['what']}" for one in faults)
        return Problem(
            status=status,
            title="Invalid request",
            detail=detail,
            type="/problems/invalid-request",
            instance=instance,
            more={"errors": faults},
        )
    if isinstance(error, HTTPException):
        status = HTTPStatus(error.status_code)
        return Problem(
            status=status, title=status.phrase, detail=str(error.detail), instance=instance, headers=error.headers or {}
        )
    return problem_of(error, instance)


def _bare(netloc: str) -> str:
    host, _, port = netloc.rpartition(":")
    return (host if host and port.isdigit() else netloc).lower()


def _threads(count: int) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        """Answer so many requests at a time."""
        anyio.to_thread.current_default_thread_limiter().total_tokens = count
        yield
        app.state.site.ending.set()
        await app.state.mcp.close()
        app.state.examples.close()

    return lifespan
