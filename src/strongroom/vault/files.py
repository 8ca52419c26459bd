"""Files of this machine as streams that notice when the file changes while it is read."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from strongroom.errors import SourceChanged, SourceUnread

CHUNK = 1 << 20


class OpenFile:
    """A regular file, opened for one reading."""

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            SourceUnread: It is not there, may not be read, or is no regular file.
        """
        self._path = path
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise SourceUnread(f"it cannot be read: {error.strerror}") from error
        self._before = os.fstat(self._fd)
        if not stat.S_ISREG(self._before.st_mode):
            self.close()
            raise SourceUnread("it is not a regular file")
        self.size = self._before.st_size
        """Bytes, when it was opened."""
        self.stamp = file_stamp(self._before)
        """Its size and time."""

    def chunks(self) -> Iterator[bytes]:
        """Give its bytes.

        Raises:
            SourceChanged: It changed meanwhile.
            SourceUnread: It could not be read to its end.
        """
        left = self.size
        while left:
            chunk = self._read(min(CHUNK, left))
            if not chunk:
                break
            left -= len(chunk)
            yield chunk
        if left or self._read(1) or file_stamp(os.fstat(self._fd)) != self.stamp:
            raise SourceChanged("it changed while it was read: add it again when nothing writes it")

    def _read(self, length: int) -> bytes:
        try:
            return os.read(self._fd, length)
        except OSError as error:
            raise SourceUnread(f"it could not be read to its end: {error.strerror}") from error

    def close(self) -> None:
        """Close it."""
        os.close(self._fd)


def file_stamp(status: os.stat_result) -> str:
    """Spell a file's size and time: equal stamps mean that nothing was written between."""
    return f"{status.st_size}-{status.st_mtime_ns}"
