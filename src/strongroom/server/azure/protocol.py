"""HTTP as uvicorn and httptools read it, within bounds that neither of them keeps by itself."""

import asyncio
import logging
from collections.abc import Mapping
from http import HTTPStatus
from uuid import uuid4

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from strongroom.server.azure.faults import Fault
from strongroom.server.azure.hot import Hot
from strongroom.server.azure.inlet import Inlet
from strongroom.server.azure.limits import Limits
from strongroom.server.azure.plain import META
from strongroom.server.azure.reply import fault_body
from strongroom.server.azure.sendfile import Outlet
from strongroom.server.azure.short import Short

LINGER_BYTES = 1 << 20
"""Bytes that a client may still send after it was refused, so that it gets the refusal."""
LINGER_SECONDS = 2.0
"""How long."""

logger = logging.getLogger("strongroom.server")


class BoundedProtocol(HttpToolsProtocol):
    """One connection; see `bounded`."""

    limits: Limits
    hot: Hot | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, or refuse the connection where there are too many."""
        super().connection_made(transport)
        self._in_head, self._head_bytes, self._feeding = True, 0, 0
        self._is_refused, self._dropped = False, 0
        self._timer: asyncio.TimerHandle | None = None
        self._short = Short(self)
        self.outlet: Outlet | None = None
        if len(self.connections) > self.limits.connections:
            self._refuse(Fault("ServerBusy", f"The server holds {self.limits.connections} connections already."))
        else:
            self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._disarm()
        self._short.end()
        if self.outlet is not None:
            self.outlet.lost()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, unless the client was refused."""
        if self._is_refused or self._short.is_closing:
            self._dropped += len(data)
            if self._dropped > LINGER_BYTES:
                self.transport.abort()
            return
        self._feeding = len(data)
        super().data_received(data)
        if self._is_refused or self.transport.is_closing():
            return
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > self.limits.header_bytes:
                self._refuse(Fault("RequestHeadersTooLarge"))
                return
        self._short.settle()
        if (
            self._timer is None
            and not self._short.waits
            and (self._in_head or self.cycle is None or self.cycle.response_complete)
        ):
            self._arm()

    # the parser's callbacks

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._short.begin()
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0
        self.scope["abort"] = self.transport.abort  # type: ignore[typeddict-unknown-key]
        self.scope["inlet"] = self.inlet  # type: ignore[typeddict-unknown-key]

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header by its lower-case name; only names of metadata keep their letters as they came."""
        super().on_header(name, value)
        if name[5:6] in b"mM" and name[: len(META)].lower() == META:
            self.headers[-1] = (META + name[len(META) :], value)

    def on_headers_complete(self) -> None:
        """Hand a request on, unless its head is too large."""
        self._in_head = False
        self._disarm()
        if self._is_refused:
            return
        if len(self.url) > self.limits.target_bytes:
            self._refuse(Fault("InvalidUri", "The request URI is too long.", status=HTTPStatus.REQUEST_URI_TOO_LONG))
        elif self._head_bytes + self._feeding > self.limits.header_bytes and self._size() > self.limits.header_bytes:
            self._refuse(Fault("RequestHeadersTooLarge"))
        elif not self._short.take():
            self._begin()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        if not self._is_refused and not self._short.add(body):
            super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        if not self._is_refused and not self._short.complete():
            super().on_message_complete()

    def begin_long(self, body: bytes) -> None:
        """Hand on a request, after all, of which so much of the body has come."""
        self._begin()
        if body:
            super().on_body(body)

    def inlet(self) -> Inlet | None:
        """Lend the socket to who reads the body that is coming; None where that cannot be."""
        return Inlet.of(self)

    def _begin(self) -> None:
        super().on_headers_complete()
        if self.scheme == "http":
            self.scope["outlet"] = Outlet(self, self.cycle)  # type: ignore[typeddict-unknown-key]

    def shutdown(self) -> None:
        """End when the answer is written."""
        if self._short.is_pending:
            self._short.is_closing = True
        else:
            super().shutdown()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        self._refuse(Fault("InvalidInput", msg))

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: a client that offers another protocol is answered in this one (RFC 9110, 7.8)."""

    # bounds

    def _size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _arm(self) -> None:
        self._timer = self.loop.call_later(self.limits.header_seconds, self._is_late)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _is_late(self) -> None:
        self._timer = None
        if self.transport.is_closing() or self._is_refused:
            return
        if self._head_bytes:
            self._refuse(Fault("RequestTimeout"))
        else:
            self._end()

    def timeout_keep_alive_handler(self) -> None:
        """End a connection that nothing came on for a while."""
        self._end()

    def _end(self) -> None:
        """Close, without waiting for a client that does not read what was sent."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    def told(self, fault: Fault, request_id: str) -> tuple[Mapping[str, str], bytes]:
        """Give headers and body of a refusal."""
        headers = {"x-ms-error-code": fault.code, "x-ms-request-id": request_id, "content-type": "application/xml"}
        return headers, fault_body(fault, request_id)

    def _refuse(self, fault: Fault) -> None:
        """Answer at once, take no more, and close when the client has had the time to read the answer."""
        if self._is_refused:
            return
        self._is_refused = True
        self._disarm()
        request_id = str(uuid4())
        where = self.client[0] if self.client else "-"
        logger.warning("%s - %d %s: %s %s", where, fault.status, fault.code, fault.message, request_id)
        if self.cycle is not None and not self.cycle.response_complete:
            if self.pipeline or self.cycle.response_started:
                self.transport.abort()  # an answer to an earlier request is on its way: nothing may be put in between
                return
            self.cycle.disconnected = True  # what it would answer is not sent
            self.cycle.message_event.set()
        headers, body = self.told(fault, request_id)
        lines = [
            f"HTTP/1.1 {fault.status} {HTTPStatus(fault.status).phrase}",
            *(f"{name.decode()}: {value.decode()}" for name, value in self.server_state.default_headers),
            *(f"{name}: {value}" for name, value in headers.items()),
            f"content-length: {len(body)}",
            "connection: close",
        ]
        self.transport.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        if not self.transport.can_write_eof():
            self.transport.close()
            return
        self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self._end)


def bounded(limits: Limits, hot: Hot | None = None) -> type[BoundedProtocol]:
    """Give the protocol that keeps some limits, and answers plain requests by the short way."""
    return type("Bounded", (BoundedProtocol,), {"limits": limits, "hot": hot})
