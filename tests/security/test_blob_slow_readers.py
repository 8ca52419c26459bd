"""Clients that ask for much and read little or nothing: dropped after a while, and nobody waits for them meanwhile."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace

import pytest

import strongroom
from strongroom.domain.settings import Settings
from strongroom.room import Room
from strongroom.server.azure.limits import Limits
from strongroom.testing.blob_service import ACCOUNT, OpenDoor, Service, blob_service

SHORT, LONG = 0.5, 60.0
PATIENCE = 30.0
LARGE = bytes(range(256)) * (128 << 10)
ASK = f"GET /{ACCOUNT}/con/large HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with strongroom.init(tmp_path_factory.mktemp("slow-readers") / "room") as opened:
        opened.vault.put(opened.vault.create_container("con"), "large", LARGE)
        yield opened


def limits(seconds: float) -> Limits:
    return replace(Limits.of(Settings()), body_seconds=seconds, threads=1)


def lazy(service: Service, buffer: int = 4096) -> socket.socket:
    """Ask for much and read nothing."""
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    opened.settimeout(PATIENCE)
    opened.connect(("127.0.0.1", service.port))
    opened.sendall(ASK)
    return opened


def all_of(connection: socket.socket) -> bytes:
    found = bytearray()
    with suppress(ConnectionResetError):
        while data := connection.recv(1 << 20):
            found += data
    return bytes(found)


def test_who_reads_nothing_is_dropped(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    with blob_service(room, limits=limits(SHORT), door=OpenDoor()) as service, lazy(service) as connection:
        while "the client does not read" not in caplog.text:
            time.sleep(SHORT / 10)
        found = all_of(connection)
    assert found.startswith(b"HTTP/1.1 200")
    assert len(found) < len(LARGE)


def test_who_reads_slowly_but_steadily_gets_all(room: Room) -> None:
    with blob_service(room, limits=limits(SHORT), door=OpenDoor()) as service, lazy(service, 256 << 10) as connection:
        top, _, body = connection.recv(1 << 16).partition(b"\r\n\r\n")
        found = bytearray(body)
        while len(found) < len(LARGE):
            data = connection.recv(1 << 20)
            assert data
            found += data
            time.sleep(SHORT / 100)
    assert top.startswith(b"HTTP/1.1 200")
    assert found == LARGE


def test_many_who_read_nothing_keep_nobody_waiting(room: Room) -> None:
    with ExitStack() as stack:
        service = stack.enter_context(blob_service(room, limits=limits(LONG), door=OpenDoor()))
        for _ in range(20):
            stack.enter_context(lazy(service))
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", service.port), PATIENCE) as connection:
                connection.sendall(ASK.replace(b"Host", b"Connection: close\r\nHost"))
                assert all_of(connection).partition(b"\r\n\r\n")[2] == LARGE
