"""The server's process: a socket, uvicorn on it, and the end when it is asked for."""

import asyncio
import gc
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Literal

import uvicorn

from strongroom.errors import UsageError
from strongroom.governance.policy import KeyPolicy
from strongroom.room import Room
from strongroom.server.azure.app import BlobApp
from strongroom.server.azure.auth.authenticate import Gate
from strongroom.server.azure.auth.bearer import issuer_of
from strongroom.server.azure.auth.keyring import is_loopback
from strongroom.server.azure.desk import Desk, Door
from strongroom.server.azure.hot import Hot
from strongroom.server.azure.limits import Limits
from strongroom.server.azure.outside import Outside
from strongroom.server.azure.protocol import LINGER_SECONDS, BoundedProtocol, bounded
from strongroom.server.azure.uses import TOLD_EVERY, Uses
from strongroom.server.rounds import Round, rounds

COPIES_EVERY = 60.0
"""Seconds after which is looked for copies from other servers whose server has died."""
TENDED_EVERY = 3600.0
"""Seconds between two rounds of upkeep."""
BACKLOG = 1024
GRACE_SECONDS = 30
"""How long requests that are under way have to end when the server stops."""
GLANCE_SECONDS = 0.1
"""How often a server that stops looks which connections are left."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a server listens."""

    host: str = "127.0.0.1"
    """A name or address."""
    port: int = 10000
    """A port; 0 takes any that is free."""
    option: str = "--blob-port"
    """The option of the command line by which another port is chosen."""
    certificate: Path | None = None
    """The certificate of TLS, in PEM; None speaks plain HTTP."""
    key: Path | None = None
    """Its private key, where it is not in the same file."""


def listen(place: Place) -> socket.socket:
    """Open the socket of a server.

    Raises:
        UsageError: There is no such address, or something listens there already.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise UsageError(
            f"cannot listen at {place.host}, port {place.port} ({error.strerror}): "
            f"choose another with --host and {place.option}"
        ) from error


class Server(uvicorn.Server):
    """uvicorn that ends in order when it is told to, and leaves signals to the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGINT and SIGTERM; requests that are under way end first, a second SIGINT stops them too."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {one: signal.signal(one, self._stop) for one in (signal.SIGINT, signal.SIGTERM)}
        gc.freeze()  # what is loaded by now stays: to look through it again and again took a fifth of the time of a list
        try:
            yield
        finally:
            gc.unfreeze()
            for one, handler in before.items():
                signal.signal(one, handler)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let what is under way end, then leave no connection open.

        Over TLS a connection that was closed stays until the client has closed it too, and one that lies idle in the pool of
        a client hears nothing of that: uvloop would wait half a minute for it (RFC 8446, 6.1 asks for no wait).
        """
        cutting = asyncio.create_task(self._cut())
        try:
            await super().shutdown(sockets)
        finally:
            cutting.cancel()
            for connection in list(self.server_state.connections):
                connection.transport.abort()
            await asyncio.sleep(0)

    async def _cut(self) -> None:
        """Cut off each connection on which all was sent and then nothing came for a while."""
        ends: dict[object, float] = {}
        while True:
            await asyncio.sleep(GLANCE_SECONDS)
            now = asyncio.get_running_loop().time()
            for connection in list(self.server_state.connections):
                transport = connection.transport
                is_sent = transport.is_closing() and not transport.get_write_buffer_size()
                if is_sent and now >= ends.setdefault(connection, now + LINGER_SECONDS):
                    transport.abort()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.force_exit = self.should_exit and number == signal.SIGINT
        self.should_exit = True


def server_of(app: BlobApp, place: Place, limits: Limits) -> Server:
    """Give a server, which `uvicorn.Server.run` runs on a socket."""
    return configured(app, bounded(limits, app.hot), place, limits)


def configured(
    app: Callable[..., object],
    protocol: type[BoundedProtocol],
    place: Place,
    limits: Limits,
    *,
    lifespan: Literal["on", "off"] = "off",
) -> Server:
    """Give a server of any application here.

    Args:
        app: ASGI.
        protocol: How HTTP is read.
        place: Where.
        limits: Bounds.
        lifespan: Whether the application is told when it begins and ends.
    """
    config = uvicorn.Config(
        app,
        http=protocol,
        loop="uvloop",
        ws="none",
        interface="asgi3",
        lifespan=lifespan,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        headers=[("server", "Strongroom")],
        timeout_keep_alive=limits.keep_alive_seconds,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_certfile=place.certificate,
        ssl_keyfile=place.key,
    )
    return Server(config)


@contextmanager
def blob_app(room: Room, limits: Limits, door: Door) -> Iterator[BlobApp]:
    """Give the blob service of a room; its worker threads end, and its uses are told, when the block ends.

    Args:
        room: An open room.
        limits: Bounds.
        door: Proves who asks.
    """
    uses = Uses(room.ledger, room.purpose)
    outside = Outside(room.settings.copy_sources)
    policy = KeyPolicy()
    desk = Desk(room.vault, door, policy, room.purpose, uses, outside=outside)
    hot = Hot(room.vault, door, policy, uses, desk) if isinstance(door, Gate) else None
    app = BlobApp(desk, limits, hot)
    with rounds(Round(every=TOLD_EVERY / 4, work=uses.tell, last=lambda: uses.tell(all_of_them=True))):
        try:
            yield app
        finally:
            outside.carriers.close()
            app.close()


@dataclass(frozen=True, kw_only=True, slots=True)
class BlobServer:
    """A blob service that listens, and answers while `run` runs."""

    url: str
    """Where, without an account."""
    listener: socket.socket
    """Its socket."""
    server: Server
    """What answers."""

    def run(self) -> None:
        """Answer until SIGINT or SIGTERM comes, or `stop` is called; what is under way ends first."""
        self.server.run([self.listener])

    def stop(self) -> None:
        """Let `run` end; what is under way is cut off."""
        self.server.should_exit = self.server.force_exit = True


@contextmanager
def serve_blobs(
    room: Room, place: Place, *, development: bool = False, limits: Limits | None = None, door: Door | None = None
) -> Iterator[BlobServer]:
    """Open the blob service of a room, and tend the room while the block runs.

    Args:
        room: An open room.
        place: Where.
        development: Whether the emulators' well-known account may sign in, from this machine only.
        limits: Bounds; those of the room's settings if not given.
        door: Proves who asks; the room's accounts and tokens if not given.

    Raises:
        UsageError: Nothing can listen there.
    """
    limits, door = limits or Limits.of(room.settings), door or gate_of(room, development=development)
    tended = Round(every=TENDED_EVERY, work=lambda: tend(room), at_once=True)
    copies = Round(every=COPIES_EVERY, work=room.vault.fail_old_copies)
    with listen(place) as listener, rounds(tended, copies), blob_app(room, limits, door) as app:
        host, port = listener.getsockname()[:2]
        url = f"{'https' if place.certificate else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
        yield BlobServer(url=url, listener=listener, server=server_of(app, place, limits))


def gate_of(room: Room, *, development: bool) -> Gate:
    """Give the door of a room: its accounts, and the issuer of tokens that its settings name."""
    return Gate(room.vault, development=development, issuer=issuer_of(room.settings))


def tend(room: Room) -> None:
    """Sweep what killed processes left behind, blocks that nobody committed, and what is deleted and over its days."""
    room.vault.sweep()
    room.vault.drop_old_blocks()
    room.vault.tend()


def is_here(host: str) -> bool:
    """Say whether a name or address is this machine's own, which nobody else can reach."""
    return host == "localhost" or is_loopback(host)
