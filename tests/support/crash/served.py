"""A blob service in a process of its own, that can be killed."""

import subprocess
import sys
from pathlib import Path

from servers import ACCOUNT, PATIENCE, free_port, wait_for


class Served:
    """`strongroom serve` over one room, started again and again."""

    def __init__(self, room: Path, *before: str) -> None:
        """Name the room, and a program to run the server under."""
        self._room, self._before = room, before
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start, wait until it answers, and give the URL of the account for development."""
        port = free_port()
        command = [str(Path(sys.executable).with_name("strongroom")), "serve", "--room", str(self._room), "--development"]
        self.process = subprocess.Popen(
            [*self._before, *command, "--quiet", "--blob-port", str(port)], stderr=subprocess.DEVNULL
        )
        wait_for(port, self.process)
        return f"http://127.0.0.1:{port}/{ACCOUNT}"

    def kill(self) -> None:
        """End it as a crash does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE)
            self.process = None

    def stop(self) -> None:
        """End it in order."""
        if self.process is not None:
            self.process.terminate()
            assert self.process.wait(PATIENCE) == 0
            self.process = None
