"""Shots of a video and the frames that stand for them, told from frames that may lie seconds apart."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from strongroom.analyzers.media.frames import SAME, Frame
from strongroom.ports import Pixels

CUT = 0.12
"""`distance` of two frames from which one cannot stand for the other, and those that follow each other are of two shots."""
LONGEST = 600.0
"""Seconds after which a shot is said to end whatever it shows, so that reading can stop and go on there."""
FLAT = 4.0
"""Standard deviation, of 255, below which a frame shows nothing: black, white, the middle of a fade."""
_GRID = (16, 9)

Thumb = NDArray[np.float32]
"""The mean colours of a frame's tiles, shape (9, 16, 3)."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Moment:
    """A frame that stands for what follows it."""

    seconds: float
    """When it is shown."""
    end: float
    """When another one takes over, or the shot ends."""
    pixels: Pixels
    """The frame."""
    also: tuple[Pixels, ...] = ()
    """Later frames for which it stands, where they were asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Border:
    """A shot begins, and nothing from before it matters any more."""

    seconds: float
    """When its first frame is shown."""


def thumb(pixels: Pixels) -> Thumb:
    """Give what of a frame is compared."""
    return np.asarray(Image.fromarray(pixels).resize(_GRID, Image.Resampling.BOX), np.float32)


def distance(one: Thumb, other: Thumb) -> float:
    """Say how differently two frames look, from 0 to 1.

    Of eight measures on real footage (histograms, perceptual hashes, and mixtures) this one told the shots of keyframes
    apart the best, and it is the cheapest: see bench/RESULTS.md.
    """
    return float(np.abs(one - other).mean()) / 255


def shows_nothing(one: Thumb) -> bool:
    """Say whether a frame is of one colour."""
    return float(one.std(axis=(0, 1)).max()) < FLAT


class _Standing:
    """The frame that stands for what is being read."""

    def __init__(self, frame: Frame, look: Thumb) -> None:
        self.frame = frame
        self.look = look
        self.also: list[Frame] = []

    def keep(self, frame: Frame, apart: float) -> None:
        if frame.seconds - (self.also[-1] if self.also else self.frame).seconds >= apart - SAME:
            self.also.append(frame)

    def like(self, look: Thumb) -> bool:
        return distance(self.look, look) < CUT

    def until(self, end: float) -> Moment:
        also = tuple(one.pixels for one in self.also)
        return Moment(seconds=self.frame.seconds, end=end, pixels=self.frame.pixels, also=also)


def read_shots(
    frames: Iterable[Frame],
    end: Callable[[], float],
    stands: Callable[[Frame, Frame], bool] | None = None,
    apart: float | None = None,
) -> Iterator[Moment | Border]:
    """Tell shots apart and choose the frames that stand for them; near-identical frames collapse to one.

    Args:
        frames: In order of time.
        end: Asked when the frames have come to their end: says when the last one ends.
        stands: Says whether a frame can stand for a later one of its shot; None asks whether they look alike.
        apart: Seconds between the later frames that a moment has too; None gives none.

    Yields:
        For each shot its border, then a moment or more; a moment comes when the next one is known, and before the next border.
        Frames that show nothing belong to no shot.
    """
    standing: _Standing | None = None
    before: Thumb | None = None
    begun, last = 0.0, 0.0
    for frame in frames:
        look, last = thumb(frame.pixels), frame.seconds
        empty = shows_nothing(look)
        cut = before is None or empty or distance(before, look) >= CUT or last - begun >= LONGEST
        if standing is not None and (cut or not (stands(standing.frame, frame) if stands else standing.like(look))):
            yield standing.until(last)
            standing = None
        before = None if empty else look
        if empty:
            continue
        if cut:
            begun = last
            yield Border(seconds=last)
        if standing is None:
            standing = _Standing(frame, look)
        elif apart is not None:
            standing.keep(frame, apart)
    if standing is not None:
        yield standing.until(max(last, end()))
