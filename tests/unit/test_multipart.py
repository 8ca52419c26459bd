"""Batches: requests within a request, as clients write them, and as nobody should."""

from collections.abc import Callable

import pytest

from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire.multipart import PartReply, boundary_of, read_parts, spell_parts

PART = (
    "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: {id}\r\n\r\n"
    "DELETE /acc/con/a%20b?snapshot=x HTTP/1.1\r\nx-ms-date: Tue, 24 Nov 2026 10:00:00 GMT\r\nContent-Length: 0\r\n\r\n"
)


def whole(*parts: str, end: str = "\r\n") -> bytes:
    body = "".join(f"--b\r\n{part}\r\n" for part in parts) + "--b--" + end
    return body.encode()


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("multipart/mixed; boundary=batch_1", "batch_1"),
        ('Multipart/Mixed; boundary="a b"', "a b"),
        ("multipart/mixed;boundary===============1==", "==============1=="),
    ],
)
def test_the_boundary_is_read_from_the_content_type(given: str, found: str):
    assert boundary_of(given) == found


@pytest.mark.parametrize(
    "given", [None, "", "multipart/mixed", "text/plain; boundary=a", "multipart/mixed; boundary=" + "a" * 71]
)
def test_a_content_type_without_a_boundary_is_refused(given: str | None):
    with pytest.raises(Fault) as raised:
        boundary_of(given)
    assert raised.value.code == "InvalidHeaderValue"


@pytest.mark.parametrize(
    "change", [lambda body: body, lambda body: body.replace(b"\r\n", b"\n"), lambda body: b"before\r\n" + body]
)
def test_parts_are_read_with_either_line_end_and_text_before_them(change: Callable[[bytes], bytes]):
    first, second = read_parts(change(whole(PART.format(id=0), PART.format(id="x"))), "b", 2)
    assert (first.content_id, second.content_id) == ("0", "x")
    assert (first.method, first.raw_path, first.raw_query) == ("DELETE", b"/acc/con/a%20b", b"snapshot=x")
    assert first.headers == {"x-ms-date": "Tue, 24 Nov 2026 10:00:00 GMT", "content-length": "0"}


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/acc/con/a", b"/acc/con/a"),
        ("acc/con/a", b"/acc/con/a"),
        ("http://host:1/acc/con/a", b"/acc/con/a"),
        ("//a/b", b"/a/b"),
    ],
)
def test_a_target_is_a_path_or_a_url(target: str, path: bytes):
    (part,) = read_parts(whole(f"Content-ID: 1\r\n\r\nDELETE {target} HTTP/1.1\r\n"), "b", 1)
    assert part.raw_path == path


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b--",
        b"--c\r\n\r\nDELETE /a HTTP/1.1\r\n\r\n--c--",
        whole(PART.format(id=0)).removesuffix(b"--\r\n"),
        whole("\r\nDELETE /a b HTTP/1.1\r\n"),
        whole("\r\nDELETE /a\x01 HTTP/1.1\r\n"),
        whole("\r\nDELETE /ä HTTP/1.1\r\n"),
        whole("\r\nDELETE /a\r\n"),
        whole("\r\nDELETE http://[::/a HTTP/1.1\r\n"),
        whole("\r\nDELETE /a FTP/1.1\r\n"),
        whole("\r\nDELETE /a HTTP/1.1\r\nno header\r\n"),
        whole("\r\nDELETE /a HTTP/1.1\r\na b: c\r\n"),
        whole("\r\nDELETE /a HTTP/1.1\r\na: \x00\r\n"),
        whole("\r\nDELETE /a HTTP/1.1\r\nauthorization: x\r\nAuthorization: y\r\n"),
        whole("no empty line"),
    ],
)
def test_what_is_no_batch_is_refused(body: bytes):
    with pytest.raises(Fault) as raised:
        read_parts(body, "b", 5)
    assert raised.value.code == "InvalidInput"


def test_more_parts_than_may_be_are_refused():
    with pytest.raises(Fault) as raised:
        read_parts(whole(*[PART.format(id=0)] * 3), "b", 2)
    assert raised.value.code == "ExceedsMaxBatchRequestCount"


def test_answers_stand_in_order_each_with_the_name_of_its_request():
    replies = [
        PartReply(content_id="0", status=202, headers=[("x-ms-request-id", "r")]),
        PartReply(content_id=None, status=404, headers=[("Content-Length", "4")], body=b"<a/>"),
    ]
    assert spell_parts(replies, "b") == (
        b"--b\r\nContent-Type: application/http\r\nContent-ID: 0\r\n\r\nHTTP/1.1 202 Accepted\r\nx-ms-request-id: r\r\n\r\n\r\n"
        b"--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\n<a/>\r\n--b--\r\n"
    )
