"""How a recording sounds as a whole: a picture of its waveform, how loud it is, how much of it is silent."""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from strongroom.analyzers.media.opening import opened
from strongroom.analyzers.media.sound import Losses, blocks, missing_end, other_tracks, sound_stream
from strongroom.domain.analysis import AnalyzerSpec, Cost
from strongroom.domain.findings import Finding, Problem, Property, Rendition
from strongroom.errors import Unreadable
from strongroom.ports import RATE, Sound, Source, Tools

ACCEPTS = ("audio/*", "video/*")
"""Media types that may have sound."""
ROLE = "waveform"
WIDTH, HEIGHT = 1200, 160
"""Pixels of the picture."""
FRAME = RATE // 100
"""Samples of the shortest stretch whose peak is told apart: 10 ms."""
LEVEL = 5
"""Of these, one that is called silent or not: 50 ms, longer than a period of the lowest voice."""
SILENT = -50.0
"""Level in dBFS below which a stretch is silent: the noise of a quiet room on a poor microphone."""
COLUMNS = 4096
"""Columns that are kept at the most; where a recording outgrows them, each two become one."""
_BAR, _SPACE = 3, 1
"""Pixels of a bar and of the space after it."""
_FINE = 4
"""Times larger that a bar is drawn before it is reduced, so that its ends are smooth."""
_INNER, _OUTER = (74, 122, 168, 255), (74, 122, 168, 110)
"""A blue that stands out from white and from black, and the same half transparent: the mean level, and the peaks."""
_FLOOR = 0.01
"""Amplitude that the picture is scaled to at the least, so that noise does not look like sound."""


class SoundAnalyzer:
    """How loud a recording is, from its beginning to its end."""

    spec = AnalyzerSpec(name="sound", version=1, accepts=ACCEPTS, cost=Cost.READING, seconds=3600.0)

    def analyze(self, source: Source, tools: Tools) -> Iterator[Finding]:  # noqa: ARG002 - the port has it
        """Yield a waveform and the levels; nothing where there is no sound. See `strongroom.ports.Analyzer`."""
        with opened(source) as container:
            if sound_stream(container) is None:
                return
            if others := other_tracks(container):
                yield Property(name="other-sound-tracks", value=others)
            shape, losses, ended = Shape(), Losses(), 0.0
            for seconds, sound in blocks(container, losses=losses):
                shape.take(seconds, sound)
                ended = seconds + len(sound) / RATE
            if not ended and losses.damaged:
                raise Unreadable("nothing of its sound can be decoded; the file is probably damaged")
            if not ended:
                yield Problem(reason="its sound track is empty")
                return
            yield from losses.problems()
            if (problem := missing_end(container, ended)) is not None:
                yield problem
        levels = shape.levels()
        if levels.loudness is not None:
            yield Property(name="loudness", value=levels.loudness)
        yield Property(name="silence-share", value=levels.silence)
        yield Rendition(role=ROLE, media_type="image/png", data=draw(*shape.columns()))


@dataclass(frozen=True, kw_only=True, slots=True)
class Levels:
    """How loud a recording is."""

    loudness: float | None
    """Mean level in dBFS of all that is not silent, a full-scale square wave being 0; None where all is silent."""
    silence: float
    """Share of the time that is silent, 0 to 1."""


class Shape:
    """Peaks and levels of a recording of any length, in constant memory."""

    def __init__(self) -> None:
        """Begin with no sound."""
        self._width = 1
        self._peaks = np.zeros(COLUMNS, np.float32)
        self._powers = np.zeros(COLUMNS, np.float64)
        self._frames = self._loud = 0
        self._power = 0.0

    def take(self, seconds: float, sound: Sound) -> None:
        """Add the sound that begins at a time.

        Args:
            seconds: Its place; what lies between it and the end of the sound before it counts as silent.
            sound: Any length.
        """
        rows = np.pad(sound, (0, -len(sound) % (FRAME * LEVEL))).reshape(-1, FRAME)
        powers = np.einsum("ij,ij->i", rows, rows).astype(np.float64) / FRAME
        peaks = np.maximum(rows.max(axis=1), -rows.min(axis=1))
        first = max(self._frames, round(seconds * RATE / FRAME))
        self._frames = first + len(rows)
        levels = powers.reshape(-1, LEVEL).mean(axis=1)
        loud = levels > 10 ** (SILENT / 10)
        self._loud += int(loud.sum())
        self._power += float(levels[loud].sum())
        while self._frames > COLUMNS * self._width:
            self._halve()
        at = np.arange(first, self._frames) // self._width
        np.maximum.at(self._peaks, at, peaks)
        np.add.at(self._powers, at, powers)

    def _halve(self) -> None:
        half = COLUMNS // 2
        peaks, powers = self._peaks.reshape(-1, 2).max(axis=1), self._powers.reshape(-1, 2).sum(axis=1)
        self._peaks[:half], self._powers[:half] = peaks, powers
        self._peaks[half:] = self._powers[half:] = 0
        self._width *= 2

    def levels(self) -> Levels:
        """Give the levels of all that was taken."""
        if not self._loud:
            return Levels(loudness=None, silence=1.0)
        loudness = 10 * float(np.log10(self._power / self._loud))
        return Levels(loudness=round(loudness, 1), silence=round(1 - self._loud * LEVEL / self._frames, 3))

    def columns(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Give the peaks and the mean amplitudes, from the beginning to the end, each from 0 to 1."""
        used = max(1, -(-self._frames // self._width))
        return self._peaks[:used], np.sqrt(self._powers[:used] / self._width).astype(np.float32)


def draw(peaks: NDArray[np.float32], means: NDArray[np.float32]) -> bytes:
    """Draw a waveform as bars on a transparent ground, `WIDTH` by `HEIGHT` pixels, for light and dark pages.

    Args:
        peaks: Amplitudes, any number, in order of time.
        means: As many.

    Returns:
        A PNG.
    """
    bars = WIDTH // (_BAR + _SPACE)
    scale = max(_FLOOR, float(np.quantile(peaks, 0.995)))
    picture = np.zeros((HEIGHT * _FINE, bars, 4), np.float32)
    height = np.abs(np.arange(HEIGHT * _FINE) + 0.5 - HEIGHT * _FINE / 2)[:, None] / (HEIGHT * _FINE / 2)
    for amplitudes, colour in ((_spread(peaks, bars, np.maximum), _OUTER), (_spread(means, bars, np.add), _INNER)):
        tall = np.maximum(np.minimum(1.0, amplitudes / scale), 1 / HEIGHT)
        picture[height <= tall[None]] = colour
    alpha = picture[..., 3].reshape(HEIGHT, _FINE, bars).mean(axis=1)
    small = np.zeros((HEIGHT, bars, 4), np.uint8)
    small[..., :3] = _INNER[:3]
    small[..., 3] = np.round(alpha)
    wide = np.zeros((HEIGHT, bars, _BAR + _SPACE, 4), np.uint8)
    wide[:, :, :_BAR] = small[:, :, None]
    out = io.BytesIO()
    Image.fromarray(wide.reshape(HEIGHT, WIDTH, 4)).save(out, "PNG", optimize=True)
    return out.getvalue()


def _spread(values: NDArray[np.float32], bars: int, gather: np.ufunc) -> NDArray[np.float32]:
    """Give one value a bar: of several columns together, or the one that lies there."""
    if len(values) <= bars:
        return values[np.arange(bars) * len(values) // bars]
    starts = np.arange(bars) * len(values) // bars
    gathered = gather.reduceat(values, starts)
    counts = 1 if gather is np.maximum else np.diff(np.append(starts, len(values)))
    return np.asarray(gathered / counts, np.float32)
