"""What parent and worker say to each other over pipes: a kind, a length, bytes."""

import os
import struct
from collections.abc import Iterator
from enum import IntEnum

_HEAD = struct.Struct("<BQ")
_CHUNK = 1 << 20


class Kind(IntEnum):
    """What a frame is."""

    MAKE = 0
    """Parent to worker: the pickled ``make``."""
    BATCH = 1
    """Parent to worker: pickled ids."""
    READY = 2
    """Worker to parent: the models are loaded."""
    REFUSED = 3
    """Worker to parent: nothing can run; a pickled `StrongroomError`."""
    RESULT = 4
    """Worker to parent: the pickled result."""
    RAISED = 5
    """Worker to parent: the batch function raised; the reason as UTF-8."""


def send(fd: int, kind: Kind, payload: bytes = b"") -> None:
    """Write one frame, waiting for the reader as often as needed.

    Raises:
        BrokenPipeError: The other side is gone.
    """
    view = memoryview(_HEAD.pack(kind, len(payload)) + payload if len(payload) < _CHUNK else payload)
    if len(payload) >= _CHUNK:
        os.write(fd, _HEAD.pack(kind, len(payload)))
    while view:
        view = view[os.write(fd, view) :]


class Frames:
    """Puts the frames of one pipe together from whatever pieces arrive."""

    def __init__(self, fd: int) -> None:
        """Read from a pipe; it is left open."""
        self._fd = fd
        self._buffer = bytearray()
        self.ended = False

    def read(self) -> Iterator[tuple[Kind, bytes]]:
        """Yield the frames that are complete after one more read; sets ``ended`` at the end of the pipe.

        Raises:
            BlockingIOError: The pipe does not block and nothing has arrived.
        """
        chunk = os.read(self._fd, _CHUNK)
        self.ended = not chunk
        self._buffer += chunk
        while len(self._buffer) >= _HEAD.size:
            kind, length = _HEAD.unpack_from(self._buffer)
            end = _HEAD.size + length
            if len(self._buffer) < end:
                return
            with memoryview(self._buffer) as view:
                payload = bytes(view[_HEAD.size : end])
            del self._buffer[:end]
            yield Kind(kind), payload
