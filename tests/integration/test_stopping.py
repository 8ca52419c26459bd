"""An analysis that is stopped finishes what it has in hand, keeps it, and goes on when somebody says so, not before."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import strongroom
from front_door import open_front
from strongroom.cli.main import run
from strongroom.domain.progress import Progress
from strongroom.domain.scope import Actor
from strongroom.errors import AccessDenied
from strongroom.room import Room
from strongroom.server.reading import read_on
from strongroom.server.work import STOPPING, Work
from strongroom.storage.alone import alone

PATIENCE = 120.0
QUICK = {"ocr_model": "none", "speech_model": "none", "entity_model": "none", "workers": 1, "batch": 1, "plugins": False}
FILES = 40


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with strongroom.init(tmp_path / "room", **QUICK) as made:
        made.create_container("letters")
        for n in range(FILES):
            made.upload("letters", f"{n}.txt", f"Letter number {n} about the harbour.".encode(), content_type="text/plain")
        yield made


def acts(room: Room) -> list[str]:
    return [entry.act.verb for entry in room.acts()]


def until(holds: object, what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def test_what_is_in_hand_is_finished_and_the_rest_is_read_later(room: Room):
    def stop(progress: Progress) -> None:
        if progress.done and not room.is_analysis_stopped:
            room.stop_analysis()

    first = room.analyze(on_progress=stop)
    coverage = room.coverage()
    assert first.is_stopped
    assert coverage.searched == first.contents > 0
    assert coverage.pending == FILES - coverage.searched > 0
    assert list(room.check()) == []
    assert room.analyze(resumes=False).contents == 0, "what a server starts by itself reads nothing"
    second = room.analyze()
    assert not second.is_stopped
    assert not room.is_analysis_stopped
    assert first.contents + second.contents == FILES
    assert room.coverage().searched == FILES
    assert "stop_analysis" in acts(room)


def test_a_room_that_is_followed_waits_until_it_is_resumed(room: Room):
    ending = threading.Event()
    room.stop_analysis()
    thread = threading.Thread(target=read_on, args=(room.path, QUICK, ending))
    thread.start()
    try:
        time.sleep(0.5)
        assert room.coverage().pending == FILES
        room.resume_analysis()
        until(lambda: room.coverage().searched == FILES, "it reads all")
        room.stop_analysis()
        room.upload("letters", "new.txt", b"One more letter about the quay.")
        until(lambda: not Work(room.path, {}).state(room).running, "it lets the room go")
        assert room.coverage().pending == 1
        room.resume_analysis()
        until(lambda: room.coverage().pending == 0, "it goes on by itself")
    finally:
        ending.set()
        thread.join(PATIENCE)


def test_a_server_starts_nothing_while_it_is_stopped_and_says_so(room: Room):
    work = Work(room.path, QUICK)
    room.stop_analysis()
    work.start()
    state = work.state(room)
    assert (state.running, state.stopped, state.left) == (False, True, FILES)
    with alone(room._parts.layout, "analyze", "taken"):
        assert work.state(room).step == STOPPING
    room.resume_analysis()
    work.start()
    until(lambda: work.state(room).left == 0, "it reads all")
    until(lambda: not work.state(room).running, "it ends")
    assert not work.state(room).stopped
    work.stop()


def test_by_command(room: Room, capsys: pytest.CaptureFixture[str]):
    where = ["-r", str(room.path)]
    assert run(["stop", *where]) == 0
    assert "strongroom analyze" in capsys.readouterr().out
    assert room.is_analysis_stopped
    assert run(["pending", "--limit", "3", *where]) == 0
    told = capsys.readouterr().out
    assert "a first look" in told
    assert "--after reading:" in told
    assert run(["analyze", "-q", *where]) == 0
    assert room.coverage().pending == 0
    assert run(["pending", *where]) == 0
    assert "Nothing waits." in capsys.readouterr().out
    assert run(["failures", "--analyzer", "text", *where]) == 0
    assert "There is none." in capsys.readouterr().out
    assert run(["status", *where]) == 0
    assert "letters" in capsys.readouterr().out


def test_by_page_and_by_api(tmp_path: Path):
    with open_front(tmp_path / "room", **{name: QUICK[name] for name in ("ocr_model", "workers")}) as front:
        front.room.create_container("letters")
        front.room.upload("letters", "note.txt", b"The harbour office.")
        front.room.add_user("ann")
        client, page = front.by_key(), front.by_session()
        csrf = {"csrf": page.headers["x-csrf-token"]}
        assert "Stop reading" not in page.get("/work").text
        with alone(front.room._parts.layout, "analyze", "taken"):
            assert "Stop reading" in page.get("/work").text
            assert page.post("/work/stop", data=csrf).status_code == 303
            assert "Stopping: what is in hand is finished first" in page.get("/work").text
        assert "Go on reading" in page.get("/work").text
        assert client.get("/api/v1/work").json()["stopped"] is True
        assert page.post("/work", data=csrf).status_code == 303
        assert client.get("/api/v1/work").json()["stopped"] is False
        assert client.delete("/api/v1/work").json()["stopped"] is True
        assert client.post("/api/v1/work").json()["stopped"] is False
        assert front.by_key("ann").delete("/api/v1/work").status_code == 403
        verbs = [verb for verb, _, _ in front.acts()]
        assert (verbs.count("stop_analysis"), verbs.count("resume_analysis")) == (2, 2)
        with pytest.raises(AccessDenied):
            front.app.state.site.as_actor(Actor(name="ann")).stop_analysis()
