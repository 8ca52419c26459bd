"""JPEG XL: its size from the header, its pixels where the package is installed, a clear word where it is not."""

import sys

import numpy as np
import pytest
from skimage import data

from strongroom.analyzers import image_jxl
from strongroom.errors import LimitExceeded, Unreadable, Unsupported

imagecodecs = pytest.importorskip("imagecodecs")
CAT = data.chelsea()


@pytest.mark.parametrize(("height", "width"), [(300, 451), (8, 8), (256, 256), (1200, 1600), (1, 9), (5000, 40)])
def test_the_size_is_read_from_the_header(height: int, width: int):
    assert image_jxl.size_of(imagecodecs.jpegxl_encode(np.zeros((height, width, 3), np.uint8))) == (width, height)


def test_the_size_is_found_inside_a_container():
    raw = imagecodecs.jpegxl_encode(CAT, usecontainer=True)
    assert raw.startswith(b"\x00\x00\x00\x0cJXL ")
    assert image_jxl.size_of(raw) == (451, 300)


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32", "grey", "alpha"])
def test_every_depth_is_decoded(kind: str):
    made = {
        "uint8": CAT,
        "uint16": CAT.astype(np.uint16) * 257,
        "float32": (CAT / 255).astype(np.float32),
        "grey": CAT[:, :, 0],
        "alpha": np.dstack([CAT, CAT[:, :, 0]]),
    }[kind]
    image = image_jxl.decode(imagecodecs.jpegxl_encode(np.ascontiguousarray(made)))
    wanted = CAT[:, :, 0] if kind == "grey" else CAT
    assert image.size == (451, 300)
    assert np.abs(np.asarray(image.convert("L" if kind == "grey" else "RGB"), float) - wanted).mean() < 12


def test_a_bomb_is_refused_by_its_header(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(image_jxl, "MOST_PIXELS", 1000)
    with pytest.raises(LimitExceeded):
        image_jxl.decode(imagecodecs.jpegxl_encode(CAT))


def test_a_truncated_file_is_refused():
    raw = imagecodecs.jpegxl_encode(CAT)
    with pytest.raises(Unreadable):
        image_jxl.decode(raw[: len(raw) // 9])


def test_without_the_package_the_reason_names_it(monkeypatch: pytest.MonkeyPatch):
    raw = imagecodecs.jpegxl_encode(CAT)
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    with pytest.raises(Unsupported, match="imagecodecs"):
        image_jxl.decode(raw)
