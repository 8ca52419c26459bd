"""Text is shown by its lines and tables by their cells, a part at a time, whatever the file's size and state."""

from collections.abc import Iterator
from random import Random

import pytest

import strongroom
from strongroom.errors import NotFound, Unreadable, Unsupported, UsageError
from strongroom.flows import lines as flow
from strongroom.room import Room
from strongroom.testing.estate.documents import odt, xlsx, zipped

CODE = "def main():\r\n\tprint('hé')\r\n\r\nmain()\r\n" * 500
LONG = "x" * 25_000 + "\nend"
ODS = """<?xml version="1.0"?><office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>
<table:table table:name="First"><table:table-row><table:table-cell><text:p>Ship</text:p></table:table-cell>
<table:table-cell/><table:table-cell><text:p>Tons</text:p></table:table-cell></table:table-row></table:table>
<table:table table:name="Second"><table:table-row table:number-rows-repeated="4"><table:table-cell/></table:table-row>
<table:table-row><table:table-cell><text:p>Fog</text:p></table:table-cell></table:table-row></table:table>
</office:spreadsheet></office:body></office:document-content>"""


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("lines")
    rng = Random(3)
    with strongroom.init(folder / "room", workers=1, office="builtin") as made:
        made.create_container("papers")
        files: dict[str, bytes] = {
            "code.py": CODE.encode(),
            "long.txt": LONG.encode(),
            "story.txt": "".join(f"Line {n} tells of the harbour.\n" for n in range(1, 3001)).encode("utf-16"),
            "ships.csv": b"Name;Tons;Port\n" + b"".join(f"Ship {n};{n * 10};Port {n % 7}\n".encode() for n in range(2, 902)),
            "wide.csv": (
                ",".join(f"c{n}" for n in range(400)) + "\n" + ",".join("y" * 3000 for _ in range(400)) + "\n"
            ).encode(),
            "book.xlsx": xlsx(rng, "anchor"),
            "book.ods": zipped(
                {
                    "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
                    "content.xml": ODS,
                    "META-INF/manifest.xml": "<a/>",
                }
            ),
            "text.odt": odt(rng, "rope"),
            "empty.txt": b"",
        }
        for name, data in files.items():
            made.upload("papers", name, data)
        made.analyze()
        yield made


def test_lines_are_numbered_and_come_in_parts(room: Room):
    first = room.lines("papers/code.py", count=4)
    assert (first.start, first.lines, first.more) == (1, ("def main():", "\tprint('hé')", "", "main()"), True)
    assert first.chars == (0, 13, 27, 29)
    last = room.lines("papers/code.py", start=1998, count=50)
    assert (last.start, last.lines, last.more) == (1998, ("\tprint('hé')", "", "main()"), False)
    assert room.lines("papers/code.py", start=5000).lines == ()


def test_lines_are_found_by_the_character_that_a_match_names(room: Room):
    hit = room.search('"Line 2345"').hits[0]
    match = hit.matches[0]
    found = room.lines(hit.content, count=90, char=match.locator.char_start)
    begins = found.chars.index(match.locator.char_start)
    assert begins == 30
    assert "Line 2345 tells of the harbour." in found.lines[begins : begins + 10]
    assert found.lines[0] == f"Line {found.start} tells of the harbour."
    assert room.lines("papers/story.txt", count=9, char=3).start == 1
    assert room.lines("papers/story.txt", count=9, char=10**9).lines[-1].startswith("Line 3000")


def test_a_line_that_never_ends_is_broken(room: Room):
    found = room.lines("papers/long.txt")
    assert [len(line) for line in found.lines] == [10_000, 10_000, 5_000, 3]
    assert found.chars == (0, 10_000, 20_000, 25_001)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("text", ["a\r\nb\rc\n\nd", "\r\n\r\n", "\r", "a\n", "", "no end", "x" * 20_001 + "\r\ny"])
def test_lines_do_not_depend_on_how_the_text_comes(text: str, size: int):
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    found = list(flow.broken(chunks))
    assert found == list(flow.broken([text]))
    assert all(text[at : at + len(line)] == line for at, line in found)
    if len(text) < 10_000:
        plain = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
        assert [line for _, line in found] == plain.split("\n")[: len(found)]


def test_what_has_no_lines_says_so(room: Room):
    for name in ("book.xlsx", "text.odt"):
        with pytest.raises(Unsupported):
            room.lines(f"papers/{name}")
    for wrong in ({"start": 0}, {"count": 0}, {"count": 10**6}, {"char": -1}):
        with pytest.raises(UsageError):
            room.lines("papers/code.py", **wrong)


def test_a_table_comes_as_cells(room: Room):
    first = room.table("papers/ships.csv", rows=2)
    assert (first.sheets, first.sheet, first.more) == (("",), "", True)
    assert first.rows == ((1, ("Name", "Tons", "Port")), (2, ("Ship 2", "20", "Port 2")))
    last = room.table("papers/ships.csv", start=900, rows=10)
    assert [number for number, _ in last.rows] == [900, 901]
    assert not last.more
    wide = room.table("papers/wide.csv").rows[1][1]
    assert (len(wide), len(wide[0]), wide[0][-1]) == (256, 2000, "…")


def test_a_workbook_comes_sheet_by_sheet(room: Room):
    book = room.table("papers/book.xlsx")
    assert book.sheet == book.sheets[0]
    assert any("anchor" in cell for _, row in book.rows for cell in row)
    first = room.table("papers/book.ods")
    assert (first.sheets, first.rows) == (("First", "Second"), ((1, ("Ship", "", "Tons")),))
    assert room.table("papers/book.ods", "Second").rows == ((5, ("Fog",)),)
    assert room.table("papers/book.ods", "Second", start=6).rows == ()


def test_what_is_no_table_says_so(room: Room):
    for name in ("code.py", "text.odt"):
        with pytest.raises(Unsupported):
            room.table(f"papers/{name}")
    for name, sheet in (("book.xlsx", "Nowhere"), ("book.ods", "Nowhere"), ("ships.csv", "Nowhere")):
        with pytest.raises(NotFound):
            room.table(f"papers/{name}", sheet)
    for wrong in ({"start": 0}, {"rows": 0}, {"rows": 10**6}):
        with pytest.raises(UsageError):
            room.table("papers/ships.csv", **wrong)


def test_a_broken_workbook_says_what_is_wrong(room: Room):
    room.upload("papers", "broken.xlsx", xlsx(Random(4), "rope")[:300] + bytes(500))
    room.analyze()
    with pytest.raises((Unreadable, Unsupported)):
        room.table("papers/broken.xlsx")
