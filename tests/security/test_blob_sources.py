"""Sources of copies on other servers: nothing inside the network is reached that the room's owner did not name."""

import logging
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from strongroom.errors import SettingError
from strongroom.server.azure import fetching
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.outside import Outside, Target
from strongroom.storage.catalog import Catalog
from strongroom.storage.layout import Layout
from strongroom.testing.azure import ask
from strongroom.vault import Vault

SECRET = b"the metadata service's secret"
PUBLIC = "93.184.215.14"
"""An address that is everybody's; no test connects to it."""


class Inner(BaseHTTPRequestHandler):
    """A server that nobody outside is meant to reach; keeps what it was asked."""

    asked: ClassVar[list[tuple[str, dict[str, str]]]] = []

    def do_GET(self) -> None:
        Inner.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        if self.path.startswith("/away"):
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:1/inside")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(SECRET)))
        self.end_headers()
        self.wfile.write(SECRET)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def inner() -> Iterator[int]:
    """Port of a server on 127.0.0.1."""
    Inner.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Inner)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    layout = Layout(root=tmp_path / "room")
    layout.prepare()
    catalog = Catalog(layout.catalog_url)
    catalog.migrate()
    opened = Vault(catalog, layout)
    opened.create_container("letters")
    yield opened
    opened.close()
    catalog.close()


OPERATIONS = (
    ("/letters/b", {}),
    ("/letters/b", {"x-ms-requires-sync": "true"}),
    ("/letters/b", {"x-ms-blob-type": "BlockBlob"}),
    ("/letters/b?comp=block&blockid=AAAA", {}),
    ("/letters/b?comp=appendblock", {}),
    ("/letters/b?comp=page", {"x-ms-page-write": "update", "x-ms-range": "bytes=0-511"}),
)


def refused(vault: Vault, outside: Outside, url: str, target: str = "/letters/b", **headers: str) -> Fault:
    with pytest.raises(Fault) as caught:
        ask(vault, "PUT", target, {"x-ms-copy-source": url, **headers}, outside=outside)
    assert list(vault.walk(vault.container("letters", _everything()))) == []
    return caught.value


def _everything():  # noqa: ANN202 - a scope
    from strongroom.testing.azure import EVERYTHING

    return EVERYTHING


def knows(*answers: Sequence[str]):
    """Give a resolver that answers these, one after the other, and then the last again."""
    left = list(answers)

    def resolve(host: str, port: int) -> Sequence[str]:
        del host, port
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


@pytest.mark.parametrize(("target", "headers"), OPERATIONS)
def test_by_default_no_other_server_is_a_source_and_the_setting_is_named(
    vault: Vault, inner: int, target: str, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="strongroom.server"):
        fault = refused(vault, Outside(), f"http://127.0.0.1:{inner}/secret?sig=hidden", target, **headers)
    assert (fault.status, fault.code) == (404, "CannotVerifyCopySource")
    assert "copy_sources" in fault.message
    assert [record.name for record in caplog.records] == ["strongroom.server"]
    assert "hidden" not in caplog.text + fault.message
    assert Inner.asked == []


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "localhost.",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fd00::1]",
        "[ff02::1]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
    ],
)
def test_however_an_inner_address_is_spelt_it_is_refused_even_if_every_host_is_open(
    vault: Vault, inner: int, host: str
) -> None:
    fault = refused(vault, Outside("*"), f"http://{host}:{inner}/secret")
    assert (fault.status in (403, 404), fault.code) == (True, "CannotVerifyCopySource")
    assert Inner.asked == []


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "168.63.129.16", "100.100.100.200", "fd00:ec2::254", "::ffff:169.254.169.254"]
)
def test_where_clouds_keep_credentials_no_setting_opens(vault: Vault, address: str) -> None:
    outside = Outside("*,0.0.0.0/0,::/0,169.254.169.254", resolver=knows([address]))
    assert refused(vault, outside, "http://innocent.example/latest").code == "CannotVerifyCopySource"


@pytest.mark.parametrize("answer", ["127.0.0.1", "10.1.2.3", "::1", "fd00::1", "169.254.1.1"])
def test_a_name_that_leads_inside_is_refused(vault: Vault, answer: str) -> None:
    outside = Outside("*.example", resolver=knows([answer]))
    assert refused(vault, outside, "https://files.example/x").status == 403
    mixed = Outside("*.example", resolver=knows([PUBLIC, answer]))
    assert refused(vault, mixed, "https://files.example/x").status == 403


def test_the_connection_goes_to_the_address_that_was_checked(vault: Vault, inner: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads outside when it is looked up, and inside a moment later."""
    outside = Outside("*.example", resolver=knows([PUBLIC], ["127.0.0.1"]))
    tried: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], *_: object) -> socket.socket:
        tried.append(address)
        raise OSError("no network here")

    monkeypatch.setattr(fetching.socket, "create_connection", connect)
    fault = refused(vault, outside, f"http://rebound.example:{inner}/secret")
    assert (fault.status, tried) == (500, [(PUBLIC, inner)])
    assert Inner.asked == []


def test_a_redirect_is_not_followed(vault: Vault, inner: int) -> None:
    fault = refused(vault, Outside("127.0.0.0/8"), f"http://127.0.0.1:{inner}/away")
    assert (fault.status, fault.code) == (403, "CannotVerifyCopySource")
    assert [path for path, _ in Inner.asked] == ["/away"]


@pytest.mark.parametrize(
    "url",
    [
        "http://files.example@127.0.0.1:{port}/secret",
        "http://files.example:80@127.0.0.1:{port}/secret",
        "http://127.0.0.1:{port}\\@files.example/secret",
        "http://files.example%2f@127.0.0.1:{port}/secret",
        "http://127.0.0.1:{port}#@files.example/",
        "http://files.example%00.127.0.0.1:{port}/",
        "http://files.example\t:{port}/",
        "http://f\u0456les.example:{port}/",
        "http:///127.0.0.1:{port}/secret",
        "http:127.0.0.1:{port}/secret",
        "//127.0.0.1:{port}/secret",
        "file:///etc/passwd",
        "gopher://files.example:{port}/x",
        "ftp://files.example/x",
        "http://files.example:99999/",
        "http://[files.example/",
        "http://" + "a" * 3000 + ".example/",
    ],
)
def test_what_programs_read_in_two_ways_is_read_in_none(vault: Vault, inner: int, url: str) -> None:
    outside = Outside("*.example", resolver=knows([PUBLIC]))
    fault = refused(vault, outside, url.format(port=inner))
    assert fault.code in ("InvalidHeaderValue", "CannotVerifyCopySource")
    assert fault.status in (400, 403)
    assert Inner.asked == []


def test_another_port_of_this_machine_is_another_server(vault: Vault, inner: int) -> None:
    for host in ("127.0.0.1", "localhost"):
        assert refused(vault, Outside("*.example"), f"http://{host}:{inner}/testaccount/letters/a").status == 404
    assert Inner.asked == []


def test_a_private_network_is_open_once_it_is_named(vault: Vault, inner: int) -> None:
    named = Outside("127.0.0.1/32", resolver=knows(["127.0.0.1"]))
    headers = {"x-ms-blob-type": "BlockBlob", "cookie": "c", "authorization": "SharedKey mine:secret"}
    source = {"x-ms-copy-source": f"http://inner.example:{inner}/secret"}
    assert ask(vault, "PUT", "/letters/b", {**headers, **source}, outside=named).status == 201
    with vault.open(vault.get(vault.container("letters", _everything()), "b")) as stream:
        assert stream.read() == SECRET
    sent = Inner.asked[0][1]
    assert set(sent) == {"host", "accept-encoding", "connection", "user-agent"}
    assert sent["host"] == f"inner.example:{inner}"


def test_a_named_network_does_not_open_its_neighbours(vault: Vault, inner: int) -> None:
    outside = Outside("127.0.0.2/32", resolver=knows(["127.0.0.1"]))
    assert refused(vault, outside, f"http://inner.example:{inner}/secret").status == 403
    both = Outside("127.0.0.2/32", resolver=knows(["127.0.0.2", "127.0.0.1"]))
    assert refused(vault, both, f"http://inner.example:{inner}/secret").status == 403


def test_only_the_authorization_that_is_meant_for_the_source_is_sent(vault: Vault, inner: int) -> None:
    headers = {"x-ms-blob-type": "BlockBlob", "x-ms-copy-source-authorization": "Bearer theirs"}
    source = {"x-ms-copy-source": f"http://127.0.0.1:{inner}/secret"}
    ask(vault, "PUT", "/letters/b", {**headers, **source}, outside=Outside("127.0.0.1/32"))
    assert Inner.asked[0][1]["authorization"] == "Bearer theirs"


def test_a_header_cannot_bring_another_with_it(vault: Vault, inner: int) -> None:
    headers = {"x-ms-blob-type": "BlockBlob", "x-ms-copy-source-authorization": "Bearer a\r\nx-evil: 1"}
    fault = refused(vault, Outside("127.0.0.1/32"), f"http://127.0.0.1:{inner}/secret", **headers)
    assert fault.code == "CannotVerifyCopySource"
    assert Inner.asked == []


def _served(answer: bytes) -> tuple[socket.socket, threading.Thread]:
    """Serve one connection: give an answer, however wrong, and wait until the other side hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        other, _ = listener.accept()
        with other, suppress(OSError):
            other.sendall(answer)
            while other.recv(65536):
                pass

    thread = threading.Thread(target=serve)
    thread.start()
    return listener, thread


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\0\1\2\3\r\n\r\n",
        b"",
    ],
)
def test_a_server_that_answers_wrongly_or_never_costs_a_bounded_time(
    vault: Vault, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "HEAD_SECONDS", 0.5)
    monkeypatch.setattr(fetching, "IDLE_SECONDS", 0.5)
    listener, thread = _served(answer)
    port = listener.getsockname()[1]
    with listener:
        url = f"http://127.0.0.1:{port}/x"
        fault = refused(vault, Outside("127.0.0.1/32"), url, **{"x-ms-blob-type": "BlockBlob"})
        assert fault.code == "CannotVerifyCopySource"
        thread.join()


def test_a_source_that_never_ends_is_cut_off(vault: Vault) -> None:
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"100000\r\n" + bytes(1 << 20) + b"\r\n"
    listener, thread = _served(answer)
    with listener:
        target = Outside("127.0.0.1/32").target(f"http://127.0.0.1:{listener.getsockname()[1]}/x")
        with fetching.fetch(target, {}) as fetched, pytest.raises(Fault) as caught:
            list(fetched.chunks(1000, 60.0))
        assert caught.value.code == "RequestBodyTooLarge"
        thread.join()


def test_tls_holds_the_certificate_against_the_host(inner: int) -> None:
    target = Target(
        scheme="https", host="inner.example", port=inner, addresses=("127.0.0.1",), path="/", shown="https://inner.example/"
    )
    with pytest.raises(Fault) as caught:
        fetching.fetch(target, {})
    assert caught.value.code == "CannotVerifyCopySource"


@pytest.mark.parametrize("bad", ["http://files.example", "files example", "10.0.0.0/99", "a/b"])
def test_a_setting_that_names_neither_host_nor_network_is_refused(bad: str) -> None:
    with pytest.raises(SettingError):
        Outside(bad)


def test_patterns_are_of_whole_hosts_and_ports() -> None:
    outside = Outside("*.example, files.test:8443", resolver=knows([PUBLIC]))
    assert outside.target("https://a.example/x?y=z").path == "/x?y=z"
    assert outside.target("https://files.test:8443/").addresses == (PUBLIC,)
    for url in ("https://example/", "https://a.example.evil/", "https://files.test/", "https://files.test:8444/"):
        with pytest.raises(Fault):
            outside.target(url)
