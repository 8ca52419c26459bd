"""The page and the HTTP API beside the blob service: a server of their own, in a thread with its own loop."""

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus

from strongroom.errors import ModelMissing, RoomError, UsageError
from strongroom.room import Room
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.limits import Limits
from strongroom.server.azure.protocol import BoundedProtocol
from strongroom.server.rounds import Round, rounds
from strongroom.server.serve import GLANCE_SECONDS, Place, Server, configured, is_here, listen
from strongroom.server.webhooks import EVERY, Watch
from strongroom.server.work import Work, working

PORT = 8400
"""Where the page is, if nothing else listens there."""
OPTION = "--port"
SWEPT_EVERY = 3600.0
"""Seconds between two sweeps of sessions that are over."""


class PageProtocol(BoundedProtocol):
    """One connection, bounded as those of the blob service are; what is refused is told as problem details."""

    def told(self, fault: Fault, request_id: str) -> tuple[Mapping[str, str], bytes]:
        """Give headers and body of a refusal."""
        from strongroom.server.door.problem import MEDIA_TYPE, Problem, dumped
        from strongroom.server.door.shield import HEADERS

        title, instance = HTTPStatus(fault.status).phrase, f"urn:uuid:{request_id}"
        problem = Problem(status=fault.status, title=title, detail=fault.message, instance=instance)
        return HEADERS | {"x-request-id": request_id, "content-type": MEDIA_TYPE}, dumped(problem)


@dataclass(frozen=True, kw_only=True, slots=True)
class PageServer:
    """A page that answers."""

    url: str
    """Where people reach it."""
    port: int
    """Where it listens."""
    work: Work
    """Reads what waits."""


@contextmanager
def serve_page(
    room: Room,
    place: Place,
    settings: Mapping[str, object],
    *,
    url: str = "",
    is_usual: bool = False,
    is_followed: bool = False,
    dav_writable: bool = False,
) -> Iterator[PageServer]:
    """Serve the page and the HTTP API of a room while the block runs.

    Args:
        room: An open room, as its owner acts in it.
        place: Where.
        settings: Those given for this run, for the process that reads.
        url: Where people reach it, if that is not where it listens: through a proxy, say.
        is_usual: Whether nobody chose the port, so that another one is taken where something listens there already.
        is_followed: Whether another process reads what arrives while the block runs.
        dav_writable: Whether editors may write by WebDAV.

    Raises:
        UsageError: Nothing can listen there.
    """
    from strongroom.server.front import front  # costs a good part of a second, which a blob service alone need not wait

    with _listen(place, is_usual=is_usual) as listener, working(room.path, settings, is_followed=is_followed) as work:
        reached = url.rstrip("/") or _url(place, listener)
        app = front(room, url=reached, is_open=not is_here(place.host), work=work, dav_writable=dav_writable)
        limits = Limits.of(room.settings)
        server = configured(app, type("Page", (PageProtocol,), {"limits": limits}), place, limits, lifespan="on")
        thread = threading.Thread(target=partial(server.run, [listener]), name="page")
        thread.start()
        try:
            _wait(server, thread)
            warmed = Round(every=SWEPT_EVERY, work=partial(_warm, room), at_once=True)
            watched = Round(every=EVERY, work=Watch(room, reached))
            with rounds(Round(every=SWEPT_EVERY, work=room.members.sweep), warmed, watched):
                yield PageServer(url=reached, port=listener.getsockname()[1], work=work)
        finally:
            app.state.site.ending.set()
            server.should_exit = True
            thread.join()


def _warm(room: Room) -> None:
    """Let the first search find all that it needs in memory, where there is anything to find."""
    with suppress(ModelMissing):  # whoever searches is told which command pulls it
        if room.coverage().searched:
            room.warm()


def _wait(server: Server, thread: threading.Thread) -> None:
    while not server.started and thread.is_alive():
        time.sleep(GLANCE_SECONDS)
    if not server.started:
        raise RoomError("the page could not be started: what came before says why; --no-page serves blobs alone")


def _listen(place: Place, *, is_usual: bool) -> socket.socket:
    try:
        return listen(place)
    except UsageError:
        if not is_usual:
            raise
    return listen(replace(place, port=0))  # somebody else has the usual port, another room perhaps


def _url(place: Place, listener: socket.socket) -> str:
    port = listener.getsockname()[1]
    host = f"[{place.host}]" if ":" in place.host else place.host
    return f"{'https' if place.certificate else 'http'}://{host}:{port}"
