"""Work that only one process may do to a room at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from strongroom.errors import RoomLocked
from strongroom.storage.failing import told
from strongroom.storage.layout import Layout


@contextmanager
def alone(layout: Layout, work: str, otherwise: str) -> Iterator[None]:
    """Hold the lock of some work for as long as the block runs; the system drops it if the process is killed.

    Args:
        layout: The room.
        work: Name of the lock.
        otherwise: What to tell where another process holds it.

    Raises:
        RoomLocked: Another process holds it.
    """
    with told("the room"):
        layout.locks.mkdir(exist_ok=True)
        fd = os.open(layout.locks / work, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RoomLocked(otherwise) from error
        yield
    finally:
        os.close(fd)


def is_held(layout: Layout, work: str) -> bool:
    """Say whether some process holds the lock of some work; who tries to take it at this very instant may be refused."""
    try:
        fd = os.open(layout.locks / work, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False
