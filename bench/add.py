"""Adding files: 10,000 small ones and a large one, against a bare loop that writes and syncs files.

Run: python bench/add.py [--small 10000] [--large-mib 512]
"""

import argparse
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from strongroom.domain.blob import Blob
from strongroom.storage.catalog import Catalog
from strongroom.storage.layout import Layout
from strongroom.vault import PutItem, Vault

ROUNDS = 3
MIB = 1 << 20


def sync_directory(path: Path) -> None:
    """Make names durable."""
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)


def write_and_sync(sources: list[Path], target: Path) -> None:
    """Copy each file durably: bytes, then name."""
    for source in sources:
        with source.open("rb") as file, (target / source.name).open("wb") as out:
            shutil.copyfileobj(file, out, MIB)
            out.flush()
            os.fsync(out.fileno())
        sync_directory(target)


def put_all(sources: list[Path], target: Path) -> None:
    """Add the files to a new room."""
    layout = Layout(root=target / "room")
    layout.prepare()
    catalog = Catalog(layout.catalog_url)
    catalog.migrate()
    vault = Vault(catalog, layout)
    container = vault.create_container("bench")
    results = vault.put_all(container, (PutItem(name=source.name, source=source) for source in sources))
    assert all(isinstance(one, Blob) for one in results)
    vault.close()
    catalog.close()


def seconds(act: Callable[[list[Path], Path], None], sources: list[Path], base: Path) -> float:
    """Time an act in a new directory."""
    target = Path(tempfile.mkdtemp(dir=base))
    os.sync()
    started = time.perf_counter()
    act(sources, target)
    taken = time.perf_counter() - started
    shutil.rmtree(target)
    return taken


def compare(title: str, sources: list[Path], base: Path, show: Callable[[float], str]) -> None:
    """Alternate the two, and print medians and their ratio."""
    taken: dict[str, list[float]] = {"bare loop": [], "vault": []}
    for _ in range(ROUNDS):
        taken["bare loop"].append(seconds(write_and_sync, sources, base))
        taken["vault"].append(seconds(put_all, sources, base))
    bare, ours = (statistics.median(taken[name]) for name in ("bare loop", "vault"))
    print(f"{title:34} {show(bare):>14} {show(ours):>14} {bare / ours:>8.2f}")


def main() -> None:
    """Run both comparisons."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--large-mib", type=int, default=512)
    parser.add_argument("--where", type=Path, default=Path(tempfile.gettempdir()))
    given = parser.parse_args(sys.argv[1:])
    rng = random.Random(1)
    with tempfile.TemporaryDirectory(dir=given.where) as folder:
        base = Path(folder)
        small = [base / f"{i:06}" for i in range(given.small)]
        for path in small:
            path.write_bytes(rng.randbytes(rng.randint(1024, 8192)))
        large = base / "large"
        with large.open("wb") as out:
            for _ in range(given.large_mib):
                out.write(rng.randbytes(MIB))
        print(f"{'':34} {'bare + fsync':>14} {'vault':>14} {'ratio':>8}")
        compare(f"{given.small:,} files of 1 to 8 KiB", small, base, lambda taken: f"{given.small / taken:,.0f} files/s")
        compare(f"one file of {given.large_mib} MiB", [large], base, lambda taken: f"{given.large_mib / taken:,.0f} MiB/s")


if __name__ == "__main__":
    main()
