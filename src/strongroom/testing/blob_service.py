"""The blob service of a room, on a free port, for as long as a block runs: what tests of clients talk to."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from strongroom.domain.scope import Actor
from strongroom.room import Room
from strongroom.server.azure.auth.authenticate import Gate
from strongroom.server.azure.auth.keyring import DEVELOPMENT_KEY
from strongroom.server.azure.call import Identity, Request
from strongroom.server.azure.desk import Door
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.limits import Limits
from strongroom.server.azure.route import Operation
from strongroom.server.azure.wire.headers import base64
from strongroom.server.serve import Place, blob_app, listen, server_of
from strongroom.vault.accounts import DEVELOPMENT

ACCOUNT = DEVELOPMENT
"""The development account, which every client of Azure knows."""
KEY = base64(DEVELOPMENT_KEY)
"""Its well-known key."""
PATIENCE = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """A blob service that runs."""

    port: int
    """Where it listens, on 127.0.0.1."""
    scheme: str = "http"
    """``http`` or ``https``."""
    account: str = ACCOUNT
    """An account that may do everything."""
    key: str = KEY
    """Its key."""

    @property
    def url(self) -> str:
        """The account's URL, path-style."""
        return f"{self.scheme}://127.0.0.1:{self.port}/{self.account}"

    @property
    def connection_string(self) -> str:
        """What Azure's own clients take."""
        return (
            f"DefaultEndpointsProtocol={self.scheme};AccountName={self.account};AccountKey={self.key};BlobEndpoint={self.url};"
        )


class OpenDoor:
    """A `strongroom.server.azure.desk.Door` that lets everybody in, so that a test may write requests by hand."""

    def identify(self, request: Request, operation: Operation) -> Identity:
        """Take everybody for the development account."""
        del request, operation
        return Identity(actor=Actor(name=ACCOUNT), how="key", account=ACCOUNT)

    def identify_source(self, url: str, request: Request, identity: Identity) -> tuple[Request, Identity] | None:
        """Know no source of a copy."""
        del url, request, identity
        raise Fault("CannotVerifyCopySource")


@contextmanager
def blob_service(
    room: Room, *, place: Place | None = None, limits: Limits | None = None, door: Door | None = None
) -> Iterator[Service]:
    """Serve a room from a thread of this process, to the development account.

    Args:
        room: An open room.
        place: Where; a free port of 127.0.0.1 if not given.
        limits: Bounds; those of the room's settings if not given.
        door: Proves who asks; the room's keys and the development account's if not given.
    """
    place, limits = place or Place(port=0), limits or Limits.of(room.settings)
    listener = listen(place)
    with blob_app(room, limits, door or Gate(room.vault, development=True)) as app:
        server = server_of(app, place, limits)
        thread = threading.Thread(target=server.run, args=([listener],), name="blob-service")
        thread.start()
        try:
            end = time.monotonic() + PATIENCE
            while not server.started and thread.is_alive() and time.monotonic() < end:
                time.sleep(0.005)
            yield Service(port=listener.getsockname()[1], scheme="https" if place.certificate else "http")
        finally:
            server.should_exit = server.force_exit = True
            thread.join()
