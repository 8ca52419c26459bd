"""`page`: the picture of one page of a content, with what matched drawn on it."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from PIL import Image, ImageDraw

from strongroom.analyzers.pdf import match_boxes, measure, page_picture, pattern_of
from strongroom.domain import lettering
from strongroom.domain.leaf import Leaf
from strongroom.domain.locator import Box
from strongroom.domain.media import IMAGE, PDF
from strongroom.errors import ContentNotFound, Unsupported, UsageError
from strongroom.flows.parts import Parts
from strongroom.flows.picture import open_example
from strongroom.storage.catalog import contents
from strongroom.storage.tables.predicates import both, of_contents

EDGES = 4
MARK, OPACITY = (255, 214, 0), 96
"""Colour of a mark, and how much of it covers what it marks, of 255."""
PNG, FIT = "png", "fit"
"""Forms of a page's picture: always PNG; or JPEG where it is a scan or a photograph."""
QUALITY = 85
PLAIN = 0.5
"""Of a page's pixels: where so many have one shade it is drawn, paper being of one shade; a scan's paper has grain."""
QUICKLY = 1
"""How hard a PNG is packed: somebody waits for it, and the grain of a scan packs no better with five times the work."""
PADDING = 0.003
"""How far a mark reaches over the text, as a fraction of the page."""


def draw_page(parts: Parts, sha256: str, number: int, words: Sequence[str], form: str = PNG) -> bytes:
    """Draw one page of a PDF, an office file that LibreOffice has read, or a picture.

    Args:
        parts: An open room.
        sha256: The content.
        number: The page, counted from 1.
        words: Words and phrases to mark.
        form: `PNG` or `FIT`.

    Returns:
        A PNG, or a JPEG where that fits better and was asked for.

    Raises:
        Unsupported: The content has no pages.
        UsageError: There is no such page, or no such form.
    """
    if form not in (PNG, FIT):
        raise UsageError(f"{form!r} is no form of a page's picture: give {PNG} or {FIT}")
    boxes: list[Box] = []
    if _type(parts, sha256) == IMAGE:
        if number != 1:
            raise UsageError(f"page {number} does not exist: a picture is one page")
        with parts.vault.source(sha256) as source:
            picture = Image.fromarray(open_example(source.path()))
    else:
        with pdf(parts, sha256) as file:
            picture = page_picture(file, number)
            boxes = match_boxes(file, number, words)
    _mark(picture, boxes or _read_boxes(parts, sha256, number, words))
    return _written(picture, form)


def leaf(parts: Parts, sha256: str, number: int) -> Leaf:
    """Measure a page of a PDF, or of an office file that LibreOffice has read, without drawing it.

    Raises:
        Unsupported: The content has no pages.
        UsageError: There is no such page.
        AnalysisError: It is damaged.
    """
    with pdf(parts, sha256) as file:
        count, width, height = measure(file, number)
    return Leaf(number=number, count=count, width=width, height=height)


def _type(parts: Parts, sha256: str) -> str | None:
    with parts.catalog.read() as tx:
        return contents.contents(tx, [sha256])[sha256].type


@contextmanager
def pdf(parts: Parts, sha256: str) -> Iterator[Path]:
    """Give the file that holds the pages of a content, for the time of a ``with`` block.

    Raises:
        Unsupported: The content has no pages.
    """
    if _type(parts, sha256) == PDF:
        with parts.vault.source(sha256) as source:
            yield source.path()
        return
    try:
        _, stream = parts.vault.read_rendition(sha256, "pdf")
    except ContentNotFound as error:
        raise Unsupported(
            f"the content {sha256} has no pages to draw: only PDF, pictures, and office files that LibreOffice read; "
            "what a video shows is drawn by `strongroom frame`"
        ) from error
    with stream, NamedTemporaryFile(suffix=".pdf") as copy:
        while chunk := stream.read(1 << 20):
            copy.write(chunk)
        copy.flush()
        yield Path(copy.name)


def _read_boxes(parts: Parts, sha256: str, number: int, words: Sequence[str]) -> list[Box]:
    """Give where OCR read one of the words, where there is no text layer to ask: whole words, or else parts of words."""
    patterns = [pattern_of(words, whole=whole) for whole in (True, False)]
    if not all(patterns):
        return []
    where = both(of_contents([sha256]), "boxes IS NOT NULL")
    rows = parts.table.rows(("page", "text", "boxes"), where).to_pylist()
    lines = [one for row in rows if (row["page"] or 1) == number for one in _lines(row["text"] or "", row["boxes"])]
    for pattern in filter(None, patterns):
        found = [lettering.stretch(box, line, *one.span()) for line, box in lines for one in pattern.finditer(line)]
        if found:
            return found
    return []


def _lines(text: str, edges: Sequence[float]) -> Iterator[tuple[str, Box]]:
    """Give each line of a text with its place, where both are known."""
    lines = text.split("\n")
    if len(edges) == EDGES * len(lines):
        for at, line in enumerate(lines):
            left, top, right, bottom = edges[EDGES * at : EDGES * (at + 1)]
            yield line, (left, top, right, bottom)


def _mark(picture: Image.Image, boxes: Sequence[Box]) -> None:
    """Lay the colour of a marker over some places of a picture."""
    if not boxes:
        return
    cover = Image.new("L", picture.size)
    pen = ImageDraw.Draw(cover)
    width, height = picture.size
    for left, top, right, bottom in boxes:
        corners = ((left - PADDING) * width, (top - PADDING) * height, (right + PADDING) * width, (bottom + PADDING) * height)
        pen.rectangle(corners, fill=OPACITY)
    picture.paste(MARK, mask=cover)


def _written(picture: Image.Image, form: str) -> bytes:
    out = io.BytesIO()
    if form == FIT and max(picture.convert("L").histogram()) < PLAIN * picture.width * picture.height:
        picture.save(out, "JPEG", quality=QUALITY)
    else:
        picture.save(out, "PNG", compress_level=QUICKLY)
    return out.getvalue()
