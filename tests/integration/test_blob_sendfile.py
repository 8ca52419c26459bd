"""Answers whose bytes lie in files: passed on by the kernel where that can be, and the same bytes where it cannot."""

import errno
import http.client
import os
import random
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import strongroom
from strongroom.domain.container import Container
from strongroom.room import Room
from strongroom.server.azure.limits import Limits
from strongroom.server.serve import Place, blob_app, listen, server_of
from strongroom.testing.blob_service import ACCOUNT, OpenDoor, Service, blob_service
from strongroom.vault import BlockRef, Traits

PATIENCE = 30.0
MIB = 1 << 20
NOISE = random.Random(7).randbytes(6 * MIB)
BLOCKS = (300_000, 1000, 2 * MIB, 70_000, 5, 900_000)
"""Some lie in files, some are packed."""
PAGES = ((0, 512 << 10), (1 * MIB, 256 << 10), (3 * MIB, 512))
"""What is written of a page blob of 4 MiB; the rest are holes."""


@dataclass(kw_only=True)
class Passed:
    """What the kernel was asked to pass on."""

    calls: list[int] = field(default_factory=list)
    fails_with: int | None = None

    @property
    def total(self) -> int:
        return sum(self.calls)


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> Passed:
    found, sendfile = Passed(), os.sendfile

    def watched(out: int, fd: int, offset: int, count: int) -> int:
        if found.fails_with is not None:
            raise OSError(found.fails_with, os.strerror(found.fails_with))
        sent = sendfile(out, fd, offset, count)
        found.calls.append(sent)
        return sent

    monkeypatch.setattr(os, "sendfile", watched)
    return found


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with strongroom.init(tmp_path_factory.mktemp("sendfile") / "room") as opened:
        yield opened


@pytest.fixture(scope="module")
def blobs(room: Room) -> dict[str, bytes]:
    """Blobs of each shape, and their bytes."""
    container = room.vault.create_container("con")
    room.vault.put(container, "whole", NOISE)
    at, parts = 0, []
    for number, length in enumerate(BLOCKS):
        room.vault.stage_block(container, "blocks", str(number), NOISE[at : at + length])
        parts.append(NOISE[at : at + length])
        at += length
    room.vault.commit_blocks(container, "blocks", [BlockRef(block_id=str(number)) for number in range(len(BLOCKS))])
    room.vault.put(container, "log", b"", traits=Traits(kind="append"))
    for part in parts:
        room.vault.append(container, "log", part)
    room.vault.put(container, "disk", b"", traits=Traits(kind="page", size=4 * MIB))
    disk = bytearray(4 * MIB)
    for start, length in PAGES:
        room.vault.put_pages(container, "disk", start, NOISE[start : start + length])
        disk[start : start + length] = NOISE[start : start + length]
    return {"whole": NOISE, "blocks": NOISE[:at], "log": NOISE[:at], "disk": bytes(disk)}


@pytest.fixture(scope="module")
def service(room: Room) -> Iterator[Service]:
    with blob_service(room, door=OpenDoor()) as running:
        yield running


def get(connection: http.client.HTTPConnection, name: str, given: str = "") -> tuple[int, bytes]:
    connection.request("GET", f"/{ACCOUNT}/con/{name}", headers={"range": f"bytes={given}"} if given else {})
    reply = connection.getresponse()
    return reply.status, reply.read()


def head(name: str, *headers: str, version: str = "1.1") -> bytes:
    return "\r\n".join([f"GET /{ACCOUNT}/con/{name} HTTP/{version}", "Host: localhost", *headers, "", ""]).encode()


def body_of(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


def until_end(connection: socket.socket) -> bytes:
    found = bytearray()
    while data := connection.recv(1 << 20):
        found += data
    return bytes(found)


@pytest.mark.parametrize("name", ["whole", "blocks", "log", "disk"])
def test_bytes_are_those_that_were_put_on_one_connection(
    service: Service, blobs: dict[str, bytes], passed: Passed, name: str
) -> None:
    data, chance = blobs[name], random.Random(3)
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)
    assert get(connection, name) == (200, data)
    assert passed.total > 500_000
    kept = connection.sock
    edges = [0, 1, len(data) - 1, *(sum(BLOCKS[:number]) + off for number in range(1, 6) for off in (-1, 0, 1))]
    for _ in range(40):
        first, last = sorted((chance.choice(edges), chance.randrange(len(data))))
        assert get(connection, name, f"{first}-{last}") == (206, data[first : last + 1])
    assert connection.sock is kept
    connection.close()


def test_over_tls_the_same_bytes_are_read_and_sent(
    room: Room, blobs: dict[str, bytes], passed: Passed, certificate: Path
) -> None:
    with blob_service(room, place=Place(port=0, certificate=certificate), door=OpenDoor()) as running:
        context = ssl.create_default_context(cafile=certificate)
        connection = http.client.HTTPSConnection("127.0.0.1", running.port, timeout=PATIENCE, context=context)
        for name, data in blobs.items():
            assert get(connection, name) == (200, data)
            assert get(connection, name, "1000-2500000") == (206, data[1000:2500001])
        connection.close()
    assert not passed.calls


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EOPNOTSUPP])
def test_a_file_system_that_cannot_send_is_read(service: Service, blobs: dict[str, bytes], passed: Passed, number: int) -> None:
    passed.fails_with = number
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)
    for name, data in blobs.items():
        assert get(connection, name) == (200, data)
    connection.close()


@pytest.mark.parametrize("number", [errno.EIO, errno.EHOSTUNREACH, errno.EPIPE])
def test_an_answer_that_cannot_be_passed_on_breaks_off_and_the_connection_with_it(
    service: Service, blobs: dict[str, bytes], passed: Passed, number: int, caplog: pytest.LogCaptureFixture
) -> None:
    passed.fails_with = number
    with socket.create_connection(("127.0.0.1", service.port), PATIENCE) as connection:
        connection.sendall(head("whole"))
        answer = until_end(connection)
    assert answer.startswith(b"HTTP/1.1 200")
    assert len(body_of(answer)) < len(blobs["whole"])
    assert "broke off" in caplog.text


def test_requests_that_wait_behind_a_large_answer_are_answered_in_order(service: Service, blobs: dict[str, bytes]) -> None:
    last = head("blocks", "connection: close")
    with socket.create_connection(("127.0.0.1", service.port), PATIENCE) as connection:
        connection.sendall(head("whole") + head("none") + head("disk") + last)
        answer = until_end(connection)
    first, rest = body_of(answer)[: len(blobs["whole"])], body_of(answer)[len(blobs["whole"]) :]
    assert first == blobs["whole"]
    assert rest.startswith(b"HTTP/1.1 404")
    third = rest[rest.index(b"HTTP/1.1 200") :]
    assert body_of(third).startswith(blobs["disk"])
    assert body_of(body_of(third)[len(blobs["disk"]) :]) == blobs["blocks"]


@pytest.mark.parametrize(("version", "headers"), [("1.1", ("Connection: close",)), ("1.0", ())])
def test_a_connection_that_is_to_end_ends_after_all_was_sent(
    service: Service, blobs: dict[str, bytes], version: str, headers: tuple[str, ...]
) -> None:
    with socket.create_connection(("127.0.0.1", service.port), PATIENCE) as connection:
        connection.sendall(head("whole", *headers, version=version))
        assert body_of(until_end(connection)) == blobs["whole"]


def test_a_head_is_told_without_bytes(service: Service, blobs: dict[str, bytes], passed: Passed) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)
    for _ in range(2):
        connection.request("HEAD", f"/{ACCOUNT}/con/whole")
        reply = connection.getresponse()
        assert (reply.status, reply.getheader("content-length"), reply.read()) == (200, str(len(blobs["whole"])), b"")
    connection.close()
    assert not passed.calls


@pytest.fixture
def large(room: Room, blobs: dict[str, bytes]) -> Iterator[tuple[Container, bytes]]:
    """A blob that fits in no socket's buffers, under the name ``large``."""
    container = room.vault.container("con", room.scope("read"))
    data = NOISE * 8
    room.vault.put(container, "large", data)
    yield container, data
    if any(one.name == "large" for one in room.vault.walk(container)):
        room.vault.delete(container, "large")


def begin(connection: socket.socket, *headers: str) -> bytes:
    connection.sendall(head("large", *headers))
    return connection.recv(1 << 16)


def test_what_is_removed_while_it_is_sent_is_sent_to_its_end(
    room: Room, service: Service, large: tuple[Container, bytes]
) -> None:
    container, data = large
    with socket.create_connection(("127.0.0.1", service.port), PATIENCE) as connection:
        answer = begin(connection, "connection: close")
        room.vault.delete(container, "large")
        room.vault.sweep()
        answer += until_end(connection)
    assert body_of(answer) == data


def test_a_file_that_becomes_shorter_while_it_is_sent_breaks_the_answer_off(
    room: Room, service: Service, large: tuple[Container, bytes], caplog: pytest.LogCaptureFixture
) -> None:
    data = large[1]
    file = max((room.path / "vault").rglob("*"), key=lambda one: one.stat().st_size)
    with socket.create_connection(("127.0.0.1", service.port), PATIENCE) as connection:
        answer = begin(connection)
        os.truncate(file, 40 * MIB)
        answer += until_end(connection)
    assert len(body_of(answer)) <= 40 * MIB
    assert data.startswith(body_of(answer))
    assert "shorter" in caplog.text
    with socket.create_connection(("127.0.0.1", service.port), PATIENCE) as connection:
        assert not begin(connection).startswith(b"HTTP/1.1 200")


def test_what_was_sent_of_an_answer_that_broke_off_is_counted(
    service: Service, large: tuple[Container, bytes], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="strongroom.server"):
        with socket.create_connection(("127.0.0.1", service.port), PATIENCE) as connection:
            begin(connection)
        wait_for(lambda: "out=" in caplog.text)
    sent = int(caplog.text.partition("out=")[2].split(" ")[0])
    assert 0 < sent < len(large[1])


def opened() -> int:
    """Count open sockets and objects."""
    found = 0
    for one in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            where = str(one.readlink())
            found += where.startswith("socket:") or "/vault/" in where
    return found


def test_clients_that_go_away_leave_nothing_open(service: Service, large: tuple[Container, bytes]) -> None:
    before = opened()
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", service.port), PATIENCE) as connection:
            assert begin(connection).startswith(b"HTTP/1.1 200")
            connection.sendall(head("whole") * 3)  # so that the server reads no further, and does not see the end there
    wait_for(lambda: opened() <= before)


def wait_for(holds: Callable[[], bool]) -> None:
    """Wait until it holds; the test's own time limit ends it."""
    tick = threading.Event()
    while not holds():
        tick.wait(0.02)


def test_a_server_that_ends_sends_to_its_end_what_is_read(room: Room, large: tuple[Container, bytes]) -> None:
    place = Place(port=0)
    listener = listen(place)
    address = listener.getsockname()
    with blob_app(room, Limits.of(room.settings), OpenDoor()) as app:
        server = server_of(app, place, Limits.of(room.settings))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        with socket.create_connection(address, PATIENCE) as connection:
            answer = begin(connection)
            server.should_exit = True
            answer += until_end(connection)
        thread.join()
    assert body_of(answer) == large[1]


def test_a_server_that_is_cut_off_does_not_wait_for_who_does_not_read(room: Room, large: tuple[Container, bytes]) -> None:
    with (
        blob_service(room, door=OpenDoor()) as running,
        socket.create_connection(("127.0.0.1", running.port), PATIENCE) as connection,
    ):
        answer = begin(connection)
    answer += until_end(connection) if connection.fileno() >= 0 else b""
    assert len(answer) < len(large[1])
