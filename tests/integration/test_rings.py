"""A local table is read through io_uring where the kernel lets us, and as ever where it does not."""

import subprocess
import sys
from pathlib import Path

import pytest

from strongroom.domain.segments import segment_schema, to_table
from strongroom.storage.tables import SegmentTable, rings

REFUSED = """
import ctypes, struct, sys
libc = ctypes.CDLL(None)
# load the number of the call; io_uring_setup fails with EPERM; anything else is allowed (Linux, seccomp(2))
steps = [(0x20, 0, 0, 0), (0x15, 0, 1, 425), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7FFF0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_void_p)]
program = Program(len(steps), ctypes.addressof(code))
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.byref(program), 0, 0):
    sys.exit(77)
from strongroom.storage.tables import SegmentTable
print(SegmentTable(sys.argv[1], 8, 16).count())
"""
"""Counts the rows of a table in a process that may not use io_uring."""


def filled(place: Path) -> SegmentTable:
    table = SegmentTable(place, 8, 16)
    given = {"kind": "passage", "analyzer": "text", "version": 1, "text": "word"}
    rows = [given | {"segment_id": f"s{n}", "content_sha256": f"c{n}"} for n in range(30)]
    table.merge(to_table(rows, segment_schema(8, 16)))
    return table


def test_an_object_store_is_read_as_it_was():
    assert rings.address("s3://bucket/index") == "s3://bucket/index"


def test_a_local_table_is_read_as_it_was_where_the_kernel_refuses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(rings, "granted", lambda: False)
    assert rings.address("/somewhere/index") == "/somewhere/index"
    assert filled(tmp_path / "segments").count() == 30


@pytest.mark.parametrize("name", ["two words", "50%20", "which?", "number #1", "日本 [ü]", "a+b&c"])
def test_a_table_is_read_wherever_it_lies(tmp_path: Path, name: str):
    table = filled(tmp_path / name / "segments")
    assert table.count() == 30
    assert table.view().words(("word",), columns=("segment_id",), limit=50).num_rows == 30


def test_a_relative_path_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert filled(Path("segments")).count() == 30
    assert SegmentTable("segments", 8, 16).count() == 30


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has it")
def test_a_process_that_may_not_use_it_reads_all_the_same_and_says_nothing(tmp_path: Path):
    filled(tmp_path / "segments")
    command = [sys.executable, "-W", "error", "-c", REFUSED, str(tmp_path / "segments")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode == 77:
        pytest.skip("this system lets no process refuse itself a call")
    assert (done.returncode, done.stdout, done.stderr) == (0, "30\n", "")
