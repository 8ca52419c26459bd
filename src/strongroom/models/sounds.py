"""Sound cut for a speech model: the stretches with speech, put together into windows of its length."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from strongroom.ports.tools import RATE, Sound, Span

LONGEST = 29.0
"""Seconds of a window: Whisper takes 30, and the last word must not end at the border."""
JOINED = 1.0
"""Pauses up to so many seconds are kept as they are; longer ones are cut out."""
_FRAME = RATE // 50
_LOUD, _MOST = 0.2, 1000.0
_STRIDE = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """Some stretches of a recording, one after the other without what lies between."""

    pieces: tuple[Span, ...]
    """Where they lie in the recording, seconds."""

    @property
    def seconds(self) -> float:
        """How long they are together."""
        return sum(end - start for start, end in self.pieces)

    def take(self, sound: Sound) -> Sound:
        """Give the sound of the window, raised where it is quiet."""
        taken = np.concatenate([sound[round(start * RATE) : round(end * RATE)] for start, end in self.pieces])
        return (taken * np.float32(gain(taken))).astype(np.float32, copy=False)

    def when(self, seconds: float, *, end: bool = False) -> float:
        """Say where a moment of the window lies in the recording.

        Args:
            seconds: From the beginning of the window.
            end: Whether it ends something, so that on a border it belongs to the piece before.
        """
        begins = [0.0]
        for piece in self.pieces[:-1]:
            begins.append(begins[-1] + piece[1] - piece[0])
        index = max(0, bisect_right(begins, seconds - (1e-6 if end else -1e-6)) - 1)
        start, stop = self.pieces[index]
        return min(stop, start + max(0.0, seconds - begins[index]))


def pack(sound: Sound, spans: Iterable[Span], longest: float = LONGEST) -> Iterator[Window]:
    """Put stretches of speech together into windows.

    Args:
        sound: The recording.
        spans: Where somebody speaks, in order.
        longest: Seconds of a window.
    """
    pieces: list[Span] = []
    used = 0.0
    for start, end in (part for span in spans for part in split(sound, span, longest)):
        near = bool(pieces) and start - pieces[-1][1] <= JOINED
        cost = end - (pieces[-1][1] if near else start)
        if pieces and used + cost > longest:
            yield Window(pieces=tuple(pieces))
            pieces, used, near, cost = [], 0.0, False, end - start
        if near:
            pieces[-1] = (pieces[-1][0], end)
        else:
            pieces.append((start, end))
        used += cost
    if pieces:
        yield Window(pieces=tuple(pieces))


def split(sound: Sound, span: Span, longest: float) -> Iterator[Span]:
    """Cut a stretch that is too long where it is quietest."""
    start, end = span
    while end - start > longest:
        half = start + longest / 2
        here = quietest(sound, (half, start + longest))
        yield start, here
        start = here
    yield start, end


def quietest(sound: Sound, span: Span) -> float:
    """Give the middle of the quietest fifth of a second."""
    begin = round(span[0] * RATE)
    part = sound[begin : round(span[1] * RATE)]
    frames = np.square(part[: len(part) // _FRAME * _FRAME].reshape(-1, _FRAME)).mean(axis=1)
    loudness = np.convolve(frames, np.ones(10) / 10, "valid")
    return (begin + (int(loudness.argmin()) + 5) * _FRAME) / RATE if len(loudness) else (span[0] + span[1]) / 2


def halves(sound: Sound, window: Window) -> tuple[Window, Window]:
    """Cut a window in two between its pieces, or where its only piece is quietest around the middle."""
    if len(window.pieces) == 1:
        start, end = window.pieces[0]
        third = (end - start) / 3
        here = quietest(sound, (start + third, end - third))
        return Window(pieces=((start, here),)), Window(pieces=((here, end),))
    done = list(accumulate(end - start for start, end in window.pieces))
    cut = 1 + min(range(len(done) - 1), key=lambda index: abs(done[index] - window.seconds / 2))
    return Window(pieces=window.pieces[:cut]), Window(pieces=window.pieces[cut:])


def cut_at(window: Window, seconds: float) -> tuple[Window, Window]:
    """Cut a window in two at a moment.

    Args:
        window: To be cut.
        seconds: From its beginning; between 0 and its length.
    """
    first, second = list[Span](), list[Span]()
    left = seconds
    for start, end in window.pieces:
        here = min(end, start + max(0.0, left))
        left -= end - start
        if here > start:
            first.append((start, here))
        if end > here:
            second.append((here, end))
    return Window(pieces=tuple(first)), Window(pieces=tuple(second))


def gain(sound: Sound) -> float:
    """Say by how much a quiet sound is raised, so that a model hears speech in it; clicks do not count."""
    loud = float(np.quantile(np.abs(sound[::_STRIDE]), 0.999)) if len(sound) else 0.0
    return float(np.clip(_LOUD / max(loud, 1e-9), 1.0, _MOST))
