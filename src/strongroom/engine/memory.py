"""Resident memory of a worker with all that it started, looked at cheaply."""

import contextlib
import os
import signal
import time

import psutil

_SCAN_SECONDS = 0.5
_SCAN_SHARE = 50  # finding children reads the whole process table: at most one part in fifty of the time goes there


class ProcessTree:
    """A worker process and its descendants (LibreOffice, say)."""

    def __init__(self, pid: int) -> None:
        """Look at a process that this one started, and that is its own group's leader."""
        self._pid = pid
        self._root = psutil.Process(pid)
        self._children: list[psutil.Process] = []
        self._next_scan = 0.0

    def resident(self) -> int:
        """Give the resident bytes of all of them; children are looked for about twice a second."""
        now = time.monotonic()
        if now >= self._next_scan:
            self._scan()
            self._next_scan = now + max(_SCAN_SECONDS, _SCAN_SHARE * (time.monotonic() - now))
        return sum(_resident(process) for process in (self._root, *self._children))

    def kill(self) -> None:
        """End all of them at once; call it before the root is reaped, while its number cannot be another's."""
        self._scan()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGKILL)
        for process in self._children:
            with contextlib.suppress(psutil.Error):
                process.kill()

    def _scan(self) -> None:
        """Add new descendants: those whose parent died are no longer found as such, yet are remembered."""
        with contextlib.suppress(psutil.Error):
            found = self._root.children(recursive=True)
            known = {process.pid for process in found}
            self._children = [p for p in self._children if p.pid not in known and p.is_running()] + found


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
