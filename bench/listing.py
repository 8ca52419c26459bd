"""Lists of a million blobs, ours against Azurite, alternating: pages of 5,000 from the middle, and one folder of many.

What is listed was not put one by one, which Azurite could not take in an hour: each side is given one container and one blob
over HTTP, is stopped, and that blob's record is written anew under a million names where it keeps them (rows of the catalog;
the document that Azurite loads into memory). Before anything is measured both must list the same names over HTTP.

Azurite is spared three things. V8 has no string of more than 512 MiB, and Azurite keeps its records in one: at a million
they fit only without MD5, place of the bytes and time of the tier, so its pages tell less than ours. It gets a heap of 8 GiB.
And its collector of garbage is turned off: before Azurite listens, and then every ten minutes, it looks through all records for
each 5,000 of them and lets nothing else run, which took five minutes.

Run: python bench/listing.py [--blobs 1000000] [--rounds 5] [--seconds 3] [--only WORDS] [--alone]
Azurite: `make azurite`.
"""

import argparse
import json
import random
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import sqlalchemy as sa
from support.peers import CONTAINER, MODULES, Case, Peer, ask, azurite, drive, measure, strongroom

from strongroom.storage.catalog import Catalog
from strongroom.storage.catalog.schema import version_objects, versions

PAGE = 5000
FOLDER = 10_000
"""Blobs in one folder."""
SHELVES, SHELF = 100, 100
"""Folders in a folder, and blobs in each of those."""
CONTENT = b"0123456789"
MOST_STRING = (1 << 29) - 24
"""Characters of V8's longest string."""
NAMES = re.compile(rb"<Name>([^<]*)</Name>")
NEXT = re.compile(rb"<NextMarker>([^<]*)</NextMarker>")


def name(number: int) -> str:
    """Give the name of a blob; names are in the order of numbers."""
    return f"case-{number // FOLDER:03}/box-{number // SHELF % SHELVES:02}/scan-{number % SHELF:02}.jpg"


def begin(peer: Peer) -> None:
    """Put the blob that all others are like, which comes first in order."""
    ask(peer, peer.request("PUT", f"/{CONTAINER}", query=[("restype", "container")]))
    ask(peer, peer.request("PUT", f"/{CONTAINER}/a", CONTENT, blob=True))


def fill_room(base: Path, count: int) -> None:
    """Give the blob's row, and the reference to its bytes, to all other names; each is a second younger than the one before."""
    with ExitStack() as stack:
        begin(strongroom(stack, base))
    catalog = Catalog(f"sqlite:///{base / 'room' / 'catalog.sqlite'}")
    numbers = sa.select(sa.literal(0).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(sa.select(numbers.c.n + 1).where(numbers.c.n < count - 1))
    n = numbers.c.n
    changed = {
        "id": versions.c.id + n + 1,
        "name": sa.func.printf(
            "case-%03d/box-%02d/scan-%02d.jpg", sa.cast(n / FOLDER, sa.Integer), n / SHELF % SHELVES, n % SHELF
        ),
        "etag": sa.func.printf("0x%016X", n + 2),
        **{one: sa.type_coerce(versions.c[one], sa.BigInteger) + n * 1_000_000 for one in ("created_at", "modified_at")},
    }
    with catalog.write() as tx:
        for table, values in ((versions, changed), (version_objects, {"version_id": version_objects.c.version_id + n + 1})):
            columns = {column.name: values.get(column.name, column) for column in table.c}
            found = sa.select(*columns.values()).select_from(table.join(numbers, sa.true()))
            tx.execute(table.insert().from_select(list(columns), found))
    catalog.close()


def fill_azurite(base: Path, count: int) -> None:
    """Give the blob's record to all other names in the document that Azurite keeps."""
    with ExitStack() as stack:
        peer = azurite(stack, base)
        if peer is None:
            return
        begin(peer)
    path = base / "azurite" / "__azurite_db_blob__.json"
    document = json.loads(path.read_text())
    blobs = next(one for one in document["collections"] if one["name"] == "$BLOBS_COLLECTION$")
    record = blobs["data"][0]
    for left_out in ("deleted", "persistency", "meta"):
        record.pop(left_out)
    for left_out in ("contentMD5", "accessTierChangeTime"):
        record["properties"].pop(left_out)
    blobs["data"], blobs["maxId"] = ["RECORDS"], count + 1
    for index in blobs["binaryIndices"].values():
        index["values"] = ["ORDER"]
    first, between, last = re.split('"(?:NAME|NUMBER)"', _spelt({**record, "name": "NAME", "$loki": "NUMBER"}))
    names = ["a", *map(name, range(count))]
    records = ",".join(f'{first}"{one}"{between}{number}{last}' for number, one in enumerate(names, 1))
    text = _spelt(document).replace('"RECORDS"', records).replace('"ORDER"', ",".join(map(str, range(count + 1))))
    if len(text) > MOST_STRING:
        raise SystemExit(f"{len(text):,} characters are more than Azurite can load, {MOST_STRING:,}: ask for fewer --blobs")
    path.write_text(text)


def _spelt(document: object) -> str:
    return json.dumps(document, separators=(",", ":"))


def spared(stack: ExitStack, base: Path) -> Peer | None:
    """Start Azurite with a large heap and without its collector of garbage."""
    collector = MODULES / "azurite/dist/src/blob/gc/BlobGCManager.js"
    patch = base / "spare.cjs"
    patch.write_text(f"require({json.dumps(str(collector))}).default.prototype.start = async () => {{}};\n")
    return azurite(stack, base, f"--max-old-space-size=8192 --require={patch}")


def page_request(peer: Peer, **query: str) -> list[bytes]:
    """Give the request for a page."""
    return peer.request("GET", f"/{CONTAINER}", query=[("restype", "container"), ("comp", "list"), *query.items()])


def check(peer: Peer, count: int) -> None:
    """Make sure that a server lists all that it should, in order: the first page, some in the middle and the last one.

    Raises:
        SystemExit: It does not.
    """
    names = ["a", *map(name, range(count))]
    for start in (-1, 0, count // 3, count // 2, count - PAGE - 2, count - PAGE // 2):
        query = {} if start < 0 else {"marker": names[start]}
        body = ask(peer, page_request(peer, **query))
        expected = names[start + 1 : start + 1 + PAGE]
        following = NEXT.search(body)
        marker = following[1].decode() if following else ""
        if [one.decode() for one in NAMES.findall(body)] != expected or marker != (
            expected[-1] if len(expected) == PAGE else ""
        ):
            raise SystemExit(f"{peer.name} does not list what it holds behind {query}: {body[:300]!r}")
    folders = NAMES.findall(ask(peer, page_request(peer, prefix="case-000/", delimiter="/")))
    if len(folders) != min(SHELVES, -(-count // SHELF)):
        raise SystemExit(f"{peer.name} lists {len(folders)} folders in one")


def cases(count: int, seconds: float) -> list[Case]:
    """Give what is measured."""

    def pages(peer: Peer, turn: int) -> float:
        return drive(peer, [_pages(peer, count, f"{turn} {who}") for who in range(4)], seconds)

    def folders(peer: Peer, turn: int) -> float:
        return drive(peer, [_folders(peer, count, str(turn))], seconds)

    return [
        Case(name=f"list {PAGE:,} of {count:,}, 4 connections", unit=" pages/s", run=pages, bar=10, digits=1),
        Case(name=f"list the 100 folders in one of {FOLDER:,}, 1 connection", unit=" pages/s", run=folders, bar=None, digits=1),
    ]


def _pages(peer: Peer, count: int, seed: str) -> Iterator[list[bytes]]:
    """Give requests for full pages behind names in the middle; the same for all peers."""
    chosen = random.Random(seed)
    while True:
        yield page_request(peer, marker=name(chosen.randrange(count // 10, count - PAGE)))


def _folders(peer: Peer, count: int, seed: str) -> Iterator[list[bytes]]:
    chosen = random.Random(seed)
    while True:
        yield page_request(peer, prefix=f"case-{chosen.randrange(max(1, count // FOLDER)):03}/", delimiter="/")


def prepared(stack: ExitStack, base: Path, count: int, *, is_alone: bool) -> Sequence[Peer]:
    """Fill and start the servers, and make sure that they list all."""
    began = time.perf_counter()
    fill_room(base, count)
    peers = [strongroom(stack, base)]
    if not is_alone:
        fill_azurite(base, count)
        other = spared(stack, base)
        peers += [] if other is None else [other]
    for peer in peers:
        check(peer, count)
    print(f"{count:,} blobs listed rightly by {' and '.join(one.name for one in peers)} in {time.perf_counter() - began:.0f} s")
    return peers


def main() -> None:
    """Fill, check, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blobs", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--alone", action="store_true", help="without Azurite")
    given = parser.parse_args()
    if given.blobs < 2 * PAGE + 2:
        parser.error(f"--blobs: at least {2 * PAGE + 2:,}, so that there is a middle")
    base = Path(tempfile.mkdtemp(prefix="strongroom-bench-"))
    try:
        with ExitStack() as stack:
            peers = prepared(stack, base, given.blobs, is_alone=given.alone)
            measure(peers, [one for one in cases(given.blobs, given.seconds) if given.only in one.name], given.rounds)
    finally:
        shutil.rmtree(base)


if __name__ == "__main__":
    main()
