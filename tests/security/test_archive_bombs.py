"""Bombs are refused with their reason, after little memory and before much is written."""

import gzip
import io
import struct
import tarfile
import tracemalloc
import zipfile
import zlib

import py7zr
import pytest
from backports import zstd

from strongroom.analyzers.archive import ArchiveAnalyzer
from strongroom.analyzers.bounds import Bounds
from strongroom.domain.findings import Member
from strongroom.errors import LimitExceeded
from strongroom.testing.source import BytesSource

ZIP, TAR, GZIP = "application/zip", "application/x-tar", "application/gzip"
MIB = 1 << 20


def drain(data: bytes, media_type: str, *, depth: int = 0, bounds: Bounds | None = None) -> int:
    """Take every member as a consumer does; an error within a member is met both there and in the analyzer."""
    taken = 0
    for finding in ArchiveAnalyzer(bounds).analyze(BytesSource(data, media_type, depth=depth), None):
        if isinstance(finding, Member):
            for chunk in finding.chunks:
                taken += len(chunk)
    return taken


def zeros_gz(mebibytes: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(MIB)) for _ in range(mebibytes)) + packer.flush()


@pytest.fixture(scope="module")
def bomb() -> bytes:
    return zeros_gz(200)


def test_a_gzip_of_zeros_is_refused_in_little_memory(bomb: bytes):
    tracemalloc.start()
    with pytest.raises(LimitExceeded, match="decompression bomb"):
        drain(bomb, GZIP)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * MIB


def test_a_bound_that_a_consumer_swallows_is_raised_again(bomb: bytes):
    findings = ArchiveAnalyzer().analyze(BytesSource(bomb, GZIP), None)
    member = next(finding for finding in findings if isinstance(finding, Member))
    with pytest.raises(LimitExceeded):
        list(member.chunks)
    with pytest.raises(LimitExceeded):
        next(findings)


def test_a_zstd_of_zeros_is_refused():
    with pytest.raises(LimitExceeded, match="decompression bomb"):
        drain(zstd.compress(bytes(100 * MIB)), "application/zstd")


def test_a_zip_that_declares_too_much_is_refused_before_it_is_read():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(100 * MIB))
    with pytest.raises(LimitExceeded, match="decompression bomb"):
        drain(out.getvalue(), ZIP)


def test_a_zip_that_lies_about_its_size_gives_no_more_than_it_declares():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(100 * MIB))
    honest, lie = struct.pack("<L", 100 * MIB), struct.pack("<L", 10)
    with pytest.raises(Exception, match="corrupt"):
        drain(out.getvalue().replace(honest, lie), ZIP)


def test_overlapping_members_are_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a", bytes(1000))
    data = out.getvalue()
    start = data.index(b"PK\x01\x02")
    entry, end = data[start : data.index(b"PK\x05\x06")], bytearray(data[data.index(b"PK\x05\x06") :])
    end[8:12] = struct.pack("<HH", 50, 50)
    end[12:16] = struct.pack("<L", 50 * len(entry))
    with pytest.raises(LimitExceeded, match="overlap"):
        drain(data[:start] + entry * 50 + bytes(end), ZIP)


def test_too_many_members_are_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(20):
            archive.writestr(str(number), b"")
    with pytest.raises(LimitExceeded, match="more than 10 members"):
        drain(out.getvalue(), ZIP, bounds=Bounds(count=10))
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for number in range(20):
            archive.addfile(tarfile.TarInfo(str(number)))
    with pytest.raises(LimitExceeded, match="more than 10 members"):
        drain(out.getvalue(), TAR, bounds=Bounds(count=10))


def test_a_forged_directory_length_is_refused_unread():
    end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 0xFFFE, 0xFFFE, 30 * MIB, 0, 0)
    with pytest.raises(LimitExceeded):
        drain(bytes(31 * MIB) + end, ZIP)


def test_an_archive_at_the_deepest_level_is_not_opened():
    with pytest.raises(LimitExceeded, match="levels deep"):
        drain(gzip.compress(b"x"), GZIP, depth=8)


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XGLTYPE])
def test_a_tar_header_that_asks_for_gigabytes_is_refused(kind: bytes):
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, 7 << 30
    with pytest.raises(LimitExceeded, match="impossible size"):
        drain(gzip.compress(info.tobuf(tarfile.USTAR_FORMAT) + bytes(MIB)), GZIP)


def test_a_sparse_tar_of_nothing_is_refused():
    info = tarfile.TarInfo("x")
    info.pax_headers = {
        "GNU.sparse.major": "0",
        "GNU.sparse.minor": "1",
        "GNU.sparse.map": "0,0",
        "GNU.sparse.size": str(1 << 40),
    }
    with pytest.raises(LimitExceeded, match=r"decompression bomb|bytes together"):
        drain(info.tobuf(tarfile.PAX_FORMAT) + bytes(1024), TAR)


def test_a_7z_of_zeros_is_refused_before_it_is_unfolded():
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w") as archive:
        archive.writestr(bytes(100 * MIB), "zeros")
    with pytest.raises(LimitExceeded, match="decompression bomb"):
        drain(out.getvalue(), "application/x-7z-compressed")


def test_members_together_may_not_pass_the_bound():
    with pytest.raises(LimitExceeded, match="bytes together"):
        drain(zeros_gz(2), GZIP, bounds=Bounds(size=MIB))
