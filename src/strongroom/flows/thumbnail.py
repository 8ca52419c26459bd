"""`thumbnail`: a small picture of any content that has one, made when it is first asked for."""

import io
from pathlib import Path
from threading import Lock

import numpy as np
from PIL import Image

from strongroom.analyzers import image, image_reading
from strongroom.analyzers.media.frames import frame_at, picture_stream
from strongroom.analyzers.media.opening import opened
from strongroom.analyzers.media.sound import blocks, sound_stream
from strongroom.analyzers.media.waveform import ROLE, Shape, draw
from strongroom.analyzers.pdf import render_page
from strongroom.domain.content import Content
from strongroom.domain.media import AUDIO, IMAGE, PDF, VIDEO
from strongroom.errors import AnalysisError, ContentNotFound, NotFound, Unsupported, UsageError
from strongroom.flows import fetch, page
from strongroom.flows.parts import Parts
from strongroom.ports import RATE, Pixels, Source
from strongroom.storage.catalog import analyses, renditions

THUMBNAIL, OFFICE_PAGES = "thumbnail", "pdf"
"""Roles of renditions that pictures are made of."""
LEAST, MOST = 16, image.THUMBNAIL
"""Pixels of the longer side that may be asked for."""
QUALITY = 80
LONGEST = 900.0
"""Seconds of sound whose waveform is drawn while somebody waits; of longer ones the analysis does it."""
PLACE = 0.1
"""Of a video's length: where its picture is taken."""
MAKER = "picture"
"""The name under which renditions that were made here are kept."""

_MAKING = Lock()
"""One picture is made at a time, so that many who look at once do not fill the memory."""

Made = tuple[str, str, bytes]
"""Role, media type and bytes of what was made."""


def thumbnail(parts: Parts, sha256: str, size: int) -> tuple[str, bytes]:
    """Give media type and bytes of a small picture of a content.

    Args:
        parts: An open room.
        sha256: The content.
        size: Pixels of the longer side, at most.

    Raises:
        UsageError: The size is none that can be.
        NotFound: Nobody has looked yet what the content is.
        Unsupported: It has no picture.
        AnalysisError: It is damaged.
    """
    _check(size)
    for role in (THUMBNAIL, ROLE):
        found = _kept(parts, sha256, role)
        if found is not None:
            return _fitted(*found, size)
    with _MAKING:
        again = _kept(parts, sha256, THUMBNAIL)  # somebody else may have made it meanwhile
        return _fitted(*(again or _make(parts, sha256)), size)


def of_page(parts: Parts, sha256: str, number: int, size: int) -> tuple[str, bytes]:
    """Give media type and bytes of a small picture of one page; it is drawn each time.

    Args:
        parts: An open room.
        sha256: The content.
        number: The page, counted from 1.
        size: Pixels across, at most.

    Raises:
        UsageError: The size is none that can be, or there is no such page.
        Unsupported: The content has no pages.
        AnalysisError: It is damaged.
    """
    _check(size)
    with _MAKING, page.pdf(parts, sha256) as file:
        return "image/jpeg", render_page(file, number, width=size, form="jpeg")


def rendition(parts: Parts, sha256: str, role: str) -> tuple[str, bytes]:
    """Give media type and bytes of what an analysis derived from a content.

    Raises:
        ContentNotFound: There is none of this role.
    """
    media_type, stream = parts.vault.read_rendition(sha256, role)
    with stream:
        return media_type, stream.read()


def _check(size: int) -> None:
    if not LEAST <= size <= MOST:
        raise UsageError(f"a thumbnail of {size} pixels cannot be had: it has {LEAST} to {MOST} on its longer side")


def _kept(parts: Parts, sha256: str, role: str) -> tuple[str, bytes] | None:
    try:
        return rendition(parts, sha256, role)
    except ContentNotFound:
        return None


def _make(parts: Parts, sha256: str) -> tuple[str, bytes]:
    with parts.catalog.read() as tx:
        content = fetch.content(tx, sha256)
        seconds = analyses.seconds_of(analyses.properties(tx, [sha256]).get(sha256, {}))
    if content.type is None:
        raise NotFound(f"the content {sha256} has not been looked at yet: run `strongroom analyze`")
    role, media_type, data = _made(parts, content, seconds)
    kept = parts.vault.keep([data])
    freed = parts.catalog.change(lambda tx: renditions.add(tx, sha256, role, analyzer=MAKER, media_type=media_type, kept=kept))
    parts.vault.remove_freed(freed)
    return media_type, data


def _made(parts: Parts, content: Content, seconds: float | None) -> Made:
    if content.type not in (IMAGE, PDF, VIDEO, AUDIO):
        pages = _kept(parts, content.sha256, OFFICE_PAGES)
        if pages is None:
            raise Unsupported(f"the content {content.sha256} has no picture: it is {content.media_type}")
        return _jpeg(_first_page(pages[1]))
    if content.type == IMAGE and content.media_type not in image.ACCEPTS:
        raise Unsupported(f"the content {content.sha256} has no picture: nothing here draws {content.media_type}")
    with parts.vault.source(content.sha256) as source:
        if content.type == IMAGE:
            return _jpeg(_picture(source))
        if content.type == PDF:
            return _jpeg(_first_page(source.path()))
        return _recording(source, seconds)


def _jpeg(pixels: Pixels) -> Made:
    return THUMBNAIL, "image/jpeg", image.thumbnail(pixels)


def _picture(source: Source) -> Pixels:
    with image_reading.opened(source) as file:
        return image_reading.read_picture(file, MOST).pixels


def _first_page(pdf: Path | bytes) -> Pixels:
    with Image.open(io.BytesIO(render_page(pdf, 1, width=MOST, form="jpeg"))) as page:
        return np.asarray(page.convert("RGB"))


def _recording(source: Source, seconds: float | None) -> Made:
    with opened(source) as container:
        if picture_stream(container) is not None:
            return _jpeg(frame_at(container, PLACE * (seconds or 0.0)))
        if sound_stream(container) is None:
            raise Unsupported(f"the content {source.sha256} has neither picture nor sound")
        if seconds is None or seconds > LONGEST:
            raise Unsupported(f"the content {source.sha256} is sound, whose waveform `strongroom analyze` draws")
        shape = Shape()
        for begins, sound in blocks(container):
            if begins + len(sound) / RATE > 2 * LONGEST:
                raise AnalysisError(f"the content {source.sha256} is far longer than its beginning says")
            shape.take(begins, sound)
        return ROLE, "image/png", draw(*shape.columns())


def _fitted(media_type: str, data: bytes, size: int) -> tuple[str, bytes]:
    """Give a picture no larger than was asked for."""
    with Image.open(io.BytesIO(data)) as picture:
        if max(picture.size) <= size:
            return media_type, data
        picture.draft("RGB", (size, size))
        picture.thumbnail((size, size))
        out = io.BytesIO()
        form = {"image/jpeg": "JPEG", "image/png": "PNG"}.get(media_type, "PNG")
        picture.save(out, form, quality=QUALITY)
    return (media_type if form != "PNG" else "image/png"), out.getvalue()
