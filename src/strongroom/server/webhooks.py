"""Telling webhooks of new matches: signed, at least once, and only hosts that the settings name.

A host is resolved once, each of its addresses is checked, and the connection goes to one of these: what may be the source
of a copy is guarded in the same way (`strongroom.server.azure.outside`).
"""

import hmac
import json
import logging
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.client import HTTPException

from strongroom.domain.saved import News, Saved
from strongroom.domain.scope import Actor
from strongroom.errors import AccessDenied, ModelMissing, NotFound
from strongroom.room import Room
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.fetching import Pinned, host_of
from strongroom.server.azure.outside import Outside, Target

logger = logging.getLogger("strongroom.server")

EVERY = 15.0
"""Seconds between two looks."""
SECONDS = 10.0
"""How long a webhook has, from the connection to the head of its answer, however it spends them: it may not answer in drops."""
FIRST_WAIT, LONGEST_WAIT = 15.0, 3600.0
"""Seconds until a webhook that failed is tried again: at first, and at most; each time twice as long."""
SIGNATURE = "X-Strongroom-Signature"
"""``t=SECONDS,v1=HEX``: HMAC-SHA256 of ``SECONDS.BODY`` by the search's signing secret."""
OK = range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES)


class Watch:
    """Looks for new matches, and tells webhooks of them, again and again."""

    def __init__(
        self, room: Room, url: str, *, outside: Outside | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take what to look in.

        Args:
            room: An open room, as its owner acts in it.
            url: Where people reach the page, for links.
            outside: Which hosts may be told; those of the setting ``webhook_hosts`` if not given.
            clock: Gives seconds.
        """
        self._room, self._url, self._clock = room, url.rstrip("/"), clock
        self._outside = outside or Outside(room.settings.webhook_hosts)
        self._waits: dict[int, tuple[float, float]] = {}

    def __call__(self) -> None:
        """Look once, and tell whoever is to be told."""
        try:
            self._room.look_out()
        except ModelMissing as error:
            logger.warning("saved searches cannot watch: %s", error)
        for search in self._room.searches_to_tell():
            due, wait = self._waits.get(search.id, (0.0, FIRST_WAIT))
            if self._clock() < due:
                continue
            if self._tell(search):
                self._waits.pop(search.id, None)
            else:
                self._waits[search.id] = (self._clock() + wait, min(2 * wait, LONGEST_WAIT))

    def _tell(self, search: Saved) -> bool:
        """Tell of some new matches of a search; says whether that is done."""
        room = self._room.acting(Actor(name=search.actor), self._room.member_policy)
        try:
            news, told = room.untold(search.id)
        except (AccessDenied, NotFound) as error:
            logger.warning("the search %d of %s cannot be told of: %s", search.id, search.actor, error)
            return False
        if news.matches:
            try:
                status = post(self._outside.target(search.webhook or ""), search, said(news, self._url))
            except Fault as error:
                logger.warning("the webhook of the search %d is not told: see the setting webhook_hosts (%s)", search.id, error)
                return False
            except (OSError, HTTPException, ssl.SSLError) as error:
                logger.warning("the webhook of the search %d does not answer: %s", search.id, error)
                return False
            if status not in OK:
                logger.warning("the webhook of the search %d answers %d", search.id, status)
                return False
        room.tell(search.id, told)
        return True


def said(news: News, url: str) -> bytes:
    """Give the body that a webhook gets: the search, and each content with its names and where to look at it."""
    value = {
        "search": {"id": news.search.id, "name": news.search.name, "query": news.search.query},
        "matches": [
            {
                "sha256": match.content,
                "names": [str(name) for name in match.names],
                "type": match.type,
                "size": match.size,
                "found_at": match.found_at.isoformat(),
                "url": f"{url}/view/{match.content}",
            }
            for match in news.matches
        ],
    }
    return json.dumps(value).encode()


def signature(secret: str, at: int, body: bytes) -> str:
    """Give the header by which a webhook knows that this room tells it, and when; see `SIGNATURE`."""
    return f"t={at},v1={hmac.new(secret.encode(), f'{at}.'.encode() + body, 'sha256').hexdigest()}"


def post(target: Target, search: Saved, body: bytes) -> int:
    """Post to a webhook; gives the status. Redirects are not followed, wherever they lead; what else it says is not read.

    Raises:
        OSError: It does not answer, or not in time.
        HTTPException: It does not speak HTTP as it should.
    """
    headers = {
        "Host": host_of(target),
        "Content-Type": "application/json",
        "User-Agent": "strongroom",
        "Connection": "close",
        SIGNATURE: signature(search.signing_secret, int(time.time()), body),
    }
    end = time.monotonic() + SECONDS
    trouble = OSError("it has no address")
    for address in target.addresses:
        try:
            return _answer(Pinned(target, address), target.path, headers, body, end)
        except OSError as error:
            trouble = error
    raise trouble


def _answer(connection: Pinned, path: str, headers: Mapping[str, str], body: bytes, end: float) -> int:
    """Give the status with which one address answers until a time of the monotonic clock."""
    watch = threading.Timer(max(0.0, end - time.monotonic()), connection.cut_off)
    watch.start()
    try:
        connection.connect()
        connection.request("POST", path, body, headers)
        status = connection.getresponse().status
    finally:
        watch.cancel()
        connection.close()
    if time.monotonic() >= end:  # the connection was cut off, which reads like the end of the head
        raise TimeoutError(f"it took longer than the {SECONDS:.0f} seconds that it has")
    return status
