"""One connection's use of the short way: what it holds back, what it answers, and where it gives way."""

import asyncio
from typing import TYPE_CHECKING

from strongroom.server.azure.hot import Put

if TYPE_CHECKING:
    from strongroom.server.azure.protocol import BoundedProtocol

READS = (b"GET", b"HEAD")
WRITE = b"PUT"


class Short:
    """Stands between the parser and the protocol for requests that may be plain.

    A write is held back until its body is there. While it is being committed nothing more is read of the client; one that has
    sent a further request by then (nobody does, RFC 9112 9.3.2 advises against it) gets its answer and then the end.
    """

    def __init__(self, protocol: "BoundedProtocol") -> None:
        """Begin."""
        self._protocol = protocol
        self._reads = False
        self._held: Put | None = None
        self._body = b""
        self._is_whole = False
        self._timer: asyncio.TimerHandle | None = None
        self.is_pending = False
        """Whether a write is being committed."""
        self.is_closing = False
        """Whether the connection ends with the answer that is on its way."""

    @property
    def waits(self) -> bool:
        """Whether the connection is idle after an answer, or waits for a body or an answer: it is watched already."""
        return self.is_pending or self._held is not None or self._protocol.timeout_keep_alive_task is not None

    def begin(self) -> None:
        """Take note that a request begins."""
        self._reads = False
        if self._held is not None or self.is_pending:
            self.is_closing = True

    def take(self) -> bool:
        """Look at a request whose headers are there; say whether it may be plain."""
        protocol = self._protocol
        if self.is_closing:
            return True
        if protocol.hot is None or not self._is_free():
            return False
        method = protocol.parser.get_method()
        if method in READS:
            self._reads = True
        elif method == WRITE and not protocol.expect_100_continue:
            self._held = protocol.hot.take(protocol.url, protocol.headers, self._client())
            self._body, self._is_whole = b"", False
        return self._reads or self._held is not None

    def _is_free(self) -> bool:
        protocol = self._protocol
        idle = protocol.cycle is None or protocol.cycle.response_complete
        if not idle or protocol.flow.write_paused or protocol.transport.is_closing():
            return False
        parser = protocol.parser
        return bool(parser.should_keep_alive() and parser.get_http_version() == "1.1" and not parser.should_upgrade())

    def _client(self) -> str:
        return self._protocol.client[0] if self._protocol.client else ""

    def add(self, body: bytes) -> bool:
        """Take a part of a body; say whether it is one that is held back."""
        if self._held is not None and not self.is_closing:
            self._body += body
        return self._held is not None or self.is_closing or self._reads

    def complete(self) -> bool:
        """Take note that all of a request is there; say whether that is all that is to be done."""
        protocol = self._protocol
        if self.is_closing:
            return True
        if self._held is not None:
            self._is_whole = True
            return True
        if not self._reads or protocol.hot is None:
            return False
        self._reads = False
        default = protocol.server_state.default_headers
        answer = protocol.hot.read(protocol.parser.get_method(), protocol.url, protocol.headers, self._client(), default)
        if answer is None:
            protocol.begin_long(b"")
            return False
        protocol.transport.write(answer)
        self._rest()
        return True

    def settle(self) -> None:
        """After all that came was parsed: commit what is whole, wait for what is not."""
        held, protocol = self._held, self._protocol
        if held is None or protocol.hot is None:
            return
        if not self._is_whole:
            if self._timer is None:
                self._timer = protocol.loop.call_later(protocol.limits.body_seconds, self._give_way)
            return
        body, self._body, self._held, self.is_pending = self._body, b"", None, True
        self._disarm()
        protocol.flow.pause_reading()
        protocol.hot.write(held, body, self._answer, lambda: protocol.server_state.default_headers)

    def _give_way(self) -> None:
        self._timer = None
        body, self._body, self._held = self._body, b"", None
        self._protocol.begin_long(body)

    def _answer(self, answer: bytes) -> None:
        self.is_pending = False
        protocol = self._protocol
        if protocol.transport.is_closing():
            return
        protocol.transport.write(answer)
        if self.is_closing:
            protocol.transport.close()
            return
        protocol.flow.resume_reading()
        self._rest()

    def _rest(self) -> None:
        """Wait for the next request as long as uvicorn would."""
        protocol = self._protocol
        protocol.server_state.total_requests += 1
        if protocol.timeout_keep_alive_task is not None:
            protocol.timeout_keep_alive_task.cancel()
        protocol.timeout_keep_alive_task = protocol.loop.call_later(
            protocol.timeout_keep_alive, protocol.timeout_keep_alive_handler
        )

    def end(self) -> None:
        """Take note that the connection is gone."""
        self._disarm()
        self._held, self._body = None, b""

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
