"""Pictures of every format to upright RGB arrays, as small as their reader needs, in bounded memory."""

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from strongroom.analyzers import image_jxl, image_strips
from strongroom.analyzers.bounds import ODDITIES
from strongroom.errors import AnalysisError, LimitExceeded, Unreadable
from strongroom.ports.source import Source
from strongroom.ports.tools import Pixels

MOST_PIXELS = 1_000_000_000
"""Pixels of the largest picture that is read at all."""
MOST_BYTES = 640 * 1024**2
"""Bytes that one decoded picture may take where its format cannot be decoded at reduced scale."""
MOST_FILE = 256 * 1024**2
"""Bytes of a JPEG file that is held at once; a larger one is streamed."""
ORIENTATION = 0x0112
"""EXIF and TIFF tag: how the picture is to be turned."""
FAULTS = (*ODDITIES, SyntaxError, struct.error, UnidentifiedImageError, Image.DecompressionBombError)
"""What Pillow raises over bytes that no program would write."""

# the bounds above are stricter, know the format, and give a reason; Pillow's own is a warning
Image.MAX_IMAGE_PIXELS = None

_MOST_REDUCED = 1 << 27
"""Bytes of a picture that was reduced in strips."""
_STRIP = 1 << 22
"""Pixels that are converted at a time."""
_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}
"""Bytes a pixel in Pillow's memory; 4 in every other mode."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Picture:
    """One decoded picture."""

    pixels: Pixels
    """Upright, perhaps reduced."""
    lost: bool
    """Whether a part is missing because the file is truncated or damaged."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ImageFile:
    """An opened picture file, its header read."""

    image: Image.Image
    """Pillow's, not yet decoded."""
    data: bytes | None
    """The whole file, for a JPEG."""
    pages: int
    """1, or 2 where a TIFF has more than one."""
    stream: BinaryIO | None = None
    """The file itself, where Pillow reads it."""


class _TooLarge(LimitExceeded):
    """The picture cannot be decoded whole."""


@contextmanager
def opened(source: Source) -> Iterator[ImageFile]:
    """Open a picture file and check what its header promises.

    Raises:
        Unreadable: It is no picture that can be read.
        LimitExceeded: It has too many pixels.
    """
    if source.media_type == "image/jxl":
        yield ImageFile(image=image_jxl.decode(source.read(MOST_FILE)), data=None, pages=1)
        return
    if source.media_type in ("image/heic", "image/heif"):
        _register_heif()
    data = source.read(MOST_FILE) if source.media_type == "image/jpeg" and source.size <= MOST_FILE else None
    stream = source.open() if data is None else io.BytesIO(data)
    with stream:
        try:
            with warnings.catch_warnings(action="ignore"):
                image = Image.open(stream)
        except FAULTS as error:
            raise Unreadable(f"its header cannot be read as a picture: {_said(error)}") from error
        with image:
            _check(image)
            if image.format == "PNG" and _size(image) > MOST_BYTES:
                image.info.setdefault("exif", b"")  # Pillow would decode the whole to look for EXIF behind the picture
            yield ImageFile(image=image, data=data, pages=_pages(image), stream=stream)


def _pages(image: Image.Image) -> int:
    if image.format != "TIFF":
        return 1
    try:
        image.seek(1)
    except FAULTS:
        return 1
    finally:
        image.seek(0)
    return 2


def _register_heif() -> None:
    import pillow_heif

    if "HEIF" not in Image.OPEN:
        pillow_heif.register_heif_opener()


def _check(image: Image.Image) -> None:
    pixels = image.width * image.height
    if pixels > MOST_PIXELS:
        raise LimitExceeded(f"it has {image.width:,} by {image.height:,} pixels; at most {MOST_PIXELS:,} are read")
    if pixels == 0:
        raise Unreadable("its header says that it has no pixels")
    if image.format not in ("PNG", "TIFF"):  # these can be decoded in strips
        _check_size(image)


def _check_size(image: Image.Image) -> None:
    size = _size(image)
    if size > MOST_BYTES:
        raise _TooLarge(
            f"it has {image.width:,} by {image.height:,} pixels, which take {size >> 20:,} MiB to decode; "
            f"at most {MOST_BYTES >> 20:,} MiB are taken for a picture of this kind"
        )


def _size(image: Image.Image) -> int:
    """Give the bytes that decoding it takes."""
    pixels = image.width * image.height
    if image.format not in ("JPEG", "MPO"):
        return pixels * _BYTES.get(image.mode, 4)
    # a progressive JPEG is held whole as coefficients; a plain one is scaled down while it is decoded
    return pixels * 6 if image.info.get("progressive") else pixels * 4 // 64


def next_page(file: ImageFile, page: int) -> bool:
    """Go to the page of a TIFF that comes after the given one; False where there is none. Other formats have one page."""
    if file.image.format != "TIFF":
        return False
    try:
        with warnings.catch_warnings(action="ignore"):
            file.image.seek(page)
    except FAULTS:
        return False
    return True


def read_picture(file: ImageFile, short: int) -> Picture:
    """Decode the present page of a file.

    Args:
        file: From `opened`.
        short: Pixels that the shorter side should have at the least, where the picture has as many.

    Raises:
        Unreadable: Nothing could be decoded.
        LimitExceeded: This page has too many pixels.
    """
    try:
        with warnings.catch_warnings(action="ignore"):
            if file.data is not None and file.image.format in ("JPEG", "MPO") and file.image.mode in ("RGB", "L"):
                return _read_jpeg(file, file.data, short)
            return _read_any(file, short)
    except AnalysisError:
        raise
    except FAULTS as error:
        raise Unreadable(f"it cannot be decoded: {_said(error)}") from error


def _read_jpeg(file: ImageFile, data: bytes, short: int) -> Picture:
    import simplejpeg

    options = {"fastdct": True, "fastupsample": True, "min_height": short, "min_width": short}
    lost = False
    try:
        pixels = simplejpeg.decode_jpeg(data, "RGB", **options)
    except ValueError as error:
        lost = "extraneous" not in str(error)  # stray bytes between markers lose nothing
        pixels = simplejpeg.decode_jpeg(data, "RGB", strict=False, **options)
    return Picture(pixels=_turned(pixels, orientation(file.image)), lost=lost)


def orientation(image: Image.Image) -> int:
    """Give the EXIF orientation, 1 to 8; 1 where there is none or it cannot be read."""
    try:
        with warnings.catch_warnings(action="ignore"):
            value = image.getexif().get(ORIENTATION, 1)
    except FAULTS:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1  # noqa: PLR2004 - the eight of EXIF


def _turned(pixels: Pixels, value: int) -> Pixels:
    if value in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if value in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if value in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _read_any(file: ImageFile, short: int) -> Picture:
    image = file.image
    _check(image)
    try:
        _check_size(image)
    except _TooLarge:
        found = image_strips.strips(file.stream, image) if file.stream and image.mode not in ("I", "F") else None
        if found is None or _reduced_bytes(found, short) > _MOST_REDUCED:
            raise
        return _read_strips(image, found, short)
    if image.format in ("JPEG", "MPO"):
        image.draft(None, (short, short))
    lost = False
    try:
        image.load()
    except OSError:
        if getattr(image, "_im", None) is None:
            raise
        image.tile = []  # type: ignore[attr-defined]  # what was decoded before the damage is in memory already
        image.load()
        lost = True
    pixels = _reduced(image, max(1, min(image.size) // short))
    if lost and not np.ptp(pixels):
        raise Unreadable("it is damaged or truncated, and nothing of the picture could be decoded")
    return Picture(pixels=_turned(pixels, orientation(image)), lost=lost)


def _reduced_bytes(found: image_strips.Strips, short: int) -> int:
    factor = max(1, min(found.width, found.height) // short)
    return 3 * (found.width // factor + 1) * (found.height // factor + 1)


def _read_strips(image: Image.Image, found: image_strips.Strips, short: int) -> Picture:
    """Decode a picture that is too large for memory, reducing each strip at once."""
    factor = max(1, min(found.width, found.height) // short)
    out = np.zeros((-(-found.height // factor), -(-found.width // factor), 3), np.uint8)
    held = np.zeros((0, found.width, 3), np.uint8)
    at = 0
    with suppress(*FAULTS):
        for piece in found.pieces:
            flat = np.asarray(_rgb(piece, (0.0, 255 / 65535)))
            held = np.concatenate((held, flat)) if len(held) else flat
            cut = len(held) // factor * factor
            at += _reduce_into(out[at:], held[:cut], factor)
            held = held[cut:]
    at += _reduce_into(out[at:], held, factor)
    if not at:
        raise Unreadable("it is damaged or truncated, and nothing of the picture could be decoded")
    return Picture(pixels=_turned(out, orientation(image)), lost=at < len(out))


def _reduce_into(out: Pixels, rows: Pixels, factor: int) -> int:
    """Put rows into a picture, reduced; give how many rows they became."""
    if not len(rows):
        return 0
    small = np.asarray(Image.fromarray(rows).reduce(factor) if factor > 1 else rows)
    count = min(len(small), len(out))
    out[:count] = small[:count]
    return count


def _reduced(image: Image.Image, factor: int) -> Pixels:
    """Convert to RGB and reduce by a whole factor, strip by strip, so that no second copy of the whole is made."""
    scale = _range(image) if image.mode[0] in "IF" else (0.0, 1.0)
    rows = max(1, _STRIP // (image.width * factor)) * factor
    strips = []
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        flat = _rgb(strip, scale)
        strips.append(np.asarray(flat.reduce(factor) if factor > 1 else flat))
    return np.concatenate(strips) if len(strips) > 1 else strips[0]


def _range(image: Image.Image) -> tuple[float, float]:
    """Give what to subtract and multiply so that deep values become 0 to 255."""
    low, high = (float(value) for value in image.getextrema())  # type: ignore[arg-type]
    if image.mode.startswith("I;16"):
        top = next((2**bits - 1 for bits in (8, 10, 12, 14) if high < 2**bits), 65535)
        return 0.0, 255 / top
    return low, 255 / (high - low) if high > low else 1.0


def _rgb(image: Image.Image, scale: tuple[float, float]) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode[0] in "IF":
        values = (np.asarray(image, np.float32) - scale[0]) * scale[1]
        return Image.fromarray(np.nan_to_num(values).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        clear = image.convert("RGBA")
        paper = Image.new("RGBA", clear.size, "white")
        return Image.alpha_composite(paper, clear).convert("RGB")
    return image.convert("RGB")


def _said(error: BaseException) -> str:
    words = str(error).replace("\n", " ").strip()
    return words[:200] if words and "object at 0x" not in words else type(error).__name__
