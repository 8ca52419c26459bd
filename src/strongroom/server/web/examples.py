"""Pictures that were dropped on the search box: kept for a while, small, for who dropped them."""

import secrets
from collections import OrderedDict
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import BinaryIO

from fastapi import Request

from strongroom.errors import LimitExceeded, NotFound

SIGN = "~"
"""Begins the name of an example; no SHA-256 does."""
MOST = 200
"""Examples that are kept; the oldest make room."""
MOST_BYTES = 64 << 20
"""Of one picture."""
CHUNK = 1 << 20


class Examples:
    """Example pictures, gone when the server ends."""

    def __init__(self) -> None:
        """Begin without any."""
        self._folder = TemporaryDirectory(prefix="strongroom-examples-")
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._lock = Lock()

    def close(self) -> None:
        """Forget all of them."""
        self._folder.cleanup()

    def add(self, picture: BinaryIO, actor: str) -> str:
        """Keep a picture and give its name.

        Raises:
            LimitExceeded: It is too large.
        """
        name = secrets.token_urlsafe(16)
        file = self._file(name)
        with file.open("wb") as out:
            while chunk := picture.read(CHUNK):
                if out.tell() + len(chunk) > MOST_BYTES:
                    file.unlink()
                    raise LimitExceeded(f"the picture is larger than {MOST_BYTES >> 20} MiB: make it smaller and drop it again")
                out.write(chunk)
        with self._lock:
            self._kept[name] = actor
            while len(self._kept) > MOST:
                self._file(self._kept.popitem(last=False)[0]).unlink(missing_ok=True)
        return SIGN + name

    def file(self, name: str, actor: str) -> Path:
        """Give the file of an example.

        Raises:
            NotFound: There is none of this name, or it is somebody else's.
        """
        name = name.removeprefix(SIGN)
        with self._lock:
            if self._kept.get(name) != actor:
                raise NotFound("the picture that you searched by is no longer here: drop it again")
        return self._file(name)

    def _file(self, name: str) -> Path:
        return Path(self._folder.name) / name


def examples_of(request: Request) -> Examples:
    """Give the example pictures of this server."""
    found: Examples = request.app.state.examples
    return found


def example(request: Request, like: str, actor: str) -> str | Path | None:
    """Give the picture that is searched by: the file of an example, or a SHA-256; None where there is none.

    Raises:
        NotFound: The example is no longer here.
    """
    return examples_of(request).file(like, actor) if like.startswith(SIGN) else like or None
