"""Recordings at a glance: what their headers say, and one picture."""

from bisect import bisect_left
from collections.abc import Iterator

import av
import numpy as np
from av.container import InputContainer
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from strongroom.analyzers.image import THUMBNAIL, thumbnail
from strongroom.analyzers.media.frames import picture_stream, prepare, reduced, seek, size_of
from strongroom.analyzers.media.lengths import RAW, seconds_of
from strongroom.analyzers.media.opening import opened, packets
from strongroom.analyzers.media.promised import promised_bytes
from strongroom.analyzers.media.protection import is_encrypted
from strongroom.analyzers.media.tags import WORDS, chapters, read_facts
from strongroom.domain.analysis import AnalyzerSpec, Cost
from strongroom.domain.findings import Finding, Problem, Property, Rendition
from strongroom.domain.times import clock
from strongroom.errors import AnalysisError, Encrypted, Unsupported
from strongroom.ports import Pixels, Source, Tools

ACCEPTS = ("audio/*", "video/*")
"""Media types of recordings."""
PLACES = (0.1, 0.3, 0.5, 0.7, 0.9, 0.02)
"""Shares of the length at which a frame is tried as thumbnail, until one shows something."""
DULL = 14.0
"""Standard deviation of brightness, of 255, below which a frame shows next to nothing: black, white, fog."""
WHOLE = 0.99
"""The share of the bytes told of that a file must have: some programs cut off tags, or count those of a padding."""
MUTE = ("audio/midi", "audio/x-midi")
"""Types of sound that hold none."""
MOST_SOUGHT = 32 * 1024**2
"""Bytes that are read in search of one keyframe."""
_QUARTERS = (90, 270)


class MediaAnalyzer:
    """What the headers of a recording say, and one picture of it."""

    spec = AnalyzerSpec(name="media", version=1, accepts=ACCEPTS, cost=Cost.CHEAP)

    def analyze(self, source: Source, tools: Tools) -> Iterator[Finding]:  # noqa: ARG002 - as the port says
        """Yield properties, the words of the tags and a thumbnail; see `strongroom.ports.Analyzer`."""
        if source.media_type in MUTE:
            raise Unsupported("it holds notes for instruments, not sound")
        encrypted = is_encrypted(source)
        with opened(source, errors="surrogateescape") as container:
            length = seconds_of(container, source)
            facts = read_facts(container)
            yield from _measures(container, source, length)
            yield from facts.properties()
            if (words := facts.segment(WORDS)) is not None:
                yield words
            yield from chapters(container)
            if encrypted:
                yield Property(name="encrypted", value=True)
                raise Encrypted("its sound and picture are encrypted (DRM): it plays only in the program that holds the key")
            yield from _missing(container, source, length)
            yield from _pictures(container, length or 0.0)


def _measures(container: InputContainer, source: Source, length: float | None) -> Iterator[Finding]:
    picture, sounds = picture_stream(container), container.streams.audio
    yield Property(name="container", value=_container(container, source.media_type))
    yield Property(name="streams", value=len(container.streams))
    yield Property(name="has-audio", value=bool(sounds))
    yield Property(name="has-video", value=picture is not None)
    if length:
        yield Property(name="duration", value=length)
        yield Property(name="bit-rate", value=round(source.size * 8 / length))
    if picture is not None:
        yield Property(name="video-codec", value=_codec(picture))
        rate = picture.average_rate or picture.guessed_rate
        if rate:
            yield Property(name="frame-rate", value=round(float(rate), 3))
    if sounds:
        yield Property(name="audio-codec", value=_codec(sounds[0]))
        if sounds[0].codec_context is not None:
            yield Property(name="sample-rate", value=sounds[0].codec_context.sample_rate)
            yield Property(name="channels", value=sounds[0].codec_context.layout.nb_channels)
    for name, streams in (("audio-languages", sounds), ("subtitle-languages", container.streams.subtitles)):
        languages = tuple(dict.fromkeys(one.language for one in streams if one.language and one.language != "und"))
        if languages:
            yield Property(name=name, value=languages)


def _container(container: InputContainer, media_type: str) -> str:
    """Give the usual name of its format: FFmpeg has one name for all that one demuxer reads."""
    first = container.format.name.split(",")[0]
    if first == "mov":
        return "mov" if container.metadata.get("major_brand", "qt").strip() == "qt" else "mp4"
    if first == "matroska":
        return "webm" if media_type.endswith("/webm") else first
    return first


def _codec(stream: Stream) -> str:
    return "unknown" if stream.codec_context is None else stream.codec_context.codec.canonical_name


def _missing(container: InputContainer, source: Source, length: float | None) -> Iterator[Finding]:
    """Say where an index, or the first bytes, tell of more than the file holds."""
    kept: list[float] = []
    for stream in (*container.streams.video, *container.streams.audio):
        entries = stream.index_entries
        if not len(entries) or entries[-1].size <= 0 or entries[-1].pos + entries[-1].size <= source.size:
            continue
        first = bisect_left(range(len(entries)), source.size, key=lambda at: entries[at].pos + entries[at].size)
        kept.append(max(0.0, float(entries[min(first, len(entries) - 1)].timestamp * (stream.time_base or 0))))
    if kept:
        yield Problem(reason=f"its end is missing: the file breaks off after {clock(min(kept))} of {clock(length or 0.0)}")
    elif (told := promised_bytes(source)) is not None and source.size < told * WHOLE:
        yield Problem(reason=f"its end is missing: it has {source.size:,} of the {told:,} bytes of which its beginning tells")


def _pictures(container: InputContainer, length: float) -> Iterator[Finding]:
    """Give the thumbnail, and the size of the picture as it is shown, which only a frame tells for sure."""
    stream = picture_stream(container)
    if stream is None:
        cover = _cover(container)
        if cover is not None:
            yield Rendition(role="thumbnail", media_type="image/jpeg", data=thumbnail(cover))
        return
    try:
        prepare(stream)
        still = _still(container, stream, length)
    except AnalysisError as error:
        yield from _size(stream.width, stream.height, 0) if stream.codec_context is not None else ()
        yield Problem(reason=f"it has no thumbnail: {error}")
        return
    if still is None:
        yield from _size(stream.width, stream.height, 0)
        yield Problem(reason="it has no thumbnail: no frame of it can be decoded")
        return
    frame, pixels = still
    yield from _size(*size_of(frame, stream), -frame.rotation % 360)
    yield Rendition(role="thumbnail", media_type="image/jpeg", data=thumbnail(pixels))


def _size(width: int, height: int, rotation: int) -> Iterator[Finding]:
    """Give the size as shown; the rotation is clockwise."""
    if rotation:
        yield Property(name="rotation", value=rotation)
    shown = (height, width) if rotation in _QUARTERS else (width, height)
    for name, value in zip(("width", "height"), shown, strict=True):
        yield Property(name=name, value=value)


def _still(container: InputContainer, stream: VideoStream, length: float) -> tuple[VideoFrame, Pixels] | None:
    """Give the first keyframe of several that shows something, else the one that shows most."""
    best: tuple[float, VideoFrame, Pixels] | None = None
    for share in PLACES if length and container.format.name not in RAW else (0.0,):
        frame = _keyframe(container, stream, share * length)
        if frame is None:
            continue
        pixels = reduced(frame, stream, THUMBNAIL)
        contrast = float(np.std(pixels[::4, ::4].mean(axis=2)))
        if best is None or contrast > best[0]:
            best = (contrast, frame, pixels)
        if contrast >= DULL:
            break
    return None if best is None else best[1:]


def _keyframe(container: InputContainer, stream: VideoStream, seconds: float) -> VideoFrame | None:
    """Decode the keyframe at or before a time; None where none is near."""
    read, frames = 0, []
    try:
        seek(container, stream, seconds)
        stream.codec_context.flush_buffers()
        for packet in packets(container, stream):
            read += packet.size
            if packet.is_keyframe and packet.size:
                frames = stream.decode(packet) or stream.decode(None)
            if frames or read > MOST_SOUGHT:
                break
        stream.codec_context.flush_buffers()
    except av.FFmpegError:
        return None
    return frames[0] if frames else None


def _cover(container: InputContainer) -> Pixels | None:
    """Give the picture that is attached to a sound file."""
    for stream in container.streams.video:
        try:
            prepare(stream)
            for packet in packets(container, stream):
                frames = stream.decode(packet)
                if frames:
                    return reduced(frames[0], stream, THUMBNAIL)
        except (av.FFmpegError, AnalysisError):
            continue
    return None
