"""`add`: files and folders of this machine become blobs."""

import os
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from strongroom.domain.progress import OnProgress, Progress
from strongroom.domain.status import Added, Refused
from strongroom.errors import UsageError
from strongroom.storage.names import readable_name

STEP = "adding"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A regular file to be added."""

    name: str
    """Name of the blob it becomes."""
    path: Path
    """Where it is."""


def walk(paths: Sequence[Path | str], ignored: Counter[str], refused: list[Refused]) -> Iterator[Found]:
    """Find every file under some paths, in a fixed order, with the blob name that it gets.

    A folder keeps its name, as with ``cp -r``; spelled with a ``/`` or ``/.`` at its end, or as ``.``, only what is in it counts.
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
        mode = path.stat().st_mode
    except OSError:
        ignored["a link that leads nowhere"] += 1
        return
    if stat.S_ISREG(mode):
        yield Found(name=name, path=path)
    else:
        ignored["not a file"] += 1
