"""What a client sends after its headers, on its way from the event loop to the worker thread that reads it."""

import asyncio
import itertools
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from time import monotonic
from typing import Any

from strongroom.domain.chunk import Chunk
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.inlet import Inlet

GULP = 1 << 20
"""Bytes that are handed to a worker thread at a time."""
LONG = 256 << 10
"""Bytes from which what is left of a body is worth lending the socket to the worker thread."""
AHEAD = 2
"""Gulps that may wait for the worker thread; beyond them the client is not read, and TCP makes it wait."""

ENDED = "The request ended before all of its body had come."

Receive = Callable[[], Awaitable[Any]]
Lend = Callable[[], Inlet | None]


class NoBody:
    """A `strongroom.server.azure.call.Body` of a request that has none."""

    length: int | None = 0

    def read(self, limit: int) -> bytes:
        """Give nothing."""
        del limit
        return b""

    def chunks(self) -> Iterator[Chunk]:
        """Give nothing."""
        return iter(())


class Incoming:
    """Implements `strongroom.server.azure.call.Body`; nothing is read of the client before `fill`, `pump` or `borrow`."""

    def __init__(self, receive: Receive, *, length: int | None, seconds: float, lend: Lend | None = None) -> None:
        """Take the ASGI callable.

        Args:
            receive: Gives what came.
            length: What ``Content-Length`` says.
            seconds: How long to wait for a client that sends nothing.
            lend: Lends the connection's socket, where it may be read of that.
        """
        self.length = length
        """Bytes to come; None if the client did not say."""
        self.came = 0
        """Bytes that have come."""
        self.is_whole = length == 0
        """Whether all of it has come; a worker thread sees that only when it sees the last bytes too."""
        self.is_gone = False
        """Whether the client is gone."""
        self._receive = receive
        self._seconds = seconds
        self._is_read = self.is_whole
        self._gulps: deque[bytes] = deque()
        self._fault: Fault | None = None
        self._changed = threading.Condition()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._space: asyncio.Event | None = None
        self._lend = lend
        self._inlet: Inlet | None = None

    # in the event loop

    def borrow(self) -> bool:
        """Let the worker thread read what is left itself, where that is long and the connection allows it; say if it does."""
        if self._lend is None or self.left is None or self.left < LONG:
            return False
        self._inlet = self._lend()
        if self._inlet is not None:
            self.came += len(self._inlet.head)
        return self._inlet is not None

    def give_back(self) -> None:
        """Let the event loop read on when no worker thread does."""
        if self._inlet is not None:
            self._inlet.give_back()
            if self.is_whole:
                self._inlet.end()

    async def fill(self) -> None:
        """Read all of a short body, or the first gulp of a longer one, so that no worker thread waits for it."""
        data = await self._gulp()
        with self._changed:
            self._hand(data)

    async def pump(self) -> None:
        """Read all that is left, as the worker thread takes it."""
        self._loop = asyncio.get_running_loop()
        self._space = asyncio.Event()
        while not self.is_whole and self._fault is None:
            data = await self._gulp()
            with self._changed:
                self._hand(data)
                is_full = len(self._gulps) >= AHEAD
                self._space.clear()
            if is_full:
                await self._space.wait()

    @property
    def left(self) -> int | None:
        """Bytes that have not come; None where the client does not say."""
        return None if self.length is None else self.length - self.came

    async def drain(self, limit: int) -> None:
        """Read and drop what is left, up to some bytes."""
        end = self.came + limit
        while not self.is_whole and self._fault is None and self.came < end:
            await self._gulp()
            self.is_whole = self._is_read
        if self.is_whole and self._inlet is not None:
            self._inlet.end()

    def abandon(self) -> None:
        """Let a worker thread that still waits for more of it fail, since the server ends."""
        with self._changed:
            if not self.is_whole and self._fault is None:
                self._fault = Fault("ServerBusy", "The server ends.")
            self._changed.notify_all()

    async def gone(self) -> None:
        """Wait until the client is gone; only when all of the body has come."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.is_gone = True

    async def _gulp(self) -> bytes:
        found: list[bytes] = []
        size = 0
        while size < GULP and not self._is_read and self._fault is None:
            try:
                async with asyncio.timeout(self._seconds):
                    message = await self._receive()
            except TimeoutError:
                self._fault = Fault("RequestTimeout")
                break
            if message["type"] == "http.disconnect":
                self.is_gone = True
                self._fault = Fault("InvalidInput", ENDED)
                break
            data = message.get("body", b"")
            found.append(data)
            size += len(data)
            self.came += len(data)
            if not message.get("more_body", False) or self.came == self.length:
                self._end()
        return b"".join(found) if len(found) != 1 else found[0]

    def _end(self) -> None:
        if self.length is not None and self.came != self.length:
            self._fault = Fault("InvalidInput", f"{self.came} bytes came where Content-Length is {self.length}.")
        else:
            self._is_read = True

    def _hand(self, data: bytes) -> None:
        if data:
            self._gulps.append(data)
        self.is_whole = self._is_read
        self._changed.notify_all()

    # in a worker thread

    def read(self, limit: int) -> bytes:
        """Read all of it; see `strongroom.server.azure.call.Body`."""
        if self.length is not None and self.length > limit:
            raise Fault("RequestBodyTooLarge")
        found: list[bytes] = []
        size = 0
        for data in self.chunks():
            found.append(bytes(data))
            size += len(data)
            if size > limit:
                raise Fault("RequestBodyTooLarge")
        return b"".join(found)

    def chunks(self) -> Iterator[Chunk]:
        """Give it in chunks; see `strongroom.server.azure.call.Body`."""
        return self._handed() if self._inlet is None else self._received(self._inlet)

    def _handed(self) -> Iterator[Chunk]:
        while True:
            with self._changed:
                while not self._gulps and not self.is_whole and self._fault is None:
                    self._changed.wait()
                data = self._gulps.popleft() if self._gulps else b""
            if self._space is not None and self._loop is not None:
                self._loop.call_soon_threadsafe(self._space.set)
            if data:
                yield data
            elif self._fault is not None:
                raise self._fault
            else:
                return

    def _received(self, inlet: Inlet) -> Iterator[Chunk]:
        if inlet.head:
            yield inlet.head
        buffers = itertools.cycle((bytearray(GULP), bytearray(GULP)))
        while left := self.left:
            view = memoryview(next(buffers))[:left]
            self._receive_into(view, inlet)
            yield view

    def _receive_into(self, view: memoryview, inlet: Inlet) -> None:
        size, since = 0, monotonic()
        while size < len(view):
            if self._fault is not None:
                raise self._fault
            try:
                count = inlet.receive(view[size:])
            except TimeoutError:
                if monotonic() - since > self._seconds:
                    self._fault = Fault("RequestTimeout")
                continue
            if not count:
                self.is_gone = True
                self._fault = Fault("InvalidInput", ENDED)
            size, since = size + count, monotonic()
            self.came += count
        self.is_whole = self._is_read = self.came == self.length

    def release(self) -> None:
        """Let go of the socket."""
        if self._inlet is not None:
            self._inlet.close()
