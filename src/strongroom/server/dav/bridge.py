"""A WSGI application run in a thread, its bodies passed on in pieces, so that nobody waits for a client that has gone."""

import asyncio
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, TypeAlias

import anyio.from_thread
import anyio.to_thread
from anyio import CapacityLimiter
from starlette.types import Message, Receive, Scope, Send

from strongroom.server.door.refusal import Refusal

Environ: TypeAlias = dict[str, Any]
Wsgi: TypeAlias = Callable[[Environ, Callable[..., object]], Iterable[bytes]]


async def run(app: Wsgi, scope: Scope, receive: Receive, send: Send, *, more: Environ, limiter: CapacityLimiter) -> None:
    """Answer a request.

    Args:
        app: The application.
        scope: Of the request.
        receive: Gives its body.
        send: Takes the answer.
        more: What the application finds in its environment beside the request.
        limiter: Threads at a time.
    """
    body = _Body(receive)
    environ = {**_environ(scope), "wsgi.input": body, **more}
    watched = asyncio.create_task(_watch(receive, body)) if scope["method"] == "GET" else None  # others may bring a body
    try:
        await anyio.to_thread.run_sync(_answer, app, environ, body, send, limiter=limiter)
    finally:
        if watched is not None:
            watched.cancel()


async def _watch(receive: Receive, body: "_Body") -> None:
    """Wait until the client is gone; nothing more is read for it then."""
    body.is_whole = True  # that of a GET is passed over
    while (await receive())["type"] != "http.disconnect":
        pass
    body.is_gone = True


def _answer(app: Wsgi, environ: Environ, body: "_Body", send: Send) -> None:
    started: list[Message] = []

    def start(status: str, headers: list[tuple[str, str]], *_: object) -> None:
        pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        started[:] = [{"type": "http.response.start", "status": int(status[:3]), "headers": pairs}]

    pieces = app(environ, start)
    begun = False
    try:
        for piece in pieces:
            if body.is_gone:
                return
            if not begun:
                if body.refusal is not None:
                    raise body.refusal
                anyio.from_thread.run(_sent, send, started[0])
                begun = True
            if piece:
                anyio.from_thread.run(_sent, send, {"type": "http.response.body", "body": piece, "more_body": True})
        if not begun:
            anyio.from_thread.run(_sent, send, started[0])
        anyio.from_thread.run(_sent, send, {"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()


async def _sent(send: Send, message: Message) -> None:
    await send(message)


async def _received(receive: Receive) -> Message:
    return await receive()


class _Body:
    """The body of a request, as WSGI reads it."""

    def __init__(self, receive: Receive) -> None:
        self._receive, self._rest = receive, b""
        self.is_whole = False
        """Whether nothing more comes."""
        self.is_gone = False
        """Whether nobody waits for the answer."""
        self.refusal: Refusal | None = None
        """Why no more of it is taken."""

    def read(self, size: int = -1) -> bytes:
        """Give so many bytes, fewer only at the end.

        Raises:
            ConnectionError: The client went away in the middle: what came is not the whole.
            Refusal: It takes too long, or is too large.
        """
        pieces, count = [self._rest], len(self._rest)
        while not self.is_whole and (size < 0 or count < size):
            piece = self._next()
            pieces.append(piece)
            count += len(piece)
        data = b"".join(pieces)
        end = len(data) if size < 0 else size
        self._rest = data[end:]
        return data[:end]

    def _next(self) -> bytes:
        try:
            message = anyio.from_thread.run(_received, self._receive)
        except Refusal as error:
            self.refusal = error
            raise
        if message["type"] == "http.disconnect":
            self.refusal = Refusal(HTTPStatus.BAD_REQUEST, "the body broke off: send it again")
            raise ConnectionError("the client went away in the middle of the body")
        self.is_whole = not message.get("more_body", False)
        data: bytes = message.get("body", b"")
        return data


def _environ(scope: Scope) -> Environ:
    host, port = scope.get("server") or ("localhost", 80)
    root = scope.get("root_path", "")
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].removeprefix(root).encode("utf-8", "replace").decode("latin-1") or "/",
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0] if scope.get("client") else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        key = name.decode("latin-1").upper().replace("-", "_")
        key = key if key in ("CONTENT_LENGTH", "CONTENT_TYPE") else f"HTTP_{key}"
        said = value.decode("latin-1")
        environ[key] = f"{environ[key]},{said}" if key in environ else said
    return environ
