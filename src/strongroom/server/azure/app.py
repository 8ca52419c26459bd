"""The blob service as an ASGI application: a request in, an operation run in a worker thread, a reply out."""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from strongroom.errors import StrongroomError
from strongroom.server.azure.body import Incoming, Receive
from strongroom.server.azure.call import Request
from strongroom.server.azure.desk import Admitted, Desk
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.hot import Hot
from strongroom.server.azure.limits import Limits
from strongroom.server.azure.reply import Ready, Send, Sender
from strongroom.server.azure.request import bare_request, read_request
from strongroom.server.azure.tell import tell

logger = logging.getLogger("strongroom.server")

SHORT = 64 << 10
"""Bytes of a body that is read before a worker thread, and a turn, is taken for it."""
LINGER_BYTES = 8 << 20
"""Bytes that are read of a client that was answered before it had sent all, so that it gets the answer."""
LINGER_SECONDS = 2.0
"""How long."""

CLOSE = (("connection", "close"),)


class BlobApp:
    """Serves one room."""

    def __init__(self, desk: Desk, limits: Limits, hot: Hot | None = None) -> None:
        """Start worker threads.

        Args:
            desk: Answers requests.
            limits: Bounds.
            hot: Answers plain requests before they come here; closed with this.
        """
        self.hot = hot
        self._desk, self._limits = desk, limits
        self._readers = ThreadPoolExecutor(limits.threads, thread_name_prefix="blob-read")
        self._writers = ThreadPoolExecutor(limits.uploads, thread_name_prefix="blob-write")
        self._turns = asyncio.Semaphore(limits.uploads)

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        began = time.perf_counter()
        length, seconds = _length(scope["headers"]), self._limits.body_seconds
        body = Incoming(receive, length=length, seconds=seconds, lend=scope.get("inlet"))
        try:
            request = read_request(scope, body)
        except Fault as fault:
            request = bare_request(scope, body)
            reply = self._desk.refuse(request, fault)
        else:
            reply = await self._reply(request, body)
            body.give_back()
        sender = Sender(send, self._readers, scope.get("outlet"), seconds=seconds, is_gone=lambda: body.is_gone)
        try:
            await self._send(request, body, reply, sender)
        except (TimeoutError, ConnectionError, EOFError, StrongroomError) as error:
            logger.warning("the answer to request %s broke off: %s", request.id, str(error) or "the client does not read")
            scope["abort"]()
        self._desk.count(reply, body.came, sender.sent)
        tell(request, reply, came=body.came, sent=sender.sent, seconds=time.perf_counter() - began)

    def close(self) -> None:
        """Wait for the worker threads."""
        if self.hot is not None:
            self.hot.close()
        self._readers.shutdown()
        self._writers.shutdown()

    async def _reply(self, request: Request, body: Incoming) -> Ready:
        loop = asyncio.get_running_loop()
        if body.is_whole:
            return await loop.run_in_executor(self._readers, self._desk.perform, request)
        admitted = await loop.run_in_executor(self._readers, self._desk.admit, request)
        if isinstance(admitted, Ready):
            return admitted
        if body.length is not None and body.length <= SHORT:
            await body.fill()
        try:
            async with asyncio.timeout(self._limits.wait_seconds):
                await self._turns.acquire()
        except TimeoutError:
            return self._desk.refuse(request, Fault("ServerBusy"))
        try:
            return await self._take(admitted, body)
        finally:
            self._turns.release()

    async def _take(self, admitted: Admitted, body: Incoming) -> Ready:
        loop = asyncio.get_running_loop()
        pump = None if body.is_whole or body.borrow() else loop.create_task(body.pump())
        try:
            return await loop.run_in_executor(self._writers, self._answer, admitted, body)
        except asyncio.CancelledError:
            body.abandon()
            raise
        finally:
            if pump is not None:
                pump.cancel()
                with suppress(asyncio.CancelledError):
                    await pump

    def _answer(self, admitted: Admitted, body: Incoming) -> Ready:
        try:
            return self._desk.answer(admitted)
        finally:
            body.release()

    async def _send(self, request: Request, body: Incoming, reply: Ready, sender: Sender) -> None:
        waits = "expect" in request.headers and not body.came
        if not body.is_whole and not waits and body.left is not None and body.left <= SHORT:
            await self._drain(body, SHORT)
        gone = asyncio.ensure_future(body.gone()) if reply.rest is not None and body.is_whole else None
        is_head = request.method == "HEAD"
        try:
            if body.is_whole:
                await sender.send(reply, (), is_head=is_head, ends=True)
                return
            await sender.send(reply, CLOSE, is_head=is_head, ends=False)
            if not waits:
                await self._drain(body, LINGER_BYTES)
            await sender.end()
        finally:
            if gone is not None:
                gone.cancel()

    async def _drain(self, body: Incoming, limit: int) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                await body.drain(limit)


def _length(headers: Iterable[tuple[bytes, bytes]]) -> int | None:
    """Give how long the body is: 0 where there is none, None where it comes in chunks (RFC 9112, 6)."""
    length = 0
    for name, value in headers:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length":
            length = int(value)
    return length
