"""Structured messages: bytes in segments, each with its CRC-64, so that both sides find what was damaged on the way.

Version 1, as Azure's own clients write and read it: a header (version 1, length of all 8, flags 2, number of segments 2), each
segment (its number 2, its length 8, its bytes, their CRC 8), and the CRC of all bytes; numbers have their lowest byte first.
"""

import io
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO, cast

from strongroom.domain.chunk import Chunk
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire.checksums import CRC_BYTES, Crc64

HEADER, LENGTH = "x-ms-structured-body", "x-ms-structured-content-length"
KIND = "XSM/1.0; properties=crc64"
"""The one kind that there is."""

SEGMENT = 4 << 20
"""Bytes of a segment that is written."""
CHUNK = 1 << 20
HEAD_BYTES, SEGMENT_HEAD_BYTES = 13, 10
WITH_CRC64 = 1


def is_asked(headers: Mapping[str, str]) -> bool:
    """Say whether the body is a structured message, or the reply's is to be one.

    Raises:
        Fault: It is one of another kind (``UnsupportedHeader``).
    """
    text = headers.get(HEADER)
    if text and text.replace(" ", "").lower() != KIND.replace(" ", "").lower():
        raise Fault("UnsupportedHeader", HeaderName=HEADER, HeaderValue=text)
    return bool(text)


def told(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """Give the header of the reply to a structured message: the same."""
    return [(HEADER, headers[HEADER])] if headers.get(HEADER) else []


class _Intake:
    """Chunks, taken by the byte."""

    def __init__(self, chunks: Iterable[Chunk]) -> None:
        self._chunks = iter(chunks)
        self._data = memoryview(b"")

    def upto(self, limit: int) -> bytes:
        """Give at least one byte, and at most so many."""
        while not self._data:
            chunk = next(self._chunks, None)
            if chunk is None:
                raise Fault("InvalidInput", "The structured message ends early.")
            self._data = memoryview(chunk)
        found, self._data = self._data[:limit], self._data[limit:]
        return bytes(found)

    def exactly(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            found += self.upto(count - len(found))
        return found

    def number(self, width: int) -> int:
        return int.from_bytes(self.exactly(width), "little")

    def is_over(self) -> bool:
        return not self._data and not any(self._chunks)


def decoded(chunks: Iterable[Chunk], size: int) -> Iterator[bytes]:
    """Give the bytes of a structured message as they come.

    Args:
        chunks: The message.
        size: How many bytes there should be.

    Raises:
        Fault: It is not well formed (``InvalidInput``), or damaged (``Crc64Mismatch``).
    """
    intake, whole, got = _Intake(chunks), Crc64(), 0
    if intake.number(1) != 1:
        raise Fault("InvalidInput", "The structured message has another version than 1.")
    intake.exactly(8)
    has_crc = bool(intake.number(2) & WITH_CRC64)
    for expected in range(1, intake.number(2) + 1):
        if intake.number(2) != expected:
            raise Fault("InvalidInput", "The segments of the structured message are not in order.")
        left, crc = intake.number(8), Crc64()
        got += left
        if got > size:
            raise Fault("InvalidInput", f"The structured message holds more than the {size} bytes of {LENGTH}.")
        while left:
            data = intake.upto(min(left, CHUNK))
            left -= len(data)
            crc.update(data)
            whole.update(data)
            yield data
        _check(intake, crc, has_crc=has_crc)
    _check(intake, whole, has_crc=has_crc)
    if got != size or not intake.is_over():
        raise Fault("InvalidInput", f"The structured message does not hold the {size} bytes of {LENGTH}.")


def _check(intake: _Intake, crc: Crc64, *, has_crc: bool) -> None:
    if has_crc and intake.exactly(CRC_BYTES) != crc.digest():
        raise Fault("Crc64Mismatch")


def message_length(size: int) -> int:
    """Give the length of the message that holds so many bytes."""
    return HEAD_BYTES + _segments(size) * (SEGMENT_HEAD_BYTES + CRC_BYTES) + size + CRC_BYTES


def _segments(size: int) -> int:
    return -(-size // _segment(size)) or 1


def _segment(size: int) -> int:
    """Give the length of segments: so many bytes, or more where the message would have more segments than can be counted."""
    return max(SEGMENT, -(-size // 0xFFFF))


def encoded(source: BinaryIO, size: int) -> BinaryIO:
    """Give the message that holds the next bytes of a stream, which is closed with it."""
    return cast("BinaryIO", io.BufferedReader(_Message(source, size), CHUNK))


class _Message(io.RawIOBase):
    def __init__(self, source: BinaryIO, size: int) -> None:
        super().__init__()
        self._source = source
        self._parts = _parts(source, size)
        self._data = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._data:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._data = memoryview(part)
        count = min(len(buffer), len(self._data))
        buffer[:count] = self._data[:count]
        self._data = self._data[count:]
        return count

    def close(self) -> None:
        self._source.close()
        super().close()


def _parts(source: BinaryIO, size: int) -> Iterator[bytes]:
    count, width, whole = _segments(size), _segment(size), Crc64()
    head = (1).to_bytes(1, "little") + message_length(size).to_bytes(8, "little")
    yield head + WITH_CRC64.to_bytes(2, "little") + count.to_bytes(2, "little")
    for number in range(1, count + 1):
        left, crc = min(width, size - (number - 1) * width), Crc64()
        yield number.to_bytes(2, "little") + left.to_bytes(8, "little")
        while left:
            data = source.read(min(left, CHUNK))
            if not data:
                raise EOFError(f"{left} bytes of a segment cannot be read")
            left -= len(data)
            crc.update(data)
            whole.update(data)
            yield data
        yield crc.digest()
    yield whole.digest()
