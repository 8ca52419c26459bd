"""Hostile files, made by code: small to make, and dangerous to a reader that trusts them."""

import gzip
import io
import lzma
import struct
import tarfile
import zlib
from collections.abc import Sequence
from random import Random

from strongroom.testing.estate import archives, documents, pictures
from strongroom.testing.estate.documents import zipped

MIB = 1024 * 1024
ENTITIES = '<!DOCTYPE z [<!ENTITY a0 "boom">' + "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12))
ENTITIES += "]>"
"""Ten to the eleventh booms (the "billion laughs")."""


def zip_of(entries: Sequence[tuple[bytes, bytes, int, int]], flags: int = 0, *, overlapping: bool = False) -> bytes:
    """Give a zip that no zip library would write.

    Args:
        entries: Each a name, deflated data, its true size and its checksum.
        flags: Bit 0 says that it is encrypted, bit 11 that names are UTF-8.
        overlapping: Whether all entries lie in the place of the first.
    """
    out, directory = bytearray(), bytearray()
    for number, (name, data, size, check) in enumerate(entries):
        fields = struct.pack("<HHHHHIIIHH", 20, flags, 8, 0, 0x5021, check, len(data), size, len(name), 0)
        offset = 0 if overlapping else len(out)
        if number == 0 or not overlapping:
            out += b"PK\3\4" + fields + name + data
        directory += b"PK\1\2" + struct.pack("<H", 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, offset) + name
    count = len(entries)
    return bytes(out + directory + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(out), 0))


def _zeros(size: int) -> tuple[bytes, int, int]:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = bytes(size)
    return packer.compress(raw) + packer.flush(), size, zlib.crc32(raw)


def zip_bomb(rng: Random, word: str) -> bytes:
    """A zip of 1 MB that holds a gigabyte."""
    data, size, check = _zeros(8 * MIB)
    return zip_of([(f"{word}{rng.random()}{i}".encode(), data, size, check) for i in range(128)])


def zip_overlap(rng: Random, word: str) -> bytes:
    """A zip of which every entry is the same place, four gigabytes in all (Fifield 2019)."""
    data, size, check = _zeros(8 * MIB)
    return zip_of([(f"{word}{rng.random()}".encode(), data, size, check)] * 512, overlapping=True)


def zip_nested_bomb(rng: Random, word: str) -> bytes:
    """A zip of zips of zips, each of which holds ten of the next: a hundred gigabytes at the bottom."""
    data, size, check = _zeros(8 * MIB)
    inner = zip_of([(f"{i}".encode(), data, size, check) for i in range(16)])
    for _ in range(3):
        inner = zipped({f"{word}{rng.random()}{i}.zip": inner for i in range(10)})
    return inner


def gzip_endless(rng: Random, word: str) -> bytes:
    """A gzip of 2 MB that gives two gigabytes of zeros."""
    return gzip.compress(f"{word}{rng.random()}".encode(), mtime=0) + gzip.compress(bytes(MIB), mtime=0) * 2048


def xz_bomb(rng: Random, word: str) -> bytes:
    """An xz that gives half a gigabyte of zeros."""
    return lzma.compress(f"{word}{rng.random()}".encode()) + lzma.compress(bytes(8 * MIB)) * 64


def zip_deep(rng: Random, word: str) -> bytes:
    """Fourteen zips, one in the other."""
    inner = documents.text(rng, word)
    for depth in range(14):
        inner = zipped({f"level{14 - depth}.zip" if depth else "bottom.txt": inner})
    return inner


def zip_encrypted(rng: Random, word: str) -> bytes:
    """A zip that needs a password."""
    return zip_of([(f"{word}.txt".encode(), rng.randbytes(80), 60, rng.getrandbits(32))], flags=1)


def zip_names(rng: Random, word: str) -> bytes:
    """A zip of names that lead outside, repeat, are too long, or are no text."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = documents.text(rng, word)
    data = packer.compress(raw) + packer.flush()
    names = [b"../../etc/passwd", b"/etc/shadow", b"C:\\Windows\\x.txt", b"..\\..\\x.txt", b"a/../../b.txt", b"same.txt"]
    names += [
        b"same.txt",
        b"caf\xe9.txt",
        b"\xff\xfe.txt",
        b"new\nline.txt",
        b"nul\0byte.txt",
        b"x" * 5000 + b".txt",
        b"",
        b".",
    ]
    return zip_of([(name, data, len(raw), zlib.crc32(raw)) for name in names])


def zip_many(rng: Random, word: str) -> bytes:
    """A zip of 3,000 empty files."""
    return zip_of([(f"{word}{rng.random()}/{i}".encode(), b"\x03\x00", 0, 0) for i in range(3000)])


def tar_links(rng: Random, word: str) -> bytes:
    """A tar of links that lead outside, devices and pipes."""
    entries = []
    for name, kind, target in (
        ("passwd", tarfile.SYMTYPE, "/etc/passwd"),
        ("up", tarfile.SYMTYPE, "../../.."),
        ("hard", tarfile.LNKTYPE, "../../etc/passwd"),
        ("loop", tarfile.SYMTYPE, "loop"),
        ("zero", tarfile.CHRTYPE, ""),
        ("pipe", tarfile.FIFOTYPE, ""),
    ):
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, target
        entries.append(info)
    return archives.tarred({"../../../tmp/out.txt": documents.text(rng, word)}, tuple(entries))


def tar_lie(rng: Random, word: str) -> bytes:
    """A tar whose entry claims eight gigabytes and ends after a line."""
    info = tarfile.TarInfo(f"{word}.bin")
    info.size = 8 * 1024 * MIB - 1
    return info.tobuf(tarfile.USTAR_FORMAT) + f"{rng.random()}".encode()


def xml_entities(rng: Random, word: str) -> bytes:
    """XML whose entities would grow beyond any memory."""
    return f'<?xml version="1.0"?>{ENTITIES}<z>{word} {rng.random()} &a11;</z>'.encode()


def xml_outside(rng: Random, word: str) -> bytes:
    """XML that asks for a file of this machine and for a page of another."""
    outside = '<!DOCTYPE z [<!ENTITY f SYSTEM "file:///etc/passwd"><!ENTITY h SYSTEM "http://192.0.2.1/x">]>'
    return f'<?xml version="1.0"?>{outside}<z>{word} {rng.random()} &f; &h;</z>'.encode()


def docx_entities(rng: Random, word: str) -> bytes:
    """A Word document whose entities would grow beyond any memory."""
    return documents.docx(rng, word, head=ENTITIES, said=f"{word} {rng.random()} &a11;")


def docx_bomb(rng: Random, word: str) -> bytes:
    """A Word document of one paragraph of 100 MB."""
    return documents.docx(rng, word, said=f"{word} {rng.random()} " + "a" * 96 * MIB)


def json_deep(rng: Random, word: str) -> bytes:
    """JSON of 100,000 arrays, one in the other."""
    return b"[" * 100_000 + f'"{word} {rng.random()}"'.encode() + b"]" * 100_000


def html_deep(rng: Random, word: str) -> bytes:
    """A web page of 50,000 elements, one in the other."""
    return b"<html><body>" + b"<div>" * 50_000 + f"{word} {rng.random()}".encode()


def text_line(rng: Random, word: str) -> bytes:
    """A text of one line of 4 MB without a space."""
    return f"{word} {rng.random()} ".encode() + b"x" * 4 * MIB


def csv_wide(rng: Random, word: str) -> bytes:
    """A table of 20,000 columns, and a quote that never ends."""
    return f"{word}{rng.random()},".encode() + b"a," * 20_000 + b'\n1,"' + b"open " * 20_000


def pdf_circle(rng: Random, word: str) -> bytes:
    """A PDF whose page tree holds itself."""
    return documents.pdf(rng, word, kids="2 0 R 2 0 R 4 0 R")


def pdf_lie(rng: Random, word: str) -> bytes:
    """A PDF that claims two thousand million pages."""
    return documents.pdf(rng, word).replace(b"/Count ", b"/Count 2000000000%")


def png_huge(rng: Random, word: str) -> bytes:
    """A PNG whose header claims 60,000 by 60,000 pixels, and whose data are a few."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    data = zlib.compress(f"{word} {rng.random()}".encode() + bytes(10_000))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    )


def gif_frames(rng: Random, word: str) -> bytes:
    """A GIF of 5,000 frames."""
    del word
    still = pictures.gif(rng, "x")
    end = still.rindex(b";")
    frame = still[still.index(b",", 13 + 3 * 2 ** ((still[10] & 7) + 1)) : end]
    return still[:end] + frame * min(5000, 2 * MIB // len(frame)) + b";"


def eml_deep(rng: Random, word: str) -> bytes:
    """A mail of 300 multiparts, one in the other."""
    top = f"From: a@example.org\r\nSubject: {word} {rng.random()}\r\nMIME-Version: 1.0\r\n"
    opened = "".join(f'Content-Type: multipart/mixed; boundary="b{i}"\r\n\r\n--b{i}\r\n' for i in range(300))
    return (top + opened + f"Content-Type: text/plain\r\n\r\n{word}\r\n").encode()


def eml_names(rng: Random, word: str) -> bytes:
    """A mail with attachments whose names lead outside, repeat or are missing."""
    files = {"../../etc/cron.d/x": b"one", "a" * 3000: b"two", "CON.txt": b"three"}
    data = archives.message(rng, word, files).as_bytes()
    return data.replace(b'filename="CON.txt"', b"filename*=utf-8''%00%ff%2e%2e%2f")


def polyglot(rng: Random, word: str) -> bytes:
    """A PDF that is a zip as well."""
    return documents.pdf(rng, word) + zipped({"hidden.txt": documents.text(rng, "hidden")})


def noise(rng: Random, word: str) -> bytes:
    """Bytes of no kind."""
    del word
    return rng.randbytes(20_000)


def ole_noise(rng: Random, word: str) -> bytes:
    """The head of an old Word document, and noise."""
    del word
    return bytes.fromhex("d0cf11e0a1b11ae1") + rng.randbytes(8000)


def tiff_circle(rng: Random, word: str) -> bytes:
    """A TIFF whose list of pictures leads back to its beginning."""
    del word
    entry = struct.pack("<HHII", 256, 4, 1, rng.getrandbits(16) + 1)
    return b"II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 8)


def truncated_stream(rng: Random, word: str) -> bytes:
    """A gzip that ends in the middle."""
    whole = archives.gz(rng, word)
    return io.BytesIO(whole).read(len(whole) * 2 // 3)
