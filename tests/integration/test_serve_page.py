"""The page on a real socket, beside the blob service: where it listens, how it ends, and what it starts."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import strongroom
from strongroom.cli.main import run
from strongroom.errors import UsageError
from strongroom.room import Room
from strongroom.server.page import PageServer, serve_page
from strongroom.server.serve import Place
from strongroom.server.work import Work
from strongroom.storage.alone import alone, is_held

PATIENCE = 120.0
QUICK = {"ocr_model": "none", "speech_model": "none", "workers": 1, "plugins": False}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with strongroom.init(tmp_path / "room", **QUICK) as made:
        yield made


@pytest.fixture
def page(room: Room) -> Iterator[PageServer]:
    with serve_page(room, Place(port=0, option="--port"), {}) as served:
        yield served


@pytest.fixture
def client(room: Room, page: PageServer) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {room.make_key('owner')[1]}"}
    with httpx.Client(base_url=page.url, headers=headers, timeout=PATIENCE) as made:
        yield made


def test_what_is_uploaded_is_read_by_itself_and_can_be_followed(client: httpx.Client):
    assert client.post("/api/v1/containers", json={"name": "letters"}).status_code == 201
    states = []
    with client.stream("GET", "/api/v1/work/events") as events:
        assert events.headers["content-type"].startswith("text/event-stream")
        put = client.put("/api/v1/containers/letters/blobs/note.txt", content=b"The harbour office asks for an annual report.")
        assert put.status_code == 201
        for line in events.iter_lines():
            if line.startswith("data: "):
                states.append(json.loads(line.removeprefix("data: ")))
                if states[-1]["done"] == 1 and not states[-1]["running"]:
                    break
    assert any(state["running"] for state in states)
    assert states[-1]["problem"] == ""
    found = client.get("/api/v1/search", params={"q": "harbour"}).json()
    assert [hit["names"][0]["blob"] for hit in found["hits"]] == ["note.txt"]


def test_a_large_upload_passes_in_constant_memory(client: httpx.Client, room: Room, page: PageServer):
    page.work.stop()
    client.post("/api/v1/containers", json={"name": "films"})
    import psutil

    process, piece = psutil.Process(), b"\0" * (1 << 20)
    peak = before = process.memory_info().rss

    def pieces() -> Iterator[bytes]:
        nonlocal peak
        for _ in range(192):
            peak = max(peak, process.memory_info().rss)
            yield piece

    made = client.put("/api/v1/containers/films/blobs/film.mov", content=pieces())
    assert (made.status_code, made.json()["size"]) == (201, 192 << 20)
    assert peak - before < 96 << 20
    assert client.get("/api/v1/containers/films/blobs/film.mov", headers={"range": "bytes=100-109"}).content == bytes(10)


def test_an_upload_that_breaks_off_leaves_nothing(client: httpx.Client, room: Room, page: PageServer):
    client.post("/api/v1/containers", json={"name": "films"})
    with socket.create_connection(("127.0.0.1", page.port)) as connection:
        head = ["PUT /api/v1/containers/films/blobs/half HTTP/1.1", "host: localhost", "content-length: 1000000"]
        head += [f"authorization: {client.headers['authorization']}", "", ""]
        connection.sendall("\r\n".join(head).encode() + b"x" * 5000)
        time.sleep(0.2)
    end = time.monotonic() + PATIENCE
    while client.get("/api/v1/coverage").status_code != 200 and time.monotonic() < end:
        time.sleep(0.05)
    assert client.get("/api/v1/containers/films/blobs/half").status_code == 404


def test_heads_are_bounded(client: httpx.Client):
    assert client.get("/api/v1/search", params={"q": "x" * 20_000}).status_code in (414, 422)
    refused = client.get("/api/v1/coverage", headers={"x-large": "y" * 60_000})
    assert (refused.status_code, refused.headers["content-type"]) == (431, "application/problem+json")
    assert refused.json()["status"] == 431
    assert refused.headers["x-content-type-options"] == "nosniff"


def test_it_ends_though_somebody_follows_the_work(room: Room):
    began = threading.Event()
    ended = threading.Event()
    with serve_page(room, Place(port=0, option="--port"), {}) as page:
        headers = {"authorization": f"Bearer {room.make_key('owner')[1]}"}

        def follow() -> None:
            with httpx.stream("GET", f"{page.url}/api/v1/work/events", headers=headers, timeout=PATIENCE) as events:
                for _ in events.iter_lines():
                    began.set()
            ended.set()

        thread = threading.Thread(target=follow)
        thread.start()
        assert began.wait(PATIENCE)
    thread.join(PATIENCE)
    assert ended.is_set()


def test_the_usual_port_gives_way_and_a_chosen_one_does_not(room: Room):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = Place(port=taken.getsockname()[1], option="--port")
        with serve_page(room, place, {}, is_usual=True) as page:
            assert page.port != place.port
            assert httpx.get(f"{page.url}/login").status_code == 200
        with pytest.raises(UsageError, match="choose another with --host and --port"), serve_page(room, place, {}):
            pass


def test_behind_a_proxy_its_name_is_answered_and_cookies_go_over_tls_only(room: Room):
    with serve_page(room, Place(port=0), {}, url="https://room.example.org/") as page:
        assert page.url == "https://room.example.org"
        url = f"http://127.0.0.1:{page.port}/login"
        answer = httpx.get(url, params={"token": room.link("owner")}, headers={"host": "room.example.org"})
        assert "Secure" in answer.headers["set-cookie"]
        assert httpx.get(url, headers={"host": "other.example.org"}).status_code == 421


def test_reading_that_cannot_go_on_says_why(room: Room, tmp_path: Path):
    room.create_container("letters")
    room.upload("letters", "note.txt", b"The harbour office.")
    work = Work(room.path, {"text_model": "minilm-l6-int8", "models_dir": str(tmp_path / "empty")})
    work.start()
    end = time.monotonic() + PATIENCE
    while work.state(room).running and time.monotonic() < end:
        time.sleep(0.05)
    assert "strongroom models pull" in work.state(room).problem
    assert work.state(room).left == 1
    work.stop()
    work.start()
    assert not work.state(room).running


def test_what_is_followed_already_is_not_read_by_another_process(room: Room):
    work = Work(room.path, {}, is_followed=True)
    work.start()
    assert not work.state(room).running


def test_reading_elsewhere_is_seen(room: Room):
    work = Work(room.path, {})
    assert not work.state(room).running
    with alone(room._parts.layout, "analyze", "taken"):
        assert work.state(room).running
    assert not is_held(room._parts.layout, "analyze")


def test_blobs_alone_need_no_page(tmp_path: Path):
    code = (
        "import sys, strongroom.cli.serve, strongroom.server.serve;"
        "print([name for name in ('fastapi', 'starlette', 'jinja2', 'argon2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def command(room: Path, *more: str) -> "subprocess.Popen[bytes]":
    words = [
        sys.executable,
        "-c",
        "from strongroom.cli import main; main()",
        "serve",
        "-r",
        str(room),
        "--blob-port",
        "0",
        *more,
    ]
    return subprocess.Popen(words, stderr=subprocess.PIPE, env=os.environ)


def said_until(process: "subprocess.Popen[bytes]", pattern: str) -> str:
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line.decode()
        if re.search(pattern, said):
            return said
    raise AssertionError(said)


def test_the_command_prints_a_link_that_opens_once(tmp_path: Path):
    strongroom.init(tmp_path / "room", **QUICK).close()
    process = command(tmp_path / "room", "--port", "0")
    try:
        said = said_until(process, "Ctrl")
        link = re.search(r"Page: (http://127\.0\.0\.1:\d+/login\?token=\S+)", said)
        assert link is not None, said
        with httpx.Client(timeout=PATIENCE) as client:
            assert client.get(link[1]).status_code == 303
            base = link[1].partition("/login")[0]
            assert client.get(f"{base}/api/v1/session").json()["actor"] == "owner"
        assert httpx.get(link[1]).status_code == 401
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0


def test_the_command_serves_no_page_where_none_is_wanted_and_no_link_where_there_are_users(tmp_path: Path):
    with strongroom.init(tmp_path / "room", **QUICK) as room:
        room.add_user("ann")
    for options, page in ((["--no-page"], False), (["--port", "0"], True)):
        process = command(tmp_path / "room", *options)
        try:
            said = said_until(process, "Ctrl")
            assert ("Page: http" in said, "token=" in said) == (page, False)
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)


def test_users_and_keys_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    import io

    path = tmp_path / "room"
    strongroom.init(path, **QUICK).close()
    where = ["-r", str(path)]
    assert run(["users", "list", *where]) == 0
    assert "There are no users" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO("a sentence of my own\n"))
    assert run(["users", "add", "ann", "--role", "editor", "--password-from-stdin", *where]) == 0
    assert run(["users", "add", "bob", "--container", "nowhere", *where]) == 3
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert run(["users", "password", "ann", *where]) == 2
    monkeypatch.setattr("sys.stdin", io.StringIO("another sentence\n"))
    assert run(["users", "password", "ann", *where]) == 0
    capsys.readouterr()
    assert run(["users", "link", "ann", "--url", "https://room.example.org/", *where]) == 0
    assert re.fullmatch(r"https://room\.example\.org/login\?token=[\w-]{43}\n", capsys.readouterr().out)
    assert run(["users", "key", "ann", "--label", "export", "--json", *where]) == 0
    key = json.loads(capsys.readouterr().out)
    assert key["secret"].startswith("sr_")
    assert run(["users", "key", "ann", *where]) == 0
    assert capsys.readouterr().out.startswith("sr_")
    assert run(["users", "list", "--json", *where]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(user["name"], user["role"]) for user in told["users"]] == [("ann", "editor")]
    assert [one["label"] for one in told["keys"]] == ["export", ""]
    assert run(["users", "list", *where]) == 0
    assert "export" in capsys.readouterr().out
    assert run(["users", "revoke", key["key"]["id"], *where]) == 0
    assert run(["users", "revoke", key["key"]["id"], *where]) == 3
    assert run(["users", "remove", "ann", *where]) == 0
    assert run(["users", "key", "ann", *where]) == 3
