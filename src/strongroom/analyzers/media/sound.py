"""The sound of a recording as one channel at 16 kHz, block by block, from any place on, in constant memory.

Time is told from the beginning of the recording. Time stamps place the sound, samples count it: a gap is filled with silence,
a clock that goes backwards or far beyond the end is not believed, and damaged packets are left out and counted.
"""

from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import chain
from math import gcd
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard
from numpy.typing import NDArray

from strongroom.analyzers.media.frames import beginning
from strongroom.analyzers.media.opening import packets
from strongroom.domain.findings import Problem
from strongroom.domain.times import clock
from strongroom.errors import Unsupported
from strongroom.ports import RATE, Sound

BLOCK = 10 * RATE
"""Samples of a block."""
PREROLL = 1.0
"""Seconds that are decoded before the wanted place, and dropped: codecs and filters need what came before."""
LATE = 0.08
"""Seconds by which a time stamp may be later than the samples before it say: containers round them."""
FILL = 60.0
"""Seconds of the longest gap that is filled with silence; over a longer one time jumps."""
FAILURES = 100
"""Reads in a row that may fail before the rest is given up."""
_TOLD = 1.0
"""Seconds of gaps that are told of."""
_BATCH = 0.5
"""Seconds that are resampled in one call."""
_RATES = 2_000, 768_000
"""Samples a second that sound can have in earnest; more or less is a damaged header."""
_FRONT = {"FC": 1.0, "FL": 0.7, "FR": 0.7, "LFE": 0.0, "LFE2": 0.0}
"""Weights of channels in the mix: speech is in the middle, and the rumble has none."""
_OTHER = 0.5
_EXACT = ("mov", "matroska", "wav", "flac", "ogg", "aiff", "asf", "avi", "w64", "caf")
"""Containers whose header states the length; others estimate it from the bit rate."""


@dataclass(kw_only=True, slots=True)
class Losses:
    """What could not be decoded, noted while it was read."""

    damaged: int = 0
    """Packets that were left out."""
    first: float = 0.0
    """Seconds at which the first one lay."""
    last: float = 0.0
    """Seconds at which the last one lay."""
    gap: float = 0.0
    """Seconds without sound between its beginning and its end, that were read as silence."""
    is_broken_off: bool = False
    """Whether reading was given up before the end of the file."""

    def note(self, seconds: float) -> None:
        """Count a packet that was left out."""
        self.first = min(self.first, seconds) if self.damaged else seconds
        self.last = max(self.last, seconds)
        self.damaged += 1

    def problems(self) -> Iterator[Problem]:
        """Say what is missing."""
        if self.damaged:
            where = f"at {clock(self.first)}"
            if self.last - self.first >= 1:
                where = f"between {clock(self.first)} and {clock(self.last)}"
            pieces = f"{self.damaged:,} pieces of the sound are" if self.damaged > 1 else "a piece of the sound is"
            yield Problem(reason=f"{pieces} damaged and missing, {where}")
        elif self.gap >= _TOLD:
            yield Problem(reason=f"the sound has gaps of {self.gap:,.0f} seconds together, which were read as silence")
        if self.is_broken_off:
            yield Problem(reason=f"the sound cannot be read beyond {clock(self.last)}")


def sound_stream(container: InputContainer) -> AudioStream | None:
    """Give the stream that a player would play; None where there is no sound.

    Raises:
        Unsupported: There is a sound track, but no decoder for it.
    """
    best = container.streams.best("audio")
    if isinstance(best, AudioStream) and best.codec_context is not None:
        return best
    playable = next((one for one in container.streams.audio if one.codec_context is not None), None)
    if playable is None and container.streams.audio:
        raise Unsupported("there is no decoder here for the codec of its sound")
    return playable


def other_tracks(container: InputContainer) -> tuple[str, ...]:
    """Name the sound tracks that are not read, as ``2 (fra)``: number and language."""
    chosen = sound_stream(container)
    return tuple(
        f"{number} ({one.language})" if one.language else str(number)
        for number, one in enumerate(container.streams.audio, 1)
        if one != chosen
    )


def duration_of(container: InputContainer) -> float | None:
    """Give the seconds of a recording as far as they are known; None where they are not."""
    return container.duration / av.time_base if container.duration and container.duration > 0 else None


def missing_end(container: InputContainer, ended: float) -> Problem | None:
    """Say so where the sound ends well before the place that the header states, or the file does.

    Args:
        container: The recording.
        ended: Seconds at which the sound ended.
    """
    promised = _promised(container)
    if promised is None:
        return None
    if promised - ended >= max(2.0, promised * 0.01):
        return Problem(reason=f"the sound breaks off at {clock(ended)}; its header says that it goes on to {clock(promised)}")
    held = _held(container)
    if held - promised >= max(2.0, promised * 0.01):
        return Problem(reason=f"its header says that it ends at {clock(promised)}; it may go on to {clock(held)}")
    return None


def _held(container: InputContainer) -> float:
    """Give the seconds that the bytes of a WAV file would last; 0 for others, and where it is compressed."""
    stream = sound_stream(container)
    if stream is None or container.format.name != "wav" or not stream.codec_context.name.startswith("pcm_"):
        return 0.0
    return container.size * 8 / stream.codec_context.bit_rate if stream.codec_context.bit_rate else 0.0


def _promised(container: InputContainer) -> float | None:
    """Give the seconds at which the sound ends as the header states it; None where it is not stated."""
    stream = sound_stream(container)
    if stream is None or not any(name in container.format.name for name in _EXACT):
        return None
    if stream.duration and stream.time_base is not None:
        return float(((stream.start_time or 0) + stream.duration) * stream.time_base) - beginning(container)
    return duration_of(container) if len(container.streams) == 1 else None


def blocks(
    container: InputContainer, start: float = 0.0, losses: Losses | None = None
) -> Generator[tuple[float, Sound], None, None]:
    """Yield the sound in pieces of ten seconds, each with the time of its first sample.

    The last piece, and one before a gap that is too long to fill, are shorter. The same place gives the same samples
    whenever and from wherever it is read, but for codecs that remember more than a second.

    Args:
        container: Opened; nothing else may read it meanwhile.
        start: Seconds from the beginning of the recording.
        losses: Takes note of what cannot be decoded.

    Raises:
        Unsupported: There is a sound track, but no decoder for it.
    """
    stream = sound_stream(container)
    if stream is None:
        return
    for other in container.streams:
        if other is not stream:
            other.discard = Discard.all
    losses = losses or Losses()
    pieces = _Reading(container, stream, losses, start).pieces()
    yield from _cut(_placed(pieces, duration_of(container), start, losses), round(start * RATE))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Piece:
    """The sound of one decoded frame."""

    seconds: float | None
    rate: int
    sound: Sound


class _Reading:
    """Decodes one stream from some place on, whatever is wrong with it."""

    def __init__(self, container: InputContainer, stream: AudioStream, losses: Losses, start: float) -> None:
        self._start = start
        self._container = container
        self._stream = stream
        self._losses = losses
        self._zero = beginning(container)
        self._base = float(stream.time_base or 0)
        self._now = 0.0

    def pieces(self) -> Iterator[_Piece]:
        """Yield pieces from a second or so before the place; from the beginning, where the place cannot be found."""
        if self._start > PREROLL and self._seek(self._start - PREROLL):
            pieces = self._decoded(self._start)
            if found := _up_to(pieces, self._start):
                yield from chain(found, pieces)
                return
        self._seek(0.0)
        yield from self._decoded(0.0)

    def _seek(self, seconds: float) -> bool:
        try:
            self._container.seek(round((seconds + self._zero) / self._base), stream=self._stream)
        except (av.FFmpegError, ZeroDivisionError, OverflowError):
            return False
        return True

    def _decoded(self, start: float) -> Iterator[_Piece]:
        self._now = start
        for frame in self._frames():
            seconds = self._seconds(frame.pts)
            if frame.samples and _RATES[0] <= frame.sample_rate <= _RATES[1]:
                self._now = (self._now if seconds is None else seconds) + frame.samples / frame.sample_rate
                yield _Piece(seconds=seconds, rate=frame.sample_rate, sound=_mixed(frame))

    def _seconds(self, stamp: int | None) -> float | None:
        return None if stamp is None or not self._base else stamp * self._base - self._zero

    def _frames(self) -> Iterator[AudioFrame]:
        failures = 0
        while failures < FAILURES:
            try:
                for packet in packets(self._container, self._stream):
                    try:
                        frames = packet.decode()
                    except av.FFmpegError:
                        self._lost(max(self._now, self._seconds(packet.pts) or 0.0))
                        continue
                    for frame in frames:
                        failures = 0
                        yield frame
            except av.FFmpegError:
                failures += 1
                self._lost(self._now)
            else:
                return
        self._losses.is_broken_off = True

    def _lost(self, seconds: float) -> None:
        if seconds >= self._start:
            self._losses.note(seconds)


def _up_to(pieces: Iterator[_Piece], start: float) -> list[_Piece]:
    """Read up to a place, and give what lies just before it; nothing where the time stamps do not lead there."""
    held = deque[_Piece]()
    for piece in pieces:
        if piece.seconds is None or (not held and piece.seconds > start + LATE):
            break
        if held and piece.seconds < (held[-1].seconds or 0.0) - PREROLL:
            break
        held.append(piece)
        while (held[0].seconds or 0.0) < piece.seconds - 2 * PREROLL:
            held.popleft()
        if piece.seconds + len(piece.sound) / piece.rate > start:
            return [*held]
    return []


def _mixed(frame: AudioFrame) -> Sound:
    """Give the samples of a frame as one channel from -1 to 1."""
    if frame.format.name.startswith("s64"):
        (frame,) = AudioResampler(format="dbl").resample(frame)
    samples: NDArray[Any] = frame.to_ndarray()
    count = max(1, frame.layout.nb_channels)
    if not frame.format.is_planar:
        samples = samples.reshape(-1, count).T
    sound: NDArray[Any] = samples.astype(np.float32)
    if samples.dtype == np.uint8:
        sound = (sound - 128) / 128
    elif samples.dtype.kind == "i":
        sound = sound / np.float32(1 << (8 * samples.dtype.itemsize - 1))
    elif not np.isfinite(sound.sum()):
        sound = np.nan_to_num(sound, nan=0.0, posinf=1.0, neginf=-1.0)
    return np.asarray(sound[0] if count == 1 else _weights(frame.layout) @ sound, np.float32)


def _weights(layout: AudioLayout) -> NDArray[np.float32]:
    weights = np.array([_FRONT.get(one.name, _OTHER) for one in layout.channels], np.float32)
    if len(weights) != layout.nb_channels or not weights.any():
        weights = np.ones(layout.nb_channels, np.float32)
    normal: NDArray[np.float32] = weights / weights.sum()
    return normal


class _Run:
    """Sound of one rate without a gap, resampled; begins where input and output samples fall together."""

    def __init__(self, rate: int, seconds: float) -> None:
        self.rate = rate
        index = max(0, round(seconds * rate))
        before = index % (rate // gcd(rate, RATE))
        self._taken = index
        """Input samples from the beginning of the recording to the end of what was taken."""
        self._given = (index - before) * RATE // rate
        self._resampler = AudioResampler(format="flt", layout="mono", rate=RATE) if rate != RATE else None
        self._held: list[Sound] = [np.zeros(before, np.float32)]
        self._size = before

    @property
    def end(self) -> float:
        """Seconds at which what was taken ends."""
        return self._taken / self.rate

    def take(self, sound: Sound) -> None:
        """Append to it."""
        self._held.append(sound)
        self._size += len(sound)
        self._taken += len(sound)

    @property
    def is_full(self) -> bool:
        """Whether enough is held to be worth resampling."""
        return self._size >= _BATCH * self.rate

    def give(self, *, last: bool = False) -> tuple[int, Sound]:
        """Give what is ready, with the index of its first sample."""
        sound = np.concatenate([np.empty(0, np.float32), *self._held])
        self._held, self._size = [], 0
        if self._resampler is not None:
            sound = np.concatenate([sound[:0], *self._resampled(self._resampler, sound, last=last)])
        at = self._given
        self._given += len(sound)
        return at, np.clip(sound, -1.0, 1.0)

    def _resampled(self, resampler: AudioResampler, sound: Sound, *, last: bool) -> Iterator[Sound]:
        if len(sound):
            frame = AudioFrame.from_ndarray(np.ascontiguousarray(sound[None]), format="flt", layout="mono")
            frame.sample_rate = self.rate
            yield from (one.to_ndarray()[0] for one in resampler.resample(frame))
        if last:
            yield from (one.to_ndarray()[0] for one in resampler.resample(None))


def _placed(pieces: Iterator[_Piece], duration: float | None, start: float, losses: Losses) -> Iterator[tuple[int, Sound]]:
    """Resample pieces and give each the index of its first sample; the index never falls."""
    run: _Run | None = None
    for piece in pieces:
        if run is None:
            run = _Run(piece.rate, piece.seconds or 0.0)
        gap = 0.0 if piece.seconds is None else piece.seconds - run.end
        if gap > FILL and duration is not None and run.end + gap > duration + FILL:
            gap = 0.0
        if gap > LATE or piece.rate != run.rate:
            yield run.give(last=True)
            losses.gap += max(0.0, gap) if run.end >= start else 0.0
            run = _Run(piece.rate, run.end + max(0.0, gap))
        run.take(piece.sound)
        if run.is_full:
            yield run.give()
    if run is not None:
        yield run.give(last=True)


def _cut(parts: Iterator[tuple[int, Sound]], first: int) -> Iterator[tuple[float, Sound]]:
    """Put parts together to blocks from the sample ``first`` on; fill gaps, and jump over the longest."""
    begin, size, held = first, 0, list[Sound]()
    for index, part in parts:
        gap = index - begin - size
        if gap > FILL * RATE:
            if size:
                yield begin / RATE, np.concatenate(held)
            begin, size, held = index, 0, []
        elif gap > 0 and len(part):
            held.append(np.zeros(gap, np.float32))
            size += gap
        rest = part[max(0, -gap) :]
        held.append(rest)
        size += len(rest)
        if size >= BLOCK:
            whole = np.concatenate(held)
            for at in range(0, size - BLOCK + 1, BLOCK):
                yield (begin + at) / RATE, whole[at : at + BLOCK]
            done = size - size % BLOCK
            begin, size, held = begin + done, size - done, [whole[done:]]
    if size:
        yield begin / RATE, np.concatenate(held)
