"""`page`: the picture of one page of a content, with what matched drawn on it."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from PIL import Image, ImageDraw

from strongroom.analyzers.pdf import match_boxes, measure, render_page
from strongroom.domain.leaf import Leaf
from strongroom.domain.locator import Box
from strongroom.domain.media import IMAGE, PDF
from strongroom.errors import ContentNotFound, Unsupported, UsageError
from strongroom.flows.parts import Parts
from strongroom.flows.picture import open_example
from strongroom.storage.catalog import contents
from strongroom.storage.tables.predicates import both, of_contents

EDGES = 4
MARK = (255, 214, 0, 96)
"""Colour and opacity of a mark."""
QUICKLY = 1
"""How hard a PNG is packed: somebody waits for it, and the grain of a scan packs no better with five times the work."""
PADDING = 0.003
"""How far a mark reaches over the text, as a fraction of the page."""


def draw_page(parts: Parts, sha256: str, number: int, words: Sequence[str]) -> bytes:
    """Draw one page of a PDF, an office file that LibreOffice has read, or a picture.

    Args:
        parts: An open room.
        sha256: The content.
        number: The page, counted from 1.
        words: Words and phrases to mark.

    Returns:
        A PNG.

    Raises:
        Unsupported: The content has no pages.
        UsageError: There is no such page.
    """
    if _type(parts, sha256) == IMAGE:
        if number != 1:
            raise UsageError(f"page {number} does not exist: a picture is one page")
        with parts.vault.source(sha256) as source:
            picture, boxes = Image.fromarray(open_example(source.path())), list[Box]()
    else:
        with pdf(parts, sha256) as file:
            drawn = render_page(file, number)
            boxes = (match_boxes(file, number, words) or _read_boxes(parts, sha256, number, words)) if words else []
        if not boxes:
            return drawn
        picture = Image.open(io.BytesIO(drawn))
    return _png(picture, boxes or _read_boxes(parts, sha256, number, words))


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
    """Give the lines that OCR read with one of the words in them, where there is no text layer to ask."""
    where = both(of_contents([sha256]), "boxes IS NOT NULL")
    rows = parts.table.rows(("page", "text", "boxes"), where).to_pylist()
    wanted = [word.casefold() for word in words]
    found: list[Box] = []
    for row in rows:
        edges, lines = row["boxes"], (row["text"] or "").casefold().split("\n")
        boxes = [tuple(edges[at : at + EDGES]) for at in range(0, len(edges), EDGES)]
        if (row["page"] or 1) == number and len(boxes) == len(lines):
            found += [box for box, line in zip(boxes, lines, strict=True) if any(word in line for word in wanted)]
    return found


def _png(picture: Image.Image, boxes: Sequence[Box]) -> bytes:
    page = picture.convert("RGBA")
    layer = Image.new("RGBA", page.size)
    pen = ImageDraw.Draw(layer)
    width, height = page.size
    for left, top, right, bottom in boxes:
        corners = ((left - PADDING) * width, (top - PADDING) * height, (right + PADDING) * width, (bottom + PADDING) * height)
        pen.rectangle(corners, fill=MARK)
    out = io.BytesIO()
    Image.alpha_composite(page, layer).convert("RGB").save(out, "PNG", compress_level=QUICKLY)
    return out.getvalue()
