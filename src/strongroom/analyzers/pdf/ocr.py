"""The analyzer that reads pages which only a picture shows: scans, and pages whose text layer says nothing."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from ctypes import byref, c_float
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from strongroom.analyzers import passages
from strongroom.analyzers.pdf.analyzer import PDF_TYPE
from strongroom.analyzers.pdf.opening import leaves, opened
from strongroom.analyzers.pdf.pictures import pixels
from strongroom.analyzers.pdf.text import PageText
from strongroom.domain.analysis import AnalyzerSpec, Cost
from strongroom.domain.findings import PASSAGE, Finding, Problem, Segment
from strongroom.domain.locator import Box, Locator
from strongroom.errors import Unreadable
from strongroom.ports.source import Source
from strongroom.ports.tools import OcrModel, Tools

DPI = 200
_MOST_PIXELS = 12_000_000
"""Pixels of a page that is read: A4 at 200 dpi has 3.9 million."""
_FEW, _LITTLE = 24, 240
"""Characters up to which a page counts as one without text; and as one with little, which a large picture outweighs."""
_LARGE = 0.45
"""Of the page: a picture that covers so much is worth reading where there is little text."""
_MOST_OBJECTS = 3000
_MOST_PROBLEMS = 20


class PdfOcrAnalyzer:
    """Renders pages without a useful text layer and reads them; pages with one are left alone."""

    spec = AnalyzerSpec(name="pdf-ocr", version=2, accepts=(PDF_TYPE, "application/x-pdf"), cost=Cost.READING, seconds=3600.0)

    def analyze(self, source: Source, tools: Tools) -> Iterator[Finding]:
        """Yield passages of the pages that need it, with a box for each line.

        Raises:
            AnalysisError: As for the text of the PDF.
        """
        problems = 0
        path = source.path()
        with opened(path) as document, ExitStack() as stack:
            for i, leaf in leaves(path, document, stack):
                try:
                    yield from _page(leaf, i, tools)
                except (pypdfium2.PdfiumError, Unreadable) as error:
                    problems += 1
                    if problems <= _MOST_PROBLEMS:
                        yield Problem(reason=f"page {i + 1} could not be read as a picture: {error}")


def _page(document: Any, i: int, tools: Tools) -> Iterator[Segment]:
    page = document[i]
    try:
        text = PageText(page)
        known = text.text if not text.is_garbage() else ""
        wanted = wants_reading(page, known)
        text.close()
        if wanted:
            yield from read(tools.ocr, page, i + 1, known)
    finally:
        page.close()


def wants_reading(page: Any, text: str) -> bool:
    """Say whether a page must be read as a picture.

    Args:
        page: An open page.
        text: Its text layer; empty where that is garbage.
    """
    count = sum(map(len, text.split()))
    if count > _LITTLE:
        return False
    objects = min(pdfium.FPDFPage_CountObjects(page), _MOST_OBJECTS)
    if count <= _FEW:
        return bool(objects)
    across, down = page.get_size()
    return any(_covers(pdfium.FPDFPage_GetObject(page, k), across * down) for k in range(objects))


def _covers(item: Any, area: float) -> bool:
    if pdfium.FPDFPageObj_GetType(item) not in (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM):
        return False
    left, bottom, right, top = c_float(), c_float(), c_float(), c_float()
    if not pdfium.FPDFPageObj_GetBounds(item, byref(left), byref(bottom), byref(right), byref(top)):
        return False
    covered: float = (right.value - left.value) * (top.value - bottom.value)
    return covered >= _LARGE * area


def read(model: OcrModel, page: Any, number: int, known: str = "") -> Iterator[Segment]:
    """Read an open page as a picture.

    Args:
        model: The reader.
        page: A ``pypdfium2.PdfPage``.
        number: Its number, from 1.
        known: Text that is found already; lines of it are not given again.
    """
    have = _bare(known)
    lines = [line for line in model.read(pixels(page, DPI, _MOST_PIXELS)) if line.text.strip()]
    lines = [line for line in lines if _bare(line.text) not in have or not have]
    text, starts = "", []
    for line in lines:
        starts.append(len(text))
        text += line.text + "\n"
    for start, end in passages.split(text):
        boxes = tuple(line.box for line, at in zip(lines, starts, strict=True) if at < end and at + len(line.text) > start)
        yield Segment(kind=PASSAGE, text=text[start:end], locator=_locator(start, end, number, boxes))


def _locator(start: int, end: int, number: int, boxes: tuple[Box, ...]) -> Locator:
    return Locator(char_start=start, char_end=end, page=number, boxes=boxes)


def _bare(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()
