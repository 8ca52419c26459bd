"""Frames of a video as upright RGB arrays, as small as their reader needs; only those are decoded that are asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard, Disposition
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, Interpolation
from av.video.stream import VideoStream

from strongroom.analyzers.media.lengths import RAW
from strongroom.analyzers.media.opening import MOST_PIXELS, packets
from strongroom.errors import LimitExceeded, Unreadable, Unsupported
from strongroom.ports import Pixels

EVERY = 1.0
"""Seconds from one keyframe to the next that is decoded, on the average: some codecs make each frame a keyframe."""
BURST = 8.0
"""Keyframes that may come sooner than that: encoders set one where a shot begins."""
GAP = 10.5
"""Seconds without a keyframe from which what lies between is decoded too; encoders set one at least every 10 by default."""
STEP = 5.0
"""Seconds between the frames that are taken there, at the most."""
PLACES = 8
"""Places at which a short video is looked at, at the least: one keyframe alone often shows what its video is not about."""
CLOSEST = 1.0
"""Seconds between them, at the least."""
MOST_HELD = 96 * 1024**2
"""Bytes of packets that are held until it is known whether they must be decoded."""
SAME = 0.0005
"""Seconds by which two times may differ and be the same."""
JUMP = 1.0
"""Seconds by which a time stamp may lie before the one that was read before it; beyond, the clock was set back."""
BACK = 2.0
"""Seconds before the wanted place to which a seek goes: indexes tell when a packet is decoded, not when it is shown."""
_SMOOTHED = "all"
"""Frames whose blocks are not smoothed at their edges: none of that is seen in a reduced frame, and it takes a tenth."""
_TALL = 720
"""Rows from which colours are those of HDTV where a file does not say."""
_UNSAID = 2
"""The code of an unknown colour matrix (ISO 23091-2)."""
_NARROW = 4.0
"""How much wider or narrower than high a pixel may be, to be believed."""
_QUARTER = 90


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Frame:
    """One decoded frame."""

    seconds: float
    """When it is shown, from the beginning of the recording."""
    pixels: Pixels
    """Upright, perhaps reduced."""


def picture_stream(container: InputContainer) -> VideoStream | None:
    """Give the stream that a player would show; None where there is only sound, with or without a cover picture."""
    cover = Disposition.attached_pic | Disposition.timed_thumbnails
    moving = [one for one in container.streams.video if not one.disposition & cover]
    return max(moving, key=lambda one: (bool(one.disposition & Disposition.default), _area(one)), default=None)


def _area(stream: VideoStream) -> int:
    """Give the pixels of its frames; a stream of an unknown codec has no size."""
    return 0 if stream.codec_context is None else stream.width * stream.height


def beginning(container: InputContainer) -> float:
    """Give the time stamp, in seconds, with which a recording begins: times are told from there, as players do."""
    return (container.start_time or 0) / av.time_base


def prepare(stream: VideoStream, **options: str) -> None:
    """See that a stream can be decoded, and let its file give nothing else.

    Args:
        stream: From `picture_stream`.
        options: Of the decoder, besides the bound on the size of frames.

    Raises:
        Unsupported: There is no decoder for its codec.
        LimitExceeded: Its frames are too large.
    """
    if stream.codec_context is None:
        raise Unsupported("there is no decoder here for the codec of its picture")
    if stream.width * stream.height > MOST_PIXELS:
        raise LimitExceeded(f"its frames have {stream.width:,} by {stream.height:,} pixels; at most {MOST_PIXELS:,} are read")
    if not stream.codec_context.is_open:
        stream.codec_context.options = {"max_pixels": str(MOST_PIXELS), **options}
    for other in stream.container.streams:
        if other is not stream:
            other.discard = Discard.all


class Sampler:
    """Reads a video from one place on, decoding keyframes, and what lies between them only where they are far apart."""

    def __init__(
        self, container: InputContainer, stream: VideoStream, short: int, start: float = 0.0, length: float | None = None
    ) -> None:
        """Take a video.

        Args:
            container: Opened; nothing else may read it meanwhile.
            stream: From `picture_stream`.
            short: Pixels that the shorter side of the frames should have at the least, where the video has as many.
            start: Seconds from the beginning of the recording.
            length: Seconds of the recording, where they are known: a short one is looked at more closely.

        Raises:
            Unsupported: There is no decoder for its codec.
            LimitExceeded: Its frames are too large.
        """
        prepare(stream, skip_loop_filter=_SMOOTHED)
        self._container = container
        self._stream = stream
        self._short = short
        self._start = start
        self.gap = min(GAP, max(CLOSEST, length / PLACES)) if length else GAP
        """Seconds from one frame to the next, at the most, where all can be decoded."""
        self._step = min(STEP, self.gap)
        self._zero = beginning(container)
        self._shift = 0.0
        self._rate = _rate(stream)
        self._left, self._asked = BURST, start - EVERY
        self.damaged = 0
        """Packets that could not be read or decoded."""
        self.now: float | None = None
        """When the packet that was read last is shown, in seconds from the beginning of the recording."""

    @property
    def end(self) -> float:
        """When the last frame that was read ends."""
        return (self.now or 0.0) + 1 / self._rate

    def settle(self, seconds: float) -> None:
        """Forget all that came before a frame: what follows is then as if reading had begun with it."""
        self._left, self._asked = BURST - 1, seconds

    def frames(self) -> Iterator[Frame]:
        """Yield frames in order of time; ends at the end of the file, or where it breaks off."""
        last = self._start - 2 * SAME
        for picture in self._pictures():
            seconds = self._shown(picture)
            if seconds > last + SAME:
                last = seconds
                yield Frame(seconds=seconds, pixels=reduced(picture, self._stream, self._short))

    def _pictures(self) -> Iterator[VideoFrame]:
        held: list[tuple[Packet[VideoStream], float]] = []
        size, key, between = 0, 0.0, False
        for packet, seconds in self._packets():
            if packet.is_keyframe:
                if between:
                    self._reset()
                held, size, key, between = [(packet, seconds)], packet.size, seconds, False
                if seconds >= self._start - SAME and self._wanted(seconds):
                    yield from self._decode(packet)[:1] or self._drained()[:1]
                    self._reset()
            elif between:
                yield from self._sampled(self._decode(packet))
            elif held and size <= MOST_HELD:
                held.append((packet, seconds))
                size += packet.size
                if seconds > key + self.gap:
                    between, self._due = True, key + self._step
                    self._stream.codec_context.skip_frame = "NONREF"
                    for one, self.now in held:
                        yield from self._sampled(self._decode(one))
                    held = []
        if between:
            yield from self._sampled(self._drained())

    def _sampled(self, pictures: list[VideoFrame]) -> Iterator[VideoFrame]:
        for picture in pictures:
            seconds = self._shown(picture)
            if seconds >= self._due:
                self._due += self._step * (1 + (seconds - self._due) // self._step)
                yield picture

    def _wanted(self, seconds: float) -> bool:
        self._left = min(BURST, self._left + max(0.0, seconds - self._asked) / EVERY)
        self._asked = seconds
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def _packets(self) -> "Iterator[tuple[Packet[VideoStream], float]]":
        """Yield packets with the times at which they are shown; a clock that jumps back goes on from where it was."""
        base = float(self._stream.time_base or Fraction(1, 90_000))
        last: float | None = None
        try:
            if self._start > 0:
                seek(self._container, self._stream, self._start - BACK)
            for packet in packets(self._container, self._stream):
                if not packet.size:
                    continue
                stamp = packet.dts if packet.dts is not None else packet.pts
                raw = (
                    self._shift + stamp * base - self._zero
                    if stamp is not None
                    else (0.0 if last is None else last + 1 / self._rate)
                )
                if last is not None and raw < last - JUMP:
                    self._shift += last + 1 / self._rate - raw
                    raw = last + 1 / self._rate
                last = raw
                shown = raw if packet.pts is None or stamp is None else raw + (packet.pts - stamp) * base
                self.now = max(0.0, shown)
                yield packet, self.now
        except av.FFmpegError:
            self.damaged += 1

    def _decode(self, packet: "Packet[VideoStream] | None") -> list[VideoFrame]:
        try:
            return self._stream.decode(packet)
        except av.FFmpegError:
            self.damaged += 1
            return []

    def _shown(self, picture: VideoFrame) -> float:
        seconds = _time(picture, self._stream)
        return (self.now or 0.0) if seconds is None else max(0.0, seconds - self._zero + self._shift)

    def _drained(self) -> list[VideoFrame]:
        return self._decode(None)

    def _reset(self) -> None:
        self._stream.codec_context.flush_buffers()
        self._stream.codec_context.skip_frame = "DEFAULT"


def seek(container: InputContainer, stream: VideoStream, seconds: float) -> None:
    """Go to the last keyframe before a time, or to the beginning: always there where a format tells no times.

    Args:
        container: The recording.
        stream: Its picture.
        seconds: From the beginning of the recording.
    """
    zero = beginning(container)
    base = stream.time_base or Fraction(1, 90_000)
    if container.format.name in RAW:  # which tell no times, so that a seek leads anywhere
        container.seek(0, unsupported_byte_offset=True)
        return
    try:
        container.seek(round((max(0.0, seconds) + zero) / float(base)), stream=stream, backward=True)
    except av.FFmpegError:
        container.seek(0, backward=True, any_frame=True)


def keyframe_at(container: InputContainer, stream: VideoStream, seconds: float, short: int) -> Pixels | None:
    """Give the last keyframe before a time, at once; None where none can be had.

    Args:
        container: The recording.
        stream: Its picture, as `Sampler` prepared it.
        seconds: From the beginning of the recording.
        short: Pixels that the shorter side should have at the least.
    """
    seek(container, stream, seconds)
    decoder = stream.codec_context
    decoder.flush_buffers()
    try:
        packet = next((one for one in packets(container, stream) if one.is_keyframe and one.size), None)
        pictures = [] if packet is None else stream.decode(packet) or stream.decode(None)
    except av.FFmpegError:
        pictures = []
    decoder.flush_buffers()
    return reduced(pictures[0], stream, short) if pictures else None


def frame_at(container: InputContainer, seconds: float) -> Pixels:
    """Give the frame that is shown at a time, upright and in full size; the first or last one beyond the ends.

    Args:
        container: The recording.
        seconds: From the beginning of the recording.

    Raises:
        Unsupported: It has no picture, or one that cannot be decoded here.
        LimitExceeded: Its frames are too large.
        Unreadable: No frame can be decoded.
    """
    stream = picture_stream(container)
    if stream is None:
        raise Unsupported("it has no moving picture, only sound")
    prepare(stream)
    best: VideoFrame | None = None
    for back in (BACK, 10 * BACK, seconds + BACK):
        best = _last_before(container, stream, seconds, seconds - back)
        if best is not None:
            break
    if best is None:
        raise Unreadable("no frame of it can be decoded; the file may be damaged or truncated")
    return full(best, stream)


def _last_before(container: InputContainer, stream: VideoStream, seconds: float, start: float) -> VideoFrame | None:
    """Give the frame shown at a time, decoding from a place before it; None where decoding only began after it."""
    seek(container, stream, start)
    stream.codec_context.flush_buffers()
    late, best = beginning(container) + seconds + SAME, None
    try:
        for number, picture in enumerate(container.decode(stream)):
            shown = _time(picture, stream)
            after = (beginning(container) + number / _rate(stream) if shown is None else shown) > late
            if after and (best is not None or start > 0):
                break
            best = picture
    except (av.FFmpegError, IndexError):  # the latter: see `packets`
        return best
    return best


def _time(picture: VideoFrame, stream: VideoStream) -> float | None:
    """Give a frame's time stamp in seconds; the frame itself does not know its unit when it comes last out of the decoder."""
    return None if picture.pts is None or stream.time_base is None else float(picture.pts * stream.time_base)


def _rate(stream: VideoStream) -> float:
    return float(stream.average_rate or stream.guessed_rate or 0) or 25.0


def full(picture: VideoFrame, stream: VideoStream) -> Pixels:
    """Give a frame as upright RGB in full size."""
    return _upright(picture, *size_of(picture, stream))


def reduced(picture: VideoFrame, stream: VideoStream, short: int) -> Pixels:
    """Give a frame as upright RGB with so many pixels on its shorter side, or fewer where it has fewer."""
    width, height = size_of(picture, stream)
    scale = min(1.0, short / min(width, height))
    return _upright(picture, max(1, round(width * scale)), max(1, round(height * scale)))


def size_of(picture: VideoFrame, stream: VideoStream) -> tuple[int, int]:
    """Give width and height with square pixels, before it is turned."""
    ratio = float(stream.sample_aspect_ratio or 1)
    if not 1 / _NARROW <= ratio <= _NARROW:
        ratio = 1.0
    return (
        (max(1, round(picture.width * ratio)), picture.height)
        if ratio >= 1
        else (picture.width, max(1, round(picture.height / ratio)))
    )


def _upright(picture: VideoFrame, width: int, height: int) -> Pixels:
    try:
        small = picture.reformat(
            width,
            height,
            "rgb24",
            src_colorspace=_matrix(picture),
            interpolation=Interpolation.AREA if width < picture.width else Interpolation.BICUBIC,
            threads=1,
        )
        pixels = np.asarray(small.to_ndarray(), np.uint8)
    except (av.FFmpegError, ValueError) as error:
        raise Unsupported(f"its pixel format {picture.format.name} cannot be read here") from error
    return np.ascontiguousarray(np.rot90(pixels, round(picture.rotation / _QUARTER) % 4))


def _matrix(picture: VideoFrame) -> Colorspace | None:
    """Give what the colours of a frame are to be read as, where the file does not say."""
    if picture.colorspace != _UNSAID or picture.format.is_rgb:
        return None
    return Colorspace.ITU709 if picture.height >= _TALL else Colorspace.ITU601
