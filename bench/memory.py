"""Peak memory of a worker over large files of every kind that hurts, each through the real door.

    python bench/memory.py [KIND…] [--seconds 25] [--scale 1.0] [--size KIND=N]

For each kind a room is made in a temporary directory, with one worker and the default settings, the file is added, and
`analyze` runs until it ends, or until the time is over: two gigabytes of prose take a day to embed, and memory has long
settled by then. To see the end of such files as well, their reader alone then runs over the whole file in a process of its own
(``--whole`` for so many seconds at the most). Peaks are those that the kernel keeps (VmHWM); the tree is the worker with
all that it started, LibreOffice included, which is what the limit of 1.5 GiB is laid on.
"""

import argparse
import multiprocessing
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, BinaryIO

import psutil
from large import KINDS
from rich.console import Console
from rich.table import Table

import strongroom
from strongroom.analyzers import built_in
from strongroom.analyzers.bounds import Bounds
from strongroom.domain.settings import Settings
from strongroom.errors import LimitExceeded
from strongroom.flows.worker import HEAD
from strongroom.models.filetypes import FileTypes
from strongroom.models.toolbox import Toolbox
from strongroom.testing.source import BytesSource

MIB = 1 << 20
ROUND = 0.02
ALONE = ("text", "one-line", "csv", "json", "json-string", "xml", "html", "pdf-pages", "xlsx", "docx")
"""Kinds whose embedding would outlast the bench: their reader is run to the end alone."""


class Whole(BytesSource):
    """A file as a `Source` of which nothing is held."""

    def __init__(self, file: Path, media_type: str) -> None:
        """Take a file."""
        super().__init__(b"", media_type, file.name)
        self._file, self.size = file, file.stat().st_size

    def open(self) -> BinaryIO:
        """Open the file."""
        return self._file.open("rb")

    def path(self) -> Path:
        """Give the file itself."""
        return self._file

    def read(self, limit: int) -> bytes:
        """Give its bytes."""
        if self.size > limit:
            raise LimitExceeded(f"{self.size:,} bytes")
        return self._file.read_bytes()


@dataclass(slots=True)
class Peaks:
    """What was seen of a process and its descendants."""

    worker: int = 0
    tree: int = 0
    parent: int = 0
    seen: dict[int, psutil.Process] = field(default_factory=dict)

    def look(self, parent: psutil.Process) -> None:
        """Look once."""
        total, found = 0, []
        with suppress(psutil.Error):
            found = parent.children(recursive=True)
        for process in found:
            self.seen.setdefault(process.pid, process)
            try:
                total += process.memory_info().rss
                if "strongroom.engine.worker" in " ".join(process.cmdline()):
                    self.worker = max(self.worker, _high(process.pid))
            except (psutil.Error, OSError):
                continue
        self.tree = max(self.tree, total)
        self.parent = max(self.parent, _high(parent.pid))

    def end(self) -> None:
        """End whatever was seen and still runs."""
        for process in self.seen.values():
            if process.is_running():
                process.kill()


def _high(pid: int) -> int:
    """Give VmHWM; 0 where the process is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def through_the_door(folder: Path, file: Path, answer: Connection) -> None:
    """Add a file to a new room, analyse it, and tell how it went."""
    with strongroom.init(folder / "room", workers=1) as room:
        room.add([file], to="large")
        answer.send("added")
        done = room.analyze()
        failures = room.failures(limit=1000).failures
    reasons = sorted({f"{one.state}: {one.reason}" for one in failures if one.name.endswith(file.name)})
    answer.send(f"{'; '.join(reasons) or 'analysed'} ({done.segments:,} segments, {done.contents:,} contents)")


def reader_alone(file: Path, answer: Connection) -> None:
    """Run the readers over a whole file without embedding anything."""
    with file.open("rb") as stream:
        kind = FileTypes().identify(stream.read(HEAD), file.stat().st_size, file.name, stream)
    source = Whole(file, kind)
    tools = Toolbox(Settings(office="builtin"), threads=1)
    count = 0
    for analyzer in built_in(Bounds()):
        if analyzer.spec.takes(kind) and not analyzer.spec.cost:
            for _ in analyzer.analyze(source, tools):
                count += 1
    answer.send(f"{count:,} findings of {kind}")


def watch(target: Any, arguments: tuple[Any, ...], seconds: float, start: float = 0) -> tuple[str, Peaks]:
    """Run a function in a process of its own for so long at the most; give what it said last, and the peaks."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=target, args=(*arguments, there))
    process.start()
    there.close()
    parent, peaks, said = psutil.Process(process.pid), Peaks(), "nothing"
    until = time.monotonic() + start + seconds
    with suppress(EOFError):
        while time.monotonic() < until:
            peaks.look(parent)
            if here.poll(ROUND):
                said = here.recv()
                if said == "added":
                    until = time.monotonic() + seconds
    process.kill()
    process.join()
    peaks.end()
    here.close()
    return f"still reading after {seconds:g} s" if said in ("added", "nothing") else said, peaks


def measure(kind: str, size: int, options: argparse.Namespace) -> tuple[str, ...]:
    """Give a row of the table."""
    name, _, unit, make = KINDS[kind]
    folder = Path(tempfile.mkdtemp(prefix="strongroom-memory-"))
    try:
        file = folder / name
        make(file, size)
        bytes_ = file.stat().st_size
        state, peaks = watch(through_the_door, (folder, file), options.seconds, start=120)
        whole = ""
        if kind in ALONE:
            said, alone = watch(reader_alone, (file,), options.whole)
            whole = f"{alone.parent // MIB:,} MiB" if "findings" in said else f"{alone.parent // MIB:,} MiB, {said}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    size_of = f"{bytes_ / 1e6:,.0f} MB"
    return (
        f"{size:,} {unit}",
        size_of,
        state,
        f"{peaks.worker // MIB:,}",
        f"{peaks.tree // MIB:,}",
        f"{peaks.parent // MIB:,}",
        whole,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)}; all where none is named")
    parser.add_argument("--seconds", type=float, default=25, help="of analysis, a kind")
    parser.add_argument("--whole", type=float, default=120, help="of a reader alone, a kind")
    parser.add_argument("--scale", type=float, default=1.0, help="of every size")
    parser.add_argument("--size", action="append", default=[], metavar="KIND=N", help="size of one kind")
    options = parser.parse_args()
    sizes = {kind: max(1, int(row[1] * options.scale)) for kind, row in KINDS.items()}
    sizes |= {kind: int(value) for kind, _, value in (one.partition("=") for one in options.size)}
    table = Table("kind", "file", "state", "worker, MiB", "tree, MiB", "parent, MiB", "reader alone, whole file")
    for kind in options.kinds or KINDS:
        row = measure(kind, sizes[kind], options)
        print(*row, sep=" | ", file=sys.stderr, flush=True)
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 200).print(table)


if __name__ == "__main__":
    main()
