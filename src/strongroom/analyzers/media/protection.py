"""Whether a recording is encrypted, as protected downloads are: FFmpeg reads such without a word, and decodes noise."""

from strongroom.domain.boxes import FIRST, boxes
from strongroom.ports import Source

_PROTECTED = frozenset({b"encv", b"enca", b"drms", b"drmi", b"drmt", b"p608", b"aavd"})
"""Kinds of sample entries (ISO/IEC 14496-12, 8.12; the others are Apple's and Audible's)."""
_ASF = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"
_ASF_KEYS = (
    b"\xfb\xb3\x11\x22\x23\xbd\xd2\x11\xb4\xb7\x00\xa0\xc9\x55\xfc\x6e",
    b"\x14\xe6\x8a\x29\x22\x26\x17\x4c\xb9\x35\xda\xe0\x7e\xe9\x28\x9c",
)
"""Content Encryption Object and its extended form (ASF specification, 3.14 and 3.15)."""
_HEAD = 1 << 16
_ENTRY = 12
"""Where the kind of the first sample entry lies in its box (ISO/IEC 14496-12, 8.5.2)."""


def is_encrypted(source: Source) -> bool:
    """Say whether a recording's own header says that a part of it is encrypted."""
    with source.open() as stream:
        head = stream.read(_HEAD)
        if head.startswith(_ASF):
            return any(key in head for key in _ASF_KEYS)
        if head[4:8] not in FIRST:
            return False
        for kind, start in boxes(stream, source.size):
            if kind == b"stsd":
                stream.seek(start + _ENTRY)
                if stream.read(4) in _PROTECTED:
                    return True
    return False
