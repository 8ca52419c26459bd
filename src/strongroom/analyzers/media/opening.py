"""Recordings opened by FFmpeg, which reads the bytes that it is given and nothing else: no other file, no network."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, TypeVar

import av
import av.error
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

from strongroom.errors import AnalysisError, LimitExceeded, Unreadable, Unsupported
from strongroom.ports import Source

AnyStream = TypeVar("AnyStream", bound=Stream)

BUFFER = 1 << 16
"""Bytes that are read at once: as quick as more over local files, and headers need little."""
MOST_PIXELS = 40_000_000
"""Pixels of the largest frame that is decoded: 8K is 33 million."""
MOST_STREAMS = 200
"""Streams of one recording; a television multiplex has some 60."""

FORMATS = (
    *("mov", "matroska", "avi", "asf", "asf_o", "flv", "live_flv", "mpeg", "mpegts", "mxf", "rm", "dv", "gxf", "wtv", "nut"),
    *("nuv", "nsv", "pva", "ty", "dhav", "vivo", "swf", "smk", "bink", "flic", "amv", "ogg", "ivf", "yuv4mpegpipe"),
    *("h261", "h263", "h264", "hevc", "vvc", "evc", "m4v", "obu", "av1", "mpegvideo", "vc1", "dirac", "dnxhd", "cavsvideo"),
    *("avs2", "avs3", "mjpeg", "mjpeg_2000", "wav", "w64", "aiff", "au", "caf", "flac", "mp3", "aac", "ac3", "eac3", "ac4"),
    *("dts", "dtshd", "truehd", "mlp", "amr", "amrnb", "amrwb", "ape", "wv", "tta", "tak", "mpc", "mpc8", "voc", "sox"),
    *("ircam", "nistsphere", "iff", "oma", "aea", "shn", "dsf", "qcp", "iamf", "loas", "xwma", "dss", "rso", "aa", "bonk"),
    *("osq", "qoa", "spdif", "g722", "lc3", "sbc", "ilbc"),
)
"""Demuxers of FFmpeg that read one file and never open another; those of playlists, image series and networks are left out."""

_OPTIONS = {
    "format_whitelist": ",".join(FORMATS),
    "protocol_whitelist": "none",
    "enable_drefs": "0",
    "max_streams": str(MOST_STREAMS),
    "max_pixels": str(MOST_PIXELS),
}
"""https://ffmpeg.org/ffmpeg-formats.html#Format-Options; ``enable_drefs`` is of the QuickTime demuxer, and off by default."""
_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
"""First boxes of MP4 and QuickTime files; these cannot be read without an index, which many recorders write last."""


class _Nameless:
    """A stream without a name: FFmpeg would guess a format by it, and some formats read more files of like names."""

    def __init__(self, stream: BinaryIO) -> None:
        self.read, self.seek, self.tell = stream.read, stream.seek, stream.tell


@contextmanager
def opened(source: Source, *, errors: str = "replace") -> Iterator[InputContainer]:
    """Open a recording; what FFmpeg raises within the block is told as a reason too.

    Memory stays constant, and no copy is made. Every decoder is set to one thread.

    Args:
        source: Its bytes.
        errors: What becomes of tags that are not UTF-8, as in `bytes.decode`.

    Raises:
        Unreadable: It is damaged, truncated, no recording, or holds neither sound nor picture.
        Unsupported: FFmpeg knows the format, but cannot read this kind of it.
        LimitExceeded: It has too many streams, or asks for too much memory.
    """
    with source.open() as stream:
        indexed = stream.read(8)[4:] in _BOXES
        stream.seek(0)
        try:
            container = av.open(
                _Nameless(stream),
                "r",
                options=_OPTIONS,
                metadata_errors=errors,
                buffer_size=BUFFER,
                io_open=_refuse,
            )
        except (av.FFmpegError, UnicodeError) as error:
            raise _reason(error, indexed=indexed) from error
        with container:
            if not container.streams.video and not container.streams.audio:
                raise Unreadable("it holds neither sound nor picture, or is too damaged for them to be found")
            for one in container.streams:
                if one.codec_context is not None and one.type in ("video", "audio"):
                    one.codec_context.thread_type, one.codec_context.thread_count = "NONE", 1
            try:
                yield container
            except av.FFmpegError as error:
                raise _reason(error, indexed=False) from error


def packets(container: InputContainer, *streams: AnyStream) -> "Iterator[Packet[AnyStream]]":
    """Yield the packets of some streams, as `InputContainer.demux` does, which fails at the end where streams came up late.

    Those that a broadcast begins in its midst are unknown to PyAV, and raise `IndexError` after the last packet.
    """
    reading: Iterator[Packet[Any]] = container.demux(*streams)
    while True:
        try:
            packet = next(reading)
        except (StopIteration, IndexError):
            return
        yield packet


def _refuse(url: str, flags: int, options: dict[str, str]) -> BinaryIO:  # noqa: ARG001 - as PyAV calls it
    raise Unreadable("it only points to other files, which are not followed")


def _reason(error: Exception, *, indexed: bool) -> AnalysisError:
    """Say in words what FFmpeg means."""
    if indexed and isinstance(error, av.error.InvalidDataError):
        return Unreadable("its index is missing or damaged, as where a recording or a download was broken off")
    for kind, made, words in _REASONS:
        if isinstance(error, kind):
            return made(words)
    return Unreadable("it is damaged: FFmpeg cannot read it")


_REASONS: tuple[tuple[type[Exception], type[AnalysisError], str], ...] = (
    (av.error.MemoryError, LimitExceeded, "it asks for more memory than a recording may; it is probably damaged"),
    (av.error.PatchWelcomeError, Unsupported, "FFmpeg cannot read this kind of its format"),
    (av.error.NotImplementedError, Unsupported, "FFmpeg cannot read this kind of its format"),
    (av.error.DecoderNotFoundError, Unsupported, "there is no decoder here for its codec"),
    (av.error.EOFError, Unreadable, "it ends before any sound or picture; it is probably truncated"),
    (av.error.InvalidDataError, Unreadable, "it is damaged, or no recording"),
    (
        av.error.ArgumentError,
        Unreadable,
        "it is damaged, or in no format that is read here; lists that only name other files are not followed",
    ),
)
