"""``strongroom serve``: it serves until it is told to stop, and refuses what would open the room to everybody."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

import strongroom
from strongroom.cli.main import run
from strongroom.testing.blob_service import ACCOUNT, Service

PATIENCE = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path, how: signal.Signals):
    strongroom.init(tmp_path / "room").close()
    port = free_port()
    command = [
        sys.executable,
        "-c",
        "from strongroom.cli import main; main()",
        "serve",
        "-r",
        str(tmp_path / "room"),
        "--blob-port",
        str(port),
    ]
    process = subprocess.Popen([*command, "--development"], stderr=subprocess.PIPE, env=os.environ)
    try:
        service = Service(port=port)
        wait_for(port)
        with BlobServiceClient.from_connection_string(service.connection_string, retry_total=0) as client:
            client.create_container("con").upload_blob("a", b"hello")
        process.send_signal(how)
        _, said = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert f"http://127.0.0.1:{port}/{ACCOUNT}".encode() in said
    assert b"PUT /devstoreaccount1/con/a 201" in said
    with strongroom.open(tmp_path / "room") as room:
        assert not room.check()
        assert [blob.name for blob in room.list("con")] == ["a"]


def wait_for(port: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("it does not listen")


def test_the_command_refuses_what_would_open_the_room_to_everybody(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    strongroom.init(tmp_path / "room").close()
    base = ["serve", "-r", str(tmp_path / "room"), "--blob-port", "0"]
    assert run([*base, "--development", "--host", "0.0.0.0"]) == 2
    assert "works on this machine only" in capsys.readouterr().err
    assert run([*base, "--key", __file__]) == 2
    assert "give --certificate too" in capsys.readouterr().err
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert run([*base[:-1], str(taken.getsockname()[1])]) == 2
    assert "choose another with --host and --blob-port" in capsys.readouterr().err
