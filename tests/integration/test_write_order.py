"""What would be left after a power cut: bytes are durable before their row, and both before the answer says so.

A kill does not show that, since the page cache outlives it; the order of system calls does.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

import strongroom
from crash.calls import TRACED, Call, answers, read_calls
from crash.served import Served
from differential.rest import Ask, Rest
from servers import ACCOUNT, KEY, PATIENCE

LARGE, SMALL = b"x" * 300_000, b"y" * 300
BLOCK, APPEND, PAGE = ({"x-ms-blob-type": f"{kind}Blob"} for kind in ("Block", "Append", "Page"))


def put(name: str, headers: dict[str, str], body: bytes = b"", **query: str) -> tuple[str, Ask]:
    return name, Ask(
        operation=name, method="PUT", path=f"box/{name}" if name else "box", query=query, headers=headers, body=body
    )


ASKS = [
    put("", {}, restype="container"),
    put("warm", BLOCK, LARGE),
    put("large", BLOCK, LARGE),
    put("small", BLOCK, SMALL),
    put("large", BLOCK, LARGE),
    put("blocks", {}, LARGE, comp="block", blockid="QUFB"),
    put("blocks", {}, b"<BlockList><Latest>QUFB</Latest></BlockList>", comp="blocklist"),
    put("log", APPEND),
    put("log", {}, LARGE, comp="appendblock"),
    put("log", {}, SMALL, comp="appendblock"),
    put("disk", {**PAGE, "x-ms-blob-content-length": "1048576"}),
    put("disk", {"x-ms-page-write": "update", "range": "bytes=0-524287"}, LARGE[:1] * 524288, comp="page"),
    put("disk", {"x-ms-page-write": "update", "range": "bytes=0-511"}, SMALL[:1] * 512, comp="page"),
    ("large", Ask(operation="delete", method="DELETE", path="box/large")),
]
FILES = (2, 4, 5, 8, 11)
PACKED = (3, 9, 12)
ROWS = (6, 7, 10)
FREEING = (4, 13)
"""Places in `ASKS`: of those that make files, that pack, that only change rows, that let go of files."""

Recorded = list[tuple[list[Call], Call]]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """The calls of a server before each answer, and those of the answers."""
    strace = shutil.which("strace")
    if strace is None or subprocess.run([strace, "-o", os.devnull, "true"], capture_output=True, check=False).returncode:
        pytest.skip("strace is not installed (`make strace`), or may not trace here")
    folder = tmp_path_factory.mktemp("traced")
    room, record = folder / "room", folder / "calls"
    strongroom.init(room).close()
    options = ["-D", "-f", "-y", "-s", "16", "--seccomp-bpf", "-e", f"trace={TRACED}", "-o", str(record)]
    served = Served(room, strace, *options)
    try:
        rest = Rest(served.start(), ACCOUNT, KEY)
        for _, ask in ASKS:
            answer = rest.ask(ask)
            assert answer.status < 300, answer
        rest.close()
        served.stop()
    finally:
        served.kill()
    end = time.monotonic() + PATIENCE
    while "+++ exited with 0 +++" not in record.read_text("utf-8", errors="replace") and time.monotonic() < end:
        time.sleep(0.1)
    found = answers(read_calls(record))
    assert len(found) == len(ASKS)
    return found


def on(calls: Sequence[Call], name: str, ending: str) -> list[Call]:
    return [call for call in calls if call.name == name and call.target.endswith(ending)]


def committed(calls: Sequence[Call], answer: Call, thread: str | None = None) -> tuple[Call, Call]:
    """Give the first write of rows, and the call that made all of them durable, before the answer.

    Args:
        calls: Those before the answer.
        answer: The call that sent it.
        thread: Whose; that of the last commit that ended before the answer if not given. Others commit what the request has
            nothing to do with, such as hashes and uses; never two at once, since SQLite lets one write.
    """
    ended = [call for call in on(calls, "fdatasync", "/catalog.sqlite-wal") if call.ended < answer.began]
    synced = [call for call in ended if thread in (None, call.thread)]
    assert synced
    written = [call for call in on(calls, "pwrite64", "/catalog.sqlite-wal") if call.thread == synced[-1].thread]
    assert written[-1].ended < synced[-1].began
    return written[0], synced[-1]


@pytest.mark.parametrize("number", FILES)
def test_an_object_is_durable_before_its_row_and_both_before_the_answer(number: int, recorded: Recorded):
    calls, answer = recorded[number]
    (opened,) = [call for call in calls if call.name == "openat" and "O_EXCL" in call.text and "/vault/" in call.target]
    written, synced = on(calls, "write", opened.target), on(calls, "fsync", opened.target)
    (named,) = on(calls, "fsync", str(Path(opened.target).parent))
    row, _ = committed(calls, answer, opened.thread)
    assert opened.ended < written[0].began
    assert written[-1].ended < synced[-1].began
    assert synced[-1].ended < named.began
    assert named.ended < row.began


@pytest.mark.parametrize("number", PACKED)
def test_a_packed_object_is_durable_before_its_row_and_both_before_the_answer(number: int, recorded: Recorded):
    calls, answer = recorded[number]
    pack = [call for call in calls if "/vault/" in call.target and call.target.endswith("-wal")]
    row, _ = committed(calls, answer)
    assert pack[-1].name == "fdatasync"
    assert pack[-1].ended < row.began


@pytest.mark.parametrize("number", ROWS)
def test_what_has_no_bytes_is_durable_before_the_answer(number: int, recorded: Recorded):
    committed(*recorded[number])


@pytest.mark.parametrize("number", FREEING)
def test_bytes_that_nothing_needs_go_after_the_commit(number: int, recorded: Recorded):
    calls, answer = recorded[number]
    _, durable = committed(calls, answer)
    gone = [call for call in calls if call.name == "unlink" and "/vault/" in call.target]
    assert gone
    assert all(durable.ended < call.began for call in gone)
