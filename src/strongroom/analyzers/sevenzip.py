"""7z archives: unfolded to a temporary directory within bounds, since py7zr pushes what a member has to be pulled."""

import lzma
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from strongroom.analyzers import names
from strongroom.analyzers.bounds import CHUNK, ODDITIES, Meter
from strongroom.domain.findings import Finding, Member, Problem
from strongroom.errors import AnalysisError, Encrypted, StorageError, Unreadable, Unsupported
from strongroom.ports.source import Source

if TYPE_CHECKING:
    import py7zr


def read(source: Source, meter: Meter) -> Iterator[Finding]:
    """Yield the members of a 7z archive and their names.

    Raises:
        Unreadable: It is no 7z archive, or corrupt.
        Encrypted: It needs a password; the names were yielded where they are not encrypted too.
        LimitExceeded: It is a bomb.
    """
    import py7zr

    with source.open() as opened, tempfile.TemporaryDirectory(prefix="strongroom-7z-") as directory:
        try:
            archive = py7zr.SevenZipFile(opened)
        except py7zr.PasswordRequired as error:
            raise Encrypted("its directory is encrypted; a password would be needed") from error
        except (py7zr.exceptions.ArchiveError, lzma.LZMAError, zlib.error, *ODDITIES) as error:
            raise _reason(error) from error
        with archive:
            yield from _members(archive, Path(directory), meter)


def _members(archive: "py7zr.SevenZipFile", directory: Path, meter: Meter) -> Iterator[Finding]:
    entries = [(entry.filename, int(entry.uncompressed or 0)) for entry in archive.list() if not entry.is_directory]
    for _ in entries:
        meter.member()
    paths = {name: names.clean(name, number) for number, (name, _) in enumerate(entries, 1)}
    if paths:
        yield names.listing(paths.values())
    meter.declare(sum(size for _, size in entries))
    if archive.needs_password():
        raise Encrypted("its members need a password; their names can be found, their contents not")
    factory = _Factory(directory, sum(size for _, size in entries))
    problem = _extract(archive, factory)
    for number, name in enumerate(factory.names):
        file = directory / str(number)
        path = paths.get(name) or names.clean(name, number + 1)
        if problem and number == len(factory.names) - 1:
            break
        yield Member(path=path, chunks=meter.chunks(_data(file)))
        meter.check()
        file.unlink(missing_ok=True)
    if problem:
        if len(factory.names) <= 1:
            raise problem
        yield Problem(reason=f"the archive is damaged after {len(factory.names) - 1} of {len(entries)} members: {problem}")


def _extract(archive: "py7zr.SevenZipFile", factory: "_Factory") -> AnalysisError | None:
    import py7zr

    try:
        archive.extractall(factory=cast("py7zr.io.WriterFactory", factory))
    except (py7zr.exceptions.ArchiveError, lzma.LZMAError, zlib.error, *ODDITIES) as error:
        if isinstance(error, (StorageError, OSError)) and not isinstance(error, ValueError):
            raise
        return _reason(error)
    finally:
        factory.close()
    return None


def _reason(error: Exception) -> AnalysisError:
    import py7zr

    if isinstance(error, AnalysisError):
        return error
    if isinstance(error, py7zr.UnsupportedCompressionMethodError):
        return Unsupported("it is packed by a method that has no reader here")
    return Unreadable(f"it is not a 7z archive, or its data is corrupt ({type(error).__name__}: {error})")


def _data(file: Path) -> Iterator[bytes]:
    with suppress(FileNotFoundError), file.open("rb") as opened:
        while chunk := opened.read(CHUNK):
            yield chunk


class _Factory:
    """Gives py7zr a numbered file for each member: no name of the archive ever touches a path."""

    def __init__(self, directory: Path, allowed: int) -> None:
        self.names: list[str] = []
        self.left = allowed
        self._directory = directory
        self._open: list[_Writer] = []

    def create(self, filename: str) -> "_Writer":
        writer = _Writer(self, self._directory / str(len(self.names)))
        self.names.append(filename)
        self._open.append(writer)
        return writer

    def close(self) -> None:
        for writer in self._open:
            writer.close()


class _Writer:
    """A file that py7zr writes to; it may not write more than the archive declares."""

    def __init__(self, factory: _Factory, path: Path) -> None:
        self._factory = factory
        self._file: Any = path.open("w+b")

    def write(self, data: bytes) -> int:
        self._factory.left -= len(data)
        if self._factory.left < 0:
            raise Unreadable("it unfolds to more than it declares")
        return int(self._file.write(data))

    def read(self, size: int | None = None) -> bytes:
        return bytes(self._file.read(-1 if size is None else size))

    def seek(self, offset: int, whence: int = 0) -> int:
        return int(self._file.seek(offset, whence))

    def flush(self) -> None:
        self._file.flush()

    def size(self) -> int:
        return int(self._file.seek(0, 1))

    def close(self) -> None:
        self._file.close()
