"""What stands before every handler: which hosts are answered, how much may be sent, and what every answer carries."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any, TypeAlias
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from strongroom.server.door.refusal import Refusal
from strongroom.server.door.site import Site
from strongroom.server.door.visit import prove

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

log = logging.getLogger("strongroom.server")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The content security policy of the page: nothing inline, nothing from elsewhere."""
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}
"""On every answer that does not say otherwise."""

BODY_BYTES = 4 << 20
"""Bytes of a body."""
ROOMY = (
    (re.compile(r"PUT /api/v1/containers/[^/]+/(blobs|uploads)/"), None),
    (re.compile(r"POST (/api/v1/similar|/like)$"), 64 << 20),
    (re.compile(r"POST /containers/[^/]+$"), None),
    (re.compile(r"PUT /dav/"), None),
)
"""Requests whose body may be larger, for whom one knows: method and path, and the bytes; None for any size."""
OWN_PROOF = "/dav/"
"""Below this whoever answers asks for proofs of its own, before it takes any of the body."""
CLOSE = {"connection": "close"}
"""On an answer that does not wait for the rest of the body."""


class Shield:
    """Stands before an application; see the module."""

    def __init__(self, app: App, *, site: Site, tell: Callable[[Request, Exception], Response], body_seconds: float) -> None:
        """Take the application.

        Args:
            app: What answers.
            site: What is served.
            tell: Gives the answer that tells of a refusal, or of an error that nobody expected.
            body_seconds: For how long a client may send nothing of a body, or read nothing of the answer.
        """
        self._app, self._site, self._tell, self._seconds = app, site, tell, body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse, a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["strongroom.request_id"] = str(uuid4())
        sending = _Sending(scope, send, self._seconds)
        try:
            self._check(scope)
            receiving = _Receiving(scope, receive, self._seconds)
            if receiving.is_roomy and not scope["path"].startswith(OWN_PROOF):
                await run_in_threadpool(prove, self._site, Request(scope))  # before anything is kept of it
            await self._app(scope, receiving.receive, sending.send)
        except ClientDisconnect:
            log.info("%s %s: the client went away", scope["method"], scope["path"])
        except Exception as error:
            if not isinstance(error, Refusal):
                log.exception("%s %s failed: %s", scope["method"], scope["path"], scope["strongroom.request_id"])
            if sending.has_begun:
                raise
            await self._tell(Request(scope), error)(scope, receive, sending.send)

    def _check(self, scope: Scope) -> None:
        hosts = self._site.hosts
        named = Request(scope).headers.get("host", "")
        if hosts is not None and _without_port(named) not in hosts:
            raise Refusal(
                HTTPStatus.MISDIRECTED_REQUEST,
                "this server is not known by that name: open it by the address that `strongroom serve` printed, "
                "or tell it its name with --page-url",
            )
        self._site.addresses.take(scope["client"][0] if scope.get("client") else "-")


class _Receiving:
    """Takes a body, within its bounds."""

    def __init__(self, scope: Scope, receive: Receive, seconds: float) -> None:
        self._receive, self._seconds = receive, seconds
        asked = f"{scope['method']} {scope['path']}"
        self._most = next((most for pattern, most in ROOMY if pattern.match(asked)), BODY_BYTES)
        self.is_roomy = self._most != BODY_BYTES
        self._count, self._is_whole = 0, False
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        self._check(int(declared) if declared.isdigit() else 0)

    async def receive(self) -> Message:
        if self._is_whole:
            return await self._receive()
        try:
            async with asyncio.timeout(self._seconds):
                message = await self._receive()
        except TimeoutError as error:
            raise Refusal(HTTPStatus.REQUEST_TIMEOUT, "the body did not come in time: send it again", CLOSE) from error
        if message["type"] == "http.request":
            self._count += len(message.get("body", b""))
            self._check(self._count)
        self._is_whole = not message.get("more_body", False)
        return message

    def _check(self, count: int) -> None:
        if self._most is not None and count > self._most:
            raise Refusal(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"the body is too large: at most {self._most:,} bytes are taken here",
                CLOSE,
            )


class _Sending:
    """Sends an answer, with what every one carries."""

    def __init__(self, scope: Scope, send: Send, seconds: float) -> None:
        self._send, self._id, self._seconds = send, scope["strongroom.request_id"], seconds
        self._abort: Callable[[], None] = scope.get("abort", lambda: None)
        self.has_begun = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            given = {name.lower() for name, _ in message.setdefault("headers", [])}
            own = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            kept = [(name, value) for name, value in own if name not in given]
            message["headers"] = [*message["headers"], *kept, (b"x-request-id", self._id.encode())]
        try:
            async with asyncio.timeout(self._seconds):
                await self._send(message)
        except TimeoutError as error:
            self._abort()  # a client that reads nothing gets no more
            await asyncio.sleep(0)
            raise ClientDisconnect from error


def _without_port(host: str) -> str:
    return re.sub(r":\d*$", "", host).lower()
