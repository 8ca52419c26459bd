"""Places whose files are only read: a folder of this machine, or an object store's URL."""

import io
import os
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

import obstore

from strongroom.errors import SettingError, SourceUnread, UsageError
from strongroom.storage.failing import told
from strongroom.storage.names import disk_name, readable_name
from strongroom.storage.objects import local_directory
from strongroom.storage.remote import PAGE, RemoteBody, connect

WINDOW = 8 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A file as its place lists it."""

    name: str
    """Its name, relative and spelt as `strongroom.storage.names.readable_name` does."""
    size: int
    """Bytes."""
    stamp: str
    """Its etag, size and time: equal stamps mean that nothing was written between."""
    modified_at: datetime
    """The place's own time (UTC)."""


class Mount(Protocol):
    """A place that can be listed and read."""

    ignored: int
    """Entries of the last listing that are no files, or lead outside."""

    def list(self) -> Iterator[Listed]: ...  # noqa: D102

    def look(self, name: str) -> Listed | None: ...  # noqa: D102

    def open(self, name: str) -> BinaryIO: ...  # noqa: D102

    def path(self, name: str) -> Path | None: ...  # noqa: D102


def open_mount(url: str) -> Mount:
    """Open the place at a path or URL.

    Raises:
        UsageError: There is no such folder.
        SettingError: The URL cannot be used.
    """
    directory = local_directory(url)
    if directory is None:
        return StoreMount(url)
    if not directory.is_dir():
        raise UsageError(f"there is no folder {directory}: check the path")
    return FolderMount(directory)


def mount_url(place: str) -> str:
    """Give the URL under which a mount is kept: a folder's is absolute."""
    directory = local_directory(place)
    if directory is not None:
        return directory.resolve().as_uri()
    if not place.startswith(("s3://", "s3a://", "az://", "azure://", "abfs://", "abfss://", "adl://", "gs://")):
        raise SettingError(f"{place} cannot be mounted: give a folder, or a file://, s3://, az:// or gs:// URL")
    return place


class FolderMount:
    """A folder of this machine. Links inside of it are followed to files inside of it, and never to folders."""

    def __init__(self, root: Path) -> None:
        """Name the folder."""
        self._root = Path(os.path.realpath(root))
        self.ignored = 0

    def list(self) -> Iterator[Listed]:
        """List all files, in no order, streaming.

        Raises:
            SourceUnread: The folder itself cannot be listed; of one inside of it, `ignored` counts that.
        """
        self.ignored = 0
        pending = [""]
        while pending:
            folder = pending.pop()
            try:
                entries = os.scandir(self._root / folder)
            except OSError as error:
                if not folder:
                    raise SourceUnread(f"the folder {self._root} cannot be listed: {error.strerror}") from error
                self.ignored += 1
                continue
            with entries:
                for entry in entries:
                    name = f"{folder}/{entry.name}" if folder else entry.name
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(name)
                    elif (listed := self._look(name)) is not None:
                        yield listed
                    else:
                        self.ignored += 1

    def _look(self, raw: str) -> Listed | None:
        path = self._root / raw
        try:
            status = path.lstat()
            if stat.S_ISLNK(status.st_mode):
                if not self._is_inside(os.path.realpath(path)):
                    return None
                status = path.stat()
        except OSError:
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        return _listed(readable_name(raw), status)

    def look(self, name: str) -> Listed | None:
        """Give a file as it is now; None where it is gone."""
        raw = disk_name(name)
        return None if _climbs(raw) or not self._is_inside(os.path.realpath(self._root / raw)) else self._look(raw)

    def open(self, name: str) -> BinaryIO:
        """Open a file.

        Raises:
            FileNotFoundError: It is gone, or leads outside now.
            SourceUnread: It may not be read.
        """
        raw = disk_name(name)
        if _climbs(raw):
            raise FileNotFoundError(f"{name} lies outside of the mounted folder")
        try:
            fd = os.open(self._root / raw, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise SourceUnread(f"{name} cannot be read: {error.strerror}") from error
        opened = Path(f"/proc/self/fd/{fd}")
        if not stat.S_ISREG(os.fstat(fd).st_mode) or (opened.exists() and not self._is_inside(os.path.realpath(opened))):
            os.close(fd)
            raise FileNotFoundError(f"{name} is no file inside of the mounted folder any more")
        return os.fdopen(fd, "rb")

    def path(self, name: str) -> Path | None:
        """Give the file itself."""
        raw = disk_name(name)
        path = self._root / raw
        return None if _climbs(raw) or not self._is_inside(os.path.realpath(path)) else path

    def _is_inside(self, real: str) -> bool:
        return real.startswith(str(self._root).rstrip("/") + "/")


class StoreMount:
    """An object store's URL: ``s3://bucket/prefix``, ``az://container/prefix``, ``gs://bucket/prefix``."""

    def __init__(self, url: str) -> None:
        """Connect; credentials and options come from the environment, as obstore documents them."""
        self._store: Any = connect(url)
        self._what = f"the mount {url}"
        self.ignored = 0

    def list(self) -> Iterator[Listed]:
        """List all objects, streaming."""
        self.ignored = 0
        with told(self._what):
            for page in obstore.list(self._store, chunk_size=PAGE):
                for meta in page:
                    if meta["path"].endswith("/"):
                        self.ignored += 1
                    else:
                        yield _listed_object(meta)

    def look(self, name: str) -> Listed | None:
        """Give an object as it is now; None where it is gone."""
        try:
            with told(self._what):
                return _listed_object(obstore.head(self._store, disk_name(name)))
        except FileNotFoundError:
            return None

    def open(self, name: str) -> BinaryIO:
        """Open an object.

        Raises:
            FileNotFoundError: It is gone.
        """
        with told(self._what):
            size = obstore.head(self._store, disk_name(name))["size"]
        raw = _Ranges(RemoteBody(self._store, disk_name(name), self._what), size)
        return cast("BinaryIO", io.BufferedReader(raw, max(4096, min(WINDOW, size))))

    def path(self, name: str) -> None:
        """Nothing lies on this machine."""
        del name


class _Ranges(io.RawIOBase):
    def __init__(self, body: RemoteBody, size: int) -> None:
        super().__init__()
        self._body, self._size, self._at = body, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence] + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._body.read_at(self._at, min(len(buffer), self._size - self._at))
        memoryview(buffer)[: len(data)] = data
        self._at += len(data)
        return len(data)


def _listed(name: str, status: os.stat_result) -> Listed:
    at = datetime.fromtimestamp(status.st_mtime_ns // 1_000_000_000, UTC)
    return Listed(name=name, size=status.st_size, stamp=f"{status.st_size}-{status.st_mtime_ns}", modified_at=at)


def _listed_object(meta: Any) -> Listed:
    at = meta["last_modified"].astimezone(UTC)
    etag = (meta["e_tag"] or "").strip('"')  # Azure lists it without the quotes that it answers a HEAD with
    stamp = f"{meta['size']}-{at:%Y%m%dT%H%M%S}-{etag}"
    return Listed(name=readable_name(meta["path"]), size=meta["size"], stamp=stamp, modified_at=at)


def _climbs(raw: str) -> bool:
    return raw.startswith("/") or ".." in raw.split("/") or "\0" in raw


class Spool:
    """A listing of any length and order, given back in order of name from a temporary file."""

    def __init__(self) -> None:
        """Begin empty."""
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("PRAGMA temp_store=FILE")
        self._db.execute("PRAGMA cache_size=-16384")
        self._db.execute("CREATE TABLE listed (name TEXT PRIMARY KEY, size INTEGER, stamp TEXT, at INTEGER) WITHOUT ROWID")

    def fill(self, listing: Iterator[Listed]) -> None:
        """Take a listing."""
        self._db.execute("BEGIN")
        rows = ((one.name, one.size, one.stamp, int(one.modified_at.timestamp() * 1_000_000)) for one in listing)
        self._db.executemany("INSERT OR REPLACE INTO listed VALUES (?, ?, ?, ?)", rows)
        self._db.execute("COMMIT")

    def __iter__(self) -> Iterator[Listed]:
        """Give it back, in bytewise order of name."""
        for name, size, stamp, at in self._db.execute("SELECT name, size, stamp, at FROM listed ORDER BY name"):
            yield Listed(name=name, size=size, stamp=stamp, modified_at=datetime.fromtimestamp(at / 1_000_000, UTC))

    def close(self) -> None:
        """Drop it."""
        self._db.close()
