"""The short way of a landing on SQLite leaves the rows that the long one leaves."""

import sqlite3
from pathlib import Path

import pytest

from strongroom.domain.condition import Condition
from strongroom.errors import ConditionFailed, ContainerNotFound
from strongroom.storage.catalog import Catalog, containers, landings, objects
from strongroom.storage.layout import Layout
from strongroom.vault import PutItem, Traits, Vault

TABLES = {
    "versions": "container_id, name, is_current, is_snapshot, kind, size, etag, headers, metadata, sha256, copy, tier",
    "version_objects": "seq, start, length",
    "objects": "place, size",
    "contents": "sha256, size, standing, is_held, is_placed, moves, depth",
    "holdings": "container_id, sha256",
    "tags": "name, value",
    "leases": "name",
}


def rows_after(root: Path, monkeypatch: pytest.MonkeyPatch, *, is_long: bool) -> dict[str, list[tuple[object, ...]]]:
    """Write the same things in a new room; gives what its tables hold."""
    layout = Layout(root=root)
    layout.prepare()
    catalog = Catalog(layout.catalog_url)
    catalog.migrate()
    vault = Vault(catalog, layout)
    with monkeypatch.context() as patched:
        if is_long:
            for module in (containers, landings, objects):
                patched.setattr(module, "driver", lambda _tx: None)
        first, second = vault.create_container("first"), vault.create_container("second")
        for container in (first, second, first):
            items = [PutItem(name=f"n{i}", source=bytes([i % 100]) * 9, tags={"i": str(i)}) for i in range(150)]
            assert len(list(vault.put_all(container, items))) == len(items)
        vault.put(first, "empty", b"", traits=Traits(metadata={"a": "b"}, headers={"cache-control": "no"}))
        vault.put(first, "n3", b"another", condition=Condition(if_match="*"))
        with pytest.raises(ConditionFailed):
            vault.put(first, "missing", b"x", condition=Condition(if_match="*"))
        with pytest.raises(ConditionFailed):
            vault.put(first, "missing", b"x", condition=Condition(lease_id="0" * 32))
        vault.delete_container(second)
        with pytest.raises(ContainerNotFound):
            vault.put(second, "late", b"x")
    vault.close()
    catalog.close()
    with sqlite3.connect(layout.catalog) as connection:
        found = {table: sorted(connection.execute(f"SELECT {columns} FROM {table}")) for table, columns in TABLES.items()}
    connection.close()
    return found


def test_both_ways_leave_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    short = rows_after(tmp_path / "short", monkeypatch, is_long=False)
    long = rows_after(tmp_path / "long", monkeypatch, is_long=True)
    for table in TABLES:
        assert short[table] == long[table], table
    assert len(short["versions"]) == 151
