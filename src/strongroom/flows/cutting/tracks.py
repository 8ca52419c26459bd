"""The tracks of a piece: packets that are copied, or frames that are encoded anew, each with its times told from the start."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from av.codec import Codec
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame

from strongroom.flows.cutting.formats import Format

SAME = 0.0005
"""Seconds by which two times may differ and be the same."""
PICTURE, SOUND = "picture", "sound"
_TICKS = Fraction(1, 90_000)
_FASTEST = 1000
"""Frames a second beyond which a rate is an error in the header."""
_QUALITY = {"h264": {"crf": "18", "preset": "veryfast"}, "vp9": {"crf": "30", "b": "0", "cpu-used": "6", "row-mt": "1"}}
_SURROUND = ("flac", "aac")
_PLAIN = {1: "mono", 2: "stereo"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """What is cut out."""

    zero: float
    """Time stamp of the recording's beginning, in seconds."""
    start: float
    """Seconds from there."""
    end: float
    """The same."""


class Track(ABC):
    """One stream on its way into the piece."""

    is_copied: bool

    def __init__(self, source: Stream, span: Span) -> None:
        """Take a stream and what is wanted of it."""
        self.source = source
        self.kind = PICTURE if source.type == "video" else SOUND
        self.span = span
        self.done = False
        """Whether all that is wanted of it has been read."""
        self.first: float | None = None
        """Seconds of the recording at which its part of the piece begins; None until something of it is written."""
        self.last = span.start
        """The same, of its end."""

    @abstractmethod
    def take(self, packet: "Packet[Any] | None") -> "Iterator[Packet[Any]]":
        """Give what is to be written now; None says that there is no more."""

    def _seconds(self, ticks: int | None, base: Fraction | None) -> float | None:
        return None if ticks is None or base is None else float(ticks * base) - self.span.zero

    def _note(self, start: float, length: float) -> None:
        self.first = start if self.first is None else min(self.first, start)
        self.last = max(self.last, start + length)


class Copied(Track):
    """A stream whose packets are copied."""

    is_copied = True

    def __init__(self, source: Stream, target: OutputContainer, span: Span, *, leads: bool) -> None:
        """Make the stream in the file.

        Args:
            source: The stream.
            target: The file.
            span: What is cut out; where there is a picture, it begins at a keyframe.
            leads: Whether the piece begins with this sound, at whichever packet holds the start.
        """
        super().__init__(source, span)
        self._stream = target.add_stream_from_template(source, opaque=True)
        self._leads = leads
        self._base: int | None = None
        self._sent: int | None = None

    def take(self, packet: "Packet[Any] | None") -> "Iterator[Packet[Any]]":
        """Give the packet with its times told from the start, if it is of the piece."""
        if packet is None or packet.time_base is None:
            return
        shown = self._seconds(packet.dts if packet.pts is None else packet.pts, packet.time_base)
        sent = self._seconds(packet.pts if packet.dts is None else packet.dts, packet.time_base)
        if shown is None or sent is None:
            return
        length = float((packet.duration or 0) * packet.time_base)
        if sent >= self.span.end - SAME:
            self.done = True
        elif self._begins(packet, shown, length):
            self._note(shown, length)
            yield self._placed(packet)

    def _begins(self, packet: "Packet[Any]", shown: float, length: float) -> bool:
        if self.kind == SOUND:
            return shown + length > self.span.start + SAME if self._leads else shown >= self.span.start - SAME
        # frames that come after the keyframe and are shown before it need what lies before it
        return shown >= self.span.start - SAME and (self.first is not None or packet.is_keyframe)

    def _placed(self, packet: "Packet[Any]") -> "Packet[Any]":
        base: Fraction = packet.time_base
        shown: Any = packet.dts if packet.pts is None else packet.pts
        sent: Any = packet.pts if packet.dts is None else packet.dts
        if self._base is None:
            self._base = shown if self._leads else round((self.span.start + self.span.zero) / base)
        sent, shown = sent - self._base, shown - self._base
        if self._sent is not None:
            sent = max(sent, self._sent + 1)
        packet.dts, packet.pts = sent, max(shown, sent)
        packet.stream = self._stream
        self._sent = sent
        return packet


class EncodedPicture(Track):
    """A picture that is encoded anew, from the frame that is shown at the start."""

    is_copied = False

    def __init__(self, source: Any, target: OutputContainer, span: Span, form: Format, rotation: int) -> None:
        """Make the stream in the file; the rotation is that of a decoded frame."""
        super().__init__(source, span)
        rate = source.average_rate or source.guessed_rate or Fraction(25)
        self._rate = rate if 0 < rate <= _FASTEST else Fraction(25)
        options = dict(_QUALITY.get(form.picture or "", {}))
        stream: Any = target.add_stream(form.picture or "h264", rate=self._rate, options=options)
        stream.width, stream.height = source.width + source.width % 2, source.height + source.height % 2
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = _TICKS
        if source.sample_aspect_ratio:
            stream.codec_context.sample_aspect_ratio = source.sample_aspect_ratio
        if rotation:
            stream.set_display_rotation(rotation)
        self._stream = stream
        self._shown: VideoFrame | None = None
        self._sent = -1

    def take(self, packet: "Packet[Any] | None") -> "Iterator[Packet[Any]]":
        """Give what comes out of the encoder."""
        if self.done and packet is not None:
            return
        for frame in _decoded(self.source, packet):
            at = self._seconds(frame.pts, self.source.time_base)
            if at is None:
                continue
            if at >= self.span.end - SAME:
                self.done = True
            elif at <= self.span.start + SAME:
                self._shown = frame
            else:
                yield from self._pending()
                yield from self._encode(frame, at)
        if self.done or packet is None:
            yield from self._pending()
        if packet is None:
            yield from self._stream.encode(None)

    def _pending(self) -> "Iterator[Packet[Any]]":
        frame, self._shown = self._shown, None
        if frame is not None:
            yield from self._encode(frame, self.span.start)

    def _encode(self, frame: VideoFrame, at: float) -> "Iterator[Packet[Any]]":
        self._note(at, float(1 / self._rate))
        plain = frame.reformat(self._stream.width, self._stream.height, "yuv420p")
        self._sent = max(round((at - self.span.start) / float(_TICKS)), self._sent + 1)
        plain.pts, plain.time_base, plain.pict_type = self._sent, _TICKS, 0
        yield from self._stream.encode(plain)


class EncodedSound(Track):
    """A sound that is encoded anew, exact to a sample."""

    is_copied = False

    def __init__(self, source: Any, target: OutputContainer, span: Span, form: Format) -> None:
        """Make the stream in the file."""
        super().__init__(source, span)
        codec = Codec(form.sound, "w")
        stream: Any = target.add_stream(form.sound, rate=_rate(codec, source.rate))
        stream.layout = _layout(source.layout, surround=form.sound in _SURROUND)
        stream.format = _sample_format(codec, source.format.name)
        self._stream = stream
        self._resampler = av.AudioResampler(stream.format, stream.layout, stream.rate)
        self._gap: int | None = None

    def take(self, packet: "Packet[Any] | None") -> "Iterator[Packet[Any]]":
        """Give what comes out of the encoder."""
        if self.done and packet is not None:
            return
        for frame in _decoded(self.source, packet):
            at = self._seconds(frame.pts, frame.time_base or self.source.time_base)
            if at is None:
                continue
            if at >= self.span.end:
                self.done = True
            elif (part := _part(frame, self.span.start - at, self.span.end - at)) is not None:
                begin = max(at, self.span.start)
                self._note(begin, part.samples / part.sample_rate)
                part.pts = round((begin - self.span.start) * part.sample_rate)
                part.time_base = Fraction(1, part.sample_rate)
                yield from self._encoded(self._resampler.resample(part))
        if packet is None:
            if self.first is not None:
                yield from self._encoded(self._resampler.resample(None))
            yield from self._stream.encode(None)

    def _encoded(self, frames: Iterable[AudioFrame]) -> "Iterator[Packet[Any]]":
        for frame in frames:
            yield from self._stream.encode(frame)


def _decoded(source: Any, packet: "Packet[Any] | None") -> list[Any]:
    """Decode; a damaged packet gives nothing and costs only itself."""
    try:
        return list(source.codec_context.decode(packet))
    except av.FFmpegError:
        return []


def _part(frame: AudioFrame, start: float, end: float) -> AudioFrame | None:
    """Give the samples between two times, in seconds from the frame's beginning."""
    first = max(0, round(start * frame.sample_rate))
    last = min(frame.samples, round(end * frame.sample_rate))
    if first == 0 and last == frame.samples:
        return frame
    if first >= last:
        return None
    channels = 1 if frame.format.is_planar else frame.layout.nb_channels
    samples: Any = np.ascontiguousarray(frame.to_ndarray()[:, first * channels : last * channels])
    part = AudioFrame.from_ndarray(samples, format=frame.format.name, layout=frame.layout.name)
    part.sample_rate = frame.sample_rate
    return part


def _layout(given: AudioLayout, *, surround: bool) -> str:
    """Give the arrangement of channels to encode; a file need not say more than how many it has."""
    if not surround or given.nb_channels in _PLAIN or given.name.endswith("channels"):
        return _PLAIN.get(given.nb_channels, "stereo")
    return given.name


def _rate(codec: Codec, rate: int) -> int:
    allowed = codec.audio_rates
    if not allowed or rate in allowed:
        return rate
    return min((one for one in allowed if one >= rate), default=max(allowed))


def _sample_format(codec: Codec, wanted: str) -> str:
    """Give the encoder's sample format that loses least: one as wide where there is one, else its first."""
    known = [one.name for one in codec.audio_formats or []]
    deep = wanted.rstrip("p") in ("s32", "flt", "dbl", "s64") and wanted.rstrip("p") != "flt"
    return "s32" if deep and "s32" in known else known[0]
