"""Which pages are read as pictures, and what comes of it."""

import io
from types import SimpleNamespace

from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from strongroom.analyzers.pdf import PdfOcrAnalyzer
from strongroom.domain.findings import Finding
from strongroom.ports.tools import Line, Pixels
from strongroom.testing.source import BytesSource


class Reader:
    """Reads two lines in any picture, and counts the pictures."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, ...]] = []

    def read(self, picture: Pixels) -> list[Line]:
        self.sizes.append(picture.shape)
        first = Line(text="The cellar is flooded.", box=(0.1, 0.1, 0.6, 0.13), confidence=0.9)
        return [first, Line(text="Page of a ledger", box=(0.1, 0.2, 0.5, 0.23), confidence=0.9)]


def make(*pages: tuple[list[str], tuple[int, ...] | None]) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(400, 600))
    for texts, picture in pages:
        if picture:
            canvas.drawImage(ImageReader(Image.new("L", (40, 60), 200)), *picture)
        for i, text in enumerate(texts):
            canvas.drawString(20, 560 - 14 * i, text)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def read(data: bytes) -> tuple[Reader, list[Finding]]:
    reader = Reader()
    source = BytesSource(data, "application/pdf")
    return reader, list(PdfOcrAnalyzer().analyze(source, SimpleNamespace(ocr=reader)))


def test_a_scan_is_read_with_a_box_for_each_line():
    reader, (passage,) = read(make(([], (0, 0, 400, 600))))
    assert reader.sizes == [(1667, 1112, 3)]
    assert passage.text == "The cellar is flooded.\nPage of a ledger"
    assert passage.locator.page == 1
    assert passage.locator.boxes == ((0.1, 0.1, 0.6, 0.13), (0.1, 0.2, 0.5, 0.23))


def test_a_page_with_text_and_an_empty_page_are_left_alone():
    reader, nothing = read(make((["A line of text that says enough to be one."] * 10, (0, 0, 400, 600)), ([], None)))
    assert nothing == []
    assert reader.sizes == []


def test_little_text_over_a_large_picture_is_read_but_for_what_is_known():
    reader, (passage,) = read(make((["Page of a ledger", "stamped in the archive"], (0, 0, 400, 500))))
    assert len(reader.sizes) == 1
    assert passage.text == "The cellar is flooded."


def test_little_text_beside_a_small_picture_is_left_alone():
    reader, nothing = read(make((["Page of a ledger", "stamped in the archive"], (0, 0, 100, 100))))
    assert nothing == []
    assert reader.sizes == []
