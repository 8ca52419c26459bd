"""How many bytes a recording says that it has, where that stands at its beginning."""

from strongroom.ports import Source

_ID3 = 10
"""Bytes of the header of an ID3v2 tag (id3.org/id3v2.4.0-structure, 3.1)."""
_FIRST_FRAME = 4096
"""Bytes of an MP3 file after its tag in which its first frame ends."""
_UNSAID = (0, 0x7FFFFFFF, 0xFFFFFFFF)
"""Sizes that recorders write who do not come back to tell the right one."""
_COUNTS_FRAMES, _COUNTS_BYTES = 1, 2


def promised_bytes(source: Source) -> int | None:
    """Give the size that a WAV, AVI, AIFF or MP3 file tells of itself; None where it does not, or is another.

    Args:
        source: The recording.
    """
    with source.open() as stream:
        head = stream.read(_ID3)
        if head[:4] in (b"RIFF", b"FORM"):
            told = int.from_bytes(head[4:8], "little" if head[:4] == b"RIFF" else "big")
            return None if told in _UNSAID else told + 8
        start = 0
        if head[:3] == b"ID3" and len(head) == _ID3:
            start = _ID3 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
        stream.seek(start)
        return _of_mp3(stream.read(_FIRST_FRAME), start)


def _of_mp3(frame: bytes, start: int) -> int | None:
    """Read the Xing header, as LAME and FFmpeg write it into the first frame."""
    at = max(frame.find(b"Xing"), frame.find(b"Info"))
    if at < 0 or frame[:1] != b"\xff":
        return None
    flags = int.from_bytes(frame[at + 4 : at + 8], "big")
    where = at + 8 + (4 if flags & _COUNTS_FRAMES else 0)
    told = int.from_bytes(frame[where : where + 4], "big") if flags & _COUNTS_BYTES else 0
    return None if told in _UNSAID else start + told
