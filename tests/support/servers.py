"""Servers that tests talk to: a port, a wait, and the Azure emulator."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
PATIENCE = 60.0


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a process listens."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args} ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args} does not listen")


def find_azurite() -> Path | None:
    """Give the emulator's script, as `make azurite` installs it."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "strongroom"
    folders = [os.environ.get("AZURITE_MODULES"), cache / "azurite" / "node_modules"]
    for folder in filter(None, folders):
        script = Path(folder) / "azurite" / "dist" / "src" / "blob" / "main.js"
        if script.exists():
            return script
    return None


@contextmanager
def run_azurite() -> Iterator[str]:
    """Run the Azure emulator in memory, and give its account's URL."""
    script, node = find_azurite(), shutil.which("node")
    if script is None or node is None:
        pytest.skip("azurite is not installed: `make azurite` does it, and needs node and npm")
    port = free_port()
    options = ["--silent", "--skipApiVersionCheck", "--blobHost", "127.0.0.1", "--blobPort", str(port)]
    options += ["--inMemoryPersistence", "--disableTelemetry"]
    server = subprocess.Popen([node, script, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, server)
        yield f"http://127.0.0.1:{port}/{ACCOUNT}"
    finally:
        server.terminate()
        server.wait(PATIENCE)
