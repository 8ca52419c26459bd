"""How long a recording is: as its header says, or counted where that says nothing or cannot be."""

import re

import av
from av.container import InputContainer
from av.stream import Stream

from strongroom.analyzers.media.opening import opened, packets
from strongroom.ports import Source

RAW = frozenset(
    {"aac", "ac3", "eac3", "dts", "truehd", "loas", "h261", "h263", "h264", "hevc", "vvc", "m4v", "mpegvideo", "obu"}
)
"""Formats without any header, whose length FFmpeg only guesses from their first bit rates."""
PACKETS = 50_000
"""Packets that are counted; what lies beyond is taken to be like them."""
COUNTED = 256 * 1024**2
"""Bytes within which they are counted."""
TAIL = 4 * 1024**2
"""Bytes at the end of a Matroska file in which its last cluster begins."""
_CLUSTER = re.compile(rb"\x1f\x43\xb6\x75(?:[\x80-\xff]|[\x40-\x7f].|[\x20-\x3f]..|[\x10-\x1f].{3}|\x01.{7})\xe7", re.DOTALL)
"""A cluster, whose first element is its time (RFC 9559, 5.1.3)."""
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
        else max((_lasting(one) for one in container.streams), default=0.0)
    )
    if container.format.name in RAW:
        told = 0.0
    elif not told and container.format.name.startswith("matroska") and source.size > TAIL:
        told = _last_cluster(container, source)
    if told > 0 and source.size * 8 >= told * SLOWEST:
        return round(told, 3)
    return _counted(source) or None


def _lasting(stream: Stream) -> float:
    return float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0


def _last_cluster(container: InputContainer, source: Source) -> float:
    """Give when the last cluster begins, some seconds before the end; 0 where there is none: browsers write no length."""
    with source.open() as stream:
        stream.seek(max(0, source.size - TAIL))
        end = stream.read(TAIL)
    ticks = 0
    for found in _CLUSTER.finditer(end):
        width = end[found.end()] & 0x0F if found.end() < len(end) else 0
        ticks = int.from_bytes(end[found.end() + 1 : found.end() + 1 + width], "big")
    return float(ticks * (container.streams[0].time_base or 0))


def _counted(source: Source) -> float:
    """Add up the steps of the time stamps, without decoding."""
    with opened(source) as container:
        stream = (container.streams.audio or container.streams.video)[0]
        base = float(stream.time_base or 0)
        rate = float(container.streams.video[0].guessed_rate or 25) if not container.streams.audio else 50.0
        total, last, read, at, more = 0.0, None, 0, 0, False
        try:
            for number, packet in enumerate(packets(container, stream)):
                if not packet.size:
                    continue
                read, at = read + packet.size, max(at, packet.pos or 0)
                more = number >= PACKETS or at > COUNTED or read > COUNTED
                if more:
                    break
                step = (packet.dts - last) * base if packet.dts is not None and last is not None else -1.0
                last = packet.dts
                total += step if 0 < step <= STEP else (packet.duration or 0) * base or 1 / rate
        except av.FFmpegError:
            return round(total, 3)
    return round(total * source.size / max(at, read), 3) if more else round(total, 3)
