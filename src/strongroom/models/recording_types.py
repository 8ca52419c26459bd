"""Sound and video told by their bytes, and sound told from video where both share a container."""

import codecs
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from strongroom.domain.boxes import boxes

_BITRATES = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Kilobits a second by version and layer (ISO/IEC 11172-3, 2.4.2.3; ISO/IEC 13818-3, 2.4.2.3)."""
_RATES = (44_100, 48_000, 32_000)
_AC3 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
"""Kilobits a second (ETSI TS 102 366, table F.1)."""
_SYNC = 0xE0
_CODED = re.compile(rb"\x80theora|OVP80|\x01video\0\0|BBCD\0")
"""First bytes of streams with a picture within Ogg: Theora, VP8, OGM, Dirac."""
_ASF_VIDEO = b"\xc0\xef\x19\xbc\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b"
_ASF_AUDIO = b"\x40\x9e\x69\xf8\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b"
_TRACKS = re.compile(rb"(?<!\x53\xab\x84)\x16\x54\xae\x6b")
"""The element of that name, not its mention in the table of contents."""
_TRACK, _KIND = 0xAE, 0x83
_VIDEO, _AUDIO = 1, 2


def is_mpeg_audio(head: bytes) -> bool:
    """Say whether a frame of MPEG audio of any layer is followed by another."""
    if head.startswith(codecs.BOM_UTF16_LE):  # also a frame of layer I with a checksum, which nobody writes
        return False
    return _followed(head, _mpeg_length(head), lambda rest: rest[0] == 0xFF and rest[1] & _SYNC == _SYNC)  # noqa: PLR2004 - sync


def _mpeg_length(head: bytes) -> int | None:
    """Give the length of the first frame; None where the header is not valid."""
    version, layer, rate, bitrate = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3), head[2] >> 2 & 3, head[2] >> 4
    if version == 1 or layer == 4 or rate == 3 or bitrate in (0, 15):  # noqa: PLR2004 - reserved values, and free format
        return None
    kilobits = _BITRATES[1 if version == 3 else 2, layer][bitrate - 1]  # noqa: PLR2004 - 3 is version 1
    hertz = _RATES[rate] // {3: 1, 2: 2, 0: 4}[version]
    padding = head[2] >> 1 & 1
    if layer == 1:
        return (12_000 * kilobits // hertz + padding) * 4
    return (72_000 if layer == 3 and version != 3 else 144_000) * kilobits // hertz + padding  # noqa: PLR2004 - layer III of version 2


def is_adts(head: bytes) -> bool:
    """Say whether a frame of AAC is followed by another (ISO/IEC 13818-7, 6.2)."""
    if len(head) < 7 or head[2] & 0x3C > 0x30:  # noqa: PLR2004 - a header, and the highest sampling rate
        return False
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return _followed(head, length, lambda rest: rest[0] == 0xFF and rest[1] & 0xF6 == 0xF0)  # noqa: PLR2004 - sync word


def is_loas(head: bytes) -> bool:
    """Say whether a frame of AAC in LOAS is followed by another (ISO/IEC 14496-3, 1.7.2)."""
    if len(head) < 4 or head[1] & _SYNC != _SYNC:  # noqa: PLR2004 - a header
        return False
    length = ((head[1] & 0x1F) << 8 | head[2]) + 3
    return _followed(head, length, lambda rest: rest[0] == 0x56 and rest[1] & _SYNC == _SYNC)  # noqa: PLR2004 - sync word


def is_ac3(head: bytes) -> bool:
    """Say whether a frame of AC-3 or Enhanced AC-3 is followed by another (ETSI TS 102 366, 4.3 and E.1.2)."""
    if len(head) < 7:  # noqa: PLR2004 - a header
        return False
    if head[5] >> 3 > 10:  # noqa: PLR2004 - versions of the enhanced one
        words: int | None = ((head[2] & 7) << 8 | head[3]) + 1
    else:
        rate, code = head[4] >> 6, head[4] & 0x3F
        words = None
        if rate < 3 and code >> 1 < len(_AC3):  # noqa: PLR2004 - reserved
            kilobits = _AC3[code >> 1]
            words = (kilobits * 2, kilobits * 96_000 // 44_100 + (code & 1), kilobits * 3)[rate]
    return _followed(head, None if words is None else words * 2, lambda rest: rest.startswith(b"\x0b\x77"))


def _followed(head: bytes, length: int | None, is_next: Callable[[bytes], bool]) -> bool:
    if length is None or length < 4:  # noqa: PLR2004 - no frame is shorter than its header
        return False
    rest = head[length : length + 2]
    return len(rest) < 2 or is_next(rest)  # noqa: PLR2004 - a sync word


def is_h264(head: bytes) -> bool:
    """Say whether bare H.264 begins: a parameter set, or a delimiter and one (ITU-T H.264, 7.4.1.2.3)."""
    begins = any(kind & 0x9F in (7, 9) for kind in head[4:5])
    return begins and re.search(rb"\0\0\x01[\x28\x48\x68]", head[:1024]) is not None


def is_h265(head: bytes) -> bool:
    """Say whether bare H.265 begins: a parameter set, or a delimiter (ITU-T H.265, 7.4.2.4.4)."""
    return head[4:5] in (b"\x40", b"\x46") and head[5:6] == b"\x01"


def is_transport(head: bytes) -> bool:
    """Say whether packets of a transport stream follow one another, of 188, 192 or 204 bytes (ISO/IEC 13818-1, 2.4.3.2)."""
    return any(
        len(head) > at + 2 * step and head[at] == head[at + step] == head[at + 2 * step] == ord("G")
        for at, step in ((0, 188), (4, 192), (0, 204))
    )


def ogg_type(head: bytes) -> str:
    """Give the type of an Ogg file: its first pages name every stream in it (RFC 3533, 4)."""
    return "video/ogg" if _CODED.search(head[:4096]) else "audio/ogg"


def asf_type(head: bytes) -> str:
    """Give the type of a Windows Media file (ASF specification, 10.4)."""
    return "audio/x-ms-wma" if _ASF_AUDIO in head and _ASF_VIDEO not in head else "video/x-ms-asf"


def real_type(head: bytes) -> str:
    """Give the type of a RealMedia file."""
    sound = b"audio/x-pn-realaudio" in head and b"video/x-pn-realvideo" not in head
    return "audio/vnd.rn-realaudio" if sound else "video/vnd.rn-realvideo"


def matroska_type(head: bytes) -> str:
    """Give the type of a Matroska or WebM file by its tracks (RFC 9559, 5.1.4)."""
    form = "webm" if b"webm" in head[:64] else "x-matroska"
    kinds = set(_matroska_kinds(head))
    return f"audio/{form}" if _AUDIO in kinds and _VIDEO not in kinds else f"video/{form}"


def _matroska_kinds(head: bytes) -> Iterator[int]:
    found = _TRACKS.search(head)
    if found is None:
        return
    start, end = _sized(head, found.end())
    for number, first, last in _elements(head, start, end):
        if number == _TRACK:
            yield from (head[begin] for child, begin, _ in _elements(head, first, last) if child == _KIND and begin < len(head))


def _elements(head: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield the elements whose names have one byte, with their places; others are passed over (RFC 8794, 4 and 5)."""
    while 0 <= at < min(end, len(head)):
        width = 9 - head[at].bit_length()
        start, last = _sized(head, at + width)
        yield head[at] if width == 1 else 0, start, last
        at = last


def _sized(head: bytes, at: int) -> tuple[int, int]:
    """Read the size of an element: give where its content begins and ends."""
    if at >= len(head):
        return at, len(head)
    width = 9 - head[at].bit_length()
    size = int.from_bytes(head[at : at + width], "big") & ((1 << 7 * width) - 1)
    return at + width, at + width + size


def iso_type(media_type: str, size: int, stream: BinaryIO) -> str:
    """Give the type of an MP4, 3GPP or QuickTime file: of sound, where no track of it has a picture.

    Args:
        media_type: As its brand says.
        size: Its length.
        stream: Seekable, over all its bytes.
    """
    kinds = set()
    for kind, start in boxes(stream, size, (b"moov", b"trak", b"mdia")):
        if kind == b"hdlr":
            stream.seek(start + 8)
            kinds.add(stream.read(4))
    return media_type.replace("video/", "audio/") if b"soun" in kinds and b"vide" not in kinds else media_type
