"""Bytes of an answer that the kernel takes from files to the client's socket: they do not pass through this process.

A worker thread sends as much as the socket takes, since a file may have to come from a slow disk; the event loop waits for
the client. So a client that reads slowly holds no thread, and a disk that is slow does not hold the loop. See sendfile(2).
"""

import asyncio
import errno
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from strongroom.errors import SourceChanged, StorageError
from strongroom.vault.read import Extent, extent_of

if TYPE_CHECKING:
    from strongroom.server.azure.protocol import BoundedProtocol

SLICE = 4 << 20
"""Bytes that are sent before others get their turn."""
CHUNK = 1 << 20
"""Bytes that are read at a time where they lie in no file."""

UNABLE = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})
"""What is said of a file whose file system cannot send."""
GONE = frozenset({errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.ENETRESET})
"""What is said of a socket whose client is gone, beside what is a `ConnectionError`."""


class Outlet:
    """The socket of a plain connection, which its transport lends to one answer."""

    def __init__(self, protocol: "BoundedProtocol", cycle: RequestResponseCycle) -> None:
        """Take the connection.

        Args:
            protocol: It tells when the connection is `lost`.
            cycle: The answer, whose bytes uvicorn counts.
        """
        self._protocol, self._cycle = protocol, cycle
        self._waiter: asyncio.Future[None] | None = None
        self.is_lost = False
        """Whether the connection is gone, or about to go."""

    @asynccontextmanager
    async def lend(self, seconds: float) -> AsyncIterator[int]:
        """Lend the socket, non-blocking, once all that was written before is on its way.

        Args:
            seconds: How long to wait for a client that reads nothing.

        Raises:
            TimeoutError: It reads nothing.
            ConnectionError: It is gone.
        """
        transport = self._protocol.transport
        if transport.is_closing():
            raise ConnectionError("the client is gone")
        fd = os.dup(transport.get_extra_info("socket").fileno())  # a number that stays ours, whatever the transport closes
        self._protocol.outlet = self
        transport.set_write_buffer_limits(0)
        try:
            await self.emptied(seconds)
            yield fd
        finally:
            self._protocol.outlet = None
            if not transport.is_closing():
                transport.set_write_buffer_limits()
            os.close(fd)

    async def emptied(self, seconds: float) -> None:
        """Wait until all that was written is on its way, or the client gone."""
        async with asyncio.timeout(seconds):
            await self._protocol.flow.drain()

    async def writable(self, fd: int, seconds: float) -> None:
        """Wait until the client has read of what was sent, or is gone."""
        if self.is_lost:
            return
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        loop.add_writer(fd, self._wake)
        try:
            async with asyncio.timeout(seconds):
                await self._waiter
        finally:
            loop.remove_writer(fd)
            self._waiter = None

    def passed(self, count: int) -> None:
        """Take note that so many bytes of the body were sent."""
        self._cycle.expected_content_length -= count

    def lost(self) -> None:
        """Take note that the connection is gone."""
        self.is_lost = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What came of a step."""

    data: bytes = b""
    """The bytes that follow what was sent; they lie in no file and are still to be written."""
    is_full: bool = False
    """Whether the socket takes no more for now."""


class Passage:
    """The bytes of one answer on their way, a step at a time."""

    def __init__(self, source: BinaryIO, left: int, socket: int) -> None:
        """Begin.

        Args:
            source: Where they are; whoever made this closes it, afterwards.
            left: How many.
            socket: Where to, non-blocking.
        """
        self._source, self._socket = source, socket
        self._guard = threading.Lock()
        self._can_send, self._is_closed = True, False
        self.left, self.sent = left, 0
        """Bytes that were not given on, and those that the kernel took, also where it then failed."""

    def step(self) -> Step:
        """Send a slice, or what the socket takes of it; from a worker thread.

        Raises:
            ConnectionError: The client is gone.
            StrongroomError: The bytes cannot be read.
        """
        with self._guard:
            end = self.sent + SLICE
            while self.left and self.sent < end and not self._is_closed:
                extent = extent_of(self._source) if self._can_send else None
                if extent is None:
                    return self._read()
                try:
                    self._send(extent, min(self.left, end - self.sent))
                except BlockingIOError:
                    return Step(is_full=True)
        return Step()

    def _send(self, extent: Extent, limit: int) -> None:
        try:
            count = os.sendfile(self._socket, extent.fd, extent.offset, min(limit, extent.length))
        except (BlockingIOError, ConnectionError):
            raise
        except OSError as error:
            if error.errno in GONE:
                raise ConnectionError("the client is gone") from error
            if error.errno not in UNABLE:
                raise StorageError(f"a file of the vault cannot be read: {error.strerror}; run `strongroom check`") from error
            self._can_send = False
            return
        if not count:
            raise SourceChanged("a file became shorter while it was sent: run `strongroom check`")
        self._source.seek(count, os.SEEK_CUR)
        self.left -= count
        self.sent += count

    def _read(self) -> Step:
        data = self._source.read(min(CHUNK, self.left))
        if not data:
            raise EOFError(f"{self.left} bytes of the reply cannot be read")
        self.left -= len(data)
        return Step(data=data)

    def close(self) -> None:
        """End: a step that is being made ends first, and there is no other; then source and socket may be closed."""
        with self._guard:
            self._is_closed = True
