"""Structured messages of the blob protocol: written, read, and found out where they are damaged."""

import io

import pytest

from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire import structured


def message(data: bytes) -> bytes:
    with structured.encoded(io.BytesIO(data), len(data)) as stream:
        found = stream.read()
    assert len(found) == structured.message_length(len(data))
    return found


def pieces(data: bytes, width: int) -> list[bytes]:
    return [data[start : start + width] for start in range(0, len(data), width)]


@pytest.mark.parametrize("size", [0, 1, 5000, structured.SEGMENT, 2 * structured.SEGMENT + 1])
def test_what_is_written_reads_back(size: int) -> None:
    data = bytes(index * 31 % 251 for index in range(5000)) * (size // 5000 + 1)
    data = data[:size]
    assert b"".join(structured.decoded(pieces(message(data), 777_777), size)) == data


def test_a_message_may_come_byte_by_byte() -> None:
    assert b"".join(structured.decoded(pieces(message(b"hello"), 1), 5)) == b"hello"


def test_a_damaged_message_is_found_out() -> None:
    whole = message(b"hello")
    for place, code in ((0, "InvalidInput"), (13, "InvalidInput"), (24, "Crc64Mismatch"), (-1, "Crc64Mismatch")):
        damaged = bytearray(whole)
        damaged[place] ^= 0x40
        with pytest.raises(Fault) as caught:
            list(structured.decoded([bytes(damaged)], 5))
        assert caught.value.code == code
    for wrong, size in ((whole[:-1], 5), (whole + b"x", 5), (whole, 4), (whole, 6), (b"", 0)):
        with pytest.raises(Fault, match="structured message"):
            list(structured.decoded([wrong] if wrong else [], size))


def test_another_kind_is_refused() -> None:
    assert structured.is_asked({structured.HEADER: "XSM/1.0;properties=crc64"})
    assert not structured.is_asked({})
    with pytest.raises(Fault):
        structured.is_asked({structured.HEADER: "XSM/9.0"})
