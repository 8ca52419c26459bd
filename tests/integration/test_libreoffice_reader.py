"""Office files through LibreOffice: pages with boxes, text once, and going on after a hang or a death."""

import io
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docx
import openpyxl
import pptx
import pytest

from strongroom.analyzers.office import OfficeAnalyzer, libreoffice, office_reader_available
from strongroom.domain.findings import Finding, Problem, Property, Rendition, Segment
from strongroom.domain.media import OOXML
from strongroom.errors import LimitExceeded, Unreadable
from strongroom.testing.source import BytesSource

pytestmark = pytest.mark.skipif(office_reader_available() is None, reason="LibreOffice with its Python bridge is not installed")
DOCX, XLSX, PPTX = (
    OOXML + kind for kind in ("wordprocessingml.document", "spreadsheetml.sheet", "presentationml.presentation")
)
AUTO: Any = SimpleNamespace(office="auto")


@pytest.fixture(scope="module", autouse=True)
def _stop() -> Iterator[None]:
    yield
    desk = libreoffice.desk()
    assert desk is not None
    desk.stop()


def saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def letter(text: str = "The harbour office is flooded.") -> bytes:
    document = docx.Document()
    document.add_paragraph(text)
    document.add_page_break()
    document.add_paragraph("Words of the second page.")
    return saved(document)


def found(data: bytes, media_type: str = DOCX) -> list[Finding]:
    return list(OfficeAnalyzer().analyze(BytesSource(data, media_type), AUTO))


def passages(findings: list[Finding]) -> list[tuple[int | None, str, int]]:
    segments = [one for one in findings if isinstance(one, Segment) and one.locator.part is None]
    return [(one.locator.page, one.text, len(one.locator.boxes)) for one in segments]


def test_a_document_gives_pages_with_boxes_each_text_once_and_a_pdf():
    everything = found(letter())
    assert passages(everything) == [(1, "The harbour office is flooded.", 1), (2, "Words of the second page.", 1)]
    renditions = {one.role: one.data[:4] for one in everything if isinstance(one, Rendition)}
    assert renditions == {"thumbnail": b"\xff\xd8\xff\xe0", "pdf": b"%PDF"}
    assert Property(name="reader", value="libreoffice") in everything


def test_cells_are_found_by_their_place_as_shown():
    book = openpyxl.Workbook()
    book.active.append(["Mrs Winter", 1234.5])
    book.active["B1"].number_format = "#,##0.00"
    everything = found(saved(book), XLSX)
    cells = [one for one in everything if isinstance(one, Segment) and "Winter" in one.text]
    assert [(one.locator.part, one.text) for one in cells] == [("Sheet!A1:B1", "Mrs Winter\t1,234.50 (1234.5)")]


def test_slides_are_pages_and_notes_are_found():
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[5])
    slide.shapes.title.text = "Title of the talk"
    slide.notes_slide.notes_text_frame.text = "Speak slowly"
    everything = found(saved(show), PPTX)
    assert [(page, text) for page, text, _ in passages(everything)] == [(1, "Title of the talk")]
    notes = [one for one in everything if isinstance(one, Segment) and one.locator.part == "notes"]
    assert [(one.locator.page, one.text) for one in notes] == [(1, "Speak slowly")]


def test_a_binary_document_is_read(tmp_path: Path):
    desk = libreoffice.desk()
    assert desk is not None
    file = tmp_path / "letter.rtf"
    file.write_bytes(rb"{\rtf1\ansi The harbour office is flooded.\par}")
    everything = found(file.read_bytes(), "application/rtf")
    assert passages(everything) == [(1, "The harbour office is flooded.", 1)]


def test_the_next_file_is_read_after_libreoffice_was_killed():
    desk = libreoffice.desk()
    assert desk is not None
    assert passages(found(letter()))
    before = desk.pid
    assert before is not None
    os.killpg(before, signal.SIGKILL)
    while desk.pid is not None:
        time.sleep(0.01)
    assert passages(found(letter("After the death.")))[0] == (1, "After the death.", 1)
    assert desk.pid != before


def test_a_file_that_takes_too_long_is_given_up_and_the_next_is_read(tmp_path: Path):
    desk = libreoffice.desk()
    assert desk is not None
    file = tmp_path / "letter.docx"
    file.write_bytes(letter())
    desk.convert(file, tmp_path, odf=False)
    with pytest.raises(LimitExceeded, match="took longer than"):
        desk.convert(file, tmp_path, odf=False, seconds=0.0)
    assert desk.pid is None
    assert desk.convert(file, tmp_path, odf=True).pdf is not None


def test_what_libreoffice_refuses_is_read_by_the_other_readers():
    data = letter()
    everything = found(data[: len(data) * 3 // 4])
    assert Property(name="reader", value="libreoffice") in everything or [one for one in everything if isinstance(one, Problem)]


def test_junk_is_not_taken_for_a_text():
    with pytest.raises(Unreadable):
        found(b"just some words, no document at all " * 20, "application/msword")


def test_a_file_that_kills_the_warm_libreoffice_gets_its_pages_from_a_fresh_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(libreoffice.Desk, "_ask", lambda *_: {"error": "DisposedException", "dead": True})
    findings = found(letter("Read without a word."))
    assert [one.role for one in findings if isinstance(one, Rendition)] == ["thumbnail", "pdf"]
    assert passages(findings)[0][:2] == (1, "Read without a word.")
    assert not any(isinstance(one, Problem) for one in findings)
