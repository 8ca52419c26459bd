"""The OpenAPI document of the API, made from its routes."""

from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse

import strongroom
from strongroom.server.api.form import PREFIX, ProblemDetails, problems
from strongroom.server.door.visit import CSRF_HEADER, Asks

ABOUT = f"""Every verb of a room, as JSON. Paths begin with `{PREFIX}`.

A program sends an API key, which `strongroom users key NAME` makes: `Authorization: Bearer sr_…`. The page's own scripts come
by its session's cookie; what changes something then brings the session's token in `{CSRF_HEADER}` (`GET {PREFIX}/session`
gives it). What somebody sees is what their role and containers grant, asked anew at each request; each use is in the ledger.

What cannot be done is told as problem details (RFC 9457). Where somebody asks too often the answer is 429, with a
`Retry-After`."""


def document(routers: list[APIRouter]) -> dict[str, Any]:
    """Give the document of some routers."""
    app = FastAPI(
        title="Strongroom",
        version=strongroom.__version__,
        description=ABOUT,
        generate_unique_id_function=lambda route: f"{route.tags[0]}-{route.name}",
    )
    for router in routers:
        app.include_router(router, prefix=PREFIX)
    made = app.openapi()
    parts = made.setdefault("components", {})
    parts.setdefault("schemas", {})["ProblemDetails"] = ProblemDetails.model_json_schema()
    parts["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "An API key."},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "strongroom-ROOM",
            "description": "The page's session; each room has its own name.",
        },
    }
    made["security"] = [{"key": []}, {"session": []}]
    return made


def router_of(routers: list[APIRouter]) -> APIRouter:
    """Give the route that tells the document of some routers."""
    router = APIRouter(tags=["session"])
    once = cache(lambda: document([*routers, router]))

    @router.get("/openapi.json", responses=problems())
    def openapi(visit: Asks) -> JSONResponse:
        """Give this document."""
        del visit
        return JSONResponse(once())

    return router
