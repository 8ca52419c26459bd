"""The short way of plain requests for small blobs, from the parser to the socket without a task or a thread of their own.

What it answers is what `desk` would answer, byte for byte; a test holds the two equal. All that is not plain (another
signature than Shared Key's usual form, a query, a header that it does not know, a lease, an error of any kind) gives way to
the desk, which finds out for itself what is to be said.
"""

import asyncio
import logging
import time
from binascii import b2a_hex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from http import HTTPStatus
from os import urandom
from typing import Never

from strongroom.domain.blob import Blob
from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import STORED, Container
from strongroom.domain.scope import Actor
from strongroom.errors import ContainerNotFound, StrongroomError
from strongroom.ports import Policy
from strongroom.server.azure.auth.authenticate import Gate
from strongroom.server.azure.body import NoBody
from strongroom.server.azure.call import NEWEST, Address, Request
from strongroom.server.azure.desk import Desk
from strongroom.server.azure.faults import Fault, fault_of
from strongroom.server.azure.ops.put import stated
from strongroom.server.azure.plain import READ, UNTOLD, admitted, is_plain_write
from strongroom.server.azure.reply import MOST_CLIENT_ID, Ready, encoded
from strongroom.server.azure.request import headers_of, read_request
from strongroom.server.azure.tell import is_told, tell
from strongroom.server.azure.uses import Use, Uses
from strongroom.server.azure.wire.conditions import condition_of, making
from strongroom.server.azure.wire.properties import md5_headers, property_headers
from strongroom.server.azure.wire.traits import made_headers, traits_of
from strongroom.storage.names import check_blob_name
from strongroom.vault import Traits, Vault
from strongroom.vault.gather import Gatherer, Settled, SmallPut
from strongroom.vault.glance import Glancer, Glimpse

logger = logging.getLogger("strongroom.server")

Pairs = Sequence[tuple[bytes, bytes]]
Reply = Callable[[bytes], None]

ARCHIVE = "Archive"
"""The tier of what cannot be read at once."""
CONTAINER_SECONDS = 1.0
"""For how long a container is taken for what it was."""
MOST_CONTAINERS = 4096
CONDITIONS = frozenset({"if-match", "if-none-match"})


@dataclass(kw_only=True, slots=True, eq=False)
class Put:
    """A small blob that is on its way."""

    url: bytes
    """Path, as it came."""
    headers: Pairs
    """As they came."""
    client: str
    """The client's address."""
    address: Address
    """What is named."""
    use: Use
    """What is noted of it."""
    put: SmallPut
    """The blob, without its bytes."""
    began: float
    """When it came."""


class Hot:
    """Answers plain requests, in the event loop of one server."""

    def __init__(self, vault: Vault, gate: Gate, policy: Policy, uses: Uses, desk: Desk) -> None:
        """Take the parts of the desk, and the desk."""
        self._vault, self._gate, self._policy, self._uses, self._desk = vault, gate, policy, uses, desk
        self._glancer: Glancer | None = vault.glancer()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._gatherer: Gatherer | None = vault.gatherer(self._settled)
        self._default: tuple[Pairs, bytes] = ((), b"")
        self._containers: dict[str, tuple[float, Container | None]] = {}

    def close(self) -> None:
        """Write what is on its way."""
        if self._gatherer is not None:
            self._gatherer.close()

    # reading

    def read(self, method: bytes, url: bytes, headers: Pairs, client: str, default: Pairs) -> bytes | None:
        """Answer a Get Blob or Get Blob Properties; None gives way.

        Args:
            method: ``GET`` or ``HEAD``.
            url: Path and query, as they came.
            headers: As they came.
            client: Its address.
            default: Headers that every answer begins with.
        """
        began = time.perf_counter()
        given = dict(headers)
        if self._glancer is None or len(given) != len(headers) or not given.keys() <= READ:
            return None
        address = admitted(self._gate, method, url, given, client)
        if address is None:
            return None
        try:
            seen = self._glancer.see(address.container, address.blob)
        except StrongroomError:
            return None
        if seen is None or seen.look.blob.tier == ARCHIVE or not self._is_granted(address, seen.container.id, "read"):
            return None
        use = self._uses.again(address.account, "key", address.container, "read")
        if use is None:
            return None
        name = method.decode()
        form = seen.forms.get(name)
        if form is None:
            form = seen.forms[name] = _lines(_read_headers(seen, is_head=method == b"HEAD"))
        data = b"" if method == b"HEAD" else seen.data
        self._uses.count(use, 0, len(data))
        if is_told(200):
            self._tell(
                self._request(method, url, headers, client),
                Ready(status=200, headers=(), operation=_OPERATIONS[method], actor=address.account),
                began,
                0,
                len(data),
            )
        return b"".join((_OK, self._begin(default), form, _common(given), b"\r\n", data))

    # writing

    def take(self, url: bytes, headers: Pairs, client: str) -> Put | None:
        """Look at a Put Blob whose body is still to come; None gives way, and then nothing has happened."""
        given = dict(headers)
        if self._gatherer is None or len(given) != len(headers) or not is_plain_write(given):
            return None
        address = admitted(self._gate, b"PUT", url, given, client)
        if address is None or self._glancer is None:
            return None
        try:
            container = self._container(address)
            traits, condition = _told(tuple([pair for pair in headers if pair[0] not in UNTOLD]))
            check_blob_name(address.blob)
        except (Fault, StrongroomError):
            return None
        if container is None or container.kind != STORED:
            return None
        use = self._uses.again(address.account, "key", address.container, "write")
        if use is None:
            return None
        put = SmallPut(container=container, name=address.blob, data=b"", traits=traits, condition=condition)
        return Put(url=url, headers=headers, client=client, address=address, use=use, put=put, began=time.perf_counter())

    def _container(self, address: Address) -> Container | None:
        """Give a container that is granted, as it was a moment ago: whether it is still there, the write itself looks."""
        until, container = self._containers.get(address.container, (0.0, None))
        if container is None or until < time.monotonic():
            scope = self._policy.scope(Actor(name=address.account), self._uses.purpose, "write")
            container = self._vault.container(address.container, scope)
            if len(self._containers) >= MOST_CONTAINERS:
                self._containers.clear()
            self._containers[address.container] = (time.monotonic() + CONTAINER_SECONDS, container)
        return container if self._is_granted(address, container.id, "write") else None

    def write(self, put: Put, body: bytes, reply: Reply, default: Callable[[], Pairs]) -> None:
        """Write what was taken.

        Args:
            put: What `take` gave.
            body: All of it.
            reply: Is called with the whole answer, in the event loop.
            default: Gives the headers that every answer begins with.
        """
        assert self._gatherer is not None
        self._loop = self._loop or asyncio.get_running_loop()
        self._gatherer.put(replace(put.put, data=body), (put, body, reply, default))

    def _settled(self, batch: Settled) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._deliver, batch)

    def _deliver(self, batch: Settled) -> None:
        for (put, body, reply, default), outcome in batch:
            if isinstance(outcome, ContainerNotFound) and self._is_made_anew(put):
                self.write(put, body, reply, default)
            elif isinstance(outcome, Blob):
                told = [*made_headers(put.put.container, outcome), *md5_headers(outcome)]
                lines = "".join([f"{name}: {value}\r\n" for name, value in told]).encode("latin-1")
                common = _common(dict(put.headers))
                reply(b"".join((_CREATED, self._begin(default()), lines, common, b"content-length: 0\r\n\r\n")))
                made = Ready(status=201, headers=(), operation="PutBlob", actor=put.address.account)
                self._end(put, made, len(body))
            else:
                reply(self._refusal(put, outcome, default(), len(body)))

    def _is_made_anew(self, put: Put) -> bool:
        """Say whether a container was deleted and made anew since it was looked at; then the write is for the new one."""
        self._containers.pop(put.address.container, None)
        try:
            container = self._container(put.address)
        except StrongroomError:
            return False
        if container is None or container.kind != STORED or container.id == put.put.container.id:
            return False
        put.put = replace(put.put, container=container)
        return True

    def _refusal(self, put: Put, error: Exception, default: Pairs, came: int) -> bytes:
        request = self._request(b"PUT", put.url, put.headers, put.client)
        made = self._desk.refuse(request, _fault(request, error))
        self._end(put, made, came)
        lines = _lines([*made.headers, ("content-length", str(len(made.first)))])
        return b"".join((_status(made.status), self._begin(default), lines, b"\r\n", made.first))

    def _end(self, put: Put, made: Ready, came: int) -> None:
        self._uses.count(put.use, came, len(made.first))
        if is_told(made.status):
            self._tell(self._request(b"PUT", put.url, put.headers, put.client), made, put.began, came, len(made.first))

    # who asks

    def _is_granted(self, address: Address, container_id: int, act: str) -> bool:
        try:
            return self._policy.scope(_actor(address.account), self._uses.purpose, act).grants(container_id)
        except StrongroomError:
            return False

    # what is told

    def _request(self, method: bytes, url: bytes, headers: Pairs, client: str) -> Request:
        scope = {
            "method": method.decode(),
            "scheme": "http",
            "raw_path": url,
            "query_string": b"",
            "headers": headers,
            "client": (client, 0),
        }
        return read_request(scope, NoBody())

    def _tell(self, request: Request, reply: Ready, began: float, came: int, sent: int) -> None:
        tell(request, reply, came=came, sent=sent, seconds=time.perf_counter() - began)

    def _begin(self, default: Pairs) -> bytes:
        known, spelt = self._default
        if known is not default:
            spelt = _joined(default)
            self._default = (default, spelt)
        return spelt


@lru_cache(maxsize=64)
def _status(status: int) -> bytes:
    return b"HTTP/1.1 %d %b\r\n" % (status, HTTPStatus(status).phrase.encode())


_OK, _CREATED = _status(HTTPStatus.OK), _status(HTTPStatus.CREATED)
_OPERATIONS = {b"GET": "GetBlob", b"HEAD": "GetBlobProperties"}


def _read_headers(seen: Glimpse, *, is_head: bool) -> list[tuple[str, str]]:
    blob, length = seen.look.blob, ("content-length", str(seen.look.blob.size))
    told = property_headers(blob, None, keeps_versions=seen.container.keeps_versions, is_read=not is_head)
    if is_head:
        return [length, *told, *md5_headers(blob)]
    return [*told, *md5_headers(blob, "x-ms-blob-content-md5"), *md5_headers(blob), length]


def _fault(request: Request, error: Exception) -> Fault:
    try:
        _raise(error)
    except Fault as fault:
        return fault
    except StrongroomError as known:
        return fault_of(known)
    except Exception:
        logger.exception("%s %s failed; request %s", request.method, request.address, request.id)
    return Fault("InternalError")


def _raise(error: Exception) -> Never:
    with making():
        raise error


@lru_cache(maxsize=256)
def _told(pairs: Pairs) -> tuple[Traits, Condition]:
    """Give what headers tell of a blob, and ask of the one that is there: clients say the same of most."""
    headers = headers_of(pairs)
    traits = stated(headers, traits_of(headers, is_whole=True))
    return traits, condition_of(headers) if headers.keys() & CONDITIONS else ALWAYS


def _common(given: Mapping[bytes, bytes]) -> bytes:
    """Give what `reply.common_headers` gives, of the headers alone."""
    raw = given.get(b"x-ms-client-request-id")
    version = given.get(b"x-ms-version") or NEWEST.encode()
    found = b"x-ms-request-id: %b\r\nx-ms-version: %b\r\n" % (_request_id(), version)
    return found if raw is None else found + _client_line(raw)


IDS = 256
_ids: list[bytes] = []
"""Digits of ids to come."""


def _request_id() -> bytes:
    """Give a random UUID (RFC 9562, 5.4), in a tenth of the time that `uuid.uuid4` takes.

    The system is asked for many at a time, since that lets other threads run each time, and then waits for them.
    """
    try:
        digits = _ids.pop()
    except IndexError:
        many = b2a_hex(urandom(16 * IDS))
        _ids.extend(many[at : at + 32] for at in range(0, len(many), 32))
        digits = _ids.pop()
    return b"%b-%b-4%b-a%b-%b" % (digits[:8], digits[8:12], digits[13:16], digits[17:20], digits[20:])


def _client_line(raw: bytes) -> bytes:
    client = raw.decode("latin-1")
    fits = client and len(client) <= MOST_CLIENT_ID and client.isascii() and client.isprintable()
    return b"x-ms-client-request-id: %b\r\n" % raw if fits else b""


def _lines(headers: Sequence[tuple[str, str]]) -> bytes:
    return _joined(encoded(headers))


@lru_cache(maxsize=256)
def _actor(name: str) -> Actor:
    return Actor(name=name)


def _joined(headers: Pairs) -> bytes:
    return b"".join([b"%b: %b\r\n" % pair for pair in headers])
