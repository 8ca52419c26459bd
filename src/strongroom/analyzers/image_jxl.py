"""JPEG XL, by the package ``imagecodecs`` where it is installed (the extra ``jxl``)."""

import numpy as np
from PIL import Image

from strongroom.errors import LimitExceeded, Unreadable, Unsupported

MOST_PIXELS = 60_000_000
"""Pixels of a picture that is decoded: the decoder holds some twelve bytes for each."""
_MAGIC = b"\xff\x0a"
_CONTAINER = b"\x00\x00\x00\x0cJXL \r\n\x87\n"
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_BITS = (9, 13, 18, 30)


def decode(data: bytes) -> Image.Image:
    """Decode the first frame, upright.

    Args:
        data: The whole file.

    Raises:
        Unreadable: It is not JPEG XL, or damaged.
        Unsupported: The package is not installed.
        LimitExceeded: It has too many pixels.
    """
    width, height = size_of(data)
    if width * height > MOST_PIXELS:
        raise LimitExceeded(f"it has {width:,} by {height:,} pixels; at most {MOST_PIXELS:,} of a JPEG XL are decoded")
    try:
        import imagecodecs
    except ImportError as error:
        raise Unsupported("JPEG XL needs the package imagecodecs: pip install 'strongroom[jxl]'") from error
    try:
        pixels = imagecodecs.jpegxl_decode(data, index=0, numthreads=1)
    except (imagecodecs.JpegxlError, ValueError, IndexError) as error:
        raise Unreadable("it is damaged or truncated, and the JPEG XL decoder gives nothing of it") from error
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    elif pixels.dtype != np.uint8:
        pixels = (np.nan_to_num(pixels).clip(0, 1) * 255).astype(np.uint8)
    return Image.fromarray(pixels[:, :, 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels)  # noqa: PLR2004 - rows, columns, channels


def size_of(data: bytes) -> tuple[int, int]:
    """Read width and height from the header (ISO/IEC 18181-1, SizeHeader).

    Raises:
        Unreadable: It is not JPEG XL.
    """
    header = _codestream(data)
    if not header.startswith(_MAGIC):
        raise Unreadable("its header is not that of a JPEG XL picture")
    bits = int.from_bytes(header[2:14].ljust(12, b"\0"), "little")

    def take(count: int) -> int:
        nonlocal bits
        value = bits & ((1 << count) - 1)
        bits >>= count
        return value

    small = take(1)

    def side() -> int:
        return (take(5) + 1) * 8 if small else take(_BITS[take(2)]) + 1

    height = side()
    ratio = take(3)
    width = height * _RATIOS[ratio - 1][0] // _RATIOS[ratio - 1][1] if ratio else side()
    return width, height


def _codestream(data: bytes) -> bytes:
    """Give the first bytes of the codestream, which may lie in a box of a container."""
    if not data.startswith(_CONTAINER):
        return data[:16]
    at = len(_CONTAINER)
    while at + 16 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        start = at + 8
        if length == 1:
            length, start = int.from_bytes(data[start : start + 8], "big"), start + 8
        if kind in (b"jxlc", b"jxlp"):
            start += 4 if kind == b"jxlp" else 0
            return data[start : start + 16]
        if length < 8:  # noqa: PLR2004 - a box is never smaller than its own header; 0 reaches to the end
            break
        at += length
    return b""
