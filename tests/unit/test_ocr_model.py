"""Text in pictures is read, line by line, with its place."""

import logging

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from strongroom.domain.settings import Settings
from strongroom.models.ocr import (
    LARGEST_SIDE,
    LONG,
    MOST_PIECES,
    MOST_PIXELS,
    SMALL_SIDE,
    NoOcr,
    RapidOcr,
    _padded,
    _pieces,
    _scaled,
    in_reading_order,
)
from strongroom.models.toolbox import Toolbox
from strongroom.ports.tools import Line, Pixels


@pytest.fixture(scope="module")
def ocr() -> RapidOcr:
    return RapidOcr()


def page(lines: dict[tuple[int, int], str], size: tuple[int, int] = (900, 500), height: int = 36) -> Pixels:
    picture = Image.new("RGB", size, "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(height)
    for place, text in lines.items():
        pen.text(place, text, fill="black", font=font)
    return np.asarray(picture, np.uint8)


def test_lines_come_in_reading_order_with_their_boxes(ocr: RapidOcr):
    lines = ocr.read(page({(40, 300): "Total amount 182.40", (40, 60): "Invoice number 4711", (560, 62): "15 April 2024"}))
    assert [line.text.replace(" ", "") for line in lines] == ["Invoicenumber4711", "15April2024", "Totalamount182.40"]
    left, top, right, bottom = lines[0].box
    assert 0.02 < left < 0.07
    assert 0.09 < top < 0.17
    assert 0.3 < right < 0.55
    assert 0.15 < bottom < 0.25
    assert all(0.5 < line.confidence <= 1 for line in lines)


def test_a_huge_picture_is_reduced_and_read(ocr: RapidOcr):
    lines = ocr.read(page({(400, 600): "HARBOUR OFFICE"}, size=(6000, 4500), height=300))
    assert [line.text.replace(" ", "") for line in lines] == ["HARBOUROFFICE"]


def test_a_long_picture_is_read_in_parts_and_no_line_twice(ocr: RapidOcr):
    places = {(30, y): f"Message number {y}" for y in range(100, 2900, 450)}
    lines = ocr.read(page(places, size=(500, 3000)))
    assert [line.text.replace(" ", "") for line in lines] == [text.replace(" ", "") for text in places.values()]
    for (_, y), line in zip(places, lines, strict=True):
        assert abs(line.box[1] * 3000 - y) < 30


@pytest.mark.parametrize("shape", [(300, 300), (1, 1), (3, 900), (16, 64)])
def test_where_nothing_stands_nothing_is_read(ocr: RapidOcr, shape: tuple[int, int]):
    assert ocr.read(np.full((*shape, 3), 255, np.uint8)) == []


@pytest.mark.parametrize("shape", [(9, 90_000), (90_000, 9), (40, 4000), (8000, 6000)])
def test_an_endless_strip_is_read_within_bounds(shape: tuple[int, int]):
    picture = np.zeros((*shape, 3), np.uint8)
    pieces = _pieces(*shape)
    assert len(pieces) <= MOST_PIECES
    for piece in pieces:
        height, width, _ = _padded(_scaled(picture[piece.top : piece.bottom, piece.left : piece.right])).shape
        assert max(height, width) <= LARGEST_SIDE
        assert max(height, width) <= (LONG + 0.1) * min(height, width)


def test_reading_is_silent(ocr: RapidOcr, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.ERROR):
        ocr.read(np.full((200, 200, 3), 255, np.uint8))
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_a_room_may_want_no_ocr():
    tools = Toolbox(Settings(ocr_model="none"))
    assert isinstance(tools.ocr, NoOcr)
    assert tools.ocr.read(page({(40, 60): "Text"})) == []


def test_pieces_that_stand_a_little_askew_are_one_line():
    def line(text: str, left: float, top: float) -> Line:
        return Line(text=text, box=(left, top, left + 0.2, top + 0.05), confidence=1)

    askew = [line("d", 0.1, 0.2), line("b", 0.4, 0.11), line("a", 0.1, 0.12), line("c", 0.7, 0.1)]
    assert "".join(piece.text for piece in in_reading_order(askew)) == "abcd"


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_page_that_was_scanned_sideways_or_upside_down_is_read_in_its_own_order(ocr: RapidOcr, quarters: int):
    texts = ["The cellar of the harbour office stands flooded", "to a height of four feet, and the boiler is lost"]
    upright = page({(30, 60): texts[0], (30, 200): texts[1]}, size=(1000, 360))
    lines = ocr.read(np.ascontiguousarray(np.rot90(upright, quarters)))
    assert [line.text.replace(" ", "") for line in lines] == [text.replace(" ", "") for text in texts]
    first = {1: (0.1, 0.3), 2: (0.6, 0.9), 3: (0.6, 0.9)}[quarters]
    across = lines[0].box[0::2] if quarters != 2 else lines[0].box[1::2]
    assert first[0] < sum(across) / 2 < first[1]


def test_a_long_line_of_noisy_print_is_not_taken_for_upside_down(ocr: RapidOcr):
    words = "boiler vessel north pumps repairs ledger tenant cellar wall floor vessel berth servant"
    clean = page({(20, 30 + 60 * row): words for row in range(6)}, size=(1240, 420), height=26).astype(np.int16)
    noisy = clean + np.random.default_rng(7).normal(0, 12, clean.shape[:2]).astype(np.int16)[:, :, None]
    lines = ocr.read(np.clip(noisy, 0, 255).astype(np.uint8))
    assert [line.text.replace(" ", "") for line in lines] == [words.replace(" ", "")] * 6


@pytest.mark.parametrize(("height", "width"), [(2400, 2400), (3000, 2000), (2000, 1414), (9000, 3100), (800, 1200), (300, 200)])
def test_what_the_engine_is_given_is_bounded_in_pixels_too(height: int, width: int):
    scaled = _scaled(np.zeros((height, width, 3), np.uint8))
    assert scaled.shape[0] * scaled.shape[1] <= MOST_PIXELS * 1.001
    assert scaled.shape[0] / scaled.shape[1] == pytest.approx(height / width, rel=0.01)
    assert scaled.shape[0] == height or height * width > MOST_PIXELS or min(height, width) < SMALL_SIDE
