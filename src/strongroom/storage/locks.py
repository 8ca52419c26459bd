"""Locks that tell a writer that lives from one that was killed: the system drops them when the process ends."""

import fcntl
import os

from strongroom.errors import StorageError
from strongroom.storage.catalog.catalog import Catalog
from strongroom.storage.failing import told
from strongroom.storage.layout import Layout


class WriterLock:
    """The lock of one writer: a file's, and on PostgreSQL, where writers may run on other machines, the database's too."""

    def __init__(self, catalog: Catalog, layout: Layout, writer: str) -> None:
        """Name the lock."""
        self._file = layout.writer_lock(writer)
        self._held_in_database = catalog.session_lock(int(writer, 16))
        self._fd = -1

    def take(self) -> bool:
        """Take the lock, without waiting; False where another process holds it."""
        with told("the room"):
            self._file.parent.mkdir(exist_ok=True)
            fd = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return False
        except OSError as error:
            os.close(fd)
            raise StorageError(f"{self._file} cannot be locked: {error}; keep the room on a file system with locks") from error
        self._fd = fd
        if not self._held_in_database.take():
            self.leave()
            return False
        return True

    def release(self) -> None:
        """Give the lock back and remove its file."""
        self._file.unlink(missing_ok=True)
        self._held_in_database.release()
        self.leave()

    def leave(self) -> None:
        """Close the file without a word to others: in a forked child the parent still holds the lock."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
