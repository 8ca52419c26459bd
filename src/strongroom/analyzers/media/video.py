"""What a video shows: its shots, each by the frames that stand for it, and what they show."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from PIL import Image

from strongroom.analyzers.image import label_text
from strongroom.analyzers.media.filmstrip import Filmstrip
from strongroom.analyzers.media.frames import Frame, Sampler, keyframe_at, picture_stream
from strongroom.analyzers.media.lengths import RAW, seconds_of
from strongroom.analyzers.media.opening import opened
from strongroom.analyzers.media.shots import Moment, read_shots
from strongroom.analyzers.media.subtitles_inside import read_subtitles
from strongroom.analyzers.media.tags import read_facts
from strongroom.domain.analysis import AnalyzerSpec, Cost
from strongroom.domain.findings import SHOT, Checkpoint, Finding, Problem, Property, Segment
from strongroom.domain.locator import Locator
from strongroom.domain.times import clock
from strongroom.errors import Unreadable
from strongroom.ports import Look, PictureModel, Pixels, Source, Tools

ACCEPTS = ("video/*",)
"""Media types that may have a moving picture."""
STRETCH = 60.0
"""Seconds of video between checkpoints, at the least; each is at the border of a shot."""
BATCH = 4
"""Frames that the picture model looks at together: more are no quicker."""
SHORT = 45.0
"""Seconds up to which a video is looked at closely: at a minute that would cost half as much again."""
_SHORT_OF = 0.95
"""The share of the length that a header promises below which a file is said to break off."""


class VideoAnalyzer:
    """What a video shows, shot by shot."""

    spec = AnalyzerSpec(name="video", version=3, accepts=ACCEPTS, cost=Cost.READING, seconds=1800.0)

    def analyze(self, source: Source, tools: Tools) -> Iterator[Finding]:
        """Yield a segment for each frame that stands for a shot, a filmstrip and subtitles; see `strongroom.ports.Analyzer`."""
        with opened(source) as container:
            stream = picture_stream(container)
            if stream is not None:
                yield from _Reading(container, stream, tools.pictures, source).findings()
            yield from read_subtitles(container)


class _Reading:
    """One reading of one video, from its beginning or from a checkpoint on."""

    def __init__(self, container: InputContainer, stream: VideoStream, pictures: PictureModel, source: Source) -> None:
        self._container = container
        self._stream = stream
        self._pictures = pictures
        self._start = source.reached
        self._duration = duration_of(container, stream, source)
        self._sampler = Sampler(container, stream, pictures.input_size, self._start, self._duration)
        self._apart = self._sampler.gap if self._duration and self._duration <= SHORT else None
        self._taken_at = read_facts(container).taken_at
        self._strip = Filmstrip(self._duration) if self._duration else None
        self._frames = 0

    def findings(self) -> Iterator[Finding]:
        """Yield all."""
        waiting: list[Moment] = []
        saved, shots = self._start, 0
        for one in read_shots(self._watched(), lambda: self._sampler.end, apart=self._apart):
            if isinstance(one, Moment):
                waiting.append(one)
                if len(waiting) >= BATCH:
                    yield from self._look(waiting)
                    waiting = []
                continue
            if one.seconds - saved >= STRETCH:
                yield from self._look(waiting)
                waiting, saved = [], one.seconds
                yield Checkpoint(at=saved, of=self._duration)
                self._sampler.settle(saved)
            shots += 1
        yield from self._look(waiting)
        if saved == 0:  # what lies before a checkpoint is not known to whoever goes on from it
            yield Property(name="shots", value=shots)
        yield from self._last()

    def _watched(self) -> Iterator[Frame]:
        for frame in self._sampler.frames():
            self._frames += 1
            if self._strip is not None:
                self._strip.take(frame)
            yield frame

    def _look(self, moments: list[Moment]) -> Iterator[Finding]:
        looks = (
            self._pictures.look([one.pixels for one in moments])
            if self._apart is None
            else [_closely(one, self._pictures) for one in moments]
        )
        for moment, look in zip(moments, looks, strict=True):
            yield Segment(
                kind=SHOT,
                text=label_text(look),
                language="en" if look.labels else None,
                locator=Locator(t_start=moment.seconds, t_end=moment.end),
                label_vector=look.label_vector,
                image_vector=look.image_vector,
                taken_at=self._taken_at,
            )

    def _last(self) -> Iterator[Finding]:
        """Say what could not be read, and draw the filmstrip."""
        if not self._frames and not self._start:
            raise Unreadable("no frame of it can be decoded; the file may be damaged or truncated")
        if self._duration and self._sampler.end < self._duration * _SHORT_OF - 1:
            yield Problem(reason=f"it breaks off after {clock(self._sampler.end)} of {clock(self._duration)}")
        if self._sampler.damaged:
            yield Problem(reason=f"{self._sampler.damaged:,} pieces of the picture are damaged and were left out")
        size = self._pictures.input_size
        if self._strip is not None:
            strip = self._strip.finish(lambda at: keyframe_at(self._container, self._stream, at, size))
            if strip is not None:
                yield strip


def _closely(moment: Moment, pictures: PictureModel) -> Look:
    """Look at all frames of a moment, at their middle and as a whole or at both ends in turn, and say what most of them show.

    The picture vector is that of the middle of the first frame, by which the video is found with a still from it.
    """
    looks = pictures.look(_views((moment.pixels, *moment.also)))
    vectors = [one.label_vector for one in looks if one.label_vector is not None]
    if not vectors:
        return looks[0]
    mean = np.mean(vectors, axis=0)
    shares: dict[str, float] = {}
    for name, probability in (label for one in looks for label in one.labels):
        shares[name] = shares.get(name, 0.0) + probability / len(looks)
    best = sorted(shares.items(), key=lambda one: (-one[1], one[0]))[: len(looks[0].labels)]
    return replace(looks[0], labels=tuple(best), label_vector=mean / max(float(np.linalg.norm(mean)), 1e-12))


def _views(frames: Sequence[Pixels]) -> list[Pixels]:
    """Give two squares of each frame, four of a single one: a subject is seldom in the middle all the time."""
    if len(frames) == 1:
        return [frames[0], _squeezed(frames[0]), *_ends(frames[0])]
    return [
        view
        for number, pixels in enumerate(frames)
        for view in ((pixels, _squeezed(pixels)) if number % 2 == 0 else _ends(pixels))
    ]


def _ends(pixels: Pixels) -> tuple[Pixels, Pixels]:
    """Give the squares at both ends of a frame's longer side."""
    height, width = pixels.shape[:2]
    side = min(height, width)
    return pixels[:side, :side], pixels[height - side :, width - side :]


def _squeezed(pixels: Pixels) -> Pixels:
    """Give a frame as a square: models look at the middle, and a wide one would lose its sides."""
    side = min(pixels.shape[:2])
    return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BOX))


def duration_of(container: InputContainer, stream: VideoStream, source: Source) -> float | None:
    """Give the seconds of a video: those of its picture where the header tells them, else of the whole recording."""
    if stream.duration and stream.time_base and container.format.name not in RAW:
        return float(stream.duration * stream.time_base)
    return seconds_of(container, source)
