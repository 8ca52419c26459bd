"""From a recording to a file that holds a piece of it."""

import errno
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from strongroom.analyzers.media.frames import beginning, picture_stream, seek
from strongroom.analyzers.media.opening import packets
from strongroom.domain.times import clock
from strongroom.errors import StorageError, StorageFull, Unreadable, Unsupported, UsageError
from strongroom.flows.cutting.formats import Format, holds
from strongroom.flows.cutting.tracks import SAME, Copied, EncodedPicture, EncodedSound, Span, Track

BACKS = (0.0, 10.0, 60.0, 600.0)
"""Seconds that a seek goes back further each time no keyframe was found before the start."""
PREROLL = 1.0
"""Seconds before the start from which sound alone is read, so that its decoder has settled and no packet is missed."""
SLACK = 10.0
"""Seconds after the end up to which a track that is interleaved late is waited for."""
UNWRITABLE = (errno.EACCES, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EDQUOT, errno.ENAMETOOLONG)
"""Errors that only a file that is written can give."""
KEPT = ("title", "artist", "album", "date", "creation_time", "language", "genre", "location")
"""Tags that a piece keeps."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut:
    """What was written."""

    t_start: float
    """Seconds of the recording at which the piece begins."""
    t_end: float
    """The same, of its end."""
    copied: tuple[str, ...]
    """``picture``, ``sound``."""
    encoded: tuple[str, ...]
    """The same, of what was encoded anew."""


def cut(container: InputContainer, file: Path, form: Format, *, start: float, end: float, exact: bool = False) -> Cut:
    """Write a piece of a recording, copying each track that the format holds.

    Args:
        container: The recording, opened.
        file: Where to.
        form: In which format.
        start: Seconds of the recording; a picture that is copied begins at the keyframe before.
        end: The same.
        exact: Whether the picture is to begin at the start exactly, for which it is encoded anew.

    Raises:
        Unsupported: The recording has nothing that the format holds.
        UsageError: Nothing lies in this span.
        Unreadable: The recording is damaged there.
        StorageError: The file cannot be written.
    """
    picture = picture_stream(container) if form.picture else None
    sounds = [one for one in container.streams.audio if one.codec_context is not None]
    if picture is None and not sounds:
        raise Unsupported("it has no sound" + ("" if form.picture else ": give -o a name for video, such as clip.mp4"))
    copies_picture = picture is not None and not exact and holds(form, picture)
    if picture is not None and not copies_picture and picture.codec_context is None:
        raise Unsupported("there is no decoder here for the codec of its picture, so it cannot be encoded anew")
    span = Span(zero=beginning(container), start=start, end=end)
    place, rotation = start - PREROLL, 0
    if picture is not None:
        key, place = _keyframe(container, picture, span)
        span = replace(span, start=key) if copies_picture else span
        rotation = 0 if copies_picture else _rotation(container, picture, key)
    try:
        with av.open(str(file), "w", format=form.muxer, container_options=dict(form.options)) as target:
            tracks = _tracks(
                target, form, span, [picture, *_held_together(form, sounds)], copies=copies_picture, rotation=rotation
            )
            target.metadata.update({key: text for key, text in container.metadata.items() if key in KEPT})
            _run(container, target, tracks, place)
    except av.FFmpegError as error:
        raise _told(error, file) from error
    written = [track for track in tracks if track.first is not None]
    if not written or max(track.last for track in written) <= start:
        raise UsageError(f"nothing lies between {clock(start, 1)} and {clock(end, 1)} of this recording")
    return Cut(
        t_start=min(track.first for track in written if track.first is not None),
        t_end=max(track.last for track in written),
        copied=_kinds(track for track in written if track.is_copied),
        encoded=_kinds(track for track in written if not track.is_copied),
    )


def _kinds(tracks: Iterable[Track]) -> tuple[str, ...]:
    return tuple(sorted({track.kind for track in tracks}))


def _held_together(form: Format, sounds: Sequence[Any]) -> Sequence[Any]:
    """Give the sounds that go into one file: all of them where the format is one for pictures, else the first."""
    return sounds if form.picture or form.muxer == "matroska" else sounds[:1]


def _tracks(
    target: OutputContainer, form: Format, span: Span, streams: Sequence[Any], *, copies: bool, rotation: int
) -> list[Track]:
    """Make the tracks of the file, the picture first.

    Args:
        target: The file.
        form: Its format.
        span: What is cut out.
        streams: The picture or None, then the sounds.
        copies: Whether the picture is copied.
        rotation: Of its frames, where it is not.
    """
    picture, *sounds = streams
    tracks: list[Track] = []
    if picture is not None:
        copied = Copied(picture, target, span, leads=False) if copies else None
        tracks.append(copied or EncodedPicture(picture, target, span, form, rotation))
    for sound in sounds:
        leads = not tracks
        copied = Copied(sound, target, span, leads=leads) if holds(form, sound) else None
        tracks.append(copied or EncodedSound(sound, target, span, form))
    return tracks


def _keyframe(container: InputContainer, stream: VideoStream, span: Span) -> tuple[float, float]:
    """Give the time of the last keyframe before the start (of the first one where there is none), and where to seek for it."""
    first: tuple[float, float] | None = None
    for back in (*(back for back in BACKS if back <= span.start), span.start):
        seek(container, stream, span.start - back)
        found: float | None = None
        with suppress(av.FFmpegError):  # what can be read up to a damaged place counts
            for packet in packets(container, stream):
                shown = _seconds(packet, packet.pts, span)
                if packet.is_keyframe and shown is not None:
                    first = (shown, span.start - back) if first is None or shown < first[0] else first
                    found = shown if shown <= span.start + SAME else found
                sent = shown if packet.dts is None else _seconds(packet, packet.dts, span)
                if sent is not None and sent > span.start + SAME and first is not None:
                    break
        if found is not None:
            return found, span.start - back
    return first if first is not None else (span.start, 0.0)


def _rotation(container: InputContainer, stream: VideoStream, key: float) -> int:
    """Give by how many degrees a player turns the frames: only a decoded frame tells."""
    seek(container, stream, key)
    rotation = 0
    with suppress(av.FFmpegError):
        rotation = next((frame.rotation for packet in packets(container, stream) for frame in stream.decode(packet)), 0)
    stream.codec_context.flush_buffers()
    return rotation


def _seconds(packet: "Packet[Any]", ticks: int | None, span: Span) -> float | None:
    return None if ticks is None or packet.time_base is None else float(ticks * packet.time_base) - span.zero


def _run(container: InputContainer, target: OutputContainer, tracks: Sequence[Track], place: float) -> None:
    by_index = {track.source.index: track for track in tracks}
    _go_to(container, tracks[0], place)
    try:
        for packet in packets(container, *(track.source for track in tracks)):
            if packet.size == 0 and packet.dts is None:
                continue
            track = by_index[packet.stream.index]
            for ready in track.take(packet):
                target.mux_one(ready)
            if _is_over(packet, tracks):
                break
    except (av.InvalidDataError, av.EOFError) as error:
        if all(track.first is None for track in tracks):
            raise Unreadable("the recording is damaged at this place, so nothing can be cut out of it") from error
    for track in tracks:
        for ready in track.take(None):
            target.mux_one(ready)


def _go_to(container: InputContainer, lead: Track, place: float) -> None:
    """Go to where reading must begin, so that no packet of the piece is passed over."""
    base: Any = lead.source.time_base
    try:
        container.seek(round((max(0.0, place) + lead.span.zero) / float(base)), stream=lead.source, backward=True)
    except av.FFmpegError:
        container.seek(0, backward=True, any_frame=True)


def _is_over(packet: "Packet[Any]", tracks: Sequence[Track]) -> bool:
    if all(track.done for track in tracks):
        return True
    at = _seconds(packet, packet.dts if packet.dts is not None else packet.pts, tracks[0].span)
    return at is not None and at > tracks[0].span.end + SLACK


def _told(error: av.FFmpegError, file: Path) -> Exception:
    """Say whether the file cannot be written, or the recording not be read: FFmpeg knows no difference."""
    if error.errno == errno.ENOSPC:
        return StorageFull(f"no space is left for {file}: free some, or write elsewhere")
    if error.errno in UNWRITABLE:
        return StorageError(f"{file} cannot be written: {error.strerror or error}")
    return Unreadable(f"this piece cannot be written as {file.suffix}: {error.strerror or error}; try -o with .mkv")
