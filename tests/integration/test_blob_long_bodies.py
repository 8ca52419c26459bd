"""Bodies that a worker thread reads of the socket itself: whole, and nothing is lost of what comes before or after them."""

import os
import socket
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from hashlib import md5, sha256

import pytest

import strongroom
from strongroom.errors import BlobNotFound
from strongroom.room import Room
from strongroom.server.azure.body import GULP, LONG
from strongroom.testing.blob_service import ACCOUNT, OpenDoor, Service, blob_service

PATIENCE = 30.0
NOISE = os.urandom(5 * GULP + 12_345)
NAMES = f"GET /{ACCOUNT}?restype=account&comp=properties HTTP/1.1\r\nHost: a\r\n\r\n".encode()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with strongroom.init(tmp_path_factory.mktemp("long-bodies") / "room") as made:
        made.vault.create_container("con")
        yield made


@pytest.fixture(scope="module")
def service(room: Room) -> Iterator[Service]:
    with blob_service(room, door=OpenDoor()) as running:
        yield running


@pytest.fixture
def client(service: Service) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", service.port), PATIENCE) as opened:
        yield opened


def put(name: str, length: int, *headers: str, query: str = "") -> bytes:
    lines = [f"PUT /{ACCOUNT}/con/{name}{query} HTTP/1.1", "Host: a", "x-ms-blob-type: BlockBlob", f"Content-Length: {length}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode()


def answer(client: socket.socket) -> bytes:
    """Read one answer, byte by byte where its end is, so that nothing of the next one is taken."""
    found = b""
    while not found.endswith(b"\r\n\r\n"):
        byte = client.recv(1)
        if not byte:
            return found
        found += byte
    length = next((int(line.split(b":")[1]) for line in found.split(b"\r\n") if line.startswith(b"content-length")), 0)
    left = 0 if found.startswith(b"HTTP/1.1 1") else length
    while left:
        data = client.recv(left)
        found, left = found + data, left - len(data)
    return found


def status(reply: bytes) -> int:
    return int(reply.split(b" ")[1])


def kept(room: Room, name: str) -> bytes:
    container = room.vault.container("con", room.scope("list"))
    with room.vault.open(room.vault.get(container, name)) as stream:
        return stream.read()


def is_there(room: Room, name: str) -> bool:
    container = room.vault.container("con", room.scope("list"))
    try:
        room.vault.get(container, name)
    except BlobNotFound:
        return False
    return True


def test_bodies_of_all_lengths_come_whole_over_one_connection(client: socket.socket, room: Room):
    for size in (LONG - 1, LONG, LONG + 1, GULP - 1, GULP, GULP + 1, 2 * GULP, 3 * GULP + 7, len(NOISE)):
        data = NOISE[-size:]
        client.sendall(put("a", size) + data)
        reply = answer(client)
        assert status(reply) == 201
        assert b64encode(md5(data, usedforsecurity=False).digest()) in reply
        assert kept(room, "a") == data
        container = room.vault.container("con", room.scope("list"))
        assert room.vault.get(container, "a").sha256 == sha256(data).hexdigest()


def test_a_head_that_comes_alone_and_a_body_that_comes_in_drops(client: socket.socket, room: Room):
    client.sendall(put("drops", len(NOISE)))
    for start in range(0, len(NOISE), 300_007):
        client.sendall(NOISE[start : start + 300_007])
    assert status(answer(client)) == 201
    assert kept(room, "drops") == NOISE


def test_what_is_sent_after_a_body_without_waiting_is_answered_after_it(client: socket.socket, room: Room):
    both = put("one", len(NOISE)) + NOISE + put("two", GULP) + NOISE[:GULP] + NAMES
    client.sendall(both)
    assert [status(answer(client)) for _ in range(3)] == [201, 201, 200]
    assert kept(room, "one") == NOISE
    assert kept(room, "two") == NOISE[:GULP]


def test_a_body_that_looks_like_a_request_is_none(client: socket.socket, room: Room):
    data = NAMES * (2 * GULP // len(NAMES))
    client.sendall(put("looks", len(data)) + data)
    assert status(answer(client)) == 201
    client.sendall(NAMES)
    assert status(answer(client)) == 200
    assert kept(room, "looks") == data


def test_a_client_that_waits_for_leave_gets_it_once(client: socket.socket, room: Room):
    client.sendall(put("leave", len(NOISE), "Expect: 100-continue"))
    assert status(answer(client)) == 100
    client.sendall(NOISE)
    assert status(answer(client)) == 201
    assert kept(room, "leave") == NOISE


def test_a_body_with_another_checksum_is_not_kept_and_the_connection_goes_on(client: socket.socket, room: Room):
    wrong = b64encode(bytes(16)).decode()
    for query in ("", "?comp=block&blockid=QUFB"):
        client.sendall(put("wrong", GULP, f"Content-MD5: {wrong}", query=query) + NOISE[:GULP])
        reply = answer(client)
        assert status(reply) == 400
        assert b"Md5Mismatch" in reply
    client.sendall(NAMES)
    assert status(answer(client)) == 200
    assert not is_there(room, "wrong")


def test_a_body_that_is_given_up_near_its_end_is_dropped_and_the_next_request_answered(client: socket.socket, room: Room):
    """The message has a version that is none, which shows in the first byte."""
    size = GULP + 20_000
    structured = "x-ms-structured-body: XSM/1.0; properties=crc64", f"x-ms-structured-content-length: {size - 50}"
    client.sendall(put("broken", size, *structured, "Expect: 100-continue"))
    assert status(answer(client)) == 100
    client.sendall(b"\xff" * size)
    reply = answer(client)
    assert status(reply) == 400
    assert b"connection: close" not in reply
    client.sendall(put("after", GULP) + NOISE[:GULP])
    assert status(answer(client)) == 201
    assert kept(room, "after") == NOISE[:GULP]
    assert not is_there(room, "broken")


def test_a_body_that_is_given_up_early_ends_the_connection(client: socket.socket, room: Room):
    structured = "x-ms-structured-body: XSM/1.0; properties=crc64", "x-ms-structured-content-length: 9000000"
    client.sendall(put("broken", 9_000_050, *structured, "Expect: 100-continue"))
    assert status(answer(client)) == 100
    client.sendall(b"\xff" * 2 * GULP)
    reply = answer(client)
    assert status(reply) == 400
    assert b"connection: close" in reply
    assert not is_there(room, "broken")


def test_blocks_pages_and_appends_come_whole_too(client: socket.socket, room: Room):
    data = NOISE[: 3 * GULP]
    client.sendall(put("blocks", len(data), query="?comp=block&blockid=QUFB") + data)
    assert status(answer(client)) == 201
    commit = b"<BlockList><Latest>QUFB</Latest></BlockList>"
    client.sendall(put("blocks", len(commit), query="?comp=blocklist") + commit)
    assert status(answer(client)) == 201
    client.sendall(put("log", 0).replace(b"BlockBlob", b"AppendBlob"))
    assert status(answer(client)) == 201
    for _ in range(2):
        client.sendall(put("log", len(data), query="?comp=appendblock") + data)
        assert status(answer(client)) == 201
    client.sendall(put("disk", 0, f"x-ms-blob-content-length: {len(data)}").replace(b"BlockBlob", b"PageBlob"))
    assert status(answer(client)) == 201
    client.sendall(
        put("disk", len(data), "x-ms-page-write: update", f"Range: bytes=0-{len(data) - 1}", query="?comp=page") + data
    )
    assert status(answer(client)) == 201
    assert [kept(room, name) for name in ("blocks", "log", "disk")] == [data, data * 2, data]


def test_a_long_list_of_blocks_is_read_of_the_socket_too(client: socket.socket, room: Room):
    ids = [b64encode(f"{number:06}".encode()).decode() for number in range(10)]
    for one in ids:
        client.sendall(put("many", 4, query=f"?comp=block&blockid={one}") + b"data")
        assert status(answer(client)) == 201
    listed = "".join(f"<Latest>{one}</Latest>" for one in ids)
    text = f"<BlockList>{' ' * 2 * GULP}{listed}</BlockList>".encode()
    client.sendall(put("many", len(text), query="?comp=blocklist") + text)
    assert status(answer(client)) == 201
    assert kept(room, "many") == b"data" * 10


def test_what_a_client_that_leaves_has_sent_is_not_kept(service: Service, room: Room):
    for sent in (10, GULP, 4 * GULP + 1):
        with socket.create_connection(("127.0.0.1", service.port), PATIENCE) as opened:
            opened.sendall(put("left", len(NOISE)) + NOISE[:sent])
            opened.shutdown(socket.SHUT_WR)
            with suppress(ConnectionError):
                assert b" 201 " not in answer(opened)
        with socket.create_connection(("127.0.0.1", service.port), PATIENCE) as opened:
            opened.sendall(put("left", len(NOISE)) + NOISE[:sent])
    assert not is_there(room, "left")
