"""What a client says of the bytes that it sends: their MD5, or their CRC-64.

The CRC is CRC-64/NVME (polynomial 0xAD93D23594C93659, reflected), sent as its eight bytes, the lowest first, in Base64:
https://learn.microsoft.com/rest/api/storageservices/put-page. No package at hand has it, so NumPy computes it for many
stretches of the bytes side by side, which are then put together as in zlib's ``crc32_combine``: tens of
megabytes a second, against two without.
"""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from hashlib import md5 as new_md5
from itertools import repeat

import numpy as np
import numpy.typing as npt

from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire.headers import base64, md5_of

Words = npt.NDArray[np.uint64]

POLYNOMIAL = 0x9A6C9329AC4BC9B5
ONES = (1 << 64) - 1
CRC_BYTES = 8
LANES = 4096
"""Stretches that are computed side by side."""
FEW = 2048
"""Up to so many bytes, one after the other is quicker."""


def _table() -> Words:
    crc = np.arange(256, dtype=np.uint64)
    for _ in range(8):
        crc = (crc >> np.uint64(1)) ^ np.where(crc & np.uint64(1), np.uint64(POLYNOMIAL), np.uint64(0))
    return crc


TABLE = _table()
PLAIN_TABLE = TABLE.tolist()


def _apply(matrix: Words, values: Words) -> Words:
    """Multiply vectors of 64 bits, each a word, by a matrix, whose words are its columns."""
    found = np.zeros_like(values)
    for bit in range(64):
        found ^= np.where(values >> np.uint64(bit) & np.uint64(1), matrix[bit], np.uint64(0))
    return found


@lru_cache(maxsize=64)
def _zeros(count: int) -> Words:
    """Give the matrix that tells what so many zero bytes make of a CRC."""
    if count == 1:
        one = np.uint64(1) << np.arange(64, dtype=np.uint64)
        return TABLE[(one & np.uint64(0xFF)).astype(np.intp)] ^ (one >> np.uint64(8))
    half = _zeros(count // 2)
    found = _apply(half, half)
    return _apply(_zeros(1), found) if count % 2 else found


class Crc64:
    """CRC-64/NVME of a stream."""

    def __init__(self) -> None:
        """Begin."""
        self._crc = ONES

    def update(self, data: bytes) -> None:
        """Take more bytes."""
        if len(data) > FEW:
            moved = int(_apply(_zeros(len(data)), np.array([self._crc], dtype=np.uint64))[0])
            self._crc = moved ^ _many(data)
            return
        crc = self._crc
        for byte in data:
            crc = PLAIN_TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
        self._crc = crc

    def digest(self) -> bytes:
        """Give the eight bytes, the lowest first."""
        return (self._crc ^ ONES).to_bytes(CRC_BYTES, "little")


def _many(data: bytes) -> int:
    """Give the CRC of bytes that begins at 0: zeros in front of them change nothing."""
    lanes = min(LANES, 1 << (len(data).bit_length() // 2))
    width = -(-len(data) // lanes)
    padded = np.zeros(lanes * width, dtype=np.uint8)
    padded[-len(data) :] = np.frombuffer(data, dtype=np.uint8)
    crc = np.zeros(lanes, dtype=np.uint64)
    for column in np.ascontiguousarray(padded.reshape(lanes, width).T):
        crc = TABLE[(crc.astype(np.uint8) ^ column).astype(np.intp)] ^ (crc >> np.uint64(8))
    while len(crc) > 1:
        crc = _apply(_zeros(width), crc[0::2]) ^ crc[1::2]
        width *= 2
    return int(crc[0])


class Checksum:
    """Holds the bytes that pass through against what the client said of them."""

    def __init__(self, headers: Mapping[str, str], md5: str = "content-md5", crc64: str = "x-ms-content-crc64") -> None:
        """Read what the client said.

        Args:
            headers: Of the request.
            md5: The header with the MD5.
            crc64: The header with the CRC.

        Raises:
            Fault: One of them is none, or both are there (``InvalidMd5``, ``InvalidHeaderValue``).
        """
        self._md5 = md5_of(headers.get(md5), md5)
        self._crc64 = _crc_of(headers.get(crc64), crc64)
        if self._md5 is not None and self._crc64 is not None:
            raise Fault("InvalidHeaderValue", HeaderName=crc64, HeaderValue=headers[crc64])
        self._hash = None if self._md5 is None else new_md5(usedforsecurity=False)
        self._crc = None if self._crc64 is None else Crc64()

    def through(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Pass chunks on; at their end it is said if they are not what they should be.

        Raises:
            Fault: They are not (``Md5Mismatch``, ``Crc64Mismatch``).
        """
        for chunk in chunks:
            self._take(chunk)
            yield chunk
        self._check()

    def check(self, data: bytes) -> bytes:
        """Give bytes back that are what they should be.

        Raises:
            Fault: They are not (``Md5Mismatch``, ``Crc64Mismatch``).
        """
        return b"".join(self.through(repeat(data, 1)))

    def headers(self) -> list[tuple[str, str]]:
        """Give what is told of the bytes in the reply."""
        if self._md5 is not None:
            return [("content-md5", base64(self._md5))]
        return [("x-ms-content-crc64", base64(self._crc64))] if self._crc64 is not None else []

    def _take(self, chunk: bytes) -> None:
        if self._hash is not None:
            self._hash.update(chunk)
        if self._crc is not None:
            self._crc.update(chunk)

    def _check(self) -> None:
        if self._hash is not None and self._hash.digest() != self._md5:
            raise Fault(
                "Md5Mismatch", UserSpecifiedMd5=base64(self._md5 or b""), ServerCalculatedMd5=base64(self._hash.digest())
            )
        if self._crc is not None and self._crc.digest() != self._crc64:
            raise Fault("Crc64Mismatch")


def _crc_of(text: str | None, name: str) -> bytes | None:
    if not text:
        return None
    try:
        found = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        found = b""
    if len(found) != CRC_BYTES:
        raise Fault("InvalidHeaderValue", HeaderName=name, HeaderValue=text)
    return found
