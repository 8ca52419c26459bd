"""Which containers hold a content: right after writers have raced, and when a container goes as a whole."""

from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
import sqlalchemy as sa

from strongroom.errors import BlobNotFound, Conflict, StorageError
from strongroom.storage.catalog import Catalog, holdings
from strongroom.testing.shelf import Shelf, digest, outcome, run

LABELS = [f"content {i}" for i in range(8)]
TRUTH = """
    WITH RECURSIVE down (container_id, sha256) AS (
        SELECT v.container_id, v.sha256 FROM versions v JOIN containers c ON c.id = v.container_id
        WHERE v.is_current AND v.deleted_at IS NULL AND c.deleted_at IS NULL AND v.sha256 IS NOT NULL
        UNION
        SELECT d.container_id, m.child_sha256 FROM down d JOIN members m ON m.parent_sha256 = d.sha256
    )
    SELECT container_id, sha256 FROM down
"""


def check(catalog: Catalog) -> None:
    with catalog.read() as tx:
        held = set(map(tuple, tx.execute(sa.text("SELECT container_id, sha256 FROM holdings"))))
        assert held == set(map(tuple, tx.execute(sa.text(TRUTH))))
        marked = set(tx.scalars(sa.text("SELECT sha256 FROM contents WHERE is_held")))
        assert marked == {sha for _, sha in held}


def act_at_random(shelf: Shelf, rng: Random) -> None:
    """Put, remove or analyse; what the database refuses because of another writer is done again, as its message says."""
    container, label = rng.choice(("one", "two")), rng.choice(LABELS)
    members = {str(i): rng.choice(LABELS) for i in range(rng.randrange(3))}
    deed = rng.randrange(3)
    for _ in range(50):
        try:
            if deed == 0:
                shelf.put(container, {f"blob {rng.randrange(4)}": label})
            elif deed == 1:
                shelf.remove(container, f"blob {rng.randrange(4)}")
            else:
                shelf.record(outcome(label, "application/zip", run("unpack", members=members)))
        except BlobNotFound:
            return
        except (Conflict, StorageError):
            continue
        return
    pytest.fail("it was refused fifty times")


def test_holdings_are_right_after_many_writers_have_raced(catalog: Catalog):
    shelf = Shelf(catalog)
    for name in ("one", "two"):
        shelf.container(name)
        shelf.put(name, {f"blob {i}": label for i, label in enumerate(LABELS[:4])})

    def work(seed: int) -> None:
        rng = Random(seed)
        for _ in range(15):
            act_at_random(shelf, rng)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))
    check(catalog)


def test_taking_away_everything_at_once_leaves_nothing_held(catalog: Catalog):
    shelf = Shelf(catalog)
    shelf.container("one")
    shelf.put("one", {f"{i}.zip": f"zip {i}" for i in range(30)})
    for i in range(30):
        shelf.record(outcome(f"zip {i}", "application/zip", run("unpack", members={"empty": "empty", "x": f"x {i}"})))
    with catalog.write() as tx:
        tx.execute(sa.text("DELETE FROM versions WHERE name <> '7.zip'"))
        holdings.change(tx, placed={}, displaced={digest(f"zip {i}") for i in range(30) if i != 7})
    check(catalog)
    with catalog.read() as tx:
        held = set(tx.scalars(sa.text("SELECT sha256 FROM contents WHERE is_held")))
    assert held == {digest(label) for label in ("zip 7", "x 7", "empty")}
