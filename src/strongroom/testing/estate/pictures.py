"""Good pictures, made by code."""

import io
from random import Random

from PIL import Image, ImageDraw


def picture(rng: Random, form: str, **options: object) -> bytes:
    """Give a small picture of shapes in one format of Pillow."""
    side = rng.randrange(96, 256)
    made = Image.new("RGB", (side, side * 3 // 4), tuple(rng.randrange(256) for _ in range(3)))
    drawing = ImageDraw.Draw(made)
    for _ in range(12):
        x, y, size = rng.randrange(side), rng.randrange(side), rng.randrange(8, 60)
        drawing.ellipse((x, y, x + size, y + size), fill=tuple(rng.randrange(256) for _ in range(3)))
    out = io.BytesIO()
    made.save(out, form, **options)
    return out.getvalue()


def jpeg(rng: Random, word: str) -> bytes:
    """A JPEG with camera, place and time."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0132], exif[0x0112] = "Maker", word, "2019:05:06 07:08:09", 6
    return picture(rng, "JPEG", exif=exif, quality=80)


def png(rng: Random, word: str) -> bytes:
    """A PNG."""
    del word
    return picture(rng, "PNG")


def webp(rng: Random, word: str) -> bytes:
    """A WebP."""
    del word
    return picture(rng, "WEBP")


def tiff(rng: Random, word: str) -> bytes:
    """A TIFF."""
    del word
    return picture(rng, "TIFF")


def gif(rng: Random, word: str) -> bytes:
    """A GIF."""
    del word
    return picture(rng, "GIF")


def bmp(rng: Random, word: str) -> bytes:
    """A BMP."""
    del word
    return picture(rng, "BMP")
