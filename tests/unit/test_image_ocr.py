"""Text in pictures: passages with boxes, page by page, and no second look where the first shows nothing."""

import io

import numpy as np
import pytest
from PIL import Image
from skimage import data

from strongroom.analyzers.image_ocr import ImageOcrAnalyzer, looks_like_paper, passages_of
from strongroom.domain.findings import PASSAGE, Problem, Segment
from strongroom.errors import Unreadable
from strongroom.ports import Line, Pixels
from strongroom.testing.source import BytesSource

LINES = [
    Line(text="HARBOUR OFFICE", box=(0.1, 0.1, 0.9, 0.2), confidence=0.99),
    Line(text="Open 9:00", box=(0.1, 0.3, 0.5, 0.4), confidence=0.98),
]


class Reader:
    """An OCR model that keeps what it was shown."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self.saw: list[tuple[int, ...]] = []

    def read(self, picture: Pixels) -> list[Line]:
        self.saw.append(picture.shape)
        return self.lines


class Tools:
    def __init__(self, lines: list[Line]) -> None:
        self.ocr = Reader(lines)


def read(image: Image.Image, kind: str, lines: list[Line], **options: object) -> tuple[list[object], Reader]:
    out = io.BytesIO()
    image.save(out, kind, **options)
    tools = Tools(lines)
    return list(ImageOcrAnalyzer().analyze(BytesSource(out.getvalue(), f"image/{kind}"), tools)), tools.ocr


PAGE = Image.new("L", (1654, 2339), 250)
PHOTO = Image.fromarray(data.coffee()).resize((4000, 2667))


def test_a_page_gives_a_passage_with_a_box_for_each_line():
    (segment,), reader = read(PAGE, "png", LINES)
    assert isinstance(segment, Segment)
    assert segment.kind == PASSAGE
    assert segment.text == "HARBOUR OFFICE\nOpen 9:00"
    assert segment.locator.boxes == (LINES[0].box, LINES[1].box)
    assert segment.locator.page is None
    assert reader.saw == [(2339, 1654, 3)]


def test_a_scan_at_600_dpi_is_reduced():
    _, reader = read(Image.new("1", (4960, 7016), 1), "tiff", LINES)
    assert reader.saw == [(2339, 1654, 3)]


def test_each_page_of_a_tiff_is_read_and_numbered():
    found, _ = read(PAGE, "tiff", LINES, save_all=True, append_images=[PAGE, PAGE])
    assert [segment.locator.page for segment in found] == [1, 2, 3]


def test_a_photograph_without_text_is_looked_at_once_and_small():
    found, reader = read(PHOTO, "jpeg", [])
    assert found == []
    assert [max(shape) for shape in reader.saw] == [1000]


def test_a_photograph_with_text_is_then_read_fine():
    found, reader = read(PHOTO, "jpeg", LINES)
    assert len(found) == 1
    assert max(reader.saw[0]) == 1000
    assert min(reader.saw[1][:2]) >= 1500


def test_what_is_doubtful_or_has_no_letters_is_left_out():
    box = (0.0, 0.0, 1.0, 1.0)
    lines = [
        Line(text="leaf?", box=box, confidence=0.3),
        Line(text="—", box=box, confidence=0.9),
        Line(text="O", box=box, confidence=0.9),
    ]
    assert list(passages_of(lines, None)) == []


def test_a_page_is_told_from_a_photograph():
    assert looks_like_paper(np.asarray(PAGE.convert("RGB")))
    assert not looks_like_paper(np.asarray(PHOTO))


def test_a_page_that_cannot_be_decoded_costs_only_itself(monkeypatch: pytest.MonkeyPatch):
    from strongroom.analyzers import image_ocr

    pages = iter([True, False, True])
    real = image_ocr.read_picture

    def broken(file: object, short: int) -> object:
        if not next(pages):
            raise Unreadable("it cannot be decoded")
        return real(file, short)

    monkeypatch.setattr(image_ocr, "read_picture", broken)
    found, _ = read(PAGE, "tiff", LINES, save_all=True, append_images=[PAGE, PAGE])
    assert [type(finding) for finding in found] == [Segment, Problem, Segment]
    assert "page 2" in found[1].reason
