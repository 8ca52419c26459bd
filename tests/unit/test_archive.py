import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator

import py7zr
import pytest
from backports import zstd

from strongroom.analyzers.archive import ArchiveAnalyzer
from strongroom.domain.findings import Finding, Member, Problem, Property, Segment
from strongroom.errors import AnalysisError, Encrypted, LimitExceeded, Unreadable
from strongroom.testing.source import BytesSource

FILES = {"letters/first.txt": b"Dear reader, " * 20_000, "empty.bin": b"", "Übersicht.csv": b"a,b\n1,2\n"}
ZIP, TAR, SEVEN = "application/zip", "application/x-tar", "application/x-7z-compressed"


def read(data: bytes, media_type: str, name: str = "") -> tuple[dict[str, bytes | str], list[Finding]]:
    """Give the members (bytes, or the reason why not) and the other findings, as a consumer takes them."""
    members: dict[str, bytes | str] = {}
    others: list[Finding] = []
    for finding in ArchiveAnalyzer().analyze(BytesSource(data, media_type, name), None):
        if isinstance(finding, Member):
            try:
                members[finding.path] = b"".join(finding.chunks)
            except LimitExceeded:
                raise
            except AnalysisError as error:
                members[finding.path] = str(error)
        else:
            others.append(finding)
    return members, others


def zipped(files: dict[str, bytes] = FILES, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.mkdir("letters")
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(files: dict[str, bytes] = FILES, kind: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def sevened(files: dict[str, bytes] = FILES, password: str | None = None) -> bytes:
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w", password=password) as archive:
        for name, data in files.items():
            archive.writestr(data, name)
    return out.getvalue()


@pytest.mark.parametrize(
    ("make", "media_type"),
    [
        (zipped, ZIP),
        (lambda: zipped(method=zipfile.ZIP_STORED), ZIP),
        (lambda: zipped(method=zipfile.ZIP_BZIP2), ZIP),
        (lambda: zipped(method=zipfile.ZIP_LZMA), ZIP),
        (tarred, TAR),
        (lambda: tarred(kind=tarfile.GNU_FORMAT), TAR),
        (lambda: gzip.compress(tarred()), "application/gzip"),
        (lambda: bz2.compress(tarred()), "application/x-bzip2"),
        (lambda: lzma.compress(tarred()), "application/x-xz"),
        (lambda: zstd.compress(tarred()), "application/zstd"),
        (sevened, SEVEN),
    ],
)
def test_members_come_with_their_bytes_and_names_are_text(make: Callable[[], bytes], media_type: str):
    members, others = read(make(), media_type)
    assert members == FILES
    (listing,) = [one for one in others if isinstance(one, Segment)]
    assert (listing.kind, listing.text.split("\n")) == ("properties", list(FILES))
    assert not [one for one in others if isinstance(one, Problem)]


@pytest.mark.parametrize(
    ("data", "media_type", "name", "path"),
    [
        (gzip.compress(b"text" * 9), "application/gzip", "notes.txt.gz", "notes.txt"),
        (bz2.compress(b"text" * 9), "application/x-bzip2", "notes.txt.bz2", "notes.txt"),
        (lzma.compress(b"te") + lzma.compress(b"xt" + b"text" * 8), "application/x-xz", "a.xz", "a"),
        (gzip.compress(b"text" * 9), "application/gzip", "", "content"),
    ],
)
def test_a_single_stream_is_one_member_named_by_its_file(data: bytes, media_type: str, name: str, path: str):
    assert read(data, media_type, name)[0] == {path: b"text" * 9}


def test_a_gzip_header_names_the_member():
    out = io.BytesIO()
    with gzip.GzipFile("../secret/plan.txt", "w", fileobj=out) as file:
        file.write(b"plan")
    assert read(out.getvalue(), "application/gzip", "other.gz")[0] == {"plan.txt": b"plan"}


def test_hostile_names_lose_what_misleads_and_nothing_else():
    files = {
        "../../etc/passwd": b"1",
        "/abs/./x": b"2",
        "a\u202ebc\x07d": b"3",
        "..\\..\\win.txt": b"4",
        "..": b"5",
        "n" * 5000: b"6",
    }
    members, _ = read(tarred(files), TAR)
    assert list(members)[:5] == ["etc/passwd", "abs/x", "abcd", "win.txt", "member-5"]
    assert len(list(members)[5]) < 1000


def test_names_without_a_charset_are_recovered():
    data = zipped({"Anlage_XXX.txt": b"x"})
    assert list(read(data.replace(b"XXX", "ä1".encode()), ZIP)[0]) == ["Anlage_ä1.txt"]
    assert list(read(data.replace(b"XXX", b"\x84\x94\x81"), ZIP)[0]) == ["Anlage_äöü.txt"]


def test_one_corrupt_member_costs_that_member():
    data = bytearray(zipped({"a": b"aaaa" * 100, "b": bytes(range(256)) * 4, "c": b"cccc"}, zipfile.ZIP_STORED))
    data[data.index(bytes(range(256)) * 4) + 7] ^= 1
    members, _ = read(bytes(data), ZIP)
    assert members["a"] == b"aaaa" * 100
    assert members["c"] == b"cccc"
    assert "corrupt" in str(members["b"])


def test_a_method_without_a_reader_costs_that_member():
    data = zipped({"a": b"aaaa" * 100}, zipfile.ZIP_STORED)
    local, central = data.rindex(b"PK\x03\x04") + 8, data.rindex(b"PK\x01\x02") + 10
    members, _ = read(data[:local] + b"\x63\0" + data[local + 2 : central] + b"\x63\0" + data[central + 2 :], ZIP)
    assert "no reader" in str(members["a"])


def test_a_truncated_zip_gives_what_came_before():
    data = zipped({"a": b"aaaa" * 100, "b": bytes(range(256)) * 4})
    members, others = read(data[: data.index(b"PK\x01\x02") - 20], ZIP)
    assert members["a"] == b"aaaa" * 100
    assert any(isinstance(one, Problem) and "directory" in one.reason for one in others)


def test_a_truncated_zip_written_to_a_pipe_is_read_too():
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:
            self.data += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"aaaa" * 100)
        archive.writestr("b", b"bbbb" * 100)
    members, _ = read(pipe.data[: pipe.data.index(b"PK\x01\x02")], ZIP)
    assert members == {"a": b"aaaa" * 100, "b": b"bbbb" * 100}


@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress])
def test_a_truncated_tar_gives_what_came_before(pack: Callable[[bytes], bytes]):
    data = tarred({"a": b"first", "b": bytes(range(256)) * 4096})
    media_type = TAR if pack(b"") == b"" else "application/gzip"
    packed = pack(data)
    members, others = read(packed[: len(packed) * 2 // 3], media_type)
    assert members["a"] == b"first"
    assert any(isinstance(one, Problem) for one in others)


def test_a_damaged_tar_header_is_told():
    data = bytearray(tarred({"a": b"first", "b": b"second"}, tarfile.USTAR_FORMAT))
    data[1024 + 5] ^= 1
    members, others = read(bytes(data), TAR)
    assert members == {"a": b"first"}
    assert any(isinstance(one, Problem) and "damaged" in one.reason for one in others)


def test_a_truncated_gzip_gives_what_came_before():
    data = gzip.compress(bytes(i * i % 251 for i in range(500_000)))
    members, others = read(data[: len(data) // 2], "application/gzip", "x.bin.gz")
    assert len(members["x.bin"]) > 100_000
    assert any(isinstance(one, Problem) and "truncated" in one.reason for one in others)


def test_links_and_devices_are_left_out_and_told():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.SYMTYPE):
            info = tarfile.TarInfo("x")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    members, others = read(out.getvalue(), TAR)
    assert members == {}
    assert others == [Property(name="left-out", value="2 symbolic links, 1 hard link, 1 device")]


def test_an_encrypted_zip_still_lists_its_names():
    data = bytearray(zipped({"secret.txt": b"x" * 50}))
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    found: list[Finding] = []
    with pytest.raises(Encrypted, match="1 of its 1"):
        found.extend(ArchiveAnalyzer().analyze(BytesSource(bytes(data), ZIP), None))
    findings = ArchiveAnalyzer().analyze(BytesSource(bytes(data), ZIP), None)
    assert next(findings).text == "secret.txt"


def test_an_encrypted_7z_still_lists_its_names():
    findings = ArchiveAnalyzer().analyze(BytesSource(sevened(password="x" * 8), SEVEN), None)
    assert next(findings).text == "\n".join(FILES)
    with pytest.raises(Encrypted, match="password"):
        next(findings)


@pytest.mark.parametrize(
    "media_type", [ZIP, TAR, SEVEN, "application/gzip", "application/x-xz", "application/x-bzip2", "application/zstd"]
)
@pytest.mark.parametrize(
    "data", [b"", b"junk", b"PK\x03\x04" + b"\xff" * 80, b"\x1f\x8b" + b"\xff" * 80, b"7z\xbc\xaf\x27\x1c" + b"\0" * 40]
)
def test_what_is_no_archive_is_unreadable_or_holds_nothing(media_type: str, data: bytes):
    assert outcome(data, media_type) in ("nothing", "reason")


def outcome(data: bytes, media_type: str) -> str:
    try:
        members, _ = read(data, media_type)
    except AnalysisError as error:
        return "reason" if str(error) else "silence"
    return "members" if any(members.values()) else "nothing"


def flipped(data: bytes) -> Iterator[bytes]:
    for at in range(0, len(data), max(1, len(data) // 150)):
        yield data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (zipped({"a": b"aaaa" * 100, "b": b"bb"}), ZIP),
        (tarred({"a": b"aaaa" * 100, "é" * 60: b"bb"}), TAR),
        (sevened({"a": b"aaaa" * 100, "b": b"bb"}), SEVEN),
        (gzip.compress(tarred({"a": b"aa"})), "application/gzip"),
        (lzma.compress(b"aaaa"), "application/x-xz"),
        (zstd.compress(b"aaaa"), "application/zstd"),
    ],
)
def test_a_flipped_byte_anywhere_ends_in_findings_or_a_reason(data: bytes, media_type: str):
    assert {outcome(bad, media_type) for bad in flipped(data)} <= {"members", "nothing", "reason"}


def test_a_zip64_archive_is_read():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, archive.open("big", "w", force_zip64=True) as member:
        member.write(b"x" * 10)
    assert read(out.getvalue(), ZIP)[0] == {"big": b"x" * 10}
    assert struct.pack("<H", 45) in out.getvalue()


def test_a_truncated_7z_is_unreadable():
    with pytest.raises(Unreadable):
        read(sevened()[:-10], SEVEN)


def test_a_member_without_a_name_is_read():
    data = zipped({"a": b"words"}, zipfile.ZIP_STORED)
    at = data.rindex(b"PK\x01\x02")
    nameless = data[: at + 28] + b"\0\0" + data[at + 30 : at + 46] + data[at + 47 :]
    end = nameless.rindex(b"PK\x05\x06") + 12
    (size,) = struct.unpack_from("<L", nameless, end)
    members, _ = read(nameless[:end] + struct.pack("<L", size - 1) + nameless[end + 4 :], ZIP)
    assert list(members) == ["member-1"]
