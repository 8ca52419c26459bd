"""MCP over HTTP (the streamable transport, without sessions): a request is answered as whoever's API key it brings."""

import asyncio
from functools import partial
from http import HTTPStatus
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

import anyio.to_thread
from fastapi import Request
from starlette.types import Receive, Scope, Send

from strongroom.server.door.links import base_of
from strongroom.server.door.refusal import Refusal, Unproven
from strongroom.server.door.site import Site, address_of, site_of
from strongroom.server.door.visit import Visit, visit

if TYPE_CHECKING:
    from mcp.server.mcpserver import Context
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from strongroom.server.mcp.tools import Caller

PATH = "/mcp"
VISIT = "strongroom.visit"
MISSING = "this server has no MCP: install it with pip install 'strongroom[mcp]', and start it again"


class McpDoor:
    """Answers under `PATH`; what it needs is loaded by the first request."""

    def __init__(self) -> None:
        """Begin with nothing loaded."""
        self._lock, self._ending = asyncio.Lock(), asyncio.Event()
        self._manager: StreamableHTTPSessionManager | None = None
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request.

        Raises:
            Unproven: It brings no API key that opens anything.
            Refusal: MCP is not installed here.
        """
        request = Request(scope, receive)
        if "authorization" not in request.headers:  # a browser's session is no proof here: any site could use it
            raise Unproven
        scope[VISIT] = await visit(request)
        if find_spec("mcp") is None:
            raise Refusal(HTTPStatus.NOT_IMPLEMENTED, MISSING)
        manager = await self._started()
        await manager.handle_request(scope, receive, send)

    async def close(self) -> None:
        """End what is under way."""
        self._ending.set()
        if self._task is not None:
            await self._task

    async def _started(self) -> "StreamableHTTPSessionManager":
        async with self._lock:
            if self._manager is None:
                manager = await anyio.to_thread.run_sync(_manager)
                began = asyncio.Event()
                self._task = asyncio.create_task(self._keep(manager, began))
                await began.wait()
                self._manager = manager
            return self._manager

    async def _keep(self, manager: "StreamableHTTPSessionManager", began: asyncio.Event) -> None:
        async with manager.run():
            began.set()
            await self._ending.wait()


def _manager() -> "StreamableHTTPSessionManager":
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from strongroom.server.mcp.tools import server

    made = server(_caller)
    return StreamableHTTPSessionManager(made._lowlevel_server, json_response=True, stateless=True)  # noqa: SLF001


def _caller(ctx: "Context[Any, Any]") -> "Caller":
    from strongroom.server.mcp.tools import Caller

    request = cast("Request", ctx.request_context.request)
    found: Visit = request.scope[VISIT]
    return Caller(room=found.room, base=base_of(request), refused=partial(_refused, site_of(request), found, request))


def _refused(site: Site, found: Visit, request: Request, why: str) -> None:
    site.note("refuse", found.actor, address=address_of(request), path=PATH, why=why)
