"""Reading what arrives while a room is served: a process of its own, behind the server's in the line for the processor."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from strongroom import room as rooms
from strongroom.errors import RoomLocked

log = logging.getLogger("strongroom.server")

NICE = 10
"""By how much the readers stand back behind the server."""
PAUSES = (1.0, 5.0, 30.0)
"""Seconds before a reader that ended is started again, longer each time it ends soon."""
SOON = 60.0
LOCKED_SECONDS = 5.0
"""How often a room is tried again that another process is analysing."""
STOPPED_SECONDS = 0.5
"""How often it is looked whether somebody who stopped the analysis has it go on."""
END_SECONDS = 20.0


class Reader:
    """Keeps one reading process running."""

    def __init__(self, room: Path, settings: Mapping[str, object]) -> None:
        """Name the room.

        Args:
            room: Its directory.
            settings: Those given for this run.
        """
        self._command = [sys.executable, "-m", "strongroom.server.reading", str(room), json.dumps(dict(settings))]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="strongroom-reader", daemon=True)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start reading."""
        self._thread.start()

    def stop(self) -> None:
        """End reading; what is half read is read on from there the next time."""
        self._stopping.set()
        process = self._process
        if process is not None:
            process.terminate()
        self._thread.join()

    def _keep(self) -> None:
        tries = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE)  # noqa: S603 - our own module
            code = self._wait(self._process)
            if self._stopping.is_set():
                return
            tries = 0 if time.monotonic() - began > SOON else min(tries + 1, len(PAUSES) - 1)
            log.error("reading ended by itself (exit %d) and is started again in %.0f s", code, PAUSES[tries])
            self._stopping.wait(PAUSES[tries])

    def _wait(self, process: "subprocess.Popen[bytes]") -> int:
        while True:
            if self._stopping.is_set():
                process.terminate()
                try:
                    return process.wait(END_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
            try:
                return process.wait(1.0)
            except subprocess.TimeoutExpired:
                continue


@contextmanager
def reading(room: Path, settings: Mapping[str, object]) -> Iterator[None]:
    """Read what arrives in a room while the block runs; see `Reader`."""
    reader = Reader(room, settings)
    reader.start()
    try:
        yield
    finally:
        reader.stop()


def read_on(room: Path, settings: Mapping[str, object], stop: threading.Event) -> None:
    """Read a room, and what arrives in it, until told to stop; while another process analyses it, wait for that one.

    While the room's analysis is stopped (`Room.stop_analysis`), it waits too.

    Raises:
        ModelMissing: A model has not been pulled.
    """
    with rooms.open(room, **settings) as opened:
        waited = False
        while not stop.is_set():
            if opened.is_analysis_stopped:
                stop.wait(STOPPED_SECONDS)
                continue
            try:
                opened.analyze(until=stop.is_set, resumes=False)
            except RoomLocked as error:
                if not waited:
                    log.warning("%s; reading waits for it", error)
                waited = True
                stop.wait(LOCKED_SECONDS)


def _stop_with_parent(stop: threading.Event) -> None:
    """Set the event when the parent ends: its end of our standard input is then closed, however it ended."""
    while os.read(0, 1):
        pass
    stop.set()


def main() -> None:
    """Read the room that the command line names until SIGTERM, or until the server is gone."""
    os.nice(NICE)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=_stop_with_parent, args=(stop,), daemon=True).start()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    read_on(Path(sys.argv[1]), json.loads(sys.argv[2]), stop)


if __name__ == "__main__":
    main()
