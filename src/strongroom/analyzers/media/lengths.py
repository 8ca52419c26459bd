"""How long a recording is: as its header says, or counted where that says nothing or cannot be."""

import av
from av.container import InputContainer
from av.stream import Stream

from strongroom.analyzers.media.opening import opened
from strongroom.ports import Source

RAW = frozenset(
    {"aac", "ac3", "eac3", "dts", "truehd", "loas", "h261", "h263", "h264", "hevc", "vvc", "m4v", "mpegvideo", "obu"}
)
"""Formats without any header, whose length FFmpeg only guesses from their first bit rates."""
COUNTED = 64 * 1024**2
"""Bytes that are counted; what lies beyond is taken to be like them."""
SLOWEST = 100
"""Bits a second below which a length is not believed: clocks that were set back, or ran over, tell such."""
STEP = 10.0
"""Seconds from one time stamp to the next, beyond which the clock is taken to have been set."""


def seconds_of(container: InputContainer, source: Source) -> float | None:
    """Give the length of a recording in seconds; None where nothing tells it.

    Args:
        container: The recording, opened.
        source: The same; it is opened again where its packets must be counted.
    """
    told = (
        container.duration / av.time_base
        if container.duration
        else max((_lasting(one) for one in container.streams), default=0)
    )
    if told > 0 and container.format.name not in RAW and source.size * 8 >= told * SLOWEST:
        return round(told, 3)
    return _counted(source) or None


def _lasting(stream: Stream) -> float:
    return float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0


def _counted(source: Source) -> float:
    """Add up the steps of the time stamps, without decoding."""
    with opened(source) as container:
        stream = (container.streams.audio or container.streams.video)[0]
        base = float(stream.time_base or 0)
        rate = float(container.streams.video[0].guessed_rate or 25) if not container.streams.audio else 50.0
        total, last, read, at = 0.0, None, 0, 0
        try:
            for packet in container.demux(stream):
                if not packet.size:
                    continue
                read, at = read + packet.size, max(at, packet.pos or 0)
                if at > COUNTED or read > COUNTED:
                    break
                step = (packet.dts - last) * base if packet.dts is not None and last is not None else -1.0
                last = packet.dts
                total += step if 0 < step <= STEP else (packet.duration or 0) * base or 1 / rate
        except av.FFmpegError:
            return round(total, 3)
    beyond = max(at, read) > COUNTED
    return round(total * source.size / max(at, read), 3) if beyond else round(total, 3)
