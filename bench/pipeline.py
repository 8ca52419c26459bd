"""The cheap pass over large photographs, from blobs to the index, beside the bare loop in as many processes.

    python bench/pipeline.py [COUNT]

Adds COUNT (default 400) JPEG photographs of 12 megapixels and about 3 MB to a room and measures `analyze --cheap` (decode,
label, vectors, thumbnail, EXIF, index, catalog) against processes that do no more than decode each file at reduced scale and
run the bare model on it. Both are timed at work: starting processes and loading models, which both do once, is left out.
"""

import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from images import bare_loop, photographs

import strongroom
from strongroom.domain.analysis import Cost
from strongroom.domain.progress import Progress
from strongroom.domain.settings import Settings
from strongroom.models.store import ModelStore


def write_photographs(folder: Path, count: int) -> list[Path]:
    """Write photographs whose bytes all differ: what follows the end of a JPEG is not decoded."""
    made, files = photographs(), []
    for number in range(count):
        files.append(folder / f"{number:05}.jpg")
        files[-1].write_bytes(made[number % len(made)] + number.to_bytes(8, "big"))
    return files


def loop(files: list[Path], ready: Any, times: Any) -> None:
    """Do the bare work of one process."""
    run = bare_loop(ModelStore.of(Settings()))
    run(files[0].read_bytes())
    ready.wait()
    started = time.perf_counter()
    for file in files:
        run(file.read_bytes())
    times.put(time.perf_counter() - started)


def run_bare(files: list[Path], workers: int) -> float:
    """Give images a second of the bare loop."""
    context = multiprocessing.get_context("spawn")
    ready, times = context.Barrier(workers), context.Queue()
    processes = [context.Process(target=loop, args=(files[n::workers], ready, times)) for n in range(workers)]
    for process in processes:
        process.start()
    slowest = max(times.get() for _ in processes)
    for process in processes:
        process.join()
    return len(files) / slowest


def run_ours(folder: Path, count: int, workers: int) -> tuple[float, float]:
    """Give images a second at work, and of the whole call with its start and end."""
    events: list[tuple[float, int]] = []

    def note(event: Progress) -> None:
        if event.step == "reading":
            events.append((time.perf_counter(), event.done))

    place = Path(tempfile.mkdtemp(prefix="strongroom-bench-"))
    try:
        with strongroom.init(place / "room", workers=workers) as room:
            room.add([f"{folder}/"], to="photos")
            started = time.perf_counter()
            room.analyze(depth=Cost.CHEAP, on_progress=note)
            whole = count / (time.perf_counter() - started)
    finally:
        shutil.rmtree(place)
    (begun, first), (ended, last) = events[0], events[-1]
    return (last - first) / (ended - begun), whole


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    workers = len(os.sched_getaffinity(0))
    folder = Path(tempfile.mkdtemp(prefix="strongroom-photos-"))
    try:
        files = write_photographs(folder, count)
        size = sum(file.stat().st_size for file in files) / count / 1e6
        print(f"{count} JPEGs of 12 megapixels, {size:.1f} MB each, {workers} processes")
        before = run_bare(files, workers)
        ours, whole = run_ours(folder, count, workers)
        after = run_bare(files, workers)
    finally:
        shutil.rmtree(folder)
    bare = (before + after) / 2
    print(f"bare loop   {bare:6.1f} images/s  ({before:.1f} before, {after:.1f} after)")
    print(f"strongroom  {ours:6.1f} images/s  ratio {ours / bare:.2f}  (the whole call, with its start: {whole:.1f})")


if __name__ == "__main__":
    main()
