"""The command line, as people type it."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import skimage.data
from PIL import Image

import strongroom
from strongroom.cli.app import app
from strongroom.cli.main import run
from strongroom.storage.alone import alone
from strongroom.storage.layout import Layout

DOCS = Path(__file__).parents[2] / "docs"

Run = Callable[..., tuple[int, str, str]]

LETTER = "After the storm the cellar of the harbour office stands flooded to a height of four feet."
INVOICE = (
    "From: billing@nordwind.example\nTo: office@harbour.example\nSubject: Invoice 2291\n\nTwo bilge pumps, 1,450.00 GBP.\n"
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("estate") / "papers"
    (folder / "mail").mkdir(parents=True)
    (folder / "letter.txt").write_text(LETTER, "utf-8")
    (folder / "copy of letter.txt").write_text(LETTER, "utf-8")
    (folder / "mail" / "invoice.eml").write_text(INVOICE, "utf-8")
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    (folder / "unknown.bin").write_bytes(bytes(range(256)) * 9)
    Image.fromarray(skimage.data.chelsea()).save(folder / "cat.jpg")
    Image.fromarray(skimage.data.rocket()).save(folder / "launch.jpg")
    return folder


@pytest.fixture(scope="module")
def room(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("rooms") / "room"
    assert run(["init", str(place)]) == 0
    assert run(["add", str(files), "--to", "papers", "--room", str(place), "--quiet"]) == 0
    return place


@pytest.fixture
def strong(room: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run([*words, "--room", str(room)])
        out, err = capsys.readouterr()
        return code, out, err

    return call


def names(answer: str) -> list[str]:
    return [name["text"] for hit in json.loads(answer)["hits"] for name in hit["names"]]


def test_a_passage_is_found_by_its_meaning_with_all_its_names(strong: Run):
    code, out, _ = strong("search", "water damage in the basement", "--json")
    hit = json.loads(out)["hits"][0]
    assert code == 0
    assert {name["text"] for name in hit["names"]} == {"papers/papers/letter.txt", "papers/papers/copy of letter.txt"}
    assert hit["container"] == "papers"
    assert "flooded" in hit["snippet"]
    assert hit["locator"]["char_start"] == 0


def test_a_photograph_is_found_by_what_it_shows(strong: Run):
    _, out, _ = strong("search", "a cat", "--type", "image", "--json")
    assert names(out)[0] == "papers/papers/cat.jpg"


def test_search_json_has_its_documented_shape(strong: Run):
    _, out, _ = strong("search", "flooded", "--json")
    answer = json.loads(out)
    assert {"hits", "total", "offset", "more", "facets", "coverage", "took_ms"} <= answer.keys()
    assert {"searched", "pending", "failed", "skipped"} <= answer["coverage"].keys()
    assert {"content", "names", "container", "kind", "score", "locator", "snippet", "matches"} <= answer["hits"][0].keys()


def test_a_filter_leaves_out_what_it_does_not_name(strong: Run):
    _, out, _ = strong("search", "pumps", "--type", "mail", "--json")
    assert names(out) == ["papers/papers/mail/invoice.eml"]


def test_a_picture_finds_what_looks_like_it(strong: Run, tmp_path: Path):
    example = tmp_path / "example.png"
    Image.fromarray(skimage.data.chelsea()[20:-20, 30:-30]).save(example)
    _, out, _ = strong("similar", str(example), "--json")
    assert names(out)[0] == "papers/papers/cat.jpg"


def test_status_names_every_file_that_could_not_be_read_with_its_reason(strong: Run):
    code, out, _ = strong("status", "--json")
    status = json.loads(out)
    reasons = {failure["name"]: failure["reason"] for failure in status["failures"]}
    assert code == 0
    assert reasons.keys() == {"papers/papers/broken.png", "papers/papers/unknown.bin"}
    assert all(reasons.values())
    assert status["coverage"]["pending"] == 0


def test_adding_again_does_no_work(strong: Run, files: Path):
    _, out, _ = strong("add", str(files), "--to", "papers", "--json")
    done = json.loads(out)
    assert (done["added"]["added"], done["added"]["unchanged"]) == (0, 7)
    assert done["analyzed"]["contents"] == 0


def test_bytes_come_back_as_they_were(strong: Run, files: Path, tmp_path: Path):
    assert strong("get", "papers/papers/cat.jpg", "-o", str(tmp_path / "cat.jpg"))[0] == 0
    assert (tmp_path / "cat.jpg").read_bytes() == (files / "cat.jpg").read_bytes()


def test_list_shows_containers_and_blobs(strong: Run):
    assert strong("list")[1].split() == ["papers"]
    assert "papers/mail/invoice.eml" in strong("list", "papers")[1]


def test_check_finds_that_all_agree(strong: Run):
    code, out, _ = strong("check", "--deep")
    assert (code, out.strip()) == (0, "Vault, catalog and index agree.")


def test_a_mount_is_searched_and_its_changes_are_noticed(strong: Run, tmp_path: Path):
    (tmp_path / "notes").mkdir()
    note = tmp_path / "notes" / "note.txt"
    note.write_text("The zeppelin landed at dusk.", "utf-8")
    assert strong("mount", str(tmp_path / "notes"), "--as", "notes")[0] == 0
    assert names(strong("search", "zeppelin", "--json")[1])[0] == "notes/note.txt"
    note.write_text("The submarine surfaced at dawn, far out at sea.", "utf-8")
    strong("analyze")
    assert names(strong("search", '"zeppelin"', "--json")[1]) == []
    assert names(strong("search", "submarine", "--json")[1])[0] == "notes/note.txt"
    note.unlink()
    strong("analyze")
    assert names(strong("search", '"submarine"', "--json")[1]) == []


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["search", "x", "--type", "elephant"], 2, "elephant"),
        (["search", "x before:yesterday"], 2, "yesterday"),
        (["get", "papers/nothing"], 3, "strongroom list papers"),
        (["get", "0" * 64], 3, "no blob"),
        (["list", "nowhere"], 3, "nowhere"),
        (["add", "/no/such/path", "--to", "papers"], 2, "/no/such/path"),
        (["add", ".", "--to", "Not A Name"], 2, "Not A Name"),
        (["similar", __file__], 9, "picture"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_wrong_command_says_what_is_wrong(strong: Run, words: list[str], code: int, told: str):
    found, _, err = strong(*words)
    assert (found, told in err) == (code, True), err
    assert "Traceback" not in err


def test_a_directory_that_is_no_room_is_told_how_to_become_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["status", "--room", str(tmp_path)]) == 3
    assert "strongroom init" in capsys.readouterr().err


def test_a_room_is_never_made_over_other_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "thesis.txt").write_text("mine", "utf-8")
    assert run(["init", str(tmp_path)]) == 4
    assert "not empty" in capsys.readouterr().err


@pytest.mark.parametrize("command", [info.name or info.callback.__name__ for info in app.registered_commands])  # type: ignore[union-attr]
def test_every_command_has_a_help_with_an_example(command: str, capsys: pytest.CaptureFixture[str]):
    assert run([command, "--help"]) == 0
    assert f"Example: strongroom {command}" in " ".join(capsys.readouterr().out.split())


def test_the_installed_command_runs(room: Path):
    program = Path(sys.executable).with_name("strongroom")
    done = subprocess.run([program, "search", "flooded", "--room", room], capture_output=True, text=True, check=True)
    assert "papers/papers/letter.txt" in done.stdout


def test_python_has_the_same_verbs(room: Path):
    with strongroom.open(room) as opened:
        hits = opened.search("flooded cellar").hits
    assert hits[0].names[0].container == "papers"


def test_what_is_deleted_leaves_nothing_behind(tmp_path: Path):
    files = tmp_path / "files"
    files.mkdir()
    (files / "keep.txt").write_text("The lighthouse keeper signed the logbook.", "utf-8")
    (files / "drop.eml").write_text(INVOICE, "utf-8")
    with strongroom.init(tmp_path / "room") as room:
        room.mount(files, name="files")
        room.analyze()
        before = room.status().segments
        (files / "drop.eml").unlink()
        room.analyze()
        after = room.status()
        assert after.segments < before
        assert after.coverage.total == 1
        assert list(room.check(deep=True)) == []


def test_a_missing_model_names_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("STRONGROOM_MODELS_DIR", str(tmp_path / "empty"))
    (tmp_path / "note.txt").write_text("A note.", "utf-8")
    run(["init", str(tmp_path / "room")])
    assert run(["add", str(tmp_path / "note.txt"), "--to", "notes", "--room", str(tmp_path / "room")]) == 8
    assert "strongroom models pull" in capsys.readouterr().err


def test_a_room_of_a_newer_version_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    strongroom.init(tmp_path / "room").close()
    with sqlite3.connect(tmp_path / "room" / "catalog.sqlite") as catalog:
        catalog.execute("INSERT INTO migrations VALUES (9999, 0)")
    catalog.close()
    assert run(["status", "--room", str(tmp_path / "room")]) == 6
    assert "upgrade Strongroom" in capsys.readouterr().err


def test_two_analyses_of_one_room_do_not_run_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    strongroom.init(tmp_path / "room").close()
    with alone(Layout(root=tmp_path / "room"), "analyze", "taken"):
        assert run(["analyze", "--room", str(tmp_path / "room")]) == 6
    assert "another process" in capsys.readouterr().err


def test_a_plug_in_of_nine_lines_is_used_and_one_setting_leaves_it_out(tmp_path: Path):
    package = tmp_path / "site" / "acme_lines"
    package.mkdir(parents=True)
    page = (DOCS / "how-to" / "write-an-analyzer.md").read_text("utf-8")
    block = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)[0]
    (package / "__init__.py").write_text(block, "utf-8")
    meta = tmp_path / "site" / "acme_lines-1.dist-info"
    meta.mkdir()
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-lines\nVersion: 1\n", "utf-8")
    (meta / "entry_points.txt").write_text("[strongroom.analyzers]\nacme-lines = acme_lines:LineCount\n", "utf-8")
    (tmp_path / "poem.txt").write_text("one\ntwo\nthree\n", "utf-8")
    program = Path(sys.executable).with_name("strongroom")
    for plugins, lines in (("true", [3]), ("false", [])):
        environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "STRONGROOM_PLUGINS": plugins}
        room = tmp_path / f"room-{plugins}"
        for words in (["init", room], ["add", tmp_path / "poem.txt", "--to", "poems", "--room", room]):
            subprocess.run([program, *words], env=environment, check=True, capture_output=True)
        search = [program, "search", "two", "--room", room, "--json"]
        hit = json.loads(subprocess.run(search, env=environment, check=True, capture_output=True).stdout)["hits"][0]
        assert [value for name, value in hit["properties"].items() if name == "line-count"] == lines


def test_show_tells_what_is_known_of_one_file(strong: Run):
    code, out, _ = strong("show", "papers/papers/mail/invoice.eml")
    assert code == 0
    assert "message/rfc822" in out
    assert "Invoice 2291" in out
    code, out, _ = strong("show", "papers/papers/letter.txt", "--json")
    card = json.loads(out)
    assert card["name_count"] == 2
    assert card["readings"][0]["analyzer"] == "text"
    assert strong("show", "papers/none.txt")[0] == 3


def test_text_prints_all_that_was_found_in_one_file(strong: Run):
    code, out, _ = strong("text", "papers/papers/letter.txt")
    assert code == 0
    assert LETTER in out
    _, out, _ = strong("text", "papers/papers/mail/invoice.eml", "--json")
    assert any("bilge pumps" in piece["text"] for piece in json.loads(out))


def test_search_sorts_what_it_finds(strong: Run):
    sizes = [hit["size"] for hit in json.loads(strong("search", "type:image", "--sort", "size", "--json")[1])["hits"]]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) == 2
    assert strong("search", "harbour", "--sort", "colour")[0] == 2


def test_growth_tells_what_is_stored(strong: Run):
    code, out, _ = strong("growth")
    assert code == 0
    assert "7 blobs" in out
    assert "papers" in out
    assert json.loads(strong("growth", "--by", "type", "--json")[1])["current"]["blobs"] == 7
    assert strong("growth", "--by", "colour")[0] == 2


def test_retry_has_what_failed_read_again(strong: Run):
    assert "1 files will be read again" in strong("retry")[1]
    assert json.loads(strong("status", "--json")[1])["coverage"]["pending"] == 1
    assert strong("analyze", "--quiet")[0] == 0
    assert json.loads(strong("status", "--json")[1])["coverage"]["failed"] == 1
