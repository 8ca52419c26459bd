"""Pictures too large to be decoded whole: PNG and TIFF files taken apart into strips, each a small file of its own kind.

Pillow decodes a picture into one block of memory, four bytes a pixel. A PNG (W3C PNG, third edition) is one stream of rows, a
TIFF (revision 6) a list of strips or rows of tiles; either can be cut between rows and put into a file that Pillow decodes as
ever. Each strip is reduced at once, so memory grows with the width of the picture alone.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

import numpy as np
from PIL import Image, TiffImagePlugin

_STRIP_BYTES = 1 << 24
"""Bytes of rows that are decoded at a time."""
_READ = 1 << 18
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Samples of a pixel by the colour type of a PNG."""
_FILTER_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
"""By the bytes of a pixel: the colour type of eight bits under which rows of that kind are unfiltered alike."""
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEPT = (b"PLTE", b"tRNS", b"gAMA")


@dataclass(frozen=True, kw_only=True, slots=True)
class Strips:
    """A picture in pieces."""

    width: int
    """Pixels across."""
    height: int
    """Pixels down; of an interlaced PNG, those of its first pass, which is an eighth of either."""
    pieces: Iterator[Image.Image]
    """From top to bottom, each of the full width; they end early, or raise what Pillow does, where the file is damaged."""


def strips(stream: BinaryIO, image: Image.Image) -> Strips | None:
    """Take a picture apart.

    Args:
        stream: The file.
        image: The same, opened by Pillow and not decoded; its present page is read.

    Returns:
        None where it cannot be cut: a PNG of more than four bytes a pixel, a TIFF of one strip or of separate planes.
    """
    if image.format == "PNG":
        return _png(stream)
    if image.format == "TIFF" and isinstance(image, TiffImagePlugin.TiffImageFile):
        return _tiff(stream, image)
    return None


def _png(stream: BinaryIO) -> Strips | None:
    stream.seek(len(_SIGNATURE))
    head = b""
    kept = b""
    while (found := _chunk_head(stream)) and found[1] != b"IDAT":
        length, kind = found
        if kind == b"IHDR":
            head = stream.read(13)
            stream.seek(length - 13 + 4, 1)
        elif kind in _KEPT and length <= _READ:
            kept += struct.pack(">I", length) + kind + stream.read(length + 4)
        else:
            stream.seek(length + 4, 1)
    if found is None or len(head) < 13:  # noqa: PLR2004
        return None
    width, height, depth, colour = struct.unpack(">IIBB", head[:10])
    if head[12]:  # Adam7: the first of its passes comes first, and is a picture of its own
        width, height = -(-width // 8), -(-height // 8)
    bits = depth * _CHANNELS.get(colour, 0)
    row_bytes = (width * bits + 7) // 8
    if max(1, bits // 8) not in _FILTER_TYPES or row_bytes > 4 * _STRIP_BYTES:
        return None
    stream.seek(-8, 1)
    return Strips(width=width, height=height, pieces=_png_strips(stream, (width, height, depth, colour), kept, row_bytes))


def _chunk_head(stream: BinaryIO) -> tuple[int, bytes] | None:
    data = stream.read(8)
    return (int.from_bytes(data[:4], "big"), data[4:]) if len(data) == 8 else None  # noqa: PLR2004


def _png_strips(stream: BinaryIO, head: tuple[int, int, int, int], kept: bytes, row_bytes: int) -> Iterator[Image.Image]:
    """Unfilter rows as pixels of eight bits, then have them decoded for what they are; the last row begins the next strip."""
    width, height, depth, colour = head
    step = max(1, depth * _CHANNELS[colour] // 8)
    rows = max(1, _STRIP_BYTES // row_bytes)
    before = bytes(row_bytes)
    data = _inflated(stream)
    held = b""
    left = height
    while left:
        count = min(rows, left)
        while len(held) < count * (row_bytes + 1) and (more := next(data, None)) is not None:
            held += more
        count = min(count, len(held) // (row_bytes + 1))
        if not count:
            return
        cut = count * (row_bytes + 1)
        plain = _unfiltered(before, held[:cut], row_bytes, step)
        held, before, left = held[cut:], plain[-1].tobytes(), left - count
        lines = np.zeros((count, row_bytes + 1), np.uint8)
        lines[:, 1:] = plain
        yield _opened_png((width, count, depth, colour), kept, lines.tobytes())


def _unfiltered(before: bytes, lines: bytes, row_bytes: int, step: int) -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
    """Undo the filters of rows, which need the row above them; Pillow does it quicker than Python could."""
    across, count = row_bytes // step, len(lines) // (row_bytes + 1)
    image = _opened_png((across, count + 1, 8, _FILTER_TYPES[step]), b"", b"\0" + before + lines)
    return np.asarray(image).reshape(count + 1, row_bytes)[1:]


def _opened_png(head: tuple[int, int, int, int], kept: bytes, rows: bytes) -> Image.Image:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *head, 0, 0, 0))
    data = _SIGNATURE + header + kept + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def _inflated(stream: BinaryIO) -> Iterator[bytes]:
    """Give the rows of a PNG in pieces; they end early where the file does."""
    inner = zlib.decompressobj()
    with suppress(zlib.error):
        while (found := _chunk_head(stream)) and found[1] == b"IDAT":
            left = found[0]
            while left > 0 and (block := stream.read(min(left, _READ))):
                left -= len(block)
                while block and not inner.eof:
                    yield inner.decompress(block, _STRIP_BYTES // 4)
                    block = inner.unconsumed_tail
            stream.seek(4, 1)


_OFFSETS, _LENGTHS, _ROWS = 273, 279, 278
_TILE_OFFSETS, _TILE_LENGTHS, _TILE_WIDTH, _TILE_HEIGHT = 324, 325, 322, 323
_BITS, _COMPRESSION = 258, 259
_HEIGHT, _PLANES, _SUBFILE, _OWN = 257, 284, 330, 32767
"""Tags; those beyond the last belong to programs, and do not bear on the pixels."""


def _tiff(stream: BinaryIO, image: TiffImagePlugin.TiffImageFile) -> Strips | None:
    tags = image.tag_v2
    tiled = _TILE_OFFSETS in tags
    offsets, lengths = (tags.get(_TILE_OFFSETS if tiled else _OFFSETS), tags.get(_TILE_LENGTHS if tiled else _LENGTHS))
    rows = tags.get(_TILE_HEIGHT if tiled else _ROWS, image.height)
    if not offsets or not lengths or tags.get(_PLANES, 1) != 1:
        return None
    if tags.get(_COMPRESSION, 1) == 1 and len(offsets) == 1 and not tiled:  # plain rows can be cut anywhere
        row_bytes = (image.width * sum(tags.get(_BITS, (1,))) + 7) // 8
        rows = max(1, _STRIP_BYTES // row_bytes)
        ends = [*range(0, row_bytes * image.height, rows * row_bytes), row_bytes * image.height]
        offsets, lengths = [offsets[0] + at for at in ends[:-1]], [end - at for at, end in pairwise(ends)]
    if not 0 < rows < image.height:
        return None
    across = -(-image.width // tags.get(_TILE_WIDTH, image.width)) if tiled else 1
    if rows * image.width * 4 > 16 * _STRIP_BYTES or len(offsets) != len(lengths):
        return None
    places = list(zip(offsets, lengths, strict=True))
    return Strips(width=image.width, height=image.height, pieces=_tiff_strips(stream, image, places, (rows, across, tiled)))


def _tiff_strips(
    stream: BinaryIO, image: TiffImagePlugin.TiffImageFile, places: list[tuple[int, int]], form: tuple[int, int, bool]
) -> Iterator[Image.Image]:
    rows, across, tiled = form
    left = image.height
    for at in range(0, len(places), across):
        data = []
        for offset, length in places[at : at + across]:
            stream.seek(offset)
            data.append(stream.read(min(length, 16 * _STRIP_BYTES)))
        if left <= 0 or len(data) < across:
            return
        yield _opened_tiff(image, data, min(rows, left), tiled=tiled)
        left -= rows


def _opened_tiff(image: TiffImagePlugin.TiffImageFile, data: list[bytes], rows: int, *, tiled: bool) -> Image.Image:
    """Write a TIFF of one strip, or of one row of tiles, with the tags of the whole, and have it decoded."""
    order = "<" if image.tag_v2.prefix == b"II" else ">"
    entries: list[tuple[int, int, int, bytes]] = []
    own = {_HEIGHT: rows, **({} if tiled else {_ROWS: rows})}
    for tag, value in image.tag_v2.items():
        if tag in (_OFFSETS, _LENGTHS, _TILE_OFFSETS, _TILE_LENGTHS, _HEIGHT, _ROWS, _SUBFILE) or tag > _OWN:
            continue
        if (entry := _entry(tag, image.tag_v2.tagtype[tag], value, order)) is not None:
            entries.append(entry)
    entries += [(tag, 4, 1, struct.pack(order + "I", value)) for tag, value in own.items()]
    places = [8]
    for piece in data[:-1]:
        places.append(places[-1] + len(piece))
    for tag, values in ((_TILE_OFFSETS if tiled else _OFFSETS, places), (_TILE_LENGTHS if tiled else _LENGTHS, map(len, data))):
        entries.append((tag, 4, len(data), struct.pack(f"{order}{len(data)}I", *values)))
    small = Image.open(io.BytesIO(_written(entries, b"".join(data), order)))
    small.load()
    return small


def _entry(tag: int, kind: int, value: object, order: str) -> tuple[int, int, int, bytes] | None:
    """Write a value of whole numbers or bytes again; None for the others, which do not bear on the pixels."""
    if kind in (1, 7) and isinstance(value, bytes):
        return tag, kind, len(value), value
    letters = {1: "B", 3: "H", 4: "I"}
    values = value if isinstance(value, tuple) else (value,)
    if kind not in letters or not all(isinstance(one, int) for one in values):
        return None
    return tag, kind, len(values), struct.pack(f"{order}{len(values)}{letters[kind]}", *values)


def _written(entries: list[tuple[int, int, int, bytes]], data: bytes, order: str) -> bytes:
    out = io.BytesIO()
    out.write((b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 0) + data)
    table = b""
    for tag, kind, count, value in sorted(entries):
        if len(value) > 4:  # noqa: PLR2004
            out.write(b"\0" * (out.tell() % 2))
            place = out.tell()
            out.write(value)
            value = struct.pack(order + "I", place)  # noqa: PLW2901
        table += struct.pack(order + "HHI", tag, kind, count) + value.ljust(4, b"\0")
    out.write(b"\0" * (out.tell() % 2))
    directory = out.tell()
    out.write(struct.pack(order + "H", len(entries)) + table + bytes(4))
    out.seek(4)
    out.write(struct.pack(order + "I", directory))
    return out.getvalue()
