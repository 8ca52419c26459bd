"""From a reply to HTTP: the headers that all have, errors in the protocol's XML, and bytes sent as they are read."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO

from strongroom.server.azure.call import Headers, Reply, Request, Stream
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.sendfile import Outlet, Passage
from strongroom.server.azure.uses import Use
from strongroom.server.azure.wire import xml
from strongroom.vault.read import extent_of

CHUNK = 1 << 20
"""Bytes that are read and sent at a time."""

LEAST_PASSED = 256 << 10
"""Bytes that are worth passing from a file to the socket by the kernel; fewer are faster read and sent."""

NO_CONTENT, NOT_MODIFIED = 204, 304
MOST_CLIENT_ID = 1024
"""Characters of an ``x-ms-client-request-id`` that is given back."""

_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")

Send = Callable[[Any], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ready:
    """A reply whose first bytes were read where it was made, in a worker thread."""

    status: int
    """HTTP status."""
    headers: Headers
    """The operation's own."""
    first: bytes = b""
    """The first bytes of the body, often all; none where they lie in a file."""
    rest: BinaryIO | None = None
    """Where the others are."""
    left: int = 0
    """How many others there are."""
    fault: Fault | None = None
    """What went wrong, for the log."""
    operation: str = ""
    """What was asked, for the log."""
    actor: str = ""
    """Who asked, for the log."""
    use: Use | None = None
    """What its bytes count for."""


def ready(reply: Reply, *, is_head: bool) -> Ready:
    """Read the first bytes of a reply.

    Raises:
        StrongroomError: They cannot be read.
    """
    body = reply.body
    if not isinstance(body, Stream):
        return Ready(status=reply.status, headers=reply.headers, first=body)
    headers = [*reply.headers, *_length(reply, body.length)]
    if is_head or not body.length:
        body.source.close()
        return Ready(status=reply.status, headers=headers)
    try:
        lies = body.length >= LEAST_PASSED and extent_of(body.source) is not None
        first = b"" if lies else body.source.read(min(CHUNK, body.length))
    except BaseException:
        body.source.close()
        raise
    left = body.length - len(first)
    if not left:
        body.source.close()
    return Ready(status=reply.status, headers=headers, first=first, rest=body.source if left else None, left=left)


def _length(reply: Reply, length: int) -> Headers:
    known = any(name == "content-length" for name, _ in reply.headers)
    return () if known else (("content-length", str(length)),)


def fault_ready(fault: Fault, request_id: str, method: str) -> Ready:
    """Give the reply that tells of a fault; its code is a header too, since some replies have no body."""
    headers = [("x-ms-error-code", fault.code), *fault.headers]
    if method == "HEAD" or fault.status in (NO_CONTENT, NOT_MODIFIED):
        return Ready(status=fault.status, headers=headers, fault=fault)
    headers.append(("content-type", "application/xml"))
    return Ready(status=fault.status, headers=headers, first=fault_body(fault, request_id), fault=fault)


def fault_body(fault: Fault, request_id: str) -> bytes:
    """Give a fault in XML."""
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
    message = f"{legible(fault.message)}\nRequestId:{request_id}\nTime:{at}"
    details = [xml.leaf(name, legible(value)) for name, value in fault.details.items()]
    return xml.document(xml.node("Error", [xml.leaf("Code", fault.code), xml.leaf("Message", message), *details]))


def legible(text: str) -> str:
    """Give a text that came from a client as it may stand in XML and in a line of a log."""
    return text if text.isprintable() else "".join(one if one.isprintable() else "?" for one in text)


def common_headers(request: Request) -> list[tuple[str, str]]:
    """Give the headers that every answer has, but for ``date`` and ``server``."""
    found = [("x-ms-request-id", request.id), ("x-ms-version", request.version)]
    client = request.headers.get("x-ms-client-request-id")
    if client and len(client) <= MOST_CLIENT_ID and client.isascii() and client.isprintable():
        found.append(("x-ms-client-request-id", client))
    return found


def encoded(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Spell headers in bytes; a control character, which could split the response, becomes a space."""
    return [(_named(name), _encoded(value)) for name, value in headers]


class _Spelt(bytes):
    """A header's name that stays as it is spelt, where the server would write it in lower case."""

    __slots__ = ()

    def lower(self) -> bytes:
        return self


def _named(name: str) -> bytes:
    raw = name.encode("latin-1")
    return raw if raw.islower() else _Spelt(raw)


def _encoded(value: str) -> bytes:
    try:
        raw = value.encode("latin-1")
    except UnicodeEncodeError:
        raw = value.encode("utf-8")
    return _CONTROL.sub(b" ", raw) if _CONTROL.search(raw) else raw


class Sender:
    """Sends one reply."""

    def __init__(
        self, send: Send, pool: Executor, outlet: Outlet | None = None, *, seconds: float, is_gone: Callable[[], bool]
    ) -> None:
        """Take the ASGI callable.

        Args:
            send: It waits where the client reads slowly.
            pool: Where files are read.
            outlet: Takes bytes from files; None where the connection cannot.
            seconds: How long to wait for a client that reads nothing.
            is_gone: Says whether the client is gone.
        """
        self._send, self._pool, self._outlet, self._seconds, self._is_gone = send, pool, outlet, seconds, is_gone
        self.sent = 0
        """Bytes of the body that were sent, also where the answer broke off."""

    async def send(self, reply: Ready, headers: Headers, *, is_head: bool, ends: bool) -> None:
        """Send a reply; its file is closed in the end.

        Args:
            reply: What to send.
            headers: More headers.
            is_head: Whether the body is left out.
            ends: Whether the response ends with it; else `end` does that, and the client has all by then.

        Raises:
            TimeoutError: The client does not read.
            ConnectionError: It is gone.
            EOFError: It went, or the file ends early.
            StrongroomError: The file cannot be read to its end.
        """
        all_headers = encoded([*reply.headers, *headers])
        bare = is_head or reply.status in (NO_CONTENT, NOT_MODIFIED)
        if not bare and not any(name == b"content-length" for name, _ in all_headers):
            all_headers.append((b"content-length", b"%d" % (len(reply.first) + reply.left)))
        body = b"" if bare else reply.first
        try:
            async with asyncio.timeout(self._seconds):
                await self._send({"type": "http.response.start", "status": reply.status, "headers": all_headers})
                if reply.rest is None or bare:
                    await self._send({"type": "http.response.body", "body": body, "more_body": not ends})
                    self.sent = len(body)
                    return
            if self._outlet is not None and not reply.first:
                await self._pass_all(reply, reply.rest, self._outlet)
            else:
                await self._send_all(reply, reply.rest)
            if ends:
                await self.end()
        finally:
            if reply.rest is not None:
                reply.rest.close()

    async def _send_all(self, reply: Ready, rest: BinaryIO) -> None:
        """Send a chunk while the next one is read."""
        loop = asyncio.get_running_loop()
        data, left = reply.first, reply.left
        while (data or left) and not self._is_gone():
            following = loop.run_in_executor(self._pool, rest.read, min(CHUNK, left)) if left else None
            try:
                if data:
                    await self._send_part(data)
            finally:
                if following is not None:
                    await asyncio.wait((following,))
            data = following.result() if following is not None else b""
            left -= len(data)
            if following is not None and not data:
                break
        if left or data:
            raise EOFError(f"{left + len(data)} bytes of the reply were not sent")

    async def _pass_all(self, reply: Ready, rest: BinaryIO, outlet: Outlet) -> None:
        """Let the kernel send what lies in files, a slice at a time; send what lies elsewhere as it is read."""
        loop = asyncio.get_running_loop()
        async with outlet.lend(self._seconds) as socket:
            with closing(Passage(rest, reply.left, socket)) as passage:
                while passage.left and not outlet.is_lost and not self._is_gone():
                    before = passage.sent
                    try:
                        step = await loop.run_in_executor(self._pool, passage.step)
                    finally:
                        outlet.passed(passage.sent - before)
                        self.sent += passage.sent - before
                    if step.data:
                        await self._send_part(step.data)
                        await outlet.emptied(self._seconds)
                    elif step.is_full:
                        await outlet.writable(socket, self._seconds)
        if passage.left:
            raise EOFError(f"{passage.left} bytes of the reply were not sent")

    async def _send_part(self, data: bytes) -> None:
        async with asyncio.timeout(self._seconds):
            await self._send({"type": "http.response.body", "body": data, "more_body": True})
        self.sent += len(data)

    async def end(self) -> None:
        """End a response that was sent without its end.

        Raises:
            TimeoutError: The client does not read.
        """
        async with asyncio.timeout(self._seconds):
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
