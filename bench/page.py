"""The page's search on a room of 100,000 segments: one reader, fifty at once, the search itself beside them, and its weight.

Run: ``python bench/page.py [--contents 25000] [--readers 50] [--searches 10] [--pauses 2 1 0]``. The room is kept in the
user's cache directory. Segments are those of bench/search.py, four a content, laid over that many small files; what is
shown of them is real. Every search asks for words that were not asked for before, so nothing is answered from memory.

A reader with a pause begins a search, sees what it found, and begins the next so many seconds after it came, give or take
half of that. Without a pause (0) each asks again at once, which no person does: then it is a measure of throughput alone.
Processor time is told a search, of the server and of this client apart: they share the machine.
"""

import argparse
import asyncio
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import httpx
import numpy as np
import platformdirs
import pyarrow as pa
from search import BATCH, PICTURE, TEXT, VOCABULARY_WORDS, batch

import strongroom
from strongroom.index import IndexWriter
from strongroom.storage.tables import SegmentTable

PROGRAM = [sys.executable, "-c", "from strongroom.cli import main; main()"]
LOGIN = re.compile(r"Page: (http://[^/]+)(/login\?token=\S+)")
ASSET = re.compile(r'(?:href|src)="(/static/[^"]+)"')
IMPORT = re.compile(r'from "\./([^"]+)"')
PATIENCE = 60.0
FEW = {"STRONGROOM_PAGE_BURST": "1000000", "STRONGROOM_PAGE_RATE": "100000"}


def build(place: Path, contents: int) -> None:
    """Make the room, unless it is there."""
    if (place / "built").exists():
        return
    with tempfile.TemporaryDirectory() as folder, strongroom.init(place) as room:
        for number in range(contents):
            file = Path(folder) / f"{number // 1000:03}" / f"letter-{number:06}.txt"
            file.parent.mkdir(exist_ok=True)
            file.write_text(f"letter {number}")
        room.add([folder], to="letters")
        shas = [blob.sha256 or "" for blob in room.list("letters")]
        writer = IndexWriter(SegmentTable(place / "index", TEXT, PICTURE))
        for start in range(0, 4 * contents, BATCH):
            rows = batch(start, min(BATCH, 4 * contents - start))
            held = pa.array([shas[(start + at) // 4] for at in range(rows.num_rows)])
            containers = pa.array([["1"]] * rows.num_rows, rows.schema.field("containers").type)
            rows = rows.set_column(rows.schema.get_field_index("content_sha256"), rows.schema.field("content_sha256"), held)
            writer.merge(
                rows.set_column(rows.schema.get_field_index("containers"), rows.schema.field("containers"), containers)
            )
        writer.tend()
    (place / "built").touch()


@contextmanager
def serving(place: Path) -> Iterator[tuple[str, str, int]]:
    """Serve the room; gives its address, the path that lets in, and its process."""
    command = [*PROGRAM, "serve", "--room", str(place), "--blob-port", "0", "--port", "0"]
    with tempfile.NamedTemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | FEW)
        try:
            end = time.monotonic() + PATIENCE
            while (found := LOGIN.search(Path(log.name).read_text())) is None and time.monotonic() < end:
                time.sleep(0.1)
            if found is None:
                raise SystemExit(Path(log.name).read_text())
            time.sleep(3)  # the first search's models are loaded meanwhile
            yield found[1], found[2], process.pid
        finally:
            process.terminate()
            process.wait(PATIENCE)


def questions(count: int, seed: int | list[int]) -> list[str]:
    """Draw queries of two words each."""
    dice = np.random.default_rng(seed)
    return [" ".join(VOCABULARY_WORDS[dice.integers(20, 3000, size=2)]) for _ in range(count)]


def told(milliseconds: Sequence[float]) -> str:
    """Give median and 95th percentile."""
    cuts = statistics.quantiles(milliseconds, n=20)
    return f"p50 {statistics.median(milliseconds):.0f} ms, p95 {cuts[18]:.0f} ms"


async def ask(stream: tuple[asyncio.StreamReader, asyncio.StreamWriter], host: str, cookie: str, query: str) -> None:
    """Ask for what the page shows of a query, and take it all: httpx spends 4 to 8 ms on that, which the server then lacks."""
    reader, writer = stream
    path = "/?" + urlencode({"q": query, "part": "1"})
    writer.write(f"GET {path} HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\naccept: */*\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    body = await reader.readexactly(int(re.search(rb"content-length: (\d+)", head)[1]))
    assert head.startswith(b"http/1.1 200"), body
    assert b'id="hits"' in body, body[:500]


async def read(
    base: str, cookies: httpx.Cookies, readers: int, searches: int, *, pause: float = 0, seed: int = 0
) -> list[float]:
    """Search as many readers do at once, each one search after another; gives the milliseconds of each.

    Args:
        base: The server.
        cookies: What lets in.
        readers: How many.
        searches: Of each.
        pause: Mean seconds that a reader looks at what was found.
        seed: Another one asks for other words.
    """
    took: list[float] = []
    host = base.removeprefix("http://")
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())

    async def reader(number: int) -> None:
        dice = np.random.default_rng([seed, number])
        stream = await asyncio.open_connection(*host.split(":"))
        for query in questions(searches, [seed, number]):
            await asyncio.sleep(pause * dice.uniform(0.5, 1.5))
            begun = time.perf_counter()
            await asyncio.wait_for(ask(stream, host, cookie, query), PATIENCE)
            took.append((time.perf_counter() - begun) * 1000)
        stream[1].close()

    await asyncio.gather(*(reader(number) for number in range(readers)))
    return took


def spent(process: int) -> float:
    """Give the processor seconds of a process so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def crowd(base: str, cookies: httpx.Cookies, process: int, given: argparse.Namespace, pause: float) -> None:
    """Measure all readers at once, and print."""
    begun, server, client = time.perf_counter(), spent(process), time.process_time()
    many = asyncio.run(read(base, cookies, given.readers, given.searches, pause=pause, seed=1 + round(pause * 1000)))
    rate = len(many) / (time.perf_counter() - begun)
    own = (time.process_time() - client) * 1000 / len(many)
    its = (spent(process) - server) * 1000 / len(many)
    who = f"{given.readers} at once, " + (f"a pause of {pause:g} s" if pause else "no pause")
    print(f"{who}: {told(many)} (bar p95 500 ms), {rate:.0f} searches a second; CPU {its:.0f} ms a search, client {own:.1f} ms")


def weight(client: httpx.Client) -> tuple[int, int]:
    """Give the bytes of the search page with what it loads before pictures, and how many requests that is."""
    page = client.get("/", params={"q": "letter"})
    waiting, seen = ASSET.findall(page.text), {}
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen[path] = client.get(path).content
            waiting += [path.rpartition("/")[0] + "/" + name for name in IMPORT.findall(seen[path].decode("utf-8", "replace"))]
    return len(page.content) + sum(map(len, seen.values())), 1 + len(seen)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contents", type=int, default=25_000)
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--searches", type=int, default=10)
    parser.add_argument("--pauses", type=float, nargs="*", default=[2.0, 1.0, 0.0])
    given = parser.parse_args()
    place = Path(platformdirs.user_cache_dir("strongroom")) / "bench" / f"page-{given.contents}"
    build(place, given.contents)
    with strongroom.open(place) as room:
        room.warm()
        bare = [room.search(query, limit=20).took_ms for query in questions(100, 999)]
    print(f"the search itself, one after another: {told(bare)}")
    with serving(place) as (base, login, process), httpx.Client(base_url=base) as client:
        client.get(login)
        size, requests = weight(client)
        print(f"the search page weighs {size / 1000:.0f} kB in {requests} requests before pictures (bar 300 kB)")
        alone = asyncio.run(read(base, client.cookies, 1, 50))
        print(
            f"one reader: {told(alone)} (bar 300 ms), {statistics.median(alone) / statistics.median(bare):.1f} times the search"
        )
        for pause in given.pauses:
            crowd(base, client.cookies, process, given, pause)


if __name__ == "__main__":
    main()
