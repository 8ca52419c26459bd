"""A long body's bytes, from the client's socket to the worker thread that hashes and stores them.

By way of the event loop and the parser each byte is copied four times, by one thread for all connections. Here the kernel
writes it to where it is hashed. The length is known, so nothing of what follows the body is read.
"""

import socket
from typing import TYPE_CHECKING, Self

from httptools import HttpRequestParser

if TYPE_CHECKING:
    from strongroom.server.azure.protocol import BoundedProtocol

GLANCE_SECONDS = 1.0
"""How long `Inlet.receive` waits."""


class Inlet:
    """A plain connection's socket, lent to the reader of one body: the event loop reads nothing of it meanwhile."""

    def __init__(self, protocol: "BoundedProtocol") -> None:
        """Take the connection, and what came of the body."""
        cycle = protocol.cycle
        protocol.flow.pause_reading()
        if cycle.waiting_for_100_continue:
            protocol.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            cycle.waiting_for_100_continue = False
        self._protocol, self._cycle = protocol, cycle
        self.head = bytes(cycle.body)
        """What had come."""
        cycle.body = bytearray()
        cycle.message_event.clear()
        # a descriptor of its own: were the connection lost, its number could soon be that of another one
        self._socket = socket.socket(fileno=socket.dup(protocol.transport.get_extra_info("socket").fileno()))
        self._socket.settimeout(GLANCE_SECONDS)

    @classmethod
    def of(cls, protocol: "BoundedProtocol") -> Self | None:
        """Give that of a connection on which a body is coming; None where its bytes are not what the socket gives (TLS)."""
        cycle, transport = protocol.cycle, protocol.transport
        is_coming = cycle.more_body and not cycle.disconnected and not protocol.pipeline and not transport.is_closing()
        return cls(protocol) if is_coming and protocol.scheme == "http" else None

    # in a worker thread

    def receive(self, view: memoryview) -> int:
        """Wait for bytes; gives how many came, 0 where the client is gone.

        Raises:
            TimeoutError: None came for a while: look whether they are still wanted, and ask again.
        """
        try:
            return self._socket.recv_into(view)
        except ConnectionError:
            return 0

    def close(self) -> None:
        """Let go of the socket; more than once does no harm."""
        self._socket.close()

    # in the event loop

    def give_back(self) -> None:
        """Let the event loop read on: what is left of the body, or else what follows it."""
        if not self._protocol.transport.is_closing():
            self._protocol.flow.resume_reading()

    def end(self) -> None:
        """Take note that all of the body has come; the parser, which has seen only some of it, is to expect a request."""
        self._cycle.more_body = False
        self._cycle.message_event.set()
        if not self._protocol.transport.is_closing():
            self._protocol.parser = HttpRequestParser(self._protocol)
            self._protocol.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
