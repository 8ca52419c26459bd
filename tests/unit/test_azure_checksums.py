"""MD5 and CRC-64 as clients of the blob service send them."""

from base64 import b64encode
from hashlib import md5

import pytest

from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire.checksums import Checksum, Crc64

CHECK = bytes.fromhex("ae8b14860a799888")[::-1]
"""CRC-64/NVME of ``123456789``, from the catalogue of parametrised CRC algorithms."""


def test_the_check_value_of_the_catalogue_comes_out() -> None:
    crc = Crc64()
    crc.update(b"123456789")
    assert crc.digest() == CHECK


@pytest.mark.parametrize("size", [0, 1, 2047, 2049, 65_537, 300_001])
def test_the_quick_way_gives_what_the_slow_one_does(size: int) -> None:
    data = bytes(index * 31 % 251 for index in range(size))
    quick, slow = Crc64(), Crc64()
    quick.update(data)
    for start in range(0, size, 1000):
        slow.update(data[start : start + 1000])
    assert quick.digest() == slow.digest()


def test_what_differs_from_its_checksum_is_refused() -> None:
    for headers, code in (
        ({"content-md5": b64encode(bytes(16)).decode()}, "Md5Mismatch"),
        ({"x-ms-content-crc64": b64encode(bytes(8)).decode()}, "Crc64Mismatch"),
        ({"content-md5": "abc"}, "InvalidMd5"),
        ({"x-ms-content-crc64": "abc"}, "InvalidHeaderValue"),
        (
            {"content-md5": b64encode(bytes(16)).decode(), "x-ms-content-crc64": b64encode(bytes(8)).decode()},
            "BothCrc64AndMd5HeaderPresent",
        ),
    ):
        with pytest.raises(Fault) as caught:
            Checksum(headers).check(b"123456789")
        assert caught.value.code == code


def test_what_agrees_passes_and_is_told_in_the_reply() -> None:
    said = b64encode(md5(b"123456789", usedforsecurity=False).digest()).decode()
    checksum = Checksum({"content-md5": said})
    assert b"".join(checksum.through([b"1234", b"56789"])) == b"123456789"
    assert checksum.headers() == [("content-md5", said)]
    crc = b64encode(CHECK).decode()
    checksum = Checksum({"x-ms-content-crc64": crc})
    assert checksum.check(b"123456789") == b"123456789"
    assert checksum.headers() == [("x-ms-content-crc64", crc)]
    assert Checksum({}).check(b"anything") == b"anything"
