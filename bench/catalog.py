"""How long the catalog takes for its large questions, at a size given by hand; a bare count of the rows is the floor.

python bench/catalog.py [--contents 1000000] [--url postgresql://…]
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import sqlalchemy as sa

from strongroom.domain.analysis import AnalyzerSpec, State
from strongroom.domain.media import type_of
from strongroom.storage.catalog import Catalog, Transaction, analyses, coverage, names, now, placements, schema, standings
from strongroom.storage.catalog.standings import Standing
from strongroom.testing.shelf import EVERYTHING, Shelf, digest, only, outcome, run

MEDIA = ("image/jpeg", "text/plain", "application/pdf", "application/zip", "message/rfc822", "video/mp4")
SPECS = (
    AnalyzerSpec(name="picture", version=1, accepts=("image/*",)),
    AnalyzerSpec(name="words", version=1, accepts=("text/*", "message/rfc822")),
    AnalyzerSpec(name="pdf", version=1, accepts=("application/pdf",)),
    AnalyzerSpec(name="ocr", version=1, accepts=("image/*", "application/pdf")),
    AnalyzerSpec(name="unpack", version=1, accepts=("application/zip", "message/rfc822")),
)
STEP = 20_000


def rows(numbers: Sequence[int], kinds: dict[tuple[str, str], int]) -> Iterator[dict[str, object]]:
    """Give contents in every standing: nine of ten finished, some failed, some not looked at yet."""
    for i in numbers:
        media = MEDIA[i % len(MEDIA)]
        state = "new" if i % 50 == 0 else "part" if i % 50 == 1 else "failed" if i % 50 == 2 else "done"
        yield {
            "sha256": digest(str(i)),
            "size": i,
            "media_type": None if state == "new" else media,
            "type": None if state == "new" else type_of(media),
            "depth": 0,
            "standing": None if state == "new" else kinds[media, state],
            "is_held": True,
            "is_placed": True,
            "moves": 1,
            "first_seen_at": now(),
        }


def kinds_of(tx: Transaction) -> dict[tuple[str, str], int]:
    """Make the standings and give their ids."""
    found = {}
    for media in MEDIA:
        takers = [spec.name for spec in SPECS if spec.takes(media)]
        for state in ("part", "failed", "done"):
            ran = takers[:-1] if state == "part" else takers
            end = State.FAILED if state == "failed" else State.DONE
            one = Standing(media_type=media, type=type_of(media), runs=dict.fromkeys(ran, (1, end)))
            found[media, state] = standings.ids(tx, {one.key()})[one.key()]
    return found


def build(catalog: Catalog, count: int) -> list[int]:
    """Fill a catalog: each content in one of two containers, one of ten in both."""
    shelf = Shelf(catalog)
    ids = [shelf.container("one"), shelf.container("two")]
    with catalog.write() as tx:
        kinds = kinds_of(tx)
    ordered = sorted(range(count), key=lambda i: digest(str(i)))  # an index is filled far quicker in its own order
    for start in range(0, count, STEP):
        numbers = ordered[start : start + STEP]
        made = list(rows(numbers, kinds))
        held = [(ids[i % 2], row["sha256"], i) for i, row in zip(numbers, made, strict=True)]
        held += [(ids[(i + 1) % 2], row["sha256"], i) for i, row in zip(numbers, made, strict=True) if i % 10 == 0]
        blob = {"version": "1", "is_current": True, "is_snapshot": False, "kind": "block", "etag": "1", "content_type": "x"}
        blob |= {"size": 1, "headers": {}, "metadata": {}, "created_at": now(), "modified_at": now()}
        with catalog.write() as tx:
            tx.execute(schema.contents.insert(), made)
            tx.execute(schema.holdings.insert(), [{"container_id": c, "sha256": sha} for c, sha, _ in held])
            blobs = [{**blob, "container_id": c, "sha256": sha, "name": f"folder/{i:09}.bin"} for c, sha, i in held]
            tx.execute(schema.versions.insert(), blobs)
    with catalog.write() as tx:
        tx.exec_driver_sql("ANALYZE")
    return ids


def timed(what: str, catalog: Catalog, ask: Callable[[Transaction], object], times: int = 5) -> None:
    """Ask a question several times; print the median of wall time and of processor time, for a machine that is shared."""
    wall, processor = [], []
    for _ in range(times):
        with catalog.read() as tx:
            begun, spent = time.perf_counter(), time.process_time()
            ask(tx)
            wall.append(time.perf_counter() - begun)
            processor.append(time.process_time() - spent)
    print(f"{what:<50}{statistics.median(wall) * 1e3:10.1f} ms wall {statistics.median(processor) * 1e3:10.1f} ms processor")


def questions(catalog: Catalog, ids: list[int], count: int) -> None:
    """Ask what search, status and analysis ask."""
    one, some = frozenset(ids[:1]), [digest(str(i * 37 % count)) for i in range(200)]
    middle = "8" + "0" * 63

    def page(containers: frozenset[int] | None, after: str) -> Callable[[Transaction], object]:
        return lambda tx: analyses.pending(tx, SPECS, containers=containers, after=after, limit=1000)

    timed("floor: bare count(*) of contents", catalog, lambda tx: tx.scalar(sa.text("SELECT count(*) FROM contents")))
    timed("coverage of the whole room", catalog, lambda tx: coverage.coverage(tx, SPECS, EVERYTHING))
    timed("coverage of one of two containers", catalog, lambda tx: coverage.coverage(tx, SPECS, only(ids[0])))
    timed("pending, first 1,000", catalog, page(None, ""))
    timed("pending, 1,000 from the middle", catalog, page(None, middle))
    timed("pending in one container, 1,000 from the middle", catalog, page(one, middle))
    timed("pending count", catalog, lambda tx: analyses.pending_count(tx, SPECS, containers=None))
    timed("names of 200 contents", catalog, lambda tx: names.names(tx, some, EVERYTHING))
    timed("names of 20 contents", catalog, lambda tx: names.names(tx, some[:20], EVERYTHING))
    timed("placements of 200 contents", catalog, lambda tx: placements.placements(tx, some))
    timed("due analyzers of 200 contents", catalog, lambda tx: analyses.due(tx, some, SPECS))


def writes(catalog: Catalog) -> None:
    """Put blobs and record outcomes in batches, as `add` and `analyze` do."""
    shelf, turns = Shelf(catalog), range(20)
    shelf.container("new")
    members = {f"member {i}": f"inner {i}" for i in range(10_000)}

    def put() -> int:
        for turn in turns:
            shelf.put("new", {f"{turn}/{i}": f"new {turn} {i}" for i in range(200)})
        return 200 * len(turns)

    def record() -> int:
        for turn in turns:
            shelf.record(*(outcome(f"new {turn} {i}", "text/plain", run("words")) for i in range(200)))
        return 200 * len(turns)

    def unpack() -> int:
        shelf.record(outcome("new 0 0", "application/zip", run("unpack", members=members)))
        return len(members)

    for what, act in (
        ("blobs put, 200 a transaction", put),
        ("outcomes recorded, 200 a transaction", record),
        ("members of one archive recorded", unpack),
    ):
        begun, spent = time.perf_counter(), time.process_time()
        count = act()
        wall, processor = time.perf_counter() - begun, time.process_time() - spent
        print(f"{what:<50}{count / wall:10.0f} a second {count / processor:10.0f} a processor second")


def main() -> None:
    """Build, ask, write, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contents", type=int, default=1_000_000)
    parser.add_argument("--url", default="")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        catalog = Catalog(given.url or f"sqlite:///{Path(folder, 'catalog.sqlite')}")
        catalog.migrate()
        begun = time.perf_counter()
        ids = build(catalog, given.contents)
        print(f"{given.contents:,} contents built in {time.perf_counter() - begun:.0f} s; {catalog.dialect}")
        questions(catalog, ids, given.contents)
        writes(catalog)
        catalog.close()


if __name__ == "__main__":
    main()
