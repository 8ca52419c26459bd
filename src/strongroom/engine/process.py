"""The parent's side of one worker process."""

import contextlib
import fcntl
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from strongroom.engine import reasons
from strongroom.engine.frames import Frames, Kind, send
from strongroom.engine.mark import IDLE, WHOLE, Mark
from strongroom.engine.memory import ProcessTree
from strongroom.engine.narrow import Ids
from strongroom.engine.worker import BOOT
from strongroom.ports.executor import Limits

START_SECONDS = 300.0
"""What a worker may take to load its models, unless an item may take longer."""

_DIRECTORY = "strongroom-worker-"
"""Begins the name of a worker's directory; the number of the process that owns it follows."""
_LOG_BYTES = 64 * 1024
_TAIL_BYTES = 2000
_PIPE_BYTES = 1 << 20


def sweep_directories() -> None:
    """Remove the directories of workers whose owner was killed and could not."""
    for directory in Path(tempfile.gettempdir()).glob(f"{_DIRECTORY}*"):
        owner = directory.name.removeprefix(_DIRECTORY).split("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(directory, ignore_errors=True)


class Worker:
    """One worker process: it is given batches, watched against the limits, and ended with all that it started."""

    def __init__(self, make: bytes, limits: Limits, threads: int) -> None:
        """Start a process.

        Args:
            make: The pickled ``make``.
            limits: Bounds on it.
            threads: How many threads numeric libraries should use in it.

        Raises:
            OSError: No process, pipe or temporary directory can be had.
        """
        self._limits = limits
        self._began = time.monotonic()
        self.ready = False
        self.ids: Ids | None = None
        """The batch that it is at."""
        self.batches = 0
        """How many batches it was given."""
        self.is_late = False
        """Whether it was ended for passing the time limit."""
        self.verdict: str | None = None
        """Why it was ended, if this side ended it."""
        with contextlib.ExitStack() as undo:
            self._directory = tempfile.mkdtemp(prefix=f"{_DIRECTORY}{os.getpid()}-")
            undo.callback(shutil.rmtree, self._directory, ignore_errors=True)
            self._log = undo.enter_context(tempfile.TemporaryFile(dir=self._directory, mode="ab+"))
            self._start(undo, threads)
            self._undo = undo.pop_all()
        self._frames = Frames(self.answers.fileno())
        with contextlib.suppress(BrokenPipeError):  # it ended at once: `is_dead` tells, and `tail` why
            send(self._orders.fileno(), Kind.MAKE, make)

    def _start(self, undo: contextlib.ExitStack, threads: int) -> None:
        mark = os.memfd_create("strongroom-mark")
        undo.callback(os.close, mark)
        os.ftruncate(mark, Mark.SIZE)
        self._mark = undo.enter_context(contextlib.closing(Mark(mark)))
        life, life_end = os.pipe()
        orders, orders_end = os.pipe()
        answers_end, answers = os.pipe()
        undo.enter_context(os.fdopen(life_end, "wb", 0))
        self._orders = undo.enter_context(os.fdopen(orders_end, "wb", 0))
        self.answers = undo.enter_context(os.fdopen(answers_end, "rb", 0))
        os.set_blocking(answers_end, False)
        with contextlib.suppress(OSError):  # a larger pipe than the user may have: results then take more reads
            fcntl.fcntl(answers_end, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, without a shell
                [sys.executable, "-c", BOOT, *map(str, (life, orders, answers, mark)), *sys.path],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                env=_environment(self._directory, threads),
                pass_fds=(life, orders, answers, mark),
                start_new_session=True,
            )
        finally:
            for fd in (life, orders, answers):
                os.close(fd)
        self._tree = ProcessTree(self._process.pid)

    def give(self, ids: Ids) -> None:
        """Hand it a batch; it must be ready and free."""
        self.ids = ids
        self.batches += 1
        self._mark.set(WHOLE)
        with contextlib.suppress(BrokenPipeError):  # it died meanwhile: the batch is taken back when that is noticed
            send(self._orders.fileno(), Kind.BATCH, pickle.dumps(ids))

    def hear(self) -> list[tuple[Kind, bytes]]:
        """Give what it has said and was not heard yet, as far as one read goes; it does not wait."""
        try:
            return list(self._frames.read())
        except BlockingIOError:
            return []

    def hear_out(self) -> list[tuple[Kind, bytes]]:
        """Give all that it has said before it died."""
        heard: list[tuple[Kind, bytes]] = []
        with contextlib.suppress(BlockingIOError):
            while not self._frames.ended:
                heard += self._frames.read()
        return heard

    @property
    def hung_up(self) -> bool:
        """Whether nothing more can be heard from it."""
        return self._frames.ended

    @property
    def is_dead(self) -> bool:
        """Whether the process has ended; it is not reaped yet, so its number stays its own."""
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    @property
    def place(self) -> int:
        """The place in the batch of the item that it is, or was last, at; negative where that is not known."""
        return self._mark.get()[0]

    def check(self) -> None:
        """End it if it has passed a limit; ``verdict`` then says which."""
        if os.fstat(self._log.fileno()).st_size > _LOG_BYTES:
            self._log.truncate(0)
        if self.verdict is None and (self.ids is not None or not self.ready):
            late = self._overdue()
            self.is_late = late is not None
            self.verdict = late or self._overweight()
            if self.verdict is not None:
                self._tree.kill()

    def _overdue(self) -> str | None:
        limit = self._limits.seconds
        if self.ids is None:
            index, since, allowed = WHOLE, self._began, max(START_SECONDS, limit)
        else:
            index, since = self._mark.get()
            allowed = limit if index >= 0 else limit * len(self.ids)
        if index == IDLE or time.monotonic() - since <= allowed:
            return None
        return reasons.too_long(allowed if self.ids is None else limit)

    def _overweight(self) -> str | None:
        return reasons.too_large(self._limits.memory) if self._tree.resident() > self._limits.memory else None

    def tail(self) -> str:
        """Give the end of what it wrote to its standard output and error."""
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - _TAIL_BYTES))
        return self._log.read().decode("utf-8", "replace").strip()

    def dismiss(self) -> None:
        """Let it end by itself: there are no more orders."""
        self._orders.close()

    def end(self, grace: float) -> int:
        """End the process and all that it started, and clear away what belongs to it.

        Args:
            grace: Seconds in which it may still end by itself.

        Returns:
            Its exit code, or the negative number of the signal that ended it.
        """
        deadline = time.monotonic() + grace
        while not self.is_dead and time.monotonic() < deadline:
            time.sleep(0.002)
        self._tree.kill()
        code = self._process.wait()
        self._undo.close()
        return code


def _environment(directory: str, threads: int) -> dict[str, str]:
    """Temporary files go where they are cleared away after a crash; numeric libraries leave the other workers' cores alone."""
    defaults = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"), str(threads))
    return {**defaults, **os.environ, "TMPDIR": directory}
