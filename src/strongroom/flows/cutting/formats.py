"""The formats that a piece can be written in, by the ending of the file's name."""

import io
from dataclasses import dataclass
from pathlib import Path

import av
from av.stream import Stream

from strongroom.errors import UsageError


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """One format of files."""

    muxer: str
    """FFmpeg's name of what writes it."""
    picture: str | None
    """Encoder of a picture that it cannot hold as it is; None where it holds sound alone."""
    sound: str
    """The same, of sound."""
    refused: tuple[str, ...] = ()
    """Codecs that it would hold in name only."""
    options: tuple[tuple[str, str], ...] = ()
    """For FFmpeg."""


_FAST = (("movflags", "faststart"),)
"""The index before the data, so that a player on the web can begin at once."""
_SPEECHLESS = ("pcm_alaw", "pcm_mulaw", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_s16be", "pcm_u8")
_STREAMED = ("vp8", "vp9", "av1", "vorbis", "flac", "alac", "opus", "mjpeg", "theora", "mpeg4", *_SPEECHLESS)

FORMATS = {
    # PCM in .mp4 is in the standard and in no player; so is FLAC in many
    "mp4": Format(muxer="mp4", picture="h264", sound="aac", options=_FAST, refused=(*_SPEECHLESS, "vorbis", "mjpeg", "png")),
    "m4v": Format(muxer="mp4", picture="h264", sound="aac", options=_FAST, refused=(*_SPEECHLESS, "vorbis", "mjpeg", "png")),
    "mov": Format(muxer="mov", picture="h264", sound="aac", options=_FAST),
    "mkv": Format(muxer="matroska", picture="h264", sound="aac"),
    "webm": Format(muxer="webm", picture="vp9", sound="opus"),
    "ts": Format(muxer="mpegts", picture="h264", sound="aac", refused=_STREAMED),
    "m4a": Format(muxer="ipod", picture=None, sound="aac", options=_FAST),
    "mka": Format(muxer="matroska", picture=None, sound="aac"),
    # a copied FLAC stream would go on claiming the length and the MD5 of the whole; encoding anew loses nothing
    "flac": Format(muxer="flac", picture=None, sound="flac", refused=("flac",)),
    "wav": Format(muxer="wav", picture=None, sound="pcm_s16le", refused=("aac", "opus", "vorbis", "flac")),
    "mp3": Format(muxer="mp3", picture=None, sound="mp3"),
    "ogg": Format(muxer="ogg", picture=None, sound="opus", refused=("flac",)),
    "oga": Format(muxer="ogg", picture=None, sound="opus", refused=("flac",)),
    "opus": Format(muxer="opus", picture=None, sound="opus"),
    "aac": Format(muxer="adts", picture=None, sound="aac"),
}
"""By ending."""


def format_of(file: Path) -> Format:
    """Give the format that a file's name asks for.

    Raises:
        UsageError: There is none of this ending.
    """
    ending = file.suffix.lower().lstrip(".")
    if ending not in FORMATS:
        raise UsageError(f"{file.name!r}: the ending says what is written, and it can be .{', .'.join(FORMATS)}")
    return FORMATS[ending]


def holds(form: Format, stream: Stream) -> bool:
    """Say whether a format holds a stream as it is, by writing a header for it."""
    if stream.codec_context is None or stream.codec_context.name in form.refused:
        return False
    try:
        with av.open(io.BytesIO(), "w", format=form.muxer) as trial:
            trial.add_stream_from_template(stream, opaque=True)
            trial.start_encoding()
    except (av.FFmpegError, ValueError):
        return False
    return True
