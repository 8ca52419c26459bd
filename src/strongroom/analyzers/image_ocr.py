"""Text in pictures: scans, screenshots, signs in photographs."""

from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

from strongroom.analyzers import passages
from strongroom.analyzers.image import ACCEPTS
from strongroom.analyzers.image_reading import next_page, opened, read_picture
from strongroom.domain.analysis import AnalyzerSpec, Cost
from strongroom.domain.findings import PASSAGE, Finding, Problem, Segment
from strongroom.domain.locator import Locator
from strongroom.errors import AnalysisError
from strongroom.ports import Line, OcrModel, Pixels, Source, Tools

PAGES = 2000
"""Pages of a TIFF that are read."""
SHORT = 1500
"""Pixels of the shorter side that are read: A4 at 180 dpi, which an OCR model needs no finer."""
SURE = 0.6
"""Least confidence of a line; below it lies what is seen in leaves and bricks."""
GLANCE = 1000
"""Pixels of the longer side at which a photograph is looked at first: where no line shows, the fine look finds none either."""
FEW = 3
"""Letters and digits that a picture must have at the least to count as one with text."""
_MOST_PROBLEMS = 20


class ImageOcrAnalyzer:
    """Reads the text in a picture, with a box for each line."""

    spec = AnalyzerSpec(name="image-ocr", version=2, accepts=ACCEPTS, cost=Cost.READING, seconds=3600.0)

    def analyze(self, source: Source, tools: Tools) -> Iterator[Finding]:
        """Yield passages; a picture without text gives none. See `strongroom.ports.Analyzer`."""
        problems = 0
        with opened(source) as file:
            for page in range(1, PAGES + 1):
                try:
                    lines = read_lines(read_picture(file, SHORT).pixels, tools.ocr)
                except AnalysisError as error:
                    if page == 1:
                        raise
                    problems += 1
                    if problems <= _MOST_PROBLEMS:
                        yield Problem(reason=f"page {page}: {error}")
                else:
                    yield from passages_of(lines, None if file.pages == 1 else page)
                if not next_page(file, page):
                    return
            yield Problem(reason=f"it has more than {PAGES} pages; only the first {PAGES} were read")


def read_lines(pixels: Pixels, model: OcrModel) -> list[Line]:
    """Read a picture, but a large photograph only where a look at reduced scale shows some text: that takes a third."""
    longer = max(pixels.shape[:2])
    if longer > GLANCE * 3 // 2 and not looks_like_paper(pixels):
        height, width = (max(1, round(side * GLANCE / longer)) for side in pixels.shape[:2])
        small = Image.fromarray(pixels).resize((width, height), Image.Resampling.BOX)
        if not model.read(np.ascontiguousarray(small)):
            return []
    return model.read(pixels)


def looks_like_paper(pixels: Pixels) -> bool:
    """Say whether most of a picture is bright and without colour, as a page is."""
    sample = pixels[::8, ::8]
    bright, colour = sample.min(axis=2), np.ptp(sample, axis=2)
    return float(((bright > 150) & (colour < 40)).mean()) > 0.5  # noqa: PLR2004 - a page in poor light still passes


def passages_of(lines: Sequence[Line], page: int | None) -> Iterator[Segment]:
    """Gather lines to passages.

    Args:
        lines: In reading order.
        page: Their page; None where the picture is the only one.
    """
    text, placed = "", []
    for line in lines:
        if line.confidence >= SURE and any(character.isalnum() for character in line.text):
            placed.append((len(text), line))
            text += line.text.strip() + "\n"
    if sum(character.isalnum() for character in text) < FEW:
        return
    for start, end in passages.split(text):
        boxes = tuple(line.box for at, line in placed if at < end and at + len(line.text) > start)
        locator = Locator(char_start=start, char_end=end, page=page, boxes=boxes)
        yield Segment(kind=PASSAGE, text=text[start:end], locator=locator)
