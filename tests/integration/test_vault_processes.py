"""Many processes at once, and processes that are killed: nothing acknowledged is lost, nothing unwanted stays."""

import hashlib
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from strongroom.errors import BlobNotFound
from strongroom.storage.catalog import Catalog
from strongroom.storage.layout import Layout
from strongroom.vault import Vault

WRITER = Path(__file__).with_name("vault_writer.py")


def start(layout: Layout, url: str, number: int, rounds: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, str(WRITER), str(layout.root), url, str(number), str(rounds)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def acknowledged(lines: list[str]) -> dict[str, str]:
    """Give the newest word on each name; a line cut off by the kill was not said."""
    return dict(line.split() for line in lines if line.endswith("\n") and len(line.split()) == 2)


def verify(vault: Vault, container: object, said: dict[str, str]) -> None:
    for name, digest in said.items():
        if digest == "?" or name == "all/same":
            continue  # a delete was under way, or another writer wrote it too
        if digest == "-":
            with pytest.raises(BlobNotFound):
                vault.get(container, name)
            continue
        blob, stream = vault.read(container, name)
        with stream:
            data = stream.read()
        mine = hashlib.sha256(data).hexdigest()
        assert blob.sha256 in (None, mine)
        if not name.endswith("/same"):
            assert mine == digest, name


def test_processes_write_at_once(vault: Vault, layout: Layout, catalog_url: str):
    container = vault.create_container("letters")
    writers = [start(layout, catalog_url, number, 3) for number in range(4)]
    done = threading.Event()
    swept: list[int] = []

    def sweep() -> None:
        while not done.wait(0.05):
            swept.append(vault.sweep())

    sweeper = threading.Thread(target=sweep)
    sweeper.start()
    said: dict[str, str] = {}
    for writer in writers:
        out, _ = writer.communicate()
        assert writer.returncode == 0
        said.update(acknowledged(out.splitlines(keepends=True)))
    done.set()
    sweeper.join()
    assert len(said) > 4 * 3 * 20
    verify(vault, container, said)
    assert {blob.name for blob in vault.walk(container)} == {name for name, digest in said.items() if digest != "-"}
    assert vault.check(deep=True) == []


def test_killed_writers_lose_nothing_acknowledged(vault: Vault, catalog: Catalog, layout: Layout, catalog_url: str):
    container = vault.create_container("letters")
    rng = random.Random(7)
    for number in range(6):
        writer = start(layout, catalog_url, number, 0)
        assert writer.stdout is not None
        lines = [writer.stdout.readline()]
        killer = threading.Timer(rng.uniform(0.0, 0.6), writer.kill)
        killer.start()
        lines += writer.stdout.readlines()
        writer.wait()
        writer.stdout.close()
        killer.join()
        verify(vault, container, acknowledged(lines))
    vault.sweep()
    assert vault.check(deep=True) == []
    vault.delete_container(container)
    assert list(vault._bodies.list()) == []
    with catalog.read() as tx:
        assert tx.exec_driver_sql("SELECT count(*) FROM objects").scalar_one() == 0
