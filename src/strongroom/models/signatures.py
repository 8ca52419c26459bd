"""First bytes and the media types that they prove. Formats that share them are told apart elsewhere."""

import re
import struct
from collections.abc import Callable

from strongroom.domain.media import MBOX

OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

PREFIXES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"%PDF-", "application/pdf"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0\x10\0\0\0CR", "image/x-canon-cr2"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"II+\0", "image/tiff"),
    (b"MM\0+", "image/tiff"),
    (b"\xff\x0a", "image/jxl"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "image/jp2"),
    (b"\xff\x4f\xff\x51", "image/jp2"),
    (b"8BPS\0", "image/vnd.adobe.photoshop"),
    (b"AT&TFORM", "image/vnd.djvu"),
    (b"{\\rtf", "application/rtf"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"\xfd7zXZ\0", "application/x-xz"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"LZIP\x01", "application/x-lzip"),
    (b"MSCF\0\0\0\0", "application/vnd.ms-cab-compressed"),
    (b"!<arch>\n", "application/x-archive"),
    (b"\x78\x9f\x3e\x22", "application/ms-tnef"),
    (b"!BDN", "application/vnd.ms-outlook-pst"),
    (b"\xffWPC", "application/vnd.wordperfect"),
    (b"%!PS", "application/postscript"),
    (b"\xc5\xd0\xd3\xc6", "application/postscript"),
    (b"\x09\0\x04\0", "application/vnd.ms-excel"),
    (b"\x09\x02\x06\0", "application/vnd.ms-excel"),
    (b"\x09\x04\x06\0", "application/vnd.ms-excel"),
    (b"\xdb\xa5\x2d\0", "application/msword"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mpeg"),
    (b"MThd\0\0\0\x06", "audio/midi"),
    (b"#!AMR", "audio/amr"),
    (b".snd\0\0\0", "audio/basic"),
    (b"caff\0\x01\0\0", "audio/x-caf"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-asf"),
    (b"FLV\x01", "video/x-flv"),
    (b"\0\0\x01\xba", "video/mpeg"),
    (b"\0\0\x01\xb3", "video/mpeg"),
    (b"\x7fELF", "application/x-executable"),
    (b"SQLite format 3\0", "application/vnd.sqlite3"),
    (b"PAR1", "application/vnd.apache.parquet"),
    (b"\xde\x12\x04\x95", "application/x-gettext-translation"),
    (b"TZif", "application/tzif"),
    (b"\x93NUMPY", "application/x-numpy-data"),
    (b"\0asm\x01\0\0\0", "application/wasm"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
    (b"\0\x01\0\0\0", "font/ttf"),
    (b"OTTO\0", "font/otf"),
    (b"\xd7\xcd\xc6\x9a", "image/wmf"),
)

_BY_FIRST: dict[int, tuple[tuple[bytes, str], ...]] = {
    byte: tuple(entry for entry in PREFIXES if entry[0][0] == byte) for byte in {entry[0][0] for entry in PREFIXES}
}

BRANDS = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"hevc": "image/heic",
    b"hevx": "image/heic",
    b"heim": "image/heic",
    b"heis": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"jxl ": "image/jxl",
    b"crx ": "image/x-canon-cr3",
    b"qt  ": "video/quicktime",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"3gp4": "video/3gpp",
    b"3gp5": "video/3gpp",
    b"3gp6": "video/3gpp",
    b"3g2a": "video/3gpp2",
}
"""Brands of the ISO base media format (ISO/IEC 14496-12); any other is an MP4."""

CHUNKED = {
    b"RIFFWEBP": "image/webp",
    b"RIFFWAVE": "audio/wav",
    b"RIFFAVI ": "video/x-msvideo",
    b"FORMAIFF": "audio/aiff",
    b"FORMAIFC": "audio/aiff",
}
"""Chunked files, by group and form type."""

_FROM_LINE = re.compile(rb"(?:\xef\xbb\xbf)?From [^\r\n]{0,300}\d{4}[^\r\n]{0,40}\r?\n>?[A-Za-z][A-Za-z0-9-]*:")
_TAR_BLOCK = 512
_MP3_BITRATES = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
_MP3_RATES = (44100, 48000, 32000, 0)


def by_signature(head: bytes) -> str | None:
    """Give the media type that the first bytes prove; None where they prove none.

    Args:
        head: The first bytes: 1 KiB is enough for all of them.
    """
    for prefix, media_type in _BY_FIRST.get(head[0] if head else -1, ()):
        if head.startswith(prefix):
            return media_type
    return _container(head) or _weak(head)


def _container(head: bytes) -> str | None:
    kind = head[4:8]
    if kind == b"ftyp":
        return _iso_media(head)
    if kind in (b"moov", b"mdat", b"wide") and head[0] == 0:
        return "video/quicktime"
    if head.startswith((b"RIFF", b"FORM")):
        return CHUNKED.get(head[:4] + head[8:12])
    if head.startswith(b"OggS"):
        return "video/ogg" if b"theora" in head[28:64] else "audio/ogg"
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    return None


def _iso_media(head: bytes) -> str:
    length = min(struct.unpack(">I", head[:4])[0], len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, length - 3, 4))]
    if brands[0] in (b"mif1", b"msf1"):  # a structural brand: the compatible ones say which codec
        return next((BRANDS[brand] for brand in brands[1:] if BRANDS.get(brand) in ("image/heic", "image/avif")), "image/heif")
    return BRANDS.get(brands[0], "video/mp4")


def _weak(head: bytes) -> str | None:
    """Signatures of a few bits, each with a second proof."""
    return next((media_type for prefixes, proof, media_type in WEAK if head.startswith(prefixes) and proof(head)), None)


def _is_executable(head: bytes) -> bool:
    if len(head) < 64:  # noqa: PLR2004 - the DOS header
        return False
    offset = struct.unpack("<I", head[60:64])[0]
    return head[offset : offset + 2] in (b"PE", b"NE", b"LE") or b"DOS mode" in head[:256]


def _is_mp3(head: bytes) -> bool:
    """Say whether an MPEG layer III frame is followed by another (ISO/IEC 11172-3, 2.4.1.3)."""
    second, third = head[1], head[2]
    bitrate, rate = _MP3_BITRATES[third >> 4], _MP3_RATES[third >> 2 & 3]
    if not bitrate or not rate:
        return False
    if not second & 8:  # version 2 has other tables; its sync word and valid fields must do
        return True
    length = 144_000 * bitrate // rate + (third >> 1 & 1)
    return len(head) <= length + 1 or (head[length] == 0xFF and head[length + 1] & 0xE0 == 0xE0)  # noqa: PLR2004 - sync word


def is_tar(head: bytes) -> bool:
    """Say whether the first block is a tar header: its checksum is right (POSIX.1-2017, pax, ustar Interchange Format)."""
    if len(head) < _TAR_BLOCK or not head[0]:
        return False
    field = head[148:156].strip(b" \0")
    if not 1 <= len(field) <= 7 or field.strip(b"01234567"):  # noqa: PLR2004 - seven octal digits
        return False
    block = head[:148] + b" " * 8 + head[156:_TAR_BLOCK]
    return int(field, 8) in (sum(block), sum(block) - 256 * sum(byte > 127 for byte in block))  # noqa: PLR2004 - or signed sums


_DIB_SIZES = (12, 40, 52, 56, 64, 108, 124)

WEAK: tuple[tuple[tuple[bytes, ...], Callable[[bytes], bool], str], ...] = (
    ((b"BM",), lambda head: int.from_bytes(head[14:18], "little") in _DIB_SIZES, "image/bmp"),
    ((b"BZh",), lambda head: head[4:10] in (b"1AY&SY", b"\x17rE8P\x90"), "application/x-bzip2"),
    ((b"MZ",), _is_executable, "application/vnd.microsoft.portable-executable"),
    ((b"\0\0\x01\0",), lambda head: head[5:6] == head[9:10] == b"\0" != head[4:5], "image/vnd.microsoft.icon"),
    ((b"\x01\0\0\0",), lambda head: head[40:44] == b" EMF", "image/emf"),
    ((b"G",), lambda head: head[188:189] == head[376:377] == b"G", "video/mp2t"),
    ((b"From ", b"\xef\xbb\xbfFrom "), lambda head: _FROM_LINE.match(head) is not None, MBOX),
    ((b"\xff\xfb", b"\xff\xfa", b"\xff\xf3", b"\xff\xf2"), _is_mp3, "audio/mpeg"),
    ((b"\xff\xf1", b"\xff\xf9"), lambda head: len(head) > 7 and head[2] & 0x3C <= 0x30, "audio/aac"),  # noqa: PLR2004 - ADTS
    ((b"",), is_tar, "application/x-tar"),
)
"""Short prefixes, what else must hold, and the type that it proves."""
