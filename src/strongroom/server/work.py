"""Reading what waits, in a process of its own, whenever somebody asks for it; and how far that has come."""

import json
import logging
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from strongroom import room as rooms
from strongroom.domain.analysis import Coverage
from strongroom.domain.progress import Progress
from strongroom.errors import RoomLocked, StrongroomError
from strongroom.room import Room
from strongroom.storage.alone import is_held
from strongroom.storage.halting import is_halted
from strongroom.storage.layout import Layout

log = logging.getLogger("strongroom.server")

NICE = 10
"""By how much the readers stand back behind the server."""
END_SECONDS = 20.0
LOCKED_SECONDS = 2.0
"""How often a room is tried again that another process is analysing."""
LOOKED_EVERY = 0.9
MOST_SEEN = 1000
STOPPING = "stopping: what is in hand is finished first"
TOLD_EVERY = 0.5
"""Seconds between two words of the reading process."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkState:
    """How far the reading of a room has come, within a scope."""

    running: bool
    """Whether a process reads now: one that was started here, or another."""
    stopped: bool
    """Whether somebody stopped it: what is in hand is finished, and nothing more is read until somebody starts it again."""
    done: int
    """Contents that are read."""
    left: int
    """Contents that wait."""
    failed: int
    """Contents that could not be read."""
    skipped: int
    """Contents that nothing here reads, or that a limit left out."""
    total: int
    """Contents in the scope."""
    rate: float
    """Contents finished a second over the last minutes."""
    seconds_left: int | None
    """Seconds that the rest should take at this rate; None where that is not known."""
    step: str
    """What is being done now, in words; empty where it is not known."""
    problem: str
    """Why the last reading that was started here ended early; empty where it did not."""


class Work:
    """Starts a process that reads until nothing is left, one at a time."""

    def __init__(self, room: Path, settings: Mapping[str, object], *, is_followed: bool = False) -> None:
        """Name the room.

        Args:
            room: Its directory.
            settings: Those given for this run.
            is_followed: Whether another process reads what arrives for as long as this one serves, so that none is started.
        """
        self._is_followed = is_followed
        self._looking = threading.Lock()
        self._seen: dict[frozenset[int] | None, tuple[float, Coverage, float]] = {}
        self._layout = Layout(root=room)
        self._command = [sys.executable, "-m", "strongroom.server.work", str(room), json.dumps(dict(settings))]
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._is_wanted = self._is_over = False
        self._step = self._problem = ""

    def start(self) -> None:
        """Have what waits read, unless somebody stopped that; where it is under way, it is looked again at its end.

        Whoever asks for it in so many words calls `Room.resume_analysis` first.
        """
        with self._guard:
            self._is_wanted = not (self._is_over or self._is_followed or is_halted(self._layout))
            if self._thread is None and self._is_wanted:
                self._thread = threading.Thread(target=self._keep, name="strongroom-work")
                self._thread.start()

    def stop(self) -> None:
        """End it; what is half read is read on from there the next time."""
        with self._guard:
            self._is_wanted, self._is_over = False, True
            thread = self._thread
            if self._process is not None:
                self._process.terminate()
        if thread is not None:
            thread.join()

    def state(self, room: Room) -> WorkState:
        """Give the state, as whoever acts in a room may see it."""
        coverage, rate = self._look(room)
        running = self._thread is not None or is_held(self._layout, "analyze")
        stopped = is_halted(self._layout)
        left = math.ceil(coverage.pending / rate) if running and rate > 0 else None
        return WorkState(
            running=running,
            stopped=stopped,
            done=coverage.searched,
            left=coverage.pending,
            failed=coverage.failed,
            skipped=coverage.skipped,
            total=coverage.total,
            rate=round(rate, 3),
            seconds_left=left,
            step=STOPPING if running and stopped else self._step if running else "",
            problem=self._told_problem(room),
        )

    def _told_problem(self, room: Room) -> str:
        """Give why reading ended; to whom only some containers are granted not more than that it did."""
        is_whole = room.scope("status").containers is None
        return self._problem if is_whole or not self._problem else "reading ended early: an owner of the room is told why"

    def _look(self, room: Room) -> tuple[Coverage, float]:
        """Ask the catalog, once a second for all who see the same: many may follow at once."""
        containers = room.scope("status").containers
        with self._looking:
            at, coverage, rate = self._seen.get(containers, (-math.inf, None, 0.0))
            if coverage is None or time.monotonic() - at >= LOOKED_EVERY:
                if len(self._seen) >= MOST_SEEN:
                    self._seen.clear()
                coverage, rate = room.coverage(), room.rate()
                self._seen[containers] = (time.monotonic(), coverage, rate)
        return coverage, rate

    def _keep(self) -> None:
        while True:
            with self._guard:
                if not self._is_wanted or is_halted(self._layout):
                    self._thread = None
                    return
                self._is_wanted = False
                self._process = subprocess.Popen(  # noqa: S603 - our own module
                    self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
                )
            self._problem = self._follow(self._process)
            self._step = ""
            if self._problem:
                log.error("reading ended early: %s", self._problem)
                with self._guard:
                    self._is_wanted = False

    def _follow(self, process: "subprocess.Popen[bytes]") -> str:
        """Listen to the process until it ends, and give why it did so early."""
        problem = ""
        assert process.stdout is not None
        assert process.stdin is not None
        with process.stdout, process.stdin:
            for line in process.stdout:
                with suppress(ValueError):
                    told = json.loads(line)
                    self._step, problem = told.get("step", self._step), told.get("problem", problem)
            try:
                code = process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
        return problem or ("" if code == 0 or self._is_over else f"the reading process ended by itself (exit {code})")


@contextmanager
def working(room: Path, settings: Mapping[str, object], *, is_followed: bool = False) -> Iterator[Work]:
    """Give what reads a room when asked; it ends with the block. See `Work`."""
    work = Work(room, settings, is_followed=is_followed)
    try:
        yield work
    finally:
        work.stop()


def read_all(room: Path, settings: Mapping[str, object], stop: threading.Event) -> None:
    """Read until nothing is left or somebody stops it; while another process analyses the room, wait for that one."""
    teller = _Teller()
    with rooms.open(room, **settings) as opened:
        while not (stop.is_set() or opened.is_analysis_stopped):
            try:
                opened.analyze(on_progress=teller.tell, resumes=False)
            except RoomLocked:
                stop.wait(LOCKED_SECONDS)
            else:
                return


class _Teller:
    """Tells the parent of progress, a line of JSON now and then."""

    def __init__(self) -> None:
        self._at = 0.0

    def tell(self, progress: Progress) -> None:
        if time.monotonic() - self._at >= TOLD_EVERY:
            self._at = time.monotonic()
            say(**asdict(progress))


def say(**words: object) -> None:
    """Write a line for the parent."""
    print(json.dumps(words), flush=True)  # noqa: T201 - this process's only way to speak


def _end_with_parent() -> None:
    """End as if told to when the parent is gone: its end of our standard input is then closed, however it ended."""
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Read the room that the command line names."""
    os.nice(NICE)
    stop = threading.Event()

    def end(*_: object) -> None:
        stop.set()
        raise KeyboardInterrupt  # analysing keeps what is done, and goes on from there the next time

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    try:
        read_all(Path(sys.argv[1]), json.loads(sys.argv[2]), stop)
    except StrongroomError as error:
        say(problem=str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
