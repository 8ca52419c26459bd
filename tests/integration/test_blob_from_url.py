"""Blobs, blocks, appends and pages from a URL: of this room without moving a byte where parts fit, and of other servers."""

import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from strongroom.domain.container import Container
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.outside import Outside
from strongroom.storage.layout import Layout
from strongroom.testing.azure import HERE, ask
from strongroom.vault import BlockRef, Traits, Vault

ON_SQLITE = pytest.mark.parametrize("catalog_url", ["sqlite"], indirect=True)
LARGE = bytes(range(256)) * 1024
LOOPBACK = Outside("127.0.0.0/8")
PATIENCE = 30.0


def md5_of(data: bytes) -> str:
    return b64encode(md5(data, usedforsecurity=False).digest()).decode()


def put(vault: Vault, url: str, source: str, outside: Outside = LOOPBACK, **headers: str) -> dict[str, str]:
    given = {f"x-ms-{name.replace('_', '-')}": value for name, value in headers.items()}
    reply = ask(vault, "PUT", url, {"x-ms-copy-source": source, **given}, outside=outside)
    assert reply.status in (201, 202)
    return dict(reply.headers)


def refused(vault: Vault, url: str, source: str, body: bytes = b"", **headers: str) -> tuple[int, str]:
    given = {f"x-ms-{name.replace('_', '-')}": value for name, value in headers.items()}
    with pytest.raises(Fault) as caught:
        ask(vault, "PUT", url, {"x-ms-copy-source": source, **given}, body, outside=LOOPBACK)
    return caught.value.status, caught.value.code


def bytes_of(vault: Vault, container: Container, name: str) -> bytes:
    with vault.open(vault.get(container, name)) as stream:
        return stream.read()


def files(layout: Layout) -> int:
    return sum(1 for path in layout.vault.rglob("*") if path.is_file() and len(path.name) == 26)


@pytest.fixture
def letters(vault: Vault) -> Container:
    made = vault.create_container("letters")
    traits = Traits(content_type="text/plain", headers={"cache-control": "no-store"}, metadata={"one": "1"}, tags={"k": "v"})
    vault.put(made, "a", LARGE, traits=traits, with_md5=True)
    return made


class Shelf(BaseHTTPRequestHandler):
    """Serves `LARGE`, with ranges and conditions, and what goes wrong on other servers."""

    gate = threading.Event()

    def do_GET(self) -> None:
        known = {"/slow": self._slow, "/short": self._short, "/gone": lambda: self.send_error(404)}
        known.get(self.path.partition("?")[0], self._whole)()

    def _whole(self) -> None:
        if self.headers.get("If-Match") == '"other"':
            self.send_error(412)
            return
        data, status, extra = LARGE, 200, {}
        if text := self.headers.get("Range"):
            first, last = text.removeprefix("bytes=").split("-")
            end = int(last) + 1 if last else len(LARGE)
            data, status, extra = LARGE[int(first) : end], 206, {"Content-Range": f"bytes {first}-{end - 1}/{len(LARGE)}"}
        self._send(status, data, len(data), extra)

    def _slow(self) -> None:
        self._send(200, LARGE[:1000], len(LARGE))
        Shelf.gate.wait(PATIENCE)
        with suppress(OSError):  # an aborted copy hangs up
            self.wfile.write(LARGE[1000:])

    def _short(self) -> None:
        self._send(200, LARGE[:1000], len(LARGE))

    def _send(self, status: int, data: bytes, length: int, extra: dict[str, str] | None = None) -> None:
        self.send_response(status)
        given = {"Content-Length": str(length), "Content-Type": "image/png", "x-ms-meta-far": "away", **(extra or {})}
        for name, value in given.items():
            self.send_header(name, value)
        if auth := self.headers.get("Authorization"):
            self.send_header("x-ms-meta-auth", auth.replace(" ", "-"))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def away() -> Iterator[str]:
    Shelf.gate.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shelf)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    Shelf.gate.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_blob_of_this_room_is_put_without_moving_a_byte(vault: Vault, letters: Container, layout: Layout) -> None:
    told = put(vault, "/letters/b", f"{HERE}/letters/a", blob_type="BlockBlob")
    made = vault.get(letters, "b")
    assert (bytes_of(vault, letters, "b"), files(layout), made.copy) == (LARGE, 1, None)
    assert (made.content_type, made.headers, made.metadata) == ("text/plain", {"cache-control": "no-store"}, {"one": "1"})
    assert (made.tags, told["content-md5"]) == ({}, md5_of(LARGE))
    assert vault.check(deep=True) == []


@ON_SQLITE
def test_the_request_says_what_the_blob_is(vault: Vault, letters: Container) -> None:
    said = {"blob_content_type": "image/png", "meta_two": "2", "tags": "x=y", "access_tier": "Cool"}
    put(vault, "/letters/b", f"{HERE}/letters/a", blob_type="BlockBlob", **said)
    made = vault.get(letters, "b")
    assert (made.content_type, made.metadata, made.tags, made.tier) == ("image/png", {"two": "2"}, {"x": "y"}, "Cool")
    assert made.headers == {"cache-control": "no-store"}
    put(vault, "/letters/b", f"{HERE}/letters/a", blob_type="BlockBlob", copy_source_blob_properties="false")
    made = vault.get(letters, "b")
    assert (made.content_type, made.headers, made.metadata) == ("application/octet-stream", {}, {})
    put(vault, "/letters/b", f"{HERE}/letters/a", blob_type="BlockBlob", copy_source_tag_option="COPY")
    assert vault.get(letters, "b").tags == {"k": "v"}


@ON_SQLITE
def test_append_and_page_blobs_become_block_blobs(vault: Vault, letters: Container) -> None:
    vault.put(letters, "log", b"", traits=Traits(kind="append"))
    vault.append(letters, "log", b"one")
    vault.append(letters, "log", b"two")
    vault.put(letters, "disk", b"", traits=Traits(kind="page", size=2048))
    vault.put_pages(letters, "disk", 512, b"p" * 512)
    for name, data in (("log", b"onetwo"), ("disk", bytes(512) + b"p" * 512 + bytes(1024))):
        put(vault, "/letters/b", f"{HERE}/letters/{name}", blob_type="BlockBlob")
        assert (vault.get(letters, "b").kind, bytes_of(vault, letters, "b")) == ("block", data)
    assert vault.check(deep=True) == []


@ON_SQLITE
def test_sources_are_held_against_conditions_and_checksums(vault: Vault, letters: Container) -> None:
    blob, block, page = "/letters/b", "/letters/b?comp=block&blockid=AAAA", "/letters/log?comp=appendblock"
    vault.put(letters, "log", b"", traits=Traits(kind="append"))
    for url in (blob, block, page):
        base = {"blob_type": "BlockBlob"} if url == blob else {}
        here, none = f"{HERE}/letters/a", f"{HERE}/letters/none"
        assert refused(vault, url, here, **base, source_if_match='"0x0"') == (412, "SourceConditionNotMet")
        assert refused(vault, url, none, **base) == (404, "CannotVerifyCopySource")
        assert refused(vault, url, here, **base, source_content_md5=md5_of(b"other")) == (400, "Md5Mismatch")
        assert refused(vault, url, here, **base, source_content_md5="AAAA") == (400, "InvalidMd5")
        assert refused(vault, url, here, b"body", **base) == (400, "InvalidHeaderValue")
        put(vault, url, here, **base, source_content_md5=md5_of(LARGE))
    for bad in ("bytes=abc", "bytes=5-2", "0-10", "bytes=9007199254740993-9007199254740992"):
        assert refused(vault, block, f"{HERE}/letters/a", source_range=bad) == (400, "InvalidHeaderValue")
    assert refused(vault, block, f"{HERE}/letters/a", source_range="bytes=999999-") == (416, "InvalidRange")
    assert refused(vault, blob, f"{HERE}/letters/a", blob_type="PageBlob") == (400, "InvalidHeaderValue")
    vault.put(letters, "cold", b"x", traits=Traits(tier="Archive"))
    assert refused(vault, block, f"{HERE}/letters/cold") == (409, "BlobArchived")


def test_blocks_share_objects_that_fit_and_are_cut_from_others(vault: Vault, letters: Container, layout: Layout) -> None:
    put(vault, "/letters/b?comp=block&blockid=AAAA", f"{HERE}/letters/a")
    assert files(layout) == 1
    told = put(
        vault,
        "/letters/b?comp=block&blockid=AAAB",
        f"{HERE}/letters/a",
        source_range="bytes=10-19",
        source_content_md5=md5_of(LARGE[10:20]),
    )
    assert told["content-md5"] == md5_of(LARGE[10:20])
    vault.commit_blocks(letters, "b", [BlockRef(block_id="AAAB"), BlockRef(block_id="AAAA")])
    vault.delete(letters, "a")
    assert bytes_of(vault, letters, "b") == LARGE[10:20] + LARGE
    assert vault.check(deep=True) == []


@ON_SQLITE
def test_appends_and_their_positions(vault: Vault, letters: Container) -> None:
    vault.put(letters, "log", b"", traits=Traits(kind="append"))
    told = put(vault, "/letters/log?comp=appendblock", f"{HERE}/letters/a", source_range="bytes=0-9")
    assert (told["x-ms-blob-append-offset"], told["x-ms-blob-committed-block-count"]) == ("0", "1")
    told = put(vault, "/letters/log?comp=appendblock", f"{HERE}/letters/a", blob_condition_appendpos="10")
    assert bytes_of(vault, letters, "log") == LARGE[:10] + LARGE
    wrong = refused(vault, "/letters/log?comp=appendblock", f"{HERE}/letters/a", blob_condition_appendpos="10")
    assert wrong == (412, "AppendPositionConditionNotMet")


def test_pages_share_objects_where_they_begin_and_end_at_pages(vault: Vault, letters: Container, layout: Layout) -> None:
    vault.put(letters, "disk", b"", traits=Traits(kind="page", size=1 << 20))
    range_ = f"bytes=512-{512 + len(LARGE) - 1}"
    told = put(vault, "/letters/disk?comp=page", f"{HERE}/letters/a", page_write="update", range=range_)
    assert (told["x-ms-blob-sequence-number"], files(layout)) == ("0", 1)
    half = {"page_write": "update", "range": "bytes=0-511", "source_range": "bytes=3-514"}
    put(vault, "/letters/disk?comp=page", f"{HERE}/letters/a", **half)
    vault.delete(letters, "a")
    expected = LARGE[3:515] + LARGE
    assert bytes_of(vault, letters, "disk") == expected + bytes((1 << 20) - len(expected))
    put(vault, "/letters/disk?comp=page", f"{HERE}/letters/disk", page_write="update", range="bytes=1024-1535")
    assert bytes_of(vault, letters, "disk")[1024:1536] == expected[:512]
    assert vault.check(deep=True) == []
    uneven = {**half, "source_range": "bytes=0-1023"}
    assert refused(vault, "/letters/disk?comp=page", f"{HERE}/letters/disk", **uneven) == (416, "InvalidPageRange")


@ON_SQLITE
def test_another_server_is_read_in_whole_and_in_ranges(vault: Vault, letters: Container, away: str) -> None:
    token = {"copy_source_authorization": "Bearer secret"}
    put(vault, "/letters/b", f"{away}/x?sig=s", blob_type="BlockBlob", source_content_md5=md5_of(LARGE), **token)
    made = vault.get(letters, "b")
    assert (bytes_of(vault, letters, "b"), made.content_type) == (LARGE, "image/png")
    assert made.metadata == {"far": "away", "auth": "Bearer-secret"}
    put(vault, "/letters/c?comp=block&blockid=AAAA", f"{away}/x", source_range="bytes=5-9")
    vault.commit_blocks(letters, "c", [BlockRef(block_id="AAAA")])
    assert bytes_of(vault, letters, "c") == LARGE[5:10]
    assert refused(vault, "/letters/d", f"{away}/x", blob_type="BlockBlob", source_if_match='"other"') == (
        412,
        "SourceConditionNotMet",
    )
    for path, expected in (("gone", (404, "CannotVerifyCopySource")), ("short", (500, "CannotVerifyCopySource"))):
        assert refused(vault, "/letters/d", f"{away}/{path}", blob_type="BlockBlob") == expected
    told = put(vault, "/letters/e", f"{away}/x", requires_sync="true")
    assert told["x-ms-copy-status"] == "success"
    copy = vault.get(letters, "e").copy
    assert copy is not None
    assert (copy.status, copy.done, copy.total) == ("success", len(LARGE), len(LARGE))


def test_a_copy_from_another_server_is_pending_and_then_there(vault: Vault, letters: Container, away: str) -> None:
    outside = Outside("127.0.0.0/8")
    told = put(vault, "/letters/b", f"{away}/slow?sig=s", outside, meta_own="1")
    assert told["x-ms-copy-status"] == "pending"
    waiting = vault.get(letters, "b")
    assert waiting.copy is not None
    assert (waiting.size, waiting.copy.status, waiting.copy.total) == (0, "pending", len(LARGE))
    assert waiting.copy.source == f"{away}/slow"
    for headers in ({"x-ms-copy-source": f"{HERE}/letters/a"}, {"x-ms-blob-type": "BlockBlob"}):
        with pytest.raises(Fault) as caught:
            ask(vault, "PUT", "/letters/b", headers)
        assert (caught.value.status, caught.value.code) == (409, "PendingCopyOperation")
    Shelf.gate.set()
    assert outside.carriers.wait(PATIENCE)
    made = vault.get(letters, "b")
    assert made.copy is not None
    assert (made.copy.status, made.metadata, made.etag == waiting.etag) == ("success", {"own": "1"}, False)
    assert bytes_of(vault, letters, "b") == LARGE
    assert vault.check(deep=True) == []
    assert vault.fail_old_copies() == 0


@ON_SQLITE
def test_a_pending_copy_can_be_aborted_and_leaves_nothing_behind(vault: Vault, letters: Container, away: str) -> None:
    outside = Outside("127.0.0.0/8")
    told = put(vault, "/letters/b", f"{away}/slow", outside)
    url = f"/letters/b?comp=copy&copyid={told['x-ms-copy-id']}"
    assert ask(vault, "PUT", url, {"x-ms-copy-action": "abort"}).status == 204
    Shelf.gate.set()
    assert outside.carriers.wait(PATIENCE)
    made = vault.get(letters, "b")
    assert made.copy is not None
    assert (made.size, made.copy.status) == (0, "aborted")
    assert len(list(vault._bodies.list())) == 1
    assert vault.check(deep=True) == []


@ON_SQLITE
def test_a_copy_that_breaks_off_tells_why_and_one_whose_server_died_too(vault: Vault, letters: Container, away: str) -> None:
    outside = Outside("127.0.0.0/8")
    put(vault, "/letters/b", f"{away}/short", outside)
    assert outside.carriers.wait(PATIENCE)
    copy = vault.get(letters, "b").copy
    assert copy is not None
    assert copy.status == "failed"
    assert "broke off" in copy.description
    put(vault, "/letters/c", f"{away}/slow", outside)
    assert vault.fail_old_copies() == 0
    assert vault.fail_old_copies(timedelta(seconds=-1)) == 1
    copy = vault.get(letters, "c").copy
    assert copy is not None
    assert copy.status == "failed"
    outside.carriers.close()
    with pytest.raises(Fault) as caught:
        ask(vault, "PUT", "/letters/d", {"x-ms-copy-source": f"{away}/x"}, outside=outside)
    assert caught.value.code == "ServerBusy"


@ON_SQLITE
def test_only_so_many_copies_are_under_way_at_a_time(vault: Vault, letters: Container, away: str) -> None:
    outside = Outside("127.0.0.0/8")
    for number in range(8):
        put(vault, f"/letters/c{number}", f"{away}/slow", outside)
    with pytest.raises(Fault) as caught:
        ask(vault, "PUT", "/letters/d", {"x-ms-copy-source": f"{away}/slow"}, outside=outside)
    assert caught.value.code == "ServerBusy"
    Shelf.gate.set()
    assert outside.carriers.wait(PATIENCE)
    assert all(bytes_of(vault, letters, f"c{number}") == LARGE for number in range(8))
