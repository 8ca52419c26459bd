"""The bytes of one content, as an analyzer sees them."""

from pathlib import Path
from typing import BinaryIO, Protocol


class Source(Protocol):
    """One content, opened for reading; it is closed when the analyzer returns."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes in hexadecimal."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def media_type(self) -> str:
        """What the bytes are."""

    @property
    def name(self) -> str:
        """One name under which the content is stored, without folders; only a hint, never a path."""

    @property
    def depth(self) -> int:
        """0 for a blob, 1 for a member of it, and so on."""

    @property
    def reached(self) -> float:
        """Where an earlier reading by this analyzer stopped, as its own last `Checkpoint` said; 0 at the beginning."""

    def open(self) -> BinaryIO:
        """Open a seekable stream over the bytes, at its start; memory stays constant whatever the size."""

    def path(self) -> Path:
        """Give a file of the bytes on this machine, read-only; a copy lasts until the analyzer returns."""

    def read(self, limit: int) -> bytes:
        """Read the whole content at once.

        Raises:
            LimitExceeded: The content is larger than ``limit`` bytes.
        """
