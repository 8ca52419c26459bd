"""Reading text in pictures: PP-OCR by RapidOCR on OpenVINO."""

import logging
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strongroom.ports.tools import Line, Pixels

LARGEST_SIDE = 2000
"""Pixels of the longer side that are read; larger pictures are reduced, so that memory stays bounded (A4 at 170 dpi)."""

MOST_PIXELS = 2000 * 1414
"""Pixels that are read (A4 again)."""

DETECTED_SIDE = 1280
"""Pixels of the longer side in which lines are looked for; the letters are then read from all pixels. At 2,000 the engine
took twice the memory (500 bytes a pixel) and five times as long on a noisy page of small print, and read it no better."""

SMALL_SIDE = 736
"""Pixels of the shorter side to which smaller pictures are enlarged, as far as `DETECTED_SIDE` allows."""

UNSURE = 0.75
"""Mean confidence below which a picture is read once more, turned half round. RapidOCR's own classifier turned one straight
line in five of such a page upside down, so it is not used."""

LONG = 3
"""A picture whose sides differ more than so many times is read in parts, else its letters would vanish."""

MOST_PIECES = 12
"""Parts that a long picture is cut into at the most."""

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

        engines = {f"{step}.engine_type": EngineType.OPENVINO for step in ("Det", "Rec")}
        limits = {
            "Global.max_side_len": LARGEST_SIDE,
            "Global.log_level": "critical",
            "Global.use_cls": False,
            "Det.limit_type": "max",
            "Det.limit_side_len": DETECTED_SIDE,
            "Rec.rec_batch_num": 1,  # six long lines at once take 300 MiB and no less time
        }
        # unpinned: see `strongroom.models.runtime`
        runtime = {"inference_num_threads": threads, "enable_cpu_pinning": False}
        options = {f"EngineConfig.openvino.{name}": value for name, value in runtime.items()}
        self._engine = RapidOCR(params={**engines, **limits, **options})
        logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
        self._lock = threading.Lock()

    def read(self, picture: Pixels) -> list[Line]:
        """Read a picture; see `strongroom.ports.OcrModel`."""
        height, width = picture.shape[:2]
        if min(height, width) < SMALLEST_SIDE:
            return []
        if max(height, width) <= LONG * min(height, width):
            return self._read_piece(picture)
        return in_reading_order([line for piece in _pieces(height, width) for line in self._read_part(picture, piece)])

    def _read_part(self, picture: Pixels, piece: "_Piece") -> list[Line]:
        """Read a part of a long picture; a line in the overlap of two parts belongs to the one that holds its middle."""
        height, width = picture.shape[:2]
        lines = []
        for line in self._read_piece(picture[piece.top : piece.bottom, piece.left : piece.right]):
            x0, y0, x1, y1 = line.box
            across, down = piece.right - piece.left, piece.bottom - piece.top
            box = (
                (piece.left + x0 * across) / width,
                (piece.top + y0 * down) / height,
                (piece.left + x1 * across) / width,
                (piece.top + y1 * down) / height,
            )
            middle = (box[0] + box[2]) / 2 * width if width > height else (box[1] + box[3]) / 2 * height
            if piece.own[0] <= middle < piece.own[1]:
                lines.append(Line(text=line.text, box=box, confidence=line.confidence))
        return lines

    def _read_piece(self, picture: Pixels) -> list[Line]:
        scaled = _scaled(picture)
        lines = self._recognised(scaled)
        if not lines:
            return []
        if sideways := _stand_upright(lines, scaled):
            turns: tuple[int, ...] = (1, 3)
        else:
            turns = () if _sureness(lines) >= UNSURE else (2,)
        for quarters in turns:
            turned = self._recognised(np.ascontiguousarray(np.rot90(scaled, quarters)))
            if turned and _sureness(turned) > (UNSURE if sideways else _sureness(lines)):
                return [_turned_back(line, quarters) for line in turned]
        return lines

    def _recognised(self, scaled: Pixels) -> list[Line]:
        height, width = scaled.shape[:2]
        with self._lock:
            found: Any = self._engine(_padded(scaled))
        if found.boxes is None or not found.txts:
            return []
        scale = np.array([width, height], np.float64)
        return in_reading_order(
            [
                Line(text=text, box=_box(np.asarray(corners) / scale), confidence=float(score))
                for corners, text, score in zip(found.boxes, found.txts, found.scores, strict=True)
                if text.strip()
            ]
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Piece:
    """A part of a picture, in pixels, and the stretch of the longer axis that is its own."""

    left: int
    top: int
    right: int
    bottom: int
    own: tuple[float, float]


def _pieces(height: int, width: int) -> list[_Piece]:
    """Cut a long picture (a web page, a roll of paper) into overlapping parts, `MOST_PIECES` at most."""
    long, short = max(height, width), min(height, width)
    step = max(2 * short, -(-long // MOST_PIECES))
    overlap = step // 8
    pieces = []
    for start in range(0, long, step):
        first, last = max(0, start - overlap), min(long, start + step + overlap)
        own = (float(start), float("inf") if start + step >= long else float(start + step))
        if width > height:
            pieces.append(_Piece(left=first, top=0, right=last, bottom=height, own=own))
        else:
            pieces.append(_Piece(left=0, top=first, right=width, bottom=last, own=own))
    return pieces


def _scaled(picture: Pixels) -> Pixels:
    """Give a picture in OpenCV's channel order and in the size that is read."""
    import cv2

    height, width = picture.shape[:2]
    longer, shorter = max(height, width), min(height, width)
    most = min(LARGEST_SIDE / longer, (MOST_PIXELS / (height * width)) ** 0.5)
    least = min(SMALL_SIDE / shorter, DETECTED_SIDE / longer)
    scale = min(most, max(1.0, least))
    if scale != 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        picture = np.asarray(
            cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR), np.uint8
        )
    return np.ascontiguousarray(picture[:, :, ::-1])


def _padded(picture: Pixels) -> Pixels:
    """Widen a thin strip: the engine sees a picture in tiles of 32 pixels, and nothing in one of less than half a tile."""
    import cv2

    height, width = picture.shape[:2]
    least = -(-max(height, width) // LONG)
    if min(height, width) >= least:
        return picture
    colour = picture.mean(axis=(0, 1)).tolist()
    border = (0, max(0, least - height), 0, max(0, least - width))
    return np.asarray(cv2.copyMakeBorder(picture, *border, cv2.BORDER_CONSTANT, value=colour), np.uint8)


def _sureness(lines: list[Line]) -> float:
    """Give the mean confidence of a character."""
    return sum(len(line.text) * line.confidence for line in lines) / sum(len(line.text) for line in lines)


def _stand_upright(lines: list[Line], picture: Pixels) -> bool:
    """Say whether most lines run down or up the picture, as on a page that was scanned sideways."""
    height, width = picture.shape[:2]
    tall = [(line.box[3] - line.box[1]) * height > (line.box[2] - line.box[0]) * width for line in lines]
    letters = [len(line.text) for line in lines]
    return sum(count for count, is_tall in zip(letters, tall, strict=True) if is_tall) > sum(letters) / 2


def _turned_back(line: Line, quarters: int) -> Line:
    """Place a line of a picture that was turned so many quarters to the left in the picture as it was."""
    box = line.box
    for _ in range(quarters):
        left, top, right, bottom = box
        box = (1 - bottom, left, 1 - top, right)
    return Line(text=line.text, box=box, confidence=line.confidence)


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
