"""The page and the HTTP API, without a socket: clients that come in as somebody."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.testclient import TestClient

import strongroom
from strongroom.room import Room
from strongroom.server.front import front
from strongroom.storage.catalog import acts

URL = "http://localhost:8400"


class Front:
    """A room that is served, and those who ask."""

    def __init__(self, room: Room, app: FastAPI) -> None:
        """Take both."""
        self.room, self.app = room, app
        self.key = ""
        """What the header ``authorization`` may say, where a test keeps it."""

    def anybody(self) -> TestClient:
        """Give a client without any proof; redirects are not followed, and errors are answers."""
        return TestClient(self.app, base_url=URL, follow_redirects=False, raise_server_exceptions=False)

    def by_key(self, name: str = "owner") -> TestClient:
        """Give a client that brings an API key of somebody."""
        client = self.anybody()
        client.headers["authorization"] = "Bearer " + self.room.make_key(name)[1]
        return client

    def by_session(self, name: str = "owner") -> TestClient:
        """Give a client with a session; its header ``x-csrf-token`` is set."""
        client = self.anybody()
        assert client.get("/login", params={"token": self.room.link(name)}).status_code == 303
        client.headers["x-csrf-token"] = client.get("/api/v1/session").json()["csrf"]
        return client

    @property
    def cookie(self) -> str:
        """The name of the session's cookie."""
        return str(self.app.state.site.cookie)

    def cookie_of(self, client: TestClient) -> str:
        """Give the secret of a client's session."""
        return str(client.cookies[self.cookie])

    def acts(self) -> list[tuple[str, str, dict[str, object]]]:
        """Give the ledger: verb, actor and details of each act."""
        with self.room._parts.catalog.read() as tx:
            return [(act.verb, act.actor.name, act.details) for _, act in acts.list(tx, -1, 1000)]


@contextmanager
def open_front(path: Path, **settings: object) -> Iterator[Front]:
    """Make a room and serve it; nothing that is uploaded is read."""
    with strongroom.init(path, plugins=False, **settings) as room:
        app = front(room)
        app.state.site.work.start = lambda: None
        with TestClient(app, base_url=URL):  # begins and ends the application
            yield Front(room, app)
