"""HTTP that is malformed, too much, too slow or cut off: refused with the right answer, and nothing of it is kept."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace

import pytest

import strongroom
from strongroom.domain.settings import Settings
from strongroom.errors import BlobNotFound
from strongroom.room import Room
from strongroom.server.azure.limits import Limits
from strongroom.testing.blob_service import ACCOUNT, OpenDoor, Service, blob_service
from strongroom.vault import Traits

LIMITS = Limits.of(Settings())
SHORT = 0.3
PATIENCE = 20.0

Serve = Callable[..., AbstractContextManager[Service]]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with strongroom.init(tmp_path_factory.mktemp("blob-http") / "room") as made:
        yield made


@pytest.fixture
def room(opened: Room) -> Iterator[Room]:
    container = opened.vault.create_container("con")
    yield opened
    opened.vault.delete_container(container)


@pytest.fixture
def serve(room: Room) -> Serve:
    def start(**limits: float) -> AbstractContextManager[Service]:
        return blob_service(room, limits=replace(LIMITS, **limits), door=OpenDoor())

    return start


@contextmanager
def connected(service: Service) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", service.port), PATIENCE) as opened:
        yield opened


def head(method: str, path: str, *headers: str) -> bytes:
    return "\r\n".join([f"{method} /{ACCOUNT}{path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode("latin-1")


def put(name: str, *headers: str) -> bytes:
    return head("PUT", f"/con/{name}", "x-ms-blob-type: BlockBlob", *headers)


def answer(connection: socket.socket) -> bytes:
    """Read until the server closes."""
    found = b""
    while data := connection.recv(1 << 16):
        found += data
    return found


def one_answer(connection: socket.socket) -> bytes:
    found = b""
    while b"\r\n\r\n" not in found:
        data = connection.recv(1 << 16)
        if not data:
            return found
        found += data
    top, _, body = found.partition(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in top.split(b"\r\n") if line.startswith(b"content-length")), 0)
    while len(body) < length:
        body += connection.recv(1 << 16)
    return top + b"\r\n\r\n" + body


def ask(service: Service, data: bytes) -> bytes:
    with connected(service) as connection:
        connection.sendall(data)
        return answer(connection)


def status(reply: bytes) -> int:
    return int(reply.split(b" ")[1])


def is_there(room: Room, name: str) -> bool:
    container = room.vault.container("con", room.scope("list"))
    try:
        room.vault.get(container, name)
    except BlobNotFound:
        return False
    return True


@pytest.mark.parametrize(
    "framing",
    [
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 5"),
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: 5", "Content-Length: 5"),
        ("Content-Length: +5",),
        ("Content-Length: 5, 5",),
        ("Content-Length: -5",),
        ("Content-Length: 0x5",),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding : chunked",),
        ("Content-Length : 5",),
    ],
)
def test_a_body_whose_length_could_be_read_in_two_ways_is_refused(serve: Serve, room: Room, framing: tuple[str, ...]):
    body = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with serve() as service:
        reply = ask(service, put("a", *framing) + body)
    assert status(reply) == 400
    assert reply.count(b"HTTP/1.1") == 1
    assert not is_there(room, "a")


@pytest.mark.parametrize(
    "first",
    [
        b"GET /x HTTP/1.1\r\nHost: a\r\nX: y\r\n folded\r\n\r\n",
        b"GET /x\x00y HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /x HTTP/9.9\r\nHost: a\r\n\r\n",
        b"GET /x HTTP/1.1\r\nHost: a\r\nX\x00: y\r\n\r\n",
        b"GET /x HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"CONNECT example.org:443 HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_and_the_connection_ends(serve: Serve, first: bytes):
    with serve() as service:
        reply = ask(service, first)
        assert status(reply) == 400
        assert b"connection: close" in reply
        assert status(one_of(service)) == 200


def one_of(service: Service) -> bytes:
    """An ordinary request, to see that the server goes on."""
    with connected(service) as connection:
        connection.sendall(head("GET", "?restype=account&comp=properties"))
        return one_answer(connection)


def test_a_target_that_is_no_path_is_refused(serve: Serve):
    with serve() as service:
        for target in ("*", "http://example.org", "?comp=list"):
            with connected(service) as connection:
                connection.sendall(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                assert status(one_answer(connection)) == 400


def test_two_hosts_are_refused(serve: Serve):
    with serve() as service, connected(service) as connection:
        connection.sendall(head("GET", "?comp=list", "Host: other"))
        assert status(one_answer(connection)) == 400


def test_a_chunked_body_is_taken(serve: Serve, room: Room):
    with serve() as service, connected(service) as connection:
        connection.sendall(put("a", "Transfer-Encoding: chunked") + b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
        assert status(one_answer(connection)) == 201
    container = room.vault.container("con", room.scope("list"))
    with room.vault.open(room.vault.get(container, "a")) as stream:
        assert stream.read() == b"hello world"


def test_headers_that_are_too_large_are_refused_at_once_or_bit_by_bit(serve: Serve):
    with serve(header_bytes=4096) as service:
        whole = ask(service, head("GET", "?comp=list", f"x-ms-meta-a: {'a' * 5000}"))
        with connected(service) as connection:
            connection.sendall(b"GET /x HTTP/1.1\r\nX: ")
            for _ in range(8):
                connection.sendall(b"a" * 1000)
                time.sleep(0.01)
            bitwise = answer(connection)
        many = ask(service, head("GET", "?comp=list", *(f"a{i}: b" for i in range(1000))))
    for reply in (whole, bitwise, many):
        assert status(reply) == 431
        assert b"RequestHeadersTooLarge" in reply


def test_a_url_that_is_too_long_is_refused(serve: Serve):
    with serve(target_bytes=1000) as service:
        assert status(ask(service, head("GET", "/con/" + "a" * 1000))) == 414


def test_a_client_that_sends_its_headers_too_slowly_is_cut_off(serve: Serve):
    with serve(header_seconds=SHORT) as service, connected(service) as connection, connected(service) as silent:
        connection.sendall(b"GET /x HTTP/1.1\r\n")
        assert status(answer(connection)) == 408
        assert answer(silent) == b""


def test_a_client_that_sends_a_head_slowly_after_a_request_is_cut_off_too(serve: Serve):
    with serve(header_seconds=SHORT) as service, connected(service) as connection:
        connection.sendall(head("GET", "?restype=account&comp=properties"))
        assert status(one_answer(connection)) == 200
        connection.sendall(b"\r\n")
        assert answer(connection) == b""


def test_a_client_that_sends_its_body_too_slowly_is_cut_off(serve: Serve, room: Room):
    with serve(body_seconds=SHORT) as service:
        for length in (100, 10_000_000):
            with connected(service) as connection:
                connection.sendall(put("a", f"Content-Length: {length}") + b"part")
                reply = answer(connection)
            assert status(reply) == 408
            assert b"RequestTimeout" in reply
    assert not is_there(room, "a")


def test_a_client_that_does_not_read_its_answer_is_cut_off(serve: Serve, room: Room):
    container = room.vault.container("con", room.scope("list"))
    room.vault.put(container, "large", b"x" * 40_000_000)
    with serve(body_seconds=SHORT) as service, connected(service) as connection:
        connection.sendall(head("GET", "/con/large"))
        time.sleep(4 * SHORT)
        found = b""
        with suppress(ConnectionResetError):
            while data := connection.recv(1 << 16):
                found += data
    assert len(found) < 40_000_000


@pytest.mark.parametrize("length", [100, 100_000, 10_000_000])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_an_upload_that_breaks_off_is_not_kept(serve: Serve, room: Room, length: int, framing: str):
    with serve() as service:
        for end in (socket.SHUT_WR, None):
            with connected(service) as connection:
                if framing == "length":
                    connection.sendall(put("a", f"Content-Length: {length}") + b"x" * (length - 1))
                else:
                    connection.sendall(put("a", "Transfer-Encoding: chunked") + b"%x\r\n" % length + b"x" * length + b"\r\n")
                if end is not None:
                    connection.shutdown(end)
                    answer(connection)
        assert status(one_of(service)) == 200
        time.sleep(0.2)
        assert not is_there(room, "a")
    assert not room.check()


def test_connections_beyond_the_bound_are_refused_and_others_served(serve: Serve):
    with serve(connections=2) as service, connected(service) as one, connected(service) as two:
        one.sendall(head("GET", "?restype=account&comp=properties"))
        assert status(one_answer(one)) == 200
        with connected(service) as three:
            assert status(answer(three)) == 503
        two.sendall(head("GET", "?restype=account&comp=properties"))
        assert status(one_answer(two)) == 200


def test_an_upload_waits_for_its_turn_and_is_told_when_it_waited_too_long(serve: Serve, room: Room):
    with serve(uploads=1, wait_seconds=SHORT) as service, connected(service) as slow:
        slow.sendall(put("slow", "Content-Length: 1000000") + b"x")
        time.sleep(0.1)
        with connected(service) as second:
            second.sendall(put("second", "Content-Length: 1") + b"x")
            assert status(one_answer(second)) == 503
        slow.sendall(b"x" * 999_999)
        assert status(one_answer(slow)) == 201
        with connected(service) as third:
            third.sendall(put("third", "Content-Length: 1") + b"x")
            assert status(one_answer(third)) == 201


def test_a_refused_upload_gets_its_answer_before_it_has_sent_all(serve: Serve):
    with serve() as service, connected(service) as connection:
        connection.sendall(put("a", "Content-Length: 100000000", "x-ms-version: nonsense") + b"x" * 300_000)
        reply = one_answer(connection)
        assert status(reply) == 400
        assert b"connection: close" in reply


def test_a_short_body_of_a_refused_request_does_not_end_the_connection(serve: Serve):
    with serve() as service, connected(service) as connection:
        for _ in range(3):
            connection.sendall(put("a", "Content-Length: 5", "x-ms-version: nonsense") + b"hello")
            assert status(one_answer(connection)) == 400


def test_a_client_that_expects_leave_to_send_gets_it_only_when_it_is_let_in(serve: Serve, room: Room):
    with serve() as service, connected(service) as connection:
        connection.sendall(put("a", "Content-Length: 5", "Expect: 100-continue"))
        assert one_answer(connection).startswith(b"HTTP/1.1 100")
        connection.sendall(b"hello")
        assert status(one_answer(connection)) == 201
    with blob_service(room) as service, connected(service) as connection:
        connection.sendall(put("b", "Content-Length: 5", "Expect: 100-continue"))
        reply = answer(connection)
        assert status(reply) == 403
        assert reply.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x", "a\nb", "a\x00b"])
def test_a_stored_header_cannot_split_an_answer(serve: Serve, room: Room, value: str):
    container = room.vault.container("con", room.scope("list"))
    room.vault.put(container, "a", b"x", traits=Traits(content_type=value, metadata={"m": value}))
    with serve() as service, connected(service) as connection:
        connection.sendall(head("GET", "/con/a"))
        reply = one_answer(connection)
        assert status(reply) == 200
        top = reply.partition(b"\r\n\r\n")[0]
        assert b"\nSet-Cookie" not in top
        assert b"\x00" not in top


def test_a_client_request_id_cannot_split_an_answer_either(serve: Serve):
    with serve() as service, connected(service) as connection:
        connection.sendall(head("GET", "?comp=list", "x-ms-client-request-id: a\tb", "x-ms-version: 2020-01-01"))
        reply = one_answer(connection)
        assert b"x-ms-client-request-id" not in reply


@pytest.mark.parametrize("path", ["/../../etc/passwd", "/con/..%2f..%2f..%2fetc%2fpasswd", "/%2e%2e/%2e%2e/etc/passwd"])
def test_a_path_leads_nowhere_but_to_blobs(serve: Serve, path: str):
    with serve() as service, connected(service) as connection:
        connection.sendall(head("GET", path))
        reply = one_answer(connection)
        assert status(reply) in (400, 404)
        assert b"root:" not in reply


def test_the_development_account_answers_to_local_names_only(room: Room):
    """A page whose name leads to this machine could sign with the key that all know (DNS rebinding)."""
    with blob_service(room) as service:
        for host, expected in (("localhost:1", 403), ("127.0.0.1", 403), ("[::1]:1", 403), ("rebound.example:1", 404)):
            with connected(service) as connection:
                connection.sendall(f"GET /{ACCOUNT}?comp=list HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                assert status(one_answer(connection)) == expected, host


def test_refusals_are_logged_without_signatures(caplog: pytest.LogCaptureFixture, room: Room):
    secret = head("GET", "/con/a?sv=2020-01-01&sig=c2VjcmV0&sp=r", "Authorization: SharedKey x:hidden")
    with caplog.at_level("INFO", logger="strongroom.server"), blob_service(room) as service, connected(service) as connection:
        connection.sendall(secret)
        assert status(one_answer(connection)) in (400, 403)
    assert "sig=-" in caplog.text
    assert "c2VjcmV0" not in caplog.text
    assert "hidden" not in caplog.text


def test_a_client_that_pipelines_and_reads_nothing_is_cut_off(serve: Serve, room: Room):
    container = room.vault.container("con", room.scope("list"))
    room.vault.put(container, "large", b"x" * 1_000_000)
    with serve(body_seconds=SHORT, keep_alive_seconds=1) as service, connected(service) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)  # a smaller one takes minutes to empty
        connection.sendall(head("GET", "/con/large") * 20)
        time.sleep(2 + 3 * SHORT)
        found = b""
        with suppress(ConnectionResetError):
            while data := connection.recv(1 << 16):
                found += data
    assert len(found) < 20_000_000


def test_what_a_client_sent_cannot_break_the_answer_or_the_log(serve: Serve, caplog: pytest.LogCaptureFixture):
    with caplog.at_level("INFO", logger="strongroom.server"), serve() as service, connected(service) as connection:
        connection.sendall(head("GET", "/con?restype=container&comp=a%0Ab%00%3Cc"))
        reply = one_answer(connection)
    assert status(reply) == 400
    assert b"<QueryParameterValue>a?b?&lt;c</QueryParameterValue>" in reply
    assert all("\n" not in record.getMessage() for record in caplog.records)
