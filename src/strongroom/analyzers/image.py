"""Pictures: what they show, what their file says of them, a thumbnail, and a hash for near-duplicates."""

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from strongroom.analyzers.image_facts import Facts, read_facts
from strongroom.analyzers.image_reading import ImageFile, next_page, opened, read_picture
from strongroom.domain.analysis import AnalyzerSpec, Cost
from strongroom.domain.findings import IMAGE, Finding, Problem, Property, Rendition, Segment
from strongroom.domain.locator import Locator
from strongroom.errors import AnalysisError
from strongroom.ports import Look, Pixels, Source, Tools

ACCEPTS = (
    "image/jpeg",
    "image/png",
    "image/apng",
    "image/webp",
    "image/tiff",
    "image/gif",
    "image/bmp",
    "image/x-ms-bmp",
    "image/heic",
    "image/heif",
    "image/avif",
    "image/jxl",
    "image/jp2",
    "image/jpx",
    "image/x-portable-anymap",
    "image/x-portable-bitmap",
    "image/x-portable-graymap",
    "image/x-portable-pixmap",
    "image/x-tga",
    "image/vnd.adobe.photoshop",
)
"""Media types whose pixels a library here reads."""
PAGES = 100
"""Pages of a TIFF that are looked at."""
THUMBNAIL = 512
"""Pixels of the longer side of a thumbnail, at most."""
SURE = 0.2
"""Least probability of a label that goes into the text, where a doubtful word would count as much as a sure one."""
LIKELY = 0.1
"""The same for the first label alone."""


class ImageAnalyzer:
    """What a picture shows and what its file says."""

    spec = AnalyzerSpec(name="image", version=2, accepts=ACCEPTS, cost=Cost.CHEAP)

    def analyze(self, source: Source, tools: Tools) -> Iterator[Finding]:
        """Yield properties, a thumbnail and a segment a picture; see `strongroom.ports.Analyzer`."""
        with opened(source) as file:
            facts = read_facts(file.image)
            yield from facts.properties()
            if (words := facts.segment()) is not None:
                yield words
            yield Property(name="width", value=file.image.width)
            yield Property(name="height", value=file.image.height)
            for page in range(1, PAGES + 1):
                yield from _look(file, page, facts, tools)
                if not next_page(file, page):
                    return
            yield Problem(reason=f"it has more than {PAGES} pages; only the first {PAGES} were looked at")


def _look(file: ImageFile, page: int, facts: Facts, tools: Tools) -> Iterator[Finding]:
    try:
        picture = read_picture(file, tools.pictures.input_size)
    except AnalysisError as error:
        if page == 1:
            raise
        yield Problem(reason=f"page {page}: {error}")
        return
    if picture.lost:
        yield Problem(
            reason=f"{f'page {page}' if page > 1 else 'it'} is damaged or truncated; only a part of the picture was read"
        )
    if page == 1:
        yield Property(name="phash", value=perceptual_hash(picture.pixels))
        yield Rendition(role="thumbnail", media_type="image/jpeg", data=thumbnail(picture.pixels))
    (look,) = tools.pictures.look([picture.pixels])
    yield Segment(
        kind=IMAGE,
        text=label_text(look),
        language="en" if look.labels else None,
        locator=Locator(page=page) if page > 1 else Locator(),
        label_vector=look.label_vector,
        image_vector=look.image_vector,
        taken_at=facts.taken_at,
    )


def label_text(look: Look) -> str:
    """Give the labels that are sure enough to be words."""
    first = look.labels[:1]
    kept = [name for name, probability in look.labels if probability >= SURE]
    return ", ".join(kept or [name for name, probability in first if probability >= LIKELY])


def thumbnail(pixels: Pixels) -> bytes:
    """Give a JPEG of at most `THUMBNAIL` pixels a side."""
    import simplejpeg

    longer = max(pixels.shape[:2])
    if longer > THUMBNAIL:
        height, width = (max(1, round(side * THUMBNAIL / longer)) for side in pixels.shape[:2])
        small = Image.fromarray(pixels).resize(
            (width, height), Image.Resampling.BOX if longer > 2 * THUMBNAIL else Image.Resampling.BILINEAR
        )
        pixels = np.ascontiguousarray(small)
    data: bytes = simplejpeg.encode_jpeg(pixels, quality=80, colorsubsampling="420", fastdct=True)
    return data


@cache
def _cosines() -> NDArray[np.float64]:
    """Give the first eight rows of the 32-point discrete cosine transform."""
    row, column = np.arange(8)[:, None], np.arange(32)[None]
    table: NDArray[np.float64] = 2 * np.cos(np.pi * row * (2 * column + 1) / 64)
    return table


def perceptual_hash(pixels: Pixels) -> str:
    """Give the 64-bit perceptual hash of a picture in hexadecimal, the same that ``imagehash.phash`` gives.

    Pictures that look alike differ in few bits. It says nothing of who or what is in them.
    """
    grey = Image.fromarray(pixels).convert("L").resize((32, 32), Image.Resampling.LANCZOS, reducing_gap=2.0)
    low = _cosines() @ np.asarray(grey, np.float64) @ _cosines().T
    return np.packbits(low > np.median(low)).tobytes().hex()
