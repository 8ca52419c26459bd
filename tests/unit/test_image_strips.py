"""Pictures too large to be decoded whole are decoded in strips, to the same pixels."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, PngImagePlugin
from skimage import data

from strongroom.analyzers import image_reading, image_strips
from strongroom.analyzers.image_facts import read_facts
from strongroom.errors import LimitExceeded
from strongroom.testing.source import BytesSource

RGB = data.chelsea()[:203, :301]
WHOLE = image_reading.MOST_BYTES


def picture(mode: str) -> Image.Image:
    if mode == "I;16":
        return Image.fromarray((RGB[:, :, 0].astype(np.uint16) << 8) | RGB[:, :, 1])
    plain = Image.fromarray(RGB)
    if mode in ("LA", "RGBA"):
        plain.putalpha(Image.fromarray(RGB[:, :, 0]))
    return plain.convert(mode)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def pixels(raw: bytes, kind: str, short: int = 100) -> image_reading.Picture:
    with image_reading.opened(BytesSource(raw, f"image/{kind}")) as file:
        return image_reading.read_picture(file, short)


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(image_reading, "MOST_BYTES", 4000 * 8)
    monkeypatch.setattr(image_strips, "_STRIP_BYTES", 8000)


def whole(raw: bytes, kind: str, monkeypatch: pytest.MonkeyPatch, short: int = 100) -> np.ndarray:
    with monkeypatch.context() as patch:
        patch.setattr(image_reading, "MOST_BYTES", WHOLE)
        return pixels(raw, kind, short).pixels


def assert_same(raw: bytes, kind: str, monkeypatch: pytest.MonkeyPatch, tolerance: int = 0):
    expected = whole(raw, kind, monkeypatch, 30).astype(int)
    found = pixels(raw, kind, 30)
    assert not found.lost
    assert found.pixels.shape == expected.shape
    assert np.abs(found.pixels.astype(int) - expected).max() <= tolerance


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_png_is_the_same_in_strips(mode: str, monkeypatch: pytest.MonkeyPatch):
    assert_same(saved(picture(mode), "PNG"), "png", monkeypatch, tolerance=2 if mode == "I;16" else 0)


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("compression", [None, "tiff_deflate", "tiff_lzw", "packbits", "jpeg", "group4"])
def test_a_tiff_is_the_same_in_strips(compression: str | None, monkeypatch: pytest.MonkeyPatch):
    image, row = (picture("1"), 38) if compression == "group4" else (picture("RGB"), 301 * 3)
    raw = saved(image, "TIFF", compression=compression, strip_size=row * 16)
    assert_same(raw, "tiff", monkeypatch, tolerance=2)


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_tiled_tiff_is_the_same_in_rows_of_tiles(order: Any, monkeypatch: pytest.MonkeyPatch):
    out = io.BytesIO()
    tifffile.imwrite(out, RGB, tile=(32, 32), photometric="rgb", byteorder=order)
    assert_same(out.getvalue(), "tiff", monkeypatch)


@pytest.mark.usefixtures("little_memory")
def test_an_interlaced_png_gives_its_first_pass():
    grey = RGB[:, :, 0]
    rows = b""
    for top, left, down, across in (
        (0, 0, 8, 8),
        (0, 4, 8, 8),
        (4, 0, 8, 4),
        (0, 2, 4, 4),
        (2, 0, 4, 2),
        (0, 1, 2, 2),
        (1, 0, 2, 1),
    ):
        rows += b"".join(b"\0" + row.tobytes() for row in grey[top::down, left::across])

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", grey.shape[1], grey.shape[0], 8, 0, 0, 0, 1))
    raw = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    found = pixels(raw, "png")
    assert (found.pixels[:, :, 0] == grey[::8, ::8]).all()


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_a_damaged_file_gives_the_strips_before_the_damage(kind: str, monkeypatch: pytest.MonkeyPatch):
    if kind == "png":
        raw = saved(picture("RGB"), "PNG")
        cut = raw[: len(raw) // 2]
    else:
        raw = saved(picture("RGB"), "TIFF", compression="tiff_deflate", strip_size=301 * 3 * 16)
        with Image.open(io.BytesIO(raw)) as image:
            at = image.tag_v2[273][6]  # type: ignore[attr-defined]
        cut = raw[:at] + bytes(100) + raw[at + 100 :]
    expected = whole(raw, kind, monkeypatch, 30)
    found = pixels(cut, kind, 30)
    assert found.lost
    assert found.pixels.shape == expected.shape
    assert (found.pixels[:5] == expected[:5]).all()


@pytest.mark.usefixtures("little_memory")
def test_what_cannot_be_cut_is_refused_with_a_reason():
    one_strip = saved(picture("RGB"), "TIFF", compression="tiff_deflate", strip_size=1 << 30)
    with pytest.raises(LimitExceeded, match="to decode"):
        pixels(one_strip, "tiff")


@pytest.mark.usefixtures("little_memory")
def test_a_large_png_is_never_decoded_whole_not_even_for_its_facts(monkeypatch: pytest.MonkeyPatch):
    load = PngImagePlugin.PngImageFile.load

    def small(image: PngImagePlugin.PngImageFile) -> Any:
        assert image.height < RGB.shape[0]
        return load(image)

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", small)
    with image_reading.opened(BytesSource(saved(picture("RGB"), "PNG"), "image/png")) as file:
        read_facts(file.image)
        assert not image_reading.read_picture(file, 30).lost
