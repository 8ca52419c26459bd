"""Pictures of pages, bounded in pixels whatever the page says of its size."""

import io
import math
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pypdfium2
from PIL import Image

from strongroom.analyzers.pdf.opening import LOCK, opened
from strongroom.errors import Unreadable, UsageError
from strongroom.ports.tools import Pixels

MOST_PIXELS = 16_000_000
"""Pixels of one picture of a page."""
THUMBNAIL = 512
"""Pixels of a thumbnail's longer side."""
_QUALITY = 82


def render_page(
    file: Path | str | bytes,
    page: int,
    *,
    width: int | None = None,
    dpi: float | None = None,
    form: Literal["png", "jpeg"] = "png",
) -> bytes:
    """Draw one page.

    Args:
        file: A PDF: path or bytes.
        page: Counted from 1.
        width: Pixels across; wins over ``dpi``.
        dpi: Pixels an inch; 150 where neither is given. Either is lowered where the picture would be too large.
        form: Format of the picture.

    Returns:
        The picture's bytes.

    Raises:
        UsageError: There is no such page.
        AnalysisError: The document cannot be opened or the page cannot be drawn.
    """
    return encoded(page_picture(file, page, width=width, dpi=dpi), form)


def page_picture(file: Path | str | bytes, page: int, *, width: int | None = None, dpi: float | None = None) -> Image.Image:
    """Draw one page; see `render_page`."""
    with LOCK, opened(file) as document:
        if not 1 <= page <= len(document):
            raise UsageError(f"page {page} does not exist: the document has {len(document)}")
        try:
            leaf = document[page - 1]
        except RuntimeError as error:
            raise Unreadable(f"page {page} is corrupt and cannot be drawn") from error
        scale = width / max(1.0, leaf.get_width()) if width else (dpi or 150.0) / 72
        return draw(leaf, scale)


def measure(file: Path | str | bytes, page: int) -> tuple[int, float, float]:
    """Give how many pages a document has, and width and height of one of them in points, without drawing it.

    Raises:
        UsageError: There is no such page.
        AnalysisError: The document cannot be opened.
    """
    with LOCK, opened(file) as document:
        count = len(document)
        if not 1 <= page <= count:
            raise UsageError(f"page {page} does not exist: the document has {count}")
        try:
            across, down = document.get_page_size(page - 1)
        except pypdfium2.PdfiumError as error:
            raise Unreadable(f"page {page} is corrupt and cannot be drawn") from error
        return count, float(across), float(down)


def draw(page: Any, scale: float, most: int = MOST_PIXELS) -> Image.Image:
    """Draw an open page.

    Args:
        page: A ``pypdfium2.PdfPage``.
        scale: Pixels for each point (1/72 inch).
        most: Pixels that the picture may have; the scale is lowered to that.

    Raises:
        Unreadable: PDFium cannot draw it.
    """
    across, down = page.get_size()
    across, down = max(across, 1e-3), max(down, 1e-3)
    scale = min(scale, math.sqrt(most / (across * down)), most / 256 / across, most / 256 / down)
    try:
        bitmap = page.render(scale=scale, rev_byteorder=True)
    except (RuntimeError, ValueError, MemoryError) as error:
        raise Unreadable(f"the page cannot be drawn: {error}") from error
    picture: Image.Image = bitmap.to_pil().convert("RGB")
    bitmap.close()
    return picture


def pixels(page: Any, dpi: float, most: int) -> Pixels:
    """Draw an open page as an array of RGB values, shape (height, width, 3)."""
    return np.asarray(draw(page, dpi / 72, most), dtype=np.uint8)


def thumbnail(page: Any) -> bytes:
    """Draw an open page as a small JPEG."""
    return encoded(draw(page, THUMBNAIL / max(1.0, *page.get_size())), "jpeg")


def encoded(picture: Image.Image, form: str) -> bytes:
    """Write a picture as PNG or JPEG."""
    out = io.BytesIO()
    options = {"quality": _QUALITY} if form == "jpeg" else {"compress_level": 3}
    picture.save(out, form.upper(), **options)
    return out.getvalue()
