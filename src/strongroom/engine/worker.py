"""The worker process: builds the batch function once, then runs batches until its parent closes the pipe or is gone."""

import contextlib
import fcntl
import os
import pickle
import resource
import select
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from strongroom.engine.frames import Frames, Kind, send
from strongroom.engine.mark import IDLE, WHOLE, Mark
from strongroom.errors import RoomError, StrongroomError
from strongroom.ports.executor import ENDS_ALL, BatchFunction

BOOT = """import sys
fds, sys.path[:] = sys.argv[1:5], sys.argv[5:]
from strongroom.engine.worker import main
main(*map(int, fds))
"""
"""What ``python -c`` runs: the parent's search path holds here too, and the user's script is never run a second time."""

_F_SETSIG = 10  # Linux fcntl.h; Python does not name it
_OOM_FIRST = "700"


def main(life: int, orders: int, answers: int, mark: int) -> None:
    """Run until there are no more orders.

    Args:
        life: A pipe that ends when the parent does.
        orders: Frames from the parent.
        answers: Frames to the parent.
        mark: The shared `Mark`.
    """
    for fd in (life, orders, answers, mark):
        os.set_inheritable(fd, False)
    _die_with_parent(life)
    _spare_the_others()
    frames = _incoming(orders)
    _, made = next(frames)
    try:
        function = _unpacked(made)()
    except BaseException as error:  # noqa: BLE001 - whatever it is, the parent must hear of it
        send(answers, Kind.REFUSED, _packed(error))
        return
    send(answers, Kind.READY)
    del made
    place = Mark(mark)
    for _, payload in frames:
        send(answers, *_run(function, pickle.loads(payload), place))  # noqa: S301 - the parent wrote it


def _unpacked(made: bytes) -> Any:
    try:
        return pickle.loads(made)  # noqa: S301 - the parent wrote it
    except (AttributeError, ImportError) as error:
        raise RoomError(f"a worker cannot find the work: {error}; define it at the top of a module on sys.path") from error


def _incoming(fd: int) -> Any:
    frames = Frames(fd)
    while not frames.ended:
        yield from frames.read()


def _run(function: BatchFunction[Any], ids: Sequence[str], place: Mark) -> tuple[Kind, bytes]:
    indices = {item: index for index, item in enumerate(ids)}
    place.set(WHOLE)
    try:
        result = function(ids, lambda item: place.set(indices.get(item, WHOLE)))
    except ENDS_ALL as error:
        return Kind.REFUSED, _packed(error)
    except BaseException as error:  # noqa: BLE001 - a reader that calls sys.exit() must not end the worker either
        traceback.print_exc()
        return Kind.RAISED, reason(error).encode("utf-8", "replace")
    place.set(WHOLE)
    try:
        packed = pickle.dumps(result, protocol=5)
    except Exception as error:  # noqa: BLE001 - pickling runs the result's own code
        return Kind.RAISED, f"its result cannot be sent between processes: {reason(error)}".encode("utf-8", "replace")
    place.set(IDLE)
    return Kind.RESULT, packed


def reason(error: BaseException) -> str:
    """Tell an error to a person: Strongroom's own need no class name.

    Args:
        error: Any error.
    """
    if isinstance(error, MemoryError):
        return "ran out of memory"
    text = str(error).strip()
    if isinstance(error, StrongroomError) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _packed(error: BaseException) -> bytes:
    """Pickle an error so that it certainly can be unpickled."""
    trace = "".join(traceback.format_exception(error))
    if isinstance(error, StrongroomError):
        with contextlib.suppress(Exception):
            packed = pickle.dumps(error)
            pickle.loads(packed)  # noqa: S301 - written one line above
            return packed
    told = RoomError(f"a worker could not start: {reason(error)}")
    told.add_note(trace)
    return pickle.dumps(told)


def _die_with_parent(life: int) -> None:
    """Have this process, and all that it starts in its process group, killed when the parent is gone.

    The kernel sends the signal, so it works while C code holds the interpreter. Where it cannot, a thread watches.
    """
    try:
        fcntl.fcntl(life, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(life, _F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(life, fcntl.F_SETFL, fcntl.fcntl(life, fcntl.F_GETFL) | os.O_ASYNC)
    except OSError:
        threading.Thread(target=_watch, args=(life,), daemon=True).start()
    if select.select([life], [], [], 0)[0]:
        sys.exit()


def _watch(life: int) -> None:
    os.read(life, 1)
    os.killpg(0, signal.SIGKILL)


def _spare_the_others() -> None:
    """Write no core files, and be the process that a kernel short of memory ends first."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):  # not allowed, or no /proc, in some containers: only the order of victims changes
        Path("/proc/self/oom_score_adj").write_text(_OOM_FIRST, "ascii")
