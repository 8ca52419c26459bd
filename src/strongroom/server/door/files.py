"""Files that are made for one request, handed over, and forgotten."""

import threading
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from starlette.background import BackgroundTask
from starlette.responses import FileResponse

from strongroom.server.door.refusal import TooMany

AT_A_TIME = 2
"""Files that are made at a time."""
WAIT = 30.0
"""Seconds for which others wait for their turn."""
_TURNS = threading.BoundedSemaphore(AT_A_TIME)


def handed(write: Callable[[Path], object], name: str, media_type: str) -> FileResponse:
    """Make a file and answer with it; it is gone when it was sent.

    Args:
        write: Writes the file.
        name: Under which it is saved.
        media_type: What it is.

    Raises:
        TooMany: Others have their files made.
    """
    if not _TURNS.acquire(timeout=WAIT):
        raise TooMany(WAIT)
    try:
        folder = Path(mkdtemp(prefix="strongroom-export-"))
        try:
            write(folder / name)
        except BaseException:
            rmtree(folder, ignore_errors=True)
            raise
    finally:
        _TURNS.release()
    gone = BackgroundTask(rmtree, folder, ignore_errors=True)
    return FileResponse(
        folder / name, media_type=media_type, filename=name, background=gone, headers={"cache-control": "no-store"}
    )
