"""What Azure's own client puts into a served room is found by its words within seconds."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from azure.storage.blob import BlobServiceClient

import strongroom
from strongroom.testing.blob_service import ACCOUNT, KEY

LETTER = "After the storm the cellar of the harbour office stands flooded to a height of four feet."
PATIENCE = 120.0


def strongroom_command(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name("strongroom")), *arguments]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, subprocess.Popen[str]]]:
    """A room that `strongroom serve --analyze` serves: its directory, URL and process."""
    room = tmp_path_factory.mktemp("served") / "room"
    strongroom.init(room).close()
    command = strongroom_command("serve", "--room", str(room), "--blob-port", "0", "--development", "--analyze", "--quiet")
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "200"})
    assert process.stderr is not None
    url = next(line for line in process.stderr if ACCOUNT in line).split()[-1]
    yield room, url, process
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    process.stderr.close()


def test_a_letter_that_is_put_is_found(served: tuple[Path, str, subprocess.Popen[str]]):
    room, url, _ = served
    with BlobServiceClient(url, credential={"account_name": ACCOUNT, "account_key": KEY}) as client:
        client.create_container("letters").upload_blob("1931/april.txt", LETTER)
    end = time.monotonic() + PATIENCE
    with strongroom.open(room) as opened:
        while time.monotonic() < end and not (opened.coverage().searched and opened.search("flooded cellar").total):
            time.sleep(0.2)
        hit = opened.search("flooded cellar").hits[0]
    assert [str(name) for name in hit.names] == ["letters/1931/april.txt"]


def test_the_reader_comes_again_when_it_is_killed_and_goes_with_the_server(
    served: tuple[Path, str, subprocess.Popen[str]],
):
    room, url, process = served
    reader = _reader_of(process.pid)
    reader.kill()
    again = _reader_of(process.pid, other_than=reader.pid)
    with BlobServiceClient(url, credential={"account_name": ACCOUNT, "account_key": KEY}) as client:
        client.get_container_client("letters").upload_blob("may.txt", "The bilge pumps were paid for in May.")
    end = time.monotonic() + PATIENCE
    with strongroom.open(room) as opened:
        while time.monotonic() < end and opened.coverage().searched < 2:
            time.sleep(0.2)
        assert opened.search("bilge pumps").hits
    assert again.nice() > psutil.Process(process.pid).nice()


def _reader_of(pid: int, other_than: int | None = None) -> psutil.Process:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for child in psutil.Process(pid).children():
            if child.pid != other_than and "strongroom.server.reading" in child.cmdline():
                return child
        time.sleep(0.1)
    raise AssertionError("nothing reads")
