"""Reading the source of a copy from another server: one GET to an address that was checked, bounded in time and size."""

import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from types import TracebackType
from typing import Self

from strongroom.server.azure.faults import Fault, source_fault
from strongroom.server.azure.outside import PORTS, Target, logger, refused

CONNECT_SECONDS = 10.0
HEAD_SECONDS = 30.0
"""How long a server has until its headers are there."""
IDLE_SECONDS = 60.0
"""How long it may send nothing of the body."""
CHUNK = 1 << 20

OK, PARTIAL, NOT_MODIFIED, PRECONDITION, LEAST_REFUSAL, LEAST_ERROR = 200, 206, 304, 412, 400, 500
REDIRECTS = range(300, 400)
_WORD = re.compile(r"[A-Za-z0-9]{1,100}")


class Pinned(HTTPConnection):
    """A connection to one address, whatever the host's name says meanwhile."""

    def __init__(self, target: Target, address: str) -> None:
        """Take where to, and the address that was checked."""
        super().__init__(target.host, target.port, timeout=CONNECT_SECONDS)
        self._target, self._address = target, address

    def connect(self) -> None:
        """Connect to the address, and speak TLS with the host's name."""
        self.sock = socket.create_connection((self._address, self._target.port), CONNECT_SECONDS)
        if self._target.scheme == "https":
            tls = ssl.create_default_context()
            self.sock = tls.wrap_socket(self.sock, server_hostname=self._target.host, do_handshake_on_connect=False)
            self.sock.do_handshake()  # when the socket is known, so that a handshake in drops can be cut off

    def cut_off(self) -> None:
        """Let whoever waits for the other side in another thread fail soon."""
        if self.sock is not None:
            _cut_off(self.sock)


class Fetched:
    """A source on another server, whose headers have come; close it."""

    def __init__(self, target: Target, sock: socket.socket, response: HTTPResponse) -> None:
        """Take what came."""
        self._target, self._socket, self._response = target, sock, response
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.getheaders()}
        """By lower-case name."""
        self.length = response.length
        """Bytes to come; None where the server does not say."""

    def check(self, span: tuple[int, int | None] | None) -> None:
        """Make sure that this is what was asked for.

        Raises:
            Fault: See `fetch`.
        """
        target, response, status = self._target, self._response, self._response.status
        if status in (NOT_MODIFIED, PRECONDITION):
            raise Fault("SourceConditionNotMet")
        if status in REDIRECTS:
            raise refused(target.shown, "it leads elsewhere, and redirects are not followed")
        if status not in (OK, PARTIAL):
            logger.warning("could not copy from %s: it answered %d", target.shown, status)
            told = status if LEAST_REFUSAL <= status < LEAST_ERROR else LEAST_ERROR
            code = _WORD.fullmatch(response.getheader("x-ms-error-code") or "")
            message = f"The copy source answered with the status {status}."
            raise source_fault(status, code and code[0], message, told=told)
        if span is None:
            return
        ranged = (response.getheader("content-range") or "").lower().startswith(f"bytes {span[0]}-")
        whole = span[0] == 0 and span[1] in (None, response.length)
        if (status == PARTIAL and not ranged) or (status == OK and not whole):
            raise unreachable(target, "it does not answer for ranges")

    def chunks(self, limit: int, seconds: float) -> Iterator[bytes]:
        """Give the bytes.

        Args:
            limit: Bytes that it may have.
            seconds: How long it may take.

        Raises:
            Fault: It has more, takes longer, or ends early.
        """
        end, taken = time.monotonic() + seconds, 0
        while True:
            left = end - time.monotonic()
            if left <= 0:
                raise unreachable(self._target, "it took too long")
            self._socket.settimeout(min(IDLE_SECONDS, left))
            try:
                chunk = self._response.read1(CHUNK)
            except (OSError, HTTPException) as error:
                raise unreachable(self._target, "it broke off") from error
            if not chunk:
                break
            taken += len(chunk)
            if taken > limit:
                raise too_large(limit)
            yield chunk
        if self.length is not None and taken != self.length:
            raise unreachable(self._target, "it broke off")

    def stop(self) -> None:
        """Let whoever reads in another thread fail soon."""
        _cut_off(self._socket)

    def close(self) -> None:
        """Hang up."""
        self._response.close()
        self._socket.close()

    def __enter__(self) -> Self:
        """Be closed at the end of a block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        """Hang up."""
        self.close()


def too_large(limit: int) -> Fault:
    """Give the fault of a source that has too many bytes."""
    return Fault("RequestBodyTooLarge", f"The copy source has more than the {limit} bytes that this operation takes.")


def unreachable(target: Target, why: str) -> Fault:
    """Give the fault of a source that does not answer as it should, and note it."""
    logger.warning("could not copy from %s: %s", target.shown, why)
    return Fault("CannotVerifyCopySource", f"The copy source could not be read: {why}.", status=LEAST_ERROR)


def fetch(target: Target, headers: Mapping[str, str], span: tuple[int, int | None] | None = None) -> Fetched:
    """Ask another server for a source, or a range of it; no redirect is followed.

    Args:
        target: Where.
        headers: What to send beside the range: conditions and, where the client gave one, the authorization.
        span: First byte and the one behind the last; None for all.

    Raises:
        Fault: It is not there, refuses, redirects or does not answer (``CannotVerifyCopySource``), or a condition does not
            hold (``SourceConditionNotMet``).
    """
    sent = {
        "Accept-Encoding": "identity",
        "Connection": "close",
        "User-Agent": "strongroom",
        "Host": host_of(target),
        **headers,
    }
    if span is not None:
        sent["Range"] = f"bytes={span[0]}-{'' if span[1] is None else span[1] - 1}"
    fetched = Fetched(target, *_ask(target, sent))
    try:
        fetched.check(span)
    except BaseException:
        fetched.close()
        raise
    return fetched


def host_of(target: Target) -> str:
    """Give what the header ``Host`` says."""
    name = f"[{target.host}]" if ":" in target.host else target.host
    return name if target.port == PORTS[target.scheme] else f"{name}:{target.port}"


def _ask(target: Target, sent: Mapping[str, str]) -> tuple[socket.socket, HTTPResponse]:
    trouble: Exception | None = None
    for address in target.addresses:
        connection = Pinned(target, address)
        try:
            connection.connect()
        except (OSError, ssl.SSLError) as error:
            trouble = error
            connection.close()
            continue
        sock = connection.sock  # the connection lets go of it once the answer says that it is the last one
        return sock, _answer(target, connection, sent)
    raise unreachable(target, "it does not answer") from trouble


def _answer(target: Target, connection: HTTPConnection, sent: Mapping[str, str]) -> HTTPResponse:
    """Send the request and read the headers; a server that sends them one byte at a time is cut off."""
    watch = threading.Timer(HEAD_SECONDS, _cut_off, (connection.sock,))
    watch.start()
    try:
        connection.putrequest("GET", target.path, skip_host=True, skip_accept_encoding=True)
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection.getresponse()
    except (OSError, HTTPException, ValueError) as error:
        connection.close()
        raise unreachable(target, "it does not speak HTTP as it should") from error
    finally:
        watch.cancel()


def _cut_off(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
