"""What is found leaves the room as tables and dossiers that other programs open, and nothing in them acts."""

import csv
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

import strongroom
from strongroom.cli.main import run
from strongroom.domain.progress import Progress
from strongroom.errors import StorageError, UsageError
from strongroom.flows.export import cells, safe
from strongroom.flows.export.batch import queries_of
from strongroom.ports import Act
from strongroom.room import Room
from strongroom.testing.fakes import FakeLedger, FixedPolicy

EVIL = "=cmd|'/c calc'!A1.txt"
HARBOUR = "The harbour office asks for the annual report."


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("exporting")
    with strongroom.init(base / "room", workers=1, ocr_model="none", plugins=False) as room:
        room.create_container("letters")
        room.upload("letters", "note.txt", f"{HARBOUR}\n\x07bell".encode(), content_type="text/plain")
        room.upload("letters", EVIL.replace("/", "_"), b"=1+1 harbour ledger of the year", content_type="text/plain")
        out = io.BytesIO()
        canvas = Canvas(out)
        canvas.drawString(72, 720, "First page, about something else.")
        canvas.showPage()
        canvas.drawString(72, 720, "Minutes of the harbour council, second page.")
        canvas.save()
        room.upload("letters", "minutes/april.pdf", out.getvalue(), content_type="application/pdf")
        room.create_container("sealed")
        room.upload("sealed", "secret.txt", b"The harbour secret that nobody else may read.", content_type="text/plain")
        room.analyze()
    return base / "room"


@pytest.fixture
def room(place: Path) -> Iterator[Room]:
    with strongroom.open(place) as opened:
        yield opened


def acting(room: Room, *, only: str | None = None) -> tuple[Room, FakeLedger]:
    ledger = FakeLedger()
    ids = None if only is None else [one.id for one in room.containers() if one.name == only]
    return type(room)(room._parts, policy=FixedPolicy(ids), ledger=ledger), ledger


def test_a_workbook_holds_the_hits_every_match_and_what_has_to_be_known(room: Room, tmp_path: Path):
    done = room.export("harbour", tmp_path / "found.xlsx")
    book = openpyxl.load_workbook(tmp_path / "found.xlsx")
    rows = list(book["Results"].values)
    assert rows[0][0] == "No."
    assert len(rows) - 1 == done.hits == 4
    assert {row[1] for row in rows[1:]} >= {"note.txt", "minutes/april.pdf"}
    assert all(re.fullmatch("[0-9a-f]{64}", str(row[10])) for row in rows[1:])
    assert {cell.data_type for line in book["Results"].iter_rows() for cell in line} <= {"s", "n", "inlineStr"}
    assert not any(str(cell.value).startswith("=") and cell.data_type == "f" for line in book["Results"] for cell in line)
    about = dict(list(book["About"].values)[1:])
    assert (about["Query"], about["Actor"], about["Purpose"]) == ("harbour", "owner", "general")
    assert about["Searched"].startswith("4 of 4 files")
    assert len(list(book["Every match"].values)) > 4
    assert done.size == (tmp_path / "found.xlsx").stat().st_size


def test_a_csv_file_holds_no_formula_and_no_control_character(room: Room, tmp_path: Path):
    room.export("harbour", tmp_path / "found.csv")
    text = (tmp_path / "found.csv").read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == 4
    for row in rows:
        assert not any(value.startswith(("=", "+", "-", "@", "\t", "\r")) for value in row.values()), row
        assert "\x07" not in row["Text"]
    assert any(row["Name"].startswith("'=cmd") for row in rows)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\x00=1", "\uff1d1"])
def test_what_a_table_program_would_read_as_a_formula_is_written_as_text(text: str):
    assert str(cells.quoted(text)).startswith("'")


def test_numbers_stay_numbers_and_long_or_broken_texts_fit_a_cell():
    assert cells.quoted(-3) == -3
    assert cells.quoted("plain") == "plain"
    assert len(cells.clean("x" * 100_000)) == cells.LONGEST
    assert cells.clean("a\x00b\ud800\u2028c") == "a b? c"


def test_json_tells_each_hit_with_all_its_matches(room: Room, tmp_path: Path):
    room.export("harbour", tmp_path / "found.json", limit=2)
    told = json.loads((tmp_path / "found.json").read_text("utf-8"))
    assert told["about"]["is_cut"] is True
    assert len(told["hits"]) == told["about"]["hits"] == 2
    assert told["hits"][0]["matches"][0]["text"]


def test_a_dossier_shows_the_cited_pages_and_every_file_has_its_hash(room: Room, tmp_path: Path):
    seen: list[Progress] = []
    done = room.export("harbour council <script>", tmp_path / "dossier.zip", originals=True, on_progress=seen.append)
    with zipfile.ZipFile(tmp_path / "dossier.zip") as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        sums = archive.read("dossier/SHA256SUMS").decode()
        for line in sums.splitlines():
            digest, _, path = line.partition("  ")
            assert hashlib.sha256(archive.read(f"dossier/{path}")).hexdigest() == digest, path
        assert {f"dossier/{line.partition('  ')[2]}" for line in sums.splitlines()} | {"dossier/SHA256SUMS"} == set(names)
        page = archive.read("dossier/index.html").decode()
        manifest = json.loads(archive.read("dossier/manifest.json"))
        pictures = [name for name in names if name.endswith("-p2.jpg")]
        assert len(pictures) == 1
        drawn = Image.open(io.BytesIO(archive.read(pictures[0]))).convert("RGB")
    yellow = sum(1 for red, green, blue in drawn.get_flattened_data() if red > 200 and green > 180 and blue < 190)
    assert yellow > 100, "the match is not marked on the page"
    assert (done.left_out, seen[-1].done) == ((), done.hits)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"(?:src|href)=\"(?:https?:|//|/|javascript:)", page)
    assert "default-src 'none'" in page
    for hit in manifest["hits"]:
        assert hit["sha256"] in page
        assert f"dossier/{hit['original']}" in names
    assert all(re.fullmatch(r"dossier/[A-Za-z0-9._/-]+", name) and ".." not in name for name in names)


def test_a_dossier_holds_no_original_unless_it_is_asked_for(room: Room, tmp_path: Path):
    room.export("harbour", tmp_path / "dossier.zip")
    with zipfile.ZipFile(tmp_path / "dossier.zip") as archive:
        assert not [name for name in archive.namelist() if "originals" in name]


def test_originals_beyond_the_bound_are_named_and_left_out(room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("strongroom.flows.export.dossier.ORIGINALS_MOST", 10)
    done = room.export("harbour", tmp_path / "dossier.zip", originals=True)
    assert len(done.left_out) == done.hits
    with zipfile.ZipFile(tmp_path / "dossier.zip") as archive:
        assert "What is not in this dossier" in archive.read("dossier/index.html").decode()


def test_whoever_goes_away_leaves_no_half_dossier(room: Room, tmp_path: Path):
    with pytest.raises(StorageError, match="nobody waits"):
        room.export("harbour", tmp_path / "dossier.zip", until=lambda: True)
    assert list(tmp_path.iterdir()) == []


def test_an_export_is_recorded_before_anything_is_written_and_shows_only_the_scope(room: Room, tmp_path: Path):
    seen, ledger = acting(room, only="letters")
    done = seen.export("harbour secret", tmp_path / "found.csv")
    assert "secret.txt" not in (tmp_path / "found.csv").read_text("utf-8")
    act: Act = ledger.acts[-1]
    assert (act.verb, act.details["total"], len(list(act.details["hits"]))) == ("export", done.hits, done.hits)  # type: ignore[call-overload]
    with pytest.raises(OSError, match="cannot be written"):
        seen.export("harbour", tmp_path / "nowhere" / "found.csv")
    assert len(ledger.acts) == 2


@pytest.mark.parametrize(("file", "limit"), [("found.doc", 10), ("found", 10), ("found.csv", 0), ("found.csv", 10_001)])
def test_what_cannot_be_written_is_refused_before_a_search(room: Room, tmp_path: Path, file: str, limit: int):
    with pytest.raises(UsageError):
        room.export("harbour", tmp_path / file, limit=limit)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/b\\c.txt", "CON", "..", "x" * 300 + ".pdf", "\u202egpj.exe", ".bashrc", ""]
)
def test_names_of_originals_are_safe_on_every_system(name: str):
    given = safe.file_name(name)
    assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", given)
    assert len(given) <= safe.LONGEST


def test_a_batch_tells_of_each_query_how_often_and_where(room: Room, tmp_path: Path):
    seen, ledger = acting(room)
    queries = ['"harbour council"', '"nowhere to be found"', "type:nonsense"]
    done = seen.batch(queries, tmp_path / "hits.xlsx", first=2)
    assert (done.queries, done.found, done.problems) == (3, 1, 1)
    counts = list(openpyxl.load_workbook(tmp_path / "hits.xlsx")["Queries"].values)
    assert [row[1] for row in counts[1:]] == [1, 0, 0]
    assert "type:nonsense" in str(counts[3][3])
    assert [act.verb for act in ledger.acts] == ["batch"]
    seen.batch(queries, tmp_path / "hits.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "hits.csv").read_text("utf-8-sig"))))
    assert rows[0]["Name"] == "letters/minutes/april.pdf"
    assert rows[0]["Place"] == "page 2"
    seen.batch(queries, tmp_path / "hits.json")
    assert json.loads((tmp_path / "hits.json").read_text("utf-8"))[0]["total"] == 1


def test_a_list_of_queries_is_read_line_by_line_or_from_a_column():
    assert queries_of("\ufeffone\n\n two  words \none\n") == ["one", "two words"]
    assert queries_of('one "two"\n', exact=False) == ['one "two"']
    assert queries_of("two words\n", exact=True) == ['"two words"']
    assert queries_of('id,term\n1,"a, b"\n2,c\n', column="term") == ["a, b", "c"]
    for text, column in (("", None), ("x\n" * 0, None), ("id\n1\n", "term")):
        with pytest.raises(UsageError):
            queries_of(text, column=column)
    with pytest.raises(UsageError, match="too many"):
        queries_of("\n".join(map(str, range(5001))))


def test_the_commands_write_what_the_verbs_do(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "found.xlsx"
    assert run(["export", "harbour", "-o", str(out), "--room", str(place), "-n", "2", "--quiet"]) == 0
    assert "There are more" in capsys.readouterr().out
    (tmp_path / "terms.txt").write_text("harbour council\nannual report\n")
    assert (
        run(["batch", str(tmp_path / "terms.txt"), "-o", str(tmp_path / "h.csv"), "--exact", "--room", str(place), "-q"]) == 0
    )
    assert "2 of 2 queries found something" in capsys.readouterr().out
    assert run(["batch", str(tmp_path / "none.txt"), "-o", str(tmp_path / "h.csv"), "--room", str(place)]) != 0


def test_what_looks_like_a_picture_is_written_by_its_name_or_its_file(tmp_path: Path):
    picture = tmp_path / "teal.png"
    Image.new("RGB", (64, 48), "teal").save(picture)
    with strongroom.init(tmp_path / "room", workers=1, ocr_model="none", plugins=False) as room:
        room.create_container("photos")
        for name, colour in (("a.png", "teal"), ("b.png", (0, 128, 127))):
            out = io.BytesIO()
            Image.new("RGB", (64, 48), colour).save(out, "PNG")
            room.upload("photos", name, out.getvalue())
        room.analyze()
        assert room.export("", tmp_path / "like.csv", like=picture).hits == 2
        assert room.export("container:photos", tmp_path / "like.json", like="photos/a.png").hits == 1
        assert json.loads((tmp_path / "like.json").read_bytes())["about"]["query"] == "looks like photos/a.png container:photos"
        room.export("", tmp_path / "like.zip", like=picture)
        with pytest.raises(UsageError, match="filters only"):
            room.export("words", tmp_path / "no.csv", like=picture)
    with zipfile.ZipFile(tmp_path / "like.zip") as dossier:
        (page,) = [name for name in dossier.namelist() if name.endswith("index.html")]
        assert "looks like a picture that was given" in dossier.read(page).decode()
