"""A `Source` over bytes in memory, for tests of analyzers (built-in and plug-in)."""

import io
import shutil
import tempfile
import weakref
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from strongroom.errors import LimitExceeded


class BytesSource:
    """A `strongroom.ports.Source` over bytes; its temporary file, if one was asked for, goes when it does."""

    def __init__(self, data: bytes, media_type: str = "application/octet-stream", name: str = "", depth: int = 0) -> None:
        """Hold bytes as one content.

        Args:
            data: The content.
            media_type: What the bytes are.
            name: A name under which it is stored.
            depth: 0 for a blob, 1 for a member of it, and so on.
        """
        self.data = data
        self.media_type = media_type
        self.name = name
        self.depth = depth
        self.sha256 = sha256(data).hexdigest()
        self.size = len(data)
        self.reached = 0.0
        """Set it to have an analyzer go on from one of its checkpoints."""
        self._path: Path | None = None

    def open(self) -> BinaryIO:
        """Open a seekable stream over the bytes."""
        return io.BytesIO(self.data)

    def path(self) -> Path:
        """Give a read-only file of the bytes."""
        if self._path is None:
            directory = tempfile.mkdtemp(prefix="strongroom-")
            weakref.finalize(self, shutil.rmtree, directory, ignore_errors=True)
            self._path = Path(directory, "content" + Path(self.name).suffix)
            self._path.write_bytes(self.data)
            self._path.chmod(0o400)
        return self._path

    def read(self, limit: int) -> bytes:
        """Give the bytes.

        Raises:
            LimitExceeded: There are more than ``limit``.
        """
        if self.size > limit:
            raise LimitExceeded(f"the content has {self.size:,} bytes; at most {limit:,} are read at once")
        return self.data
