"""``/dav``: who asks is found out, and what a share never does is refused, before WsgiDAV answers."""

import asyncio
from http import HTTPStatus
from importlib.util import find_spec
from typing import cast

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import Request
from starlette.types import Receive, Scope, Send

from strongroom.server.dav import bridge
from strongroom.server.dav.bridge import Wsgi
from strongroom.server.dav.names import is_shown
from strongroom.server.dav.proof import Passwords, prove
from strongroom.server.door.refusal import Refusal
from strongroom.server.door.site import site_of
from strongroom.server.door.visit import Visit

PATH = "/dav"
VISIT, SITE = "strongroom.visit", "strongroom.site"
THREADS = 16
"""Requests that are answered at a time; the others wait."""
MISSING = "this server has no WebDAV: install it with pip install 'strongroom[dav]', and start it again"


class DavDoor:
    """Answers under `PATH`; what it needs is loaded by the first request."""

    def __init__(self, *, is_writable: bool) -> None:
        """Begin with nothing loaded.

        Args:
            is_writable: Whether editors may write; otherwise nobody may.
        """
        self._is_writable = is_writable
        self._passwords, self._lock = Passwords(), asyncio.Lock()
        self._limiter: CapacityLimiter | None = None
        self._app: Wsgi | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request.

        Raises:
            Unproven: It brings no proof that is right.
            Refusal: Its path is none of a share; or WebDAV is not installed here.
        """
        request = Request(scope, receive)
        site = site_of(request)
        actor = await anyio.to_thread.run_sync(prove, site, self._passwords, request)
        scope["strongroom.actor"] = actor
        site.actors.take(actor.name)
        if find_spec("wsgidav") is None:
            raise Refusal(HTTPStatus.NOT_IMPLEMENTED, MISSING)
        inside = scope["path"].removeprefix(PATH).strip("/")
        if inside and not all(map(is_shown, inside.split("/"))):
            raise Refusal(HTTPStatus.BAD_REQUEST, "this path leads nowhere in a share")
        visit = Visit(room=site.as_actor(actor), actor=actor, csrf="", is_session=False)
        app, limiter = await self._loaded()
        more = {VISIT: visit, SITE: site, "wsgidav.auth.user_name": actor.name}
        limiter = site.uploads if request.method == "PUT" else limiter
        await bridge.run(app, scope, receive, send, more=more, limiter=limiter)

    async def _loaded(self) -> tuple[Wsgi, CapacityLimiter]:
        async with self._lock:
            if self._app is None or self._limiter is None:
                self._limiter = CapacityLimiter(THREADS)
                self._app = await anyio.to_thread.run_sync(_app, self._is_writable)
            return self._app, self._limiter


def _app(is_writable: bool) -> Wsgi:  # noqa: FBT001 - anyio passes by position
    from strongroom.server.dav.share import share

    return cast("Wsgi", share(PATH, is_writable=is_writable))
