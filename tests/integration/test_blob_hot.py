"""The short way of the blob service says what the long way says, byte for byte, and sees what any process writes."""

import hashlib
import hmac
import re
import socket
from base64 import b64decode, b64encode
from collections.abc import Iterator
from email.utils import formatdate
from itertools import count

import pytest

import strongroom
from strongroom.room import Room
from strongroom.server.azure.auth.authenticate import Gate
from strongroom.server.azure.call import Identity, Request
from strongroom.server.azure.hot import Hot
from strongroom.server.azure.route import Operation
from strongroom.testing.blob_service import ACCOUNT, KEY, Service, blob_service
from strongroom.vault import Traits

PATIENCE = 30.0
MASKED = re.compile(
    rb"(\r\n(?:date|x-ms-request-id|etag|last-modified|x-ms-creation-time|x-ms-version-id): )[^\r]+|(RequestId:|Time:)[^\n<]+"
)
numbers = count()


class LongDoor:
    """The room's door, which the short way does not know."""

    def __init__(self, room: Room) -> None:
        self._gate = Gate(room.vault, development=True)

    def identify(self, request: Request, operation: Operation) -> Identity:
        return self._gate.identify(request, operation)

    def identify_source(self, url: str, request: Request, identity: Identity) -> tuple[Request, Identity] | None:
        return self._gate.identify_source(url, request, identity)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with strongroom.init(tmp_path_factory.mktemp("hot") / "room") as opened:
        yield opened


@pytest.fixture(scope="module")
def short(room: Room) -> Iterator[Service]:
    with blob_service(room) as running:
        yield running


@pytest.fixture(scope="module")
def long(room: Room) -> Iterator[Service]:
    with blob_service(room, door=LongDoor(room)) as running:
        yield running


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the short way did: ``read`` or ``write`` for each request that it answered."""
    done: list[str] = []
    read, write = Hot.read, Hot.write

    def reading(self: Hot, *arguments: object) -> bytes | None:
        found = read(self, *arguments)
        done.extend(["read"] if found is not None else [])
        return found

    def writing(self: Hot, *arguments: object) -> None:
        done.append("write")
        write(self, *arguments)

    monkeypatch.setattr(Hot, "read", reading)
    monkeypatch.setattr(Hot, "write", writing)
    return done


def signed(method: str, path: str, headers: dict[str, str], body: bytes = b"", *, key: str = KEY) -> bytes:
    given = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2023-11-03", **headers}
    if body or method == "PUT":
        given["content-length"] = str(len(body))
    names = ("content-encoding", "content-language", "content-length", "content-md5", "content-type", "date")
    names += ("if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range")
    lines = [method, *(given.get(name, "") if given.get(name) != "0" else "" for name in names)]
    lines += [f"{name}:{given[name]}" for name in sorted(given) if name.startswith("x-ms-")]
    text = "\n".join([*lines, f"/{ACCOUNT}/{ACCOUNT}{path}"])
    signature = b64encode(hmac.digest(b64decode(key), text.encode(), hashlib.sha256)).decode()
    head = [f"{method} /{ACCOUNT}{path} HTTP/1.1", "host: 127.0.0.1", f"authorization: SharedKey {ACCOUNT}:{signature}"]
    return "\r\n".join([*head, *(f"{name}: {value}" for name, value in given.items()), "", ""]).encode() + body


def send(service: Service, *requests: bytes, parts: int = 1) -> list[bytes]:
    """Ask on one connection, one request after another; gives the answers as they came."""
    answers = []
    with socket.create_connection(("127.0.0.1", service.port), PATIENCE) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in requests:
            step = -(-len(request) // parts)
            for at in range(0, len(request), step):
                connection.sendall(request[at : at + step])
            answers.append(receive(connection, is_head=request.startswith(b"HEAD")))
    return answers


def receive(connection: socket.socket, *, is_head: bool) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(1 << 16)
        assert chunk, data
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    found = re.search(rb"\r\ncontent-length: (\d+)", head)
    length = int(found[1]) if found and not is_head else 0
    while len(body) < length:
        chunk = connection.recv(1 << 16)
        assert chunk
        body += chunk
    assert len(body) == length
    return head + b"\r\n\r\n" + body


def plain(answer: bytes) -> bytes:
    return MASKED.sub(rb"\1\2?", answer)


def new_container(room: Room) -> str:
    name = f"hot-{next(numbers)}"
    room.vault.create_container(name)
    return name


READS = {
    "plain": {},
    "client id": {"x-ms-client-request-id": "abc 1", "user-agent": "x", "accept": "*/*", "connection": "keep-alive"},
    "client id that is no text": {"x-ms-client-request-id": "a" * 1025},
    "range": {"range": "bytes=1-2"},
    "not changed": {"if-none-match": "*"},
    "closing": {"connection": "close"},
    "old version": {"x-ms-version": "2015-02-21"},
    "no version": {"x-ms-version": "banana"},
    "own key": {"x-ms-encryption-key": "AAAA"},
    "origin": {"origin": "http://example.org"},
}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reads_are_the_same(room: Room, short: Service, long: Service, answered: list[str], method: str):
    name = new_container(room)
    container = room.vault.container(name, room.scope("read"))
    traits = Traits(content_type="text/plain", metadata={"who": "Ann"}, tags={"a": "b"}, headers={"cache-control": "no"})
    room.vault.put(container, "a b", b"hello", traits=traits, with_md5=True)
    room.vault.put(container, "empty", b"")
    room.vault.put(container, "large", bytes(100_000))
    room.vault.put(container, "added", b"x", traits=Traits(kind="append"))
    room.vault.put(container, "leased", b"x")
    room.vault.acquire_lease(container, "leased", seconds=60)
    send(short, signed("GET", f"/{name}/empty", {}))  # its use begins
    answered.clear()
    for path in ("a%20b", "empty", "large", "added", "leased", "missing", "a%5Cb"):
        for which, headers in READS.items():
            request = signed(method, f"/{name}/{path}", headers)
            assert plain(send(short, request)[0]) == plain(send(long, request)[0]), (path, which)
    assert len(answered) >= 2 * 4
    assert set(answered) == {"read"}


def test_who_may_not_is_refused_the_same(room: Room, short: Service, long: Service, answered: list[str]):
    name = new_container(room)
    room.vault.put(room.vault.container(name, room.scope("read")), "a", b"hello")
    send(short, signed("GET", f"/{name}/a", {}))
    answered.clear()
    right = signed("GET", f"/{name}/a", {})
    wrong = {
        "other key": signed("GET", f"/{name}/a", {}, key=b64encode(b"x" * 64).decode()),
        "other path": right.replace(f"/{name}/a".encode(), f"/{name}/b".encode()),
        "other verb": right.replace(b"GET", b"HEAD"),
        "other account": right.replace(ACCOUNT.encode() + b":", b"another:"),
        "old": signed("GET", f"/{name}/a", {"x-ms-date": "Tue, 24 Nov 2020 11:16:03 GMT"}),
        "no date": signed("GET", f"/{name}/a", {"x-ms-date": "yesterday"}),
        "twice": right.replace(b"\r\nhost:", b"\r\naccept: a\r\naccept: b\r\nhost:"),
    }
    for which, request in wrong.items():
        assert plain(send(short, request)[0]) == plain(send(long, request)[0]), which
    assert answered == []


WRITES = {
    "plain": ({}, b"hello"),
    "empty": ({}, b""),
    "described": (
        {
            "x-ms-meta-who": "Ann",
            "x-ms-tags": "a=b",
            "content-type": "text/plain",
            "x-ms-blob-cache-control": "no",
            "x-ms-client-request-id": "7",
        },
        b"hello",
    ),
    "summed": ({"content-md5": b64encode(hashlib.md5(b"hello").digest()).decode()}, b"hello"),
    "wrongly summed": ({"content-md5": b64encode(bytes(16)).decode()}, b"hello"),
    "no sum": ({"content-md5": "AAAA"}, b"hello"),
    "if it is there": ({"if-match": "*"}, b"hello"),
    "if it is not": ({"if-none-match": "*"}, b"hello"),
    "no metadata": ({"x-ms-meta-1": "Ann"}, b"hello"),
    "another kind": ({"x-ms-blob-type": "AppendBlob"}, b""),
    "no kind": ({"x-ms-blob-type": "Blob"}, b"x"),
    "leased": ({"x-ms-lease-id": "0" * 32}, b"x"),
    "large": ({}, bytes(70_000)),
}


@pytest.mark.parametrize("parts", [1, 3])
def test_writes_are_the_same(room: Room, short: Service, long: Service, answered: list[str], parts: int):
    name = new_container(room)
    send(short, signed("PUT", f"/{name}/first", {"x-ms-blob-type": "BlockBlob"}, b"x"))  # its use begins
    answered.clear()
    for turn in range(2):
        for which, (headers, body) in WRITES.items():
            told = []
            for service in (short, long):
                path = f"/{name}/{'short' if service is short else 'long'}-{which.replace(' ', '%20')}"
                request = signed("PUT", path, {"x-ms-blob-type": "BlockBlob", **headers}, body)
                told.append(plain(send(service, request, parts=parts)[0]))
            assert told[0] == told[1], (which, turn)
    assert answered.count("write") >= 2 * 7
    container = room.vault.container(name, room.scope("read"))
    written = {blob.name: blob for blob in room.vault.walk(container)}
    for which, (_, body) in WRITES.items():
        pair = [written[one] for one in (f"short-{which}", f"long-{which}") if one in written]
        assert len({(blob.size, blob.md5, blob.content_type, str(blob.metadata), str(blob.tags)) for blob in pair}) <= 1
        for blob in pair:
            with room.vault.open(blob) as stream:
                assert stream.read() == body
    assert len(written) >= 2 * 7


def test_what_is_written_by_anybody_is_seen_at_once(room: Room, short: Service, answered: list[str]):
    name = new_container(room)
    container = room.vault.container(name, room.scope("read"))
    request = signed("GET", f"/{name}/a", {})
    room.vault.put(container, "a", b"0")
    send(short, request)
    for turn in range(1, 30):
        data = b"%d" % turn
        room.vault.put(container, "a", data)
        assert all(one.endswith(b"\r\n\r\n" + data) for one in send(short, request, request))
        if turn % 7 == 0:
            room.vault.delete(container, "a")
            assert send(short, request)[0].startswith(b"HTTP/1.1 404")
    assert answered.count("read") > 40


def test_reads_that_are_sent_at_once_are_answered_in_order(room: Room, short: Service, answered: list[str]):
    name = new_container(room)
    container = room.vault.container(name, room.scope("read"))
    for letter in "abc":
        room.vault.put(container, letter, letter.encode())
    send(short, signed("GET", f"/{name}/a", {}))
    answered.clear()
    with socket.create_connection(("127.0.0.1", short.port), PATIENCE) as connection:
        connection.sendall(b"".join(signed("GET", f"/{name}/{letter}", {}) for letter in "abcabc"))
        data = b""
        while data.count(b"HTTP/1.1 200") < 6 or not data.endswith(b"\r\n\r\nc"):
            data += connection.recv(1 << 16)
    assert re.findall(rb"\r\n\r\n([abc])", data) == [b"a", b"b", b"c", b"a", b"b", b"c"]


def test_a_write_whose_body_does_not_come_is_refused(room: Room, short: Service):
    name = new_container(room)
    send(short, signed("PUT", f"/{name}/first", {"x-ms-blob-type": "BlockBlob"}, b"x"))
    request = signed("PUT", f"/{name}/torn", {"x-ms-blob-type": "BlockBlob"}, b"hello")
    with socket.create_connection(("127.0.0.1", short.port), PATIENCE) as connection:
        connection.sendall(request[:-2])
    container = room.vault.container(name, room.scope("read"))
    assert [blob.name for blob in room.vault.walk(container)] == ["first"]


def test_the_well_known_key_opens_nothing_under_a_rebound_name(room: Room, short: Service, answered: list[str]):
    """A page whose name leads to this machine could sign with it (DNS rebinding)."""
    name = new_container(room)
    room.vault.put(room.vault.container(name, room.scope("list")), "a", b"hello")
    request = signed("GET", f"/{name}/a", {})
    for _ in range(2):
        assert send(short, request)[0].endswith(b"hello")
    answer = send(short, request.replace(b"host: 127.0.0.1", b"host: rebound.example"))[0]
    assert answer.startswith(b"HTTP/1.1 404")
    assert answered == ["read"]
