"""What a client says of the bytes that it sends: their MD5, or their CRC-64.

The CRC is CRC-64/NVME (polynomial 0xAD93D23594C93659, reflected), sent as its eight bytes, the lowest first, in Base64:
https://learn.microsoft.com/rest/api/storageservices/put-page.
"""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator, Mapping
from hashlib import md5 as new_md5
from itertools import repeat

from awscrt import checksums  # type: ignore[import-untyped]

from strongroom.domain.chunk import Chunk
from strongroom.server.azure.faults import FAULTS, Fault
from strongroom.server.azure.wire.headers import MISMATCH, base64, md5_of

CRC_BYTES = 8


class Crc64:
    """CRC-64/NVME of a stream."""

    def __init__(self) -> None:
        """Begin."""
        self._crc = 0

    def update(self, data: Chunk) -> None:
        """Take more bytes."""
        self._crc = checksums.crc64nvme(data, self._crc)

    def digest(self) -> bytes:
        """Give the eight bytes, the lowest first."""
        return self._crc.to_bytes(CRC_BYTES, "little")


class Checksum:
    """Holds the bytes that pass through against what the client said of them."""

    def __init__(
        self,
        headers: Mapping[str, str],
        md5: str = "content-md5",
        crc64: str = "x-ms-content-crc64",
        *,
        has_md5: bool = False,
        has_crc: bool = False,
    ) -> None:
        """Read what the client said.

        Args:
            headers: Of the request.
            md5: The header with the MD5.
            crc64: The header with the CRC.
            has_md5: Whether the MD5 is told of bytes of which the client said nothing.
            has_crc: Whether the CRC is told in any case, beside an MD5 too: of blocks, appends and pages, as Azure does.

        Raises:
            Fault: One of them is none, or both are there (``InvalidMd5``, ``InvalidHeaderValue``,
                ``BothCrc64AndMd5HeaderPresent``).
        """
        self._md5 = md5_of(headers.get(md5), md5)
        self._crc64 = _crc_of(headers.get(crc64), crc64)
        if self._md5 is not None and self._crc64 is not None:
            raise Fault("BothCrc64AndMd5HeaderPresent")
        self._has_passed = False
        said = self._md5 is not None or self._crc64 is not None
        self._hash = new_md5(usedforsecurity=False) if self._md5 is not None or (has_md5 and not said) else None
        self._crc = Crc64() if self._crc64 is not None or has_crc else None

    def through(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """Pass chunks on; at their end it is said if they are not what they should be.

        Raises:
            Fault: They are not (``Md5Mismatch``, ``Crc64Mismatch``).
        """
        for chunk in chunks:
            self._take(chunk)
            yield chunk
        self._check()
        self._has_passed = True

    def check(self, data: bytes) -> bytes:
        """Give bytes back that are what they should be.

        Raises:
            Fault: They are not (``Md5Mismatch``, ``Crc64Mismatch``).
        """
        return b"".join(self.through(repeat(data, 1)))

    def headers(self) -> list[tuple[str, str]]:
        """Give what is told of the bytes in the reply; nothing where none had to pass."""
        if not self._has_passed:
            return []
        told = [("content-md5", base64(self._hash.digest()))] if self._hash is not None else []
        return told if self._crc is None else [*told, ("x-ms-content-crc64", base64(self._crc.digest()))]

    def _take(self, chunk: Chunk) -> None:
        if self._hash is not None:
            self._hash.update(chunk)
        if self._crc is not None:
            self._crc.update(chunk)

    def _check(self) -> None:
        if self._hash is not None and self._md5 not in (None, self._hash.digest()):
            raise Fault(
                "Md5Mismatch",
                MISMATCH + FAULTS["Md5Mismatch"][1],
                UserSpecifiedMd5=base64(self._md5 or b""),
                ServerCalculatedMd5=base64(self._hash.digest()),
            )
        if self._crc is not None and self._crc64 not in (None, self._crc.digest()):
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
