"""WebDAV as clients use it: rclone and webdav4 list, read and copy a tree; litmus holds a writable share to the standard."""

import base64
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from webdav4.client import Client

import strongroom
from front_door import Front, open_front
from strongroom.room import Room
from strongroom.server.page import PageServer, serve_page
from strongroom.server.serve import Place

FILES = {
    "a/note.txt": b"The annual report of the harbour office.\n" * 100,
    "a/b/deep file #1?.bin": bytes(range(256)) * 4096,
    "überblick/März.txt": "Grüße".encode(),
    "page.html": b"<script src=/dav/letters/x.js></script>",
    "empty.txt": b"",
}
RCLONE = Path(sys.executable).parent / "rclone"
PASSWORD = "a long enough password"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with strongroom.init(tmp_path_factory.mktemp("dav") / "room", plugins=False, ocr_model="none") as made:
        made.create_container("letters")
        made.create_container("secret")
        made.create_container("desk")
        for name, data in FILES.items():
            made.upload(
                "letters", name, data, content_type="text/html" if name.endswith("html") else "application/octet-stream"
            )
        made.upload("secret", "sealed.txt", b"sealed")
        made.add_user("reader", containers=["letters"], password=PASSWORD)
        made.add_user("editor", role="editor", password=PASSWORD)
        made.add_user("chief", role="owner", password=PASSWORD)
        made.add_user("nobody", containers=[], password=PASSWORD)
        yield made


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    with open_front(tmp_path / "room") as opened:
        yield opened


@pytest.fixture(scope="module")
def page(room: Room) -> Iterator[PageServer]:
    with serve_page(room, Place(port=0, option="--port"), {}) as served:
        served.work.start = lambda: None
        yield served


@pytest.fixture(scope="module")
def desk(room: Room) -> Iterator[PageServer]:
    """A share that may be written."""
    with serve_page(room, Place(port=0, option="--port"), {}, dav_writable=True) as served:
        served.work.start = lambda: None
        yield served


@contextmanager
def client_of(page: PageServer, name: str = "reader", password: str = PASSWORD) -> Iterator[Client]:
    client = Client(f"{page.url}/dav", auth=(name, password), timeout=60)
    with client.http:
        yield client


def plain(page: PageServer, name: str = "reader") -> httpx.Client:
    return httpx.Client(base_url=f"{page.url}/dav", auth=(name, PASSWORD), timeout=60)


def test_a_client_lists_and_reads_what_its_user_may_see(page: PageServer):
    with client_of(page) as client:
        assert client.ls("/", detail=False) == ["letters"]
        told = {one["name"]: one for one in client.ls("letters", detail=True)}
        assert {name.partition("/")[2] for name in told} == {"a", "überblick", "page.html", "empty.txt"}
        assert told["letters/a"]["type"] == "directory"
        assert told["letters/page.html"]["content_length"] == len(FILES["page.html"])
        with client.open("letters/a/note.txt", "rb") as file:
            file.seek(1000)
            assert file.read(10) == FILES["a/note.txt"][1000:1010]
        assert not client.exists("letters/none.txt")
        assert not client.exists("secret")


def test_a_key_stands_for_the_password_whatever_the_name(room: Room, page: PageServer):
    key = room.make_key("reader")[1]
    with client_of(page, "anything", key) as client:
        assert client.ls("/", detail=False) == ["letters"]
    bearer = httpx.get(f"{page.url}/dav/letters/a/note.txt", headers={"authorization": f"Bearer {key}"})
    assert bearer.content == FILES["a/note.txt"]


def test_a_tree_is_copied_out_byte_for_byte(page: PageServer, tmp_path: Path):
    hidden = subprocess.run([RCLONE, "obscure", PASSWORD], capture_output=True, text=True, check=True).stdout.strip()
    settings = {"TYPE": "webdav", "URL": f"{page.url}/dav", "VENDOR": "other", "USER": "reader", "PASS": hidden}
    env = {**os.environ, **{f"RCLONE_CONFIG_ROOM_{name}": value for name, value in settings.items()}, "RCLONE_CONFIG": ""}
    subprocess.run([RCLONE, "copy", "room:letters", tmp_path / "out"], env=env, check=True, timeout=120)
    copied = {
        str(file.relative_to(tmp_path / "out")): file.read_bytes() for file in (tmp_path / "out").rglob("*") if file.is_file()
    }
    assert copied == FILES


def test_parts_of_a_file_are_read_and_what_is_read_is_recorded(room: Room, page: PageServer):
    data = FILES["a/note.txt"]
    with plain(page) as client:
        whole = client.get("/letters/a/note.txt")
        assert (whole.status_code, whole.content) == (200, data)
        part = client.get("/letters/a/note.txt", headers={"range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, data[10:20])
        assert part.headers["content-range"] == f"bytes 10-19/{len(data)}"
        assert client.get("/letters/a/note.txt", headers={"range": f"bytes={len(data)}-"}).status_code == 416
        head = client.head("/letters/a/note.txt")
        assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(data)), b"")
        assert client.get("/letters/a/note.txt", headers={"if-none-match": head.headers["etag"]}).status_code == 304
        options = client.options("/letters/a/note.txt")
        assert "GET" in options.headers["allow"]
        assert "PUT" not in options.headers["allow"]
        page_ = client.get("/letters/page.html")
    assert page_.headers["content-type"] == "application/octet-stream"
    assert "sandbox" in page_.headers["content-security-policy"]
    assert page_.headers["content-disposition"] == "attachment"
    assert page_.headers["x-content-type-options"] == "nosniff"
    from strongroom.storage.catalog import acts

    with room._parts.catalog.read() as tx:
        told = [(act.verb, act.actor.name, act.details.get("name")) for _, act in acts.list(tx, -1, 1000)]
    assert ("get", "reader", "letters/a/note.txt") in told


@pytest.mark.parametrize("depth", ["infinity", None])
def test_a_whole_tree_is_not_told_at_once(page: PageServer, depth: str | None):
    with plain(page) as client:
        answer = client.request("PROPFIND", "/letters", headers={"depth": depth} if depth else {})
    assert answer.status_code == 403
    assert b"propfind-finite-depth" in answer.content


@pytest.mark.parametrize("method", ["PUT", "DELETE", "MKCOL", "COPY", "MOVE", "PROPPATCH", "LOCK", "UNLOCK", "POST"])
def test_nothing_is_written_unless_the_server_says_so(room: Room, page: PageServer, method: str):
    with plain(page, "chief") as client:
        headers = {"destination": f"{page.url}/dav/letters/other.txt"}
        assert client.request(method, "/letters/a/note.txt", headers=headers).status_code == 405
    assert room.blob("letters", "a/note.txt").size == len(FILES["a/note.txt"])


def test_nobody_gets_anything_without_a_proof(room: Room):
    with serve_page(room, Place(port=0, option="--port"), {}) as page:
        refused(page)


def refused(page: PageServer) -> None:
    for path in ("", "/", "/letters", "/letters/a/note.txt", "/secret/sealed.txt"):
        for auth in (None, ("reader", "wrong"), ("stranger", PASSWORD), ("reader", "sr_wrong")):
            answer = httpx.request(
                "PROPFIND", f"{page.url}/dav{path}", headers={"depth": "0"}, auth=auth, follow_redirects=True
            )
            assert answer.status_code in (401, 429), path
            assert answer.status_code == 429 or answer.headers["www-authenticate"].startswith("Basic")
            room_is_named = b"letters" in answer.content and b"letters" not in path.encode()
            assert not room_is_named


def test_what_is_not_granted_is_not_there(page: PageServer, desk: PageServer):
    for served in (page, desk):
        with plain(served, "nobody") as client:
            for path in ("/letters", "/letters/a/note.txt", "/secret/sealed.txt"):
                assert client.request("PROPFIND", path, headers={"depth": "1"}).status_code == 404
                assert client.get(path).status_code == 404
            assert b"letters" not in client.request("PROPFIND", "/", headers={"depth": "1"}).content
    with plain(desk) as reader:
        assert reader.put("/letters/new.txt", content=b"x").status_code == 403
        assert reader.delete("/letters/a/note.txt").status_code in (403, 207)
    with client_of(page) as client:
        assert client.exists("letters/a/note.txt")


def test_hostile_paths_lead_nowhere(room: Room, page: PageServer, desk: PageServer):
    for name in ("x/../../../etc/passwd", "c:\\windows\\evil", "//twice"):
        room.upload("desk", name, b"hostile")
    with plain(page, "chief") as client:
        told = client.request("PROPFIND", "/desk", headers={"depth": "1"}).text
        assert len(re.findall("<[a-zA-Z0-9]+:href>", told)) == 2  # itself, and the folder x
        for path in (
            "/desk/x/%2e%2e/%2e%2e/etc/passwd",
            "/desk/c:%5Cwindows%5Cevil",
            "/desk/%00",
            "/desk/line%0Abreak",
            "/desk/x//y",
        ):
            assert client.get(path).status_code in (400, 404), path
    with plain(desk, "chief") as client:
        for name in ("._note.txt", ".DS_Store", "~$note.docx", "Thumbs.db", "a%5Cb", "%7F"):
            assert client.put(f"/desk/{name}", content=b"x").status_code in (400, 403), name
        entities = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><propfind xmlns="DAV:"><prop>&b;</prop></propfind>'
        answer = client.request("PROPFIND", "/desk", headers={"depth": "0"}, content=entities)
        assert answer.status_code == 400
        assert "root:" not in answer.text


def test_an_office_program_locks_saves_and_lets_go(room: Room, desk: PageServer):
    info = (
        '<?xml version="1.0"?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope>'
        "<D:locktype><D:write/></D:locktype><D:owner>me</D:owner></D:lockinfo>"
    )
    with plain(desk, "editor") as mine, plain(desk, "chief") as other:
        assert mine.put("/desk/plan.odt", content=b"one").status_code == 201
        locked = mine.request("LOCK", "/desk/plan.odt", content=info, headers={"timeout": "Second-300", "depth": "0"})
        token = locked.headers["lock-token"]
        assert other.put("/desk/plan.odt", content=b"theirs").status_code == 423
        assert mine.put("/desk/plan.odt", content=b"two", headers={"if": f"({token})"}).status_code == 204
        assert mine.request("UNLOCK", "/desk/plan.odt", headers={"lock-token": token}).status_code == 204
        assert other.put("/desk/plan.odt", content=iter([b"th", b"ree"])).status_code == 204
        assert other.get("/desk/plan.odt").content == b"three"
    assert room.blob("desk", "plan.odt").size == 5


def test_an_upload_that_breaks_off_leaves_what_was_there(room: Room, desk: PageServer):
    import socket

    room.upload("desk", "whole.txt", b"whole")
    host, port = desk.url.removeprefix("http://").split(":")
    secret = base64.b64encode(f"editor:{PASSWORD}".encode()).decode()
    lines = [
        "PUT /dav/desk/whole.txt HTTP/1.1",
        f"Host: {host}:{port}",
        f"Authorization: Basic {secret}",
        "Content-Length: 1000",
    ]
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() + b"x" * 100)
    with plain(desk, "editor") as client:
        for _ in range(20):
            assert client.get("/desk/whole.txt").content == b"whole"


def test_a_download_that_nobody_waits_for_is_not_read_on(room: Room, page: PageServer, monkeypatch: pytest.MonkeyPatch):
    from strongroom.flows.opening import OpenContent

    size, read = 400 << 20, []
    room.upload("desk", "film.mov", (bytes(1 << 20) for _ in range(size >> 20)))
    closed, usual, close = threading.Event(), OpenContent.read_at, OpenContent.close
    monkeypatch.setattr(OpenContent, "read_at", lambda self, at, length: read.append(length) or usual(self, at, length))
    monkeypatch.setattr(OpenContent, "close", lambda self: closed.set() or close(self))
    with plain(page, "chief") as client, client.stream("GET", "/desk/film.mov") as answer:
        assert answer.status_code == 200
        next(answer.iter_raw(1000))
    assert closed.wait(60)
    assert sum(read) < size


def test_what_is_not_installed_is_said(front: Front, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("strongroom.server.dav.door.find_spec", lambda _: None)
    monkeypatch.setattr("strongroom.server.mcp.over_http.find_spec", lambda _: None)
    client = front.by_key()
    for method, path in (("PROPFIND", "/dav/"), ("POST", "/mcp")):
        answer = client.request(method, path)
        assert answer.status_code == 501
        assert "pip install 'strongroom[" in answer.json()["detail"]


def test_a_folder_opened_by_a_browser_says_what_it_is(page: PageServer):
    with plain(page) as client:
        for path in ("/", "/letters", "/letters/a"):
            answer = client.get(path)
            assert answer.status_code == 403
            assert "file manager" in answer.text


def test_litmus_finds_no_fault(desk: PageServer, tmp_path: Path):
    litmus = shutil.which("litmus")
    if litmus is None:
        pytest.skip("litmus is not installed: make litmus")
    done = subprocess.run(
        [litmus, f"{desk.url}/dav/desk/", "chief", PASSWORD],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "FAIL" not in done.stdout, done.stdout
    assert done.returncode == 0, done.stdout
