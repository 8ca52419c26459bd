"""Work for executors under test: items that behave, and items that misbehave in each way that real files do."""

# ruff: noqa: ARG001 - all deeds are called alike

import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from strongroom.errors import ModelMissing, StorageFull, Unreadable
from strongroom.ports.executor import OnItem

HOG_BYTES = 1 << 30
BIG_BYTES = 50 * 1024**2
_FOREVER = 3600.0
_leaked: list[bytes] = []


@dataclass(frozen=True, kw_only=True)
class Work:
    """A ``make`` whose workers leave traces in a directory, so that a test sees what truly ran.

    An item's name up to its first hyphen says how it behaves: a key of `DEEDS`, or ``ok``.
    """

    folder: Path
    """Where traces are left."""
    start: str = "ok"
    """How loading the models behaves: ``ok``, ``missing``, ``raise`` or ``crash``."""

    def __call__(self) -> Callable[[Sequence[str], OnItem], object]:
        """Load the models, so to speak."""
        _note(self.folder / "makes", str(os.getpid()))
        if self.start == "missing":
            raise ModelMissing("model minilm is not here yet: run `strongroom models pull`")
        if self.start == "raise":
            raise TypeError("the model does not load")
        if self.start == "crash":
            ctypes.string_at(0)
        return self.run

    def run(self, ids: Sequence[str], on_item: OnItem) -> object:
        """Run a batch: gives the ids, unless an item says otherwise."""
        answers: list[object] = []
        for item in ids:
            on_item(item)
            _note(self.folder / "items", item)
            deed = DEEDS.get(item.split("-", 1)[0])
            answers.append(deed(self.folder, ids) if deed else item)
        return answers

    def pids(self) -> list[int]:
        """Give the process numbers of all workers that ever started."""
        return [int(line) for line in _notes(self.folder / "makes")]

    def children(self) -> list[int]:
        """Give the process numbers of all that items started."""
        return [int(line) for line in _notes(self.folder / "children")]

    def items(self) -> list[str]:
        """Give the items that were begun, in order, again for each time."""
        return _notes(self.folder / "items")


def alive(pids: Sequence[int]) -> list[int]:
    """Give those of some processes that still run."""
    return [pid for pid in pids if _runs(pid)]


def gone(pids: Callable[[], Sequence[int]], patience: float = 30.0) -> bool:
    """Wait until none of some processes runs.

    Args:
        pids: Gives their numbers.
        patience: Seconds after which the answer is no.
    """
    deadline = time.monotonic() + patience
    while alive(pids()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pids())


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _note(file: Path, line: str) -> None:
    with file.open("a", encoding="utf-8") as stream:
        stream.write(line + "\n")


def _notes(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines() if file.exists() else []


def _refuse(folder: Path, ids: Sequence[str]) -> object:
    raise Unreadable("the file ends in the middle of a page")


def _fill_up(folder: Path, ids: Sequence[str]) -> object:
    raise StorageFull("the vault has no space left: free some and repeat")


def _raise(folder: Path, ids: Sequence[str]) -> object:
    raise KeyError("no such font")


def _leave(folder: Path, ids: Sequence[str]) -> object:
    sys.exit(4)


def _segfault(folder: Path, ids: Sequence[str]) -> object:
    return ctypes.string_at(0)


def _die(folder: Path, ids: Sequence[str]) -> object:
    os.kill(os.getpid(), signal.SIGKILL)
    return None


def _once(folder: Path, ids: Sequence[str]) -> object:
    """Be ended from outside, but the first time only."""
    mark = folder / f"seen-{'-'.join(ids)}"
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return list(ids)


def _exit(folder: Path, ids: Sequence[str]) -> object:
    os._exit(3)


def _sleep(folder: Path, ids: Sequence[str]) -> object:
    time.sleep(_FOREVER)
    return None


def _stick(folder: Path, ids: Sequence[str]) -> object:
    """Be stuck in C code that never lets another thread of the interpreter run."""
    return re.match(r"(a+)+$", "a" * 64 + "b")


def _hog(folder: Path, ids: Sequence[str]) -> object:
    hoard = b"x" * HOG_BYTES
    time.sleep(_FOREVER)
    return hoard


def _leak(folder: Path, ids: Sequence[str]) -> object:
    _leaked.append(b"x" * (HOG_BYTES // 6))
    return len(_leaked)


def _delegate(folder: Path, code: str) -> object:
    child = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)  # noqa: S603 - code of this module
    _note(folder / "children", str(child.pid))
    return child.wait()


def _wait_for_child(folder: Path, ids: Sequence[str]) -> object:
    return _delegate(folder, f"import time; time.sleep({_FOREVER})")


def _hog_by_child(folder: Path, ids: Sequence[str]) -> object:
    return _delegate(folder, f"import time; hoard = b'x' * {HOG_BYTES}; time.sleep({_FOREVER})")


def _shout(folder: Path, ids: Sequence[str]) -> object:
    """Write to the standard streams past Python, as C libraries do."""
    for _ in range(64):
        os.write(1, b"noise " * 4096)
        os.write(2, b"noise " * 4096)
    return "noise"


def _big(folder: Path, ids: Sequence[str]) -> object:
    return b"x" * BIG_BYTES


def _unsendable(folder: Path, ids: Sequence[str]) -> object:
    return threading.Lock()


def _farewell(folder: Path, ids: Sequence[str]) -> object:
    """Answer, then die shortly after, whatever the worker is doing by then."""
    threading.Timer(0.3, os._exit, (5,)).start()
    return "farewell"


def _shy(folder: Path, ids: Sequence[str]) -> object:
    """Crash in company only."""
    return ctypes.string_at(0) if len(ids) > 1 else "shy"


DEEDS: dict[str, Callable[[Path, Sequence[str]], object]] = {
    "refuse": _refuse,
    "raise": _raise,
    "fillup": _fill_up,
    "leave": _leave,
    "segfault": _segfault,
    "die": _die,
    "once": _once,
    "exit": _exit,
    "sleep": _sleep,
    "stick": _stick,
    "hog": _hog,
    "leak": _leak,
    "childsleep": _wait_for_child,
    "childhog": _hog_by_child,
    "shout": _shout,
    "big": _big,
    "unsendable": _unsendable,
    "farewell": _farewell,
    "shy": _shy,
}
"""What an item does, by the beginning of its name; anything else is well behaved."""
