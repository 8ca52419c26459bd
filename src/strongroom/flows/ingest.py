"""`add`: files and folders of this machine become blobs."""

import os
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from strongroom.domain.blob import Blob
from strongroom.domain.container import Container
from strongroom.domain.progress import OnProgress, Progress
from strongroom.domain.scope import Scope
from strongroom.domain.status import Added, Refused
from strongroom.errors import ContainerNotFound, UsageError
from strongroom.storage.names import readable_name
from strongroom.vault import PutItem, Vault, file_stamp

PAGE = 1000
"""Files whose stamps are asked for at once."""
TOLD = 64
"""Files between two tellings of progress."""


def add(vault: Vault, container: Container, paths: Sequence[Path | str], on_progress: OnProgress) -> Added:
    """Copy files and folders into a container; each that is counted is durable.

    A file that the container holds already under its name, with the same size and time, is not read again.

    Args:
        vault: Where to.
        container: The container.
        paths: Files and folders; see `walk`.
        on_progress: Is told of files done.

    Raises:
        UsageError: A path does not exist.
        StorageFull: No space is left; what was counted stays.
    """
    return _Ingest(vault, container, on_progress).run(paths)


def container_named(vault: Vault, name: str, scope: Scope) -> Container:
    """Give a container of this name, which is made if it does not exist."""
    try:
        return vault.container(name, scope)
    except ContainerNotFound:
        return vault.create_container(name)


class _Ingest:
    """One run of `add`."""

    def __init__(self, vault: Vault, container: Container, on_progress: OnProgress) -> None:
        self._vault = vault
        self._container = container
        self._on_progress = on_progress
        self._ignored: Counter[str] = Counter()
        self._refused: list[Refused] = []
        self._found = self._added = self._unchanged = self._size = 0

    def run(self, paths: Sequence[Path | str]) -> Added:
        for result in self._vault.put_all(self._container, self._changed(paths)):
            if isinstance(result, Blob):
                self._added += 1
                self._size += result.size
            else:
                self._refused.append(result)
            if self._added % TOLD == 0:
                self._tell(None)
        self._tell(self._found)
        return Added(
            container=self._container.name,
            added=self._added,
            unchanged=self._unchanged,
            size=self._size,
            refused=tuple(self._refused),
            ignored=self._ignored.total(),
        )

    def _changed(self, paths: Sequence[Path | str]) -> Iterator[PutItem]:
        """Give the files that the container does not hold as they are."""
        files = walk(paths, self._ignored, self._refused)
        while page := list(islice(files, PAGE)):
            self._found += len(page)
            stamps = self._vault.stamps(self._container, [found.name for found in page])
            for found in page:
                if stamps.get(found.name) == found.stamp:
                    self._unchanged += 1
                else:
                    yield PutItem(name=found.name, source=found.path)

    def _tell(self, total: int | None) -> None:
        done = self._added + self._unchanged + len(self._refused)
        self._on_progress(Progress(step="adding", done=done, total=total, failed=len(self._refused)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A regular file to be added."""

    name: str
    """Name of the blob it becomes."""
    path: Path
    """Where it is."""
    stamp: str
    """Its size and time, as the catalog keeps them."""


def walk(paths: Sequence[Path | str], ignored: Counter[str], refused: list[Refused]) -> Iterator[Found]:
    """Find every file under some paths, in a fixed order, with the blob name that it gets.

    A folder keeps its name, as with ``cp -r``; spelt with ``/`` or ``/.`` at its end, or as ``.``, only what is in it counts.
    Links are followed to files, never to folders, so that no circle and nothing outside is walked.

    Args:
        paths: Files and folders.
        ignored: Counts entries that are no files.
        refused: Takes folders that cannot be listed.

    Raises:
        UsageError: A path does not exist.
    """
    for given in paths:
        spelt = os.fspath(given)
        path = Path(spelt)
        if not os.path.lexists(path):
            raise UsageError(f"there is no {spelt}: check the path")
        if not path.is_dir():
            yield from _entry(path, readable_name(path.name), ignored)
            continue
        contents_only = spelt.endswith(("/", "/.")) or path == Path()
        prefix = "" if contents_only else readable_name(path.resolve().name) + "/"
        yield from _folder(path, prefix, ignored, refused)


def _folder(folder: Path, prefix: str, ignored: Counter[str], refused: list[Refused]) -> Iterator[Found]:
    pending = [(folder, prefix)]
    while pending:
        here, name = pending.pop()
        try:
            entries = sorted(os.scandir(here), key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            refused.append(Refused(name=name or str(here), reason=f"the folder cannot be listed: {error.strerror}"))
            continue
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                yield from _entry(Path(entry.path), name + readable_name(entry.name), ignored)
        folders = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
        pending += [(Path(entry.path), f"{name}{readable_name(entry.name)}/") for entry in reversed(folders)]


def _entry(path: Path, name: str, ignored: Counter[str]) -> Iterator[Found]:
    try:
        status = path.stat()
    except OSError:
        ignored["a link that leads nowhere"] += 1
        return
    if stat.S_ISREG(status.st_mode):
        yield Found(name=name, path=path, stamp=file_stamp(status))
    else:
        ignored["not a file"] += 1
