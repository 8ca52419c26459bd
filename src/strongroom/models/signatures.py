"""First bytes and the media types that they prove. Formats that share them are told apart elsewhere."""

import re
import struct
from collections.abc import Callable

from strongroom.domain.boxes import FIRST
from strongroom.domain.media import MBOX
from strongroom.models.recording_types import (
    asf_type,
    is_ac3,
    is_adts,
    is_h264,
    is_h265,
    is_loas,
    is_mpeg_audio,
    is_transport,
    matroska_type,
    ogg_type,
    real_type,
)

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
    (b"MThd\0\0\0\x06", "audio/midi"),
    (b"#!AMR-WB", "audio/amr-wb"),
    (b"#!AMR", "audio/amr"),
    (b".snd\0\0\0", "audio/basic"),
    (b"caff\0\x01\0\0", "audio/x-caf"),
    (b"riff\x2e\x91\xcf\x11", "audio/x-w64"),
    (b"tBaK", "audio/x-tak"),
    (b"DSD \x1c\0\0\0", "audio/x-dsf"),
    (b"Creative Voice File\x1a", "audio/x-voc"),
    (b".SoX", "audio/x-sox"),
    (b"XoS.", "audio/x-sox"),
    (b"NIST_1A\n", "audio/x-nist"),
    (b".ra\xfd", "audio/vnd.rn-realaudio"),
    (b"\x7f\xfe\x80\x01", "audio/vnd.dts"),
    (b"\xfe\x7f\x01\x80", "audio/vnd.dts"),
    (b"\x1f\xff\xe8\x00", "audio/vnd.dts"),
    (b"\xff\x1f\x00\xe8", "audio/vnd.dts"),
    (b"DTSHDHDR", "audio/vnd.dts.hd"),
    (b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02", "video/mxf"),
    (b"DKIF\0\0\x20\0", "video/x-ivf"),
    (b"YUV4MPEG2 ", "video/x-yuv4mpeg"),
    (b"nut/multimedia container\0", "video/x-nut"),
    (b"\xb7\xd8\x00\x20\x37\x49\xda\x11\xa6\x4e\x00\x07\xe9\x5e\xad\x8d", "video/x-wtv"),
    (b"FLV\x01", "video/x-flv"),
    (b"\0\0\x01\xba", "video/mpeg"),
    (b"\0\0\x01\xb3", "video/mpeg"),
    (b"\0\0\x01\xb0", "video/mp4v-es"),
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
    b"F4A ": "audio/mp4",
    b"aax ": "audio/mp4",
}
"""Brands of the ISO base media format (ISO/IEC 14496-12); any other is an MP4."""

CHUNKED = {
    b"RIFFWEBP": "image/webp",
    b"RIFFWAVE": "audio/wav",
    b"RIFFAVI ": "video/x-msvideo",
    b"FORMAIFF": "audio/aiff",
    b"FORMAIFC": "audio/aiff",
    b"RF64WAVE": "audio/wav",
    b"BW64WAVE": "audio/wav",
    b"RIFXWAVE": "audio/wav",
    b"RIFFRMID": "audio/midi",
    b"RIFFQLCM": "audio/qcelp",
    b"RIFFAMV ": "video/x-amv",
    b"RIFFCDXA": "video/mpeg",
    b"FORM8SVX": "audio/x-8svx",
}
"""Chunked files, by group and form type."""

MIXED: tuple[tuple[bytes, Callable[[bytes], str]], ...] = (
    (b"OggS", ogg_type),
    (b"\x1aE\xdf\xa3", matroska_type),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", asf_type),
    (b".RMF\0\0\0", real_type),
)
"""First bytes of formats of sound and of video, and who tells these apart."""

_FROM_LINE = re.compile(rb"(?:\xef\xbb\xbf)?From [^\r\n]{0,300}\d{4}[^\r\n]{0,40}\r?\n>?[A-Za-z][A-Za-z0-9-]*:")
_TAR_BLOCK = 512


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
    if kind in FIRST and head[0] == 0:
        return "video/quicktime"
    if head.startswith((b"RIFF", b"FORM", b"RF64", b"BW64", b"RIFX")):
        return CHUNKED.get(head[:4] + head[8:12])
    return next((tell(head) for prefix, tell in MIXED if head.startswith(prefix)), None)


def _iso_media(head: bytes) -> str:
    length = min(struct.unpack(">I", head[:4])[0], len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, length - 3, 4))]
    if brands[0] in (b"mif1", b"msf1"):  # a structural brand: the compatible ones say which codec
        return next((BRANDS[brand] for brand in brands[1:] if BRANDS.get(brand) in ("image/heic", "image/avif")), "image/heif")
    if brands[0].startswith(b"3g"):
        return "video/3gpp2" if brands[0].startswith(b"3g2") else "video/3gpp"
    return BRANDS.get(brands[0], "video/mp4")


def _weak(head: bytes) -> str | None:
    """Signatures of a few bits, each with a second proof."""
    return next((media_type for prefixes, proof, media_type in WEAK if head.startswith(prefixes) and proof(head)), None)


def _is_executable(head: bytes) -> bool:
    if len(head) < 64:  # noqa: PLR2004 - the DOS header
        return False
    offset = struct.unpack("<I", head[60:64])[0]
    return head[offset : offset + 2] in (b"PE", b"NE", b"LE") or b"DOS mode" in head[:256]


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
    ((b"From ", b"\xef\xbb\xbfFrom "), lambda head: _FROM_LINE.match(head) is not None, MBOX),
    ((b"\xff\xf0", b"\xff\xf1", b"\xff\xf8", b"\xff\xf9"), is_adts, "audio/aac"),
    ((b"\xff",), lambda head: len(head) > 3 and head[1] & 0xE0 == 0xE0 and is_mpeg_audio(head), "audio/mpeg"),  # noqa: PLR2004 - sync
    ((b"\x56",), is_loas, "audio/aac"),
    ((b"wvpk",), lambda head: head[9:10] == b"\x04", "audio/x-wavpack"),
    ((b"TTA1",), lambda head: head[4:6] in (b"\x01\0", b"\x02\0", b"\x03\0"), "audio/x-tta"),
    ((b"MAC ",), lambda head: 3800 <= int.from_bytes(head[4:6], "little") <= 4500, "audio/x-ape"),  # noqa: PLR2004 - versions
    ((b"MPCKSH",), lambda head: len(head) > 16, "audio/x-musepack"),  # noqa: PLR2004 - a header
    ((b"MP+",), lambda head: head[3:4] in (b"\x07", b"\x17", b"\x27"), "audio/x-musepack"),
    ((b"\x0b\x77",), is_ac3, "audio/ac3"),
    ((b"\0\0\0\x01",), is_h264, "video/h264"),
    ((b"\0\0\0\x01",), is_h265, "video/h265"),
    ((b"\x1f\x07\0",), lambda head: head[80:81] >= b"\x20" and head[80:81] < b"\x60", "video/x-dv"),
    ((b"\0\0\0\0\x01\xbc",), lambda head: head[14:16] == b"\xe1\xe2", "video/x-gxf"),
    ((b"",), lambda head: head[4:7] == b"\xf8\x72\x6f" and head[7:8] in (b"\xba", b"\xbb"), "audio/vnd.dolby.mlp"),
    ((b"",), is_transport, "video/mp2t"),
    ((b"",), is_tar, "application/x-tar"),
)
"""Short prefixes, what else must hold, and the type that it proves."""
