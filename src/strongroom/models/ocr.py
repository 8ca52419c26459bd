"""Reading text in pictures: PP-OCR by RapidOCR on OpenVINO."""

import logging
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strongroom.ports.tools import Line, Pixels

LARGEST_SIDE = 2000
"""Pixels of the longer side that are read; larger pictures are reduced, so that memory stays bounded (A4 at 170 dpi)."""

SMALLEST_SIDE = 8
"""Below this nothing can be read."""

SAME_LINE = 0.5
"""Two pieces stand on one line where their middles differ by less than this part of their height."""


class NoOcr:
    """Reads nothing: for rooms that want no OCR."""

    def read(self, picture: Pixels) -> list[Line]:  # noqa: ARG002 - the port's signature
        """Give no lines."""
        return []


class RapidOcr:
    """Pictures to lines of text. Threads may share it; they take turns."""

    def __init__(self, threads: int = 1) -> None:
        """Load the models that lie inside the package; nothing is fetched.

        Args:
            threads: Processor threads to use.
        """
        from rapidocr import EngineType, RapidOCR

        engines = {f"{step}.engine_type": EngineType.OPENVINO for step in ("Det", "Cls", "Rec")}
        limits = {"Global.max_side_len": LARGEST_SIDE, "Global.log_level": "critical"}
        self._engine = RapidOCR(params={**engines, **limits, "EngineConfig.openvino.inference_num_threads": threads})
        logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
        self._lock = threading.Lock()

    def read(self, picture: Pixels) -> list[Line]:
        """Read a picture; see `strongroom.ports.OcrModel`."""
        if min(picture.shape[:2]) < SMALLEST_SIDE:
            return []
        with self._lock:
            found: Any = self._engine(_reduced(picture))
        if found.boxes is None or not found.txts:
            return []
        height, width = found.img.shape[:2]
        scale = np.array([width, height], np.float64)
        pieces = [
            Line(text=text, box=_box(np.asarray(corners) / scale), confidence=float(score))
            for corners, text, score in zip(found.boxes, found.txts, found.scores, strict=True)
            if text.strip()
        ]
        return in_reading_order(pieces)


def _reduced(picture: Pixels) -> Pixels:
    """Give a picture in OpenCV's channel order, at most `LARGEST_SIDE` on its longer side."""
    import cv2

    height, width = picture.shape[:2]
    scale = LARGEST_SIDE / max(height, width)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.ascontiguousarray(picture[:, :, ::-1])


def _box(corners: NDArray[np.float64]) -> tuple[float, float, float, float]:
    inside = np.clip(corners, 0.0, 1.0)
    (left, top), (right, bottom) = inside.min(axis=0), inside.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def in_reading_order(pieces: list[Line]) -> list[Line]:
    """Sort pieces from top to bottom, and those that stand on one line from left to right."""
    rows: list[list[Line]] = []
    for piece in sorted(pieces, key=lambda line: line.box[1] + line.box[3]):
        middle = (piece.box[1] + piece.box[3]) / 2
        row = rows[-1] if rows else []
        if row and abs(middle - (row[0].box[1] + row[0].box[3]) / 2) < SAME_LINE * (row[0].box[3] - row[0].box[1]):
            row.append(piece)
        else:
            rows.append([piece])
    return [piece for row in rows for piece in sorted(row, key=lambda line: line.box[0])]
