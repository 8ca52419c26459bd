"""Text in videos: captions, slides, signs, each with the time for which it is shown."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from strongroom.analyzers.image_ocr import passages_of, read_lines
from strongroom.analyzers.media.frames import Frame, Sampler, picture_stream
from strongroom.analyzers.media.opening import opened
from strongroom.analyzers.media.shots import Border, Moment, read_shots
from strongroom.analyzers.media.video import ACCEPTS, STRETCH, duration_of
from strongroom.domain.analysis import AnalyzerSpec, Cost
from strongroom.domain.findings import Checkpoint, Finding, Segment
from strongroom.errors import Unreadable
from strongroom.ports import Line, OcrModel, Pixels, Source, Tools

SHORT = 720
"""Pixels of the shorter side that are read: the detector takes no fewer, and a caption of 24 of 1080 rows is still read."""
EVERY = 5.0
"""Seconds for which a frame stands for its shot, whatever changes."""
CHANGED = 0.005
"""Share of a frame's tiles that must change for it to be read again."""
_STEP = 20
"""Levels of grey by which a tile must differ to have changed."""
_TILES = (96, 54)
ALIKE = 0.8
"""Share of words that two texts must have in common to be the same, read twice."""
SIDE = 2
"""Frames a side of the mosaic at which the detector glances: a frame then costs a quarter, and most have no text."""


class VideoOcrAnalyzer:
    """Reads the text in the frames that stand for the shots of a video."""

    spec = AnalyzerSpec(name="video-ocr", version=2, accepts=ACCEPTS, cost=Cost.DEEP, seconds=1800.0)

    def analyze(self, source: Source, tools: Tools) -> Iterator[Finding]:
        """Yield passages with their time spans; a video without text gives none. See `strongroom.ports.Analyzer`."""
        with opened(source) as container:
            stream = picture_stream(container)
            if stream is None:
                return
            of = duration_of(container, stream, source)
            sampler = Sampler(container, stream, SHORT, source.reached, of)
            reading, saved = _Reading(tools.ocr), source.reached
            for one in read_shots(sampler.frames(), lambda: sampler.end, still_stands):
                if isinstance(one, Moment):
                    yield from reading.take(one)
                elif isinstance(one, Border) and one.seconds - saved >= STRETCH:
                    yield from reading.finish()
                    saved = one.seconds
                    yield Checkpoint(at=saved, of=of)
                    sampler.settle(saved)
            yield from reading.finish()
            if sampler.now is None and not source.reached:
                raise Unreadable("no frame of it can be decoded; the file may be damaged or truncated")


def still_stands(one: Frame, later: Frame) -> bool:
    """Say whether a frame need not be read because an earlier one was."""
    if later.seconds - one.seconds < EVERY:
        return True
    return float((np.abs(_tiles(one.pixels) - _tiles(later.pixels)) > _STEP).mean()) < CHANGED


def _tiles(pixels: Pixels) -> NDArray[np.int16]:
    return np.asarray(Image.fromarray(pixels).resize(_TILES, Image.Resampling.BOX).convert("L"), np.int16)


@dataclass(kw_only=True, slots=True)
class _Shown:
    """A text, and for how long it is shown."""

    lines: list[Line]
    words: frozenset[str]
    start: float
    end: float


class _Reading:
    """Reads frames in groups, and joins what stays the same."""

    def __init__(self, model: OcrModel) -> None:
        self._model = model
        self._group: list[Moment] = []
        self._shown: _Shown | None = None

    def take(self, moment: Moment) -> Iterator[Segment]:
        """Read a frame, when enough of them have come."""
        self._group.append(moment)
        if len(self._group) == SIDE * SIDE:
            yield from self._read()

    def finish(self) -> Iterator[Segment]:
        """Read what is left, and give the last text."""
        yield from self._read()
        yield from self._told()

    def _read(self) -> Iterator[Segment]:
        group, self._group = self._group, []
        for moment, seen in zip(group, glance([one.pixels for one in group], self._model), strict=True):
            lines = read_lines(moment.pixels, self._model) if seen else []
            words = frozenset(re.findall(r"\w+", " ".join(line.text for line in lines).casefold()))
            if self._shown is not None and words and _alike(self._shown.words, words):
                self._shown.end = moment.end
                continue
            yield from self._told()
            if words:
                self._shown = _Shown(lines=lines, words=words, start=moment.seconds, end=moment.end)

    def _told(self) -> Iterator[Segment]:
        shown, self._shown = self._shown, None
        if shown is not None:
            for one in passages_of(shown.lines, None):
                yield replace(one, locator=replace(one.locator, t_start=shown.start, t_end=shown.end))


def glance(pictures: list[Pixels], model: OcrModel) -> list[bool]:
    """Say which frames may have text, looking at several at once, reduced; one alone is not worth a glance."""
    if len(pictures) < SIDE * SIDE or any(one.shape != pictures[0].shape for one in pictures):
        return [True] * len(pictures)
    height, width = (max(1, side // SIDE) for side in pictures[0].shape[:2])
    small = [np.asarray(Image.fromarray(one).resize((width, height), Image.Resampling.BOX)) for one in pictures]
    rows = [np.concatenate(small[first : first + SIDE], axis=1) for first in range(0, len(small), SIDE)]
    seen = [False] * len(pictures)
    for line in model.read(np.ascontiguousarray(np.concatenate(rows))):
        left, top, right, bottom = line.box
        column, row = (min(SIDE - 1, int((low + high) / 2 * SIDE)) for low, high in ((left, right), (top, bottom)))
        seen[row * SIDE + column] = True
        if right - left > 1 / SIDE or bottom - top > 1 / SIDE:  # it reaches into a neighbour
            return [True] * len(pictures)
    return seen


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= ALIKE * len(one | other)
