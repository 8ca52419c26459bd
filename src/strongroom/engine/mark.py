"""Where a worker is: a few bytes of memory that it shares with its parent, readable even after it crashed."""

import mmap
import struct
import time

_FORM = struct.Struct("<qqdq")

WHOLE, IDLE = -1, -2
"""Marks that are no item: at work on the batch as a whole; not at work."""


class Mark:
    """The item that a worker is on, and since when (seconds of the monotonic clock, which all processes share)."""

    SIZE = _FORM.size

    def __init__(self, fd: int) -> None:
        """Map the shared bytes.

        Args:
            fd: A memory file of at least ``Mark.SIZE`` bytes.
        """
        self._memory = mmap.mmap(fd, self.SIZE)
        self._turn = 0

    def set(self, index: int) -> None:
        """Say that work on an item begins now.

        Args:
            index: The item's place in the batch, `WHOLE` or `IDLE`.
        """
        self._turn += 1
        _FORM.pack_into(self._memory, 0, self._turn, index, time.monotonic(), self._turn)

    def get(self) -> tuple[int, float]:
        """Give the item's place in the batch, and since when; half-written marks are read again."""
        while True:
            first = _FORM.unpack_from(self._memory)
            if first[0] == first[3] and first == _FORM.unpack_from(self._memory):
                return first[1], first[2]
            time.sleep(0)

    def close(self) -> None:
        """Unmap."""
        self._memory.close()
