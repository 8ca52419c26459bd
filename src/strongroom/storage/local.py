"""Objects as files of a local directory, durable once written."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from strongroom.domain.chunk import Chunk
from strongroom.storage.failing import told
from strongroom.storage.layout import object_key, object_of_key, parents, writer_prefix

WHAT = "the vault"
EARLY = 8 << 20
"""Bytes that are handed to the disk at a time while more come."""


class LocalBody:
    """An open file; it can be read even after its name is gone."""

    def __init__(self, path: Path) -> None:
        """Open it."""
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def read_at(self, offset: int, length: int) -> bytes:
        """Read a part."""
        with told(WHAT):
            return os.pread(self._fd, length, offset)

    def fileno(self) -> int:
        """Give the file's descriptor, which is good until the file is closed."""
        return self._fd

    def close(self) -> None:
        """Close the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class LocalObjects:
    """Objects under one directory."""

    window = 1 << 20

    def __init__(self, directory: Path) -> None:
        """Name the directory; it must exist before the first write."""
        self._directory = directory
        self._ready: set[str] = set()

    def write(self, object_id: str, chunks: Iterable[Chunk]) -> None:
        """Write a file, then make it and its name durable."""
        key = object_key(object_id)
        path = self._directory / key
        with told(WHAT):
            self._prepare(key)
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
            try:
                _stream(fd, chunks)
                os.fsync(fd)
                sync_directory(path.parent)
            except BaseException:
                path.unlink()
                raise
            finally:
                os.close(fd)

    def open(self, object_id: str) -> LocalBody:
        """Open an object."""
        with told(WHAT):
            return LocalBody(self._directory / object_key(object_id))

    def size(self, object_id: str) -> int | None:
        """Give an object's size; None where it does not exist."""
        with told(WHAT):
            try:
                return (self._directory / object_key(object_id)).stat().st_size
            except FileNotFoundError:
                return None

    def path(self, object_id: str) -> Path:
        """Give an object's file."""
        return self._directory / object_key(object_id)

    def delete(self, object_ids: Sequence[str]) -> None:
        """Unlink objects, and the folders that are empty without them."""
        with told(WHAT):
            for one in object_ids:
                (self._directory / object_key(one)).unlink(missing_ok=True)

    def list(self, writer: str = "") -> Iterator[str]:
        """List objects, streaming; others may write meanwhile."""
        pending = [writer_prefix(writer) if writer else ""]
        while pending:
            folder = pending.pop()
            with told(WHAT):
                try:
                    entries = os.scandir(self._directory / folder)
                except FileNotFoundError:
                    continue
            with entries:
                for entry in entries:
                    key = f"{folder}/{entry.name}".lstrip("/")
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(key)
                    elif found := object_of_key(key):
                        yield found

    def _prepare(self, key: str) -> None:
        """Make the folders of a key durable, each once a process, before anything is written into them."""
        for folder in parents(key):
            if folder in self._ready:
                continue
            path = self._directory / folder
            path.mkdir(exist_ok=True)
            sync_directory(path.parent)
            self._ready.add(folder)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _stream(fd: int, chunks: Iterable[Chunk]) -> None:
    """Write chunks; the disk begins with what is there meanwhile, so that little is left for the sync at the end."""
    begun = written = 0
    for chunk in chunks:
        _write_all(fd, chunk)
        written += len(chunk)
        if written - begun >= EARLY:
            # Linux begins to write what is dirty, and forgets only what is clean: nothing of this
            os.posix_fadvise(fd, begun, written - begun, os.POSIX_FADV_DONTNEED)
            begun = written


def _write_all(fd: int, chunk: Chunk) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(fd, view) :]
