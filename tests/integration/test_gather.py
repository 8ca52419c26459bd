"""Small blobs from many clients: gathered, landed together, each answered for itself."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from strongroom.domain.blob import Blob
from strongroom.errors import ConditionFailed, ContainerNotFound, UsageError
from strongroom.storage.catalog import Catalog
from strongroom.storage.layout import Layout
from strongroom.vault import Condition, Traits, Vault
from strongroom.vault.gather import Gatherer, Settled, SmallPut

Outcomes = dict[object, object]


@pytest.fixture
def told() -> Outcomes:
    return {}


@pytest.fixture
def gatherer(vault: Vault, told: Outcomes) -> Iterator[Gatherer]:
    def settled(batch: Settled) -> None:
        told.update(batch)

    opened = vault.gatherer(settled)
    assert opened is not None
    yield opened
    opened.close()


def test_each_is_answered_for_itself(vault: Vault, gatherer: Gatherer, told: Outcomes):
    first, second = vault.create_container("first"), vault.create_container("second")
    gone = vault.create_container("gone")
    vault.delete_container(gone)
    vault.put(first, "there", b"1")
    vault.stage_block(first, "staged", "AAAA", b"block")
    new, old = Condition(if_none_match="*"), Condition(if_match="*")
    traits = Traits(metadata={"who": "Ann"}, tags={"year": "1931"}, headers={"cache-control": "no-cache"})
    for token, put in {
        "plain": SmallPut(container=first, name="plain", data=b"plain", traits=traits),
        "elsewhere": SmallPut(container=second, name="plain", data=b"elsewhere", condition=new),
        "empty": SmallPut(container=second, name="empty", data=b""),
        "again": SmallPut(container=first, name="plain", data=b"again"),
        "over": SmallPut(container=first, name="there", data=b"over", condition=old),
        "staged": SmallPut(container=first, name="staged", data=b"whole"),
        "refused": SmallPut(container=first, name="there", data=b"x", condition=new),
        "missing": SmallPut(container=first, name="missing", data=b"x", condition=old),
        "leased": SmallPut(container=first, name="leased", data=b"x", condition=Condition(lease_id="0" * 32)),
        "gone": SmallPut(container=gone, name="a", data=b"x"),
        "torn": SmallPut(container=first, name="torn", data=b"x", traits=Traits(md5=bytes(16))),
    }.items():
        gatherer.put(put, token)
    gatherer.close()
    made = {token: one for token, one in told.items() if isinstance(one, Blob)}
    assert set(made) == {"plain", "elsewhere", "empty", "again", "over", "staged"}
    assert made["elsewhere"].md5 == hashlib.md5(b"elsewhere").digest()
    assert made["plain"].metadata == {"who": "Ann"}
    for token in ("refused", "missing", "leased"):
        assert isinstance(told[token], ConditionFailed)
    assert isinstance(told["gone"], ContainerNotFound)
    assert isinstance(told["torn"], UsageError)
    for name, data in {"plain": b"again", "there": b"over", "staged": b"whole"}.items():
        blob, stream = vault.read(first, name)
        with stream:
            assert stream.read() == data
        assert blob.sha256 == hashlib.sha256(data).hexdigest()
    assert not vault.blocks(first, "staged").waiting
    assert vault.check(deep=True) == []


def test_what_is_gathered_leaves_the_rows_that_a_put_leaves(vault: Vault, gatherer: Gatherer, catalog: Catalog, told: Outcomes):
    gathered, put = vault.create_container("gathered"), vault.create_container("put")
    until = datetime(2031, 1, 1, tzinfo=UTC)
    traits = [
        Traits(),
        Traits(content_type="text/plain", metadata={"who": "Ann"}, tags={"year": "1931", "a": "b"}),
        Traits(headers={"cache-control": "no"}, tier="Cool"),
        Traits(immutable_until=until, is_immutability_locked=True, has_legal_hold=True),
        Traits(kind="append"),
    ]
    for i in range(90):
        data = b"%d" % (i % 40) * (i % 7)
        gatherer.put(SmallPut(container=gathered, name=f"n{i}", data=data, traits=traits[i % len(traits)]), i)
        vault.put(put, f"n{i}", data, traits=traits[i % len(traits)], with_md5=True)
    gatherer.close()
    own = {"id", "container_id", "version", "etag", "created_at", "modified_at", "tier_changed_at"}
    rows: dict[str, list[dict[str, object]]] = {"gathered": [], "put": []}
    pieces: dict[str, list[object]] = {"gathered": [], "put": []}
    with catalog.read() as tx:
        made = tx.exec_driver_sql(
            "SELECT containers.name AS container, versions.* FROM versions"
            " JOIN containers ON containers.id = container_id ORDER BY versions.name"
        )
        for row in made.mappings():
            rows[row["container"]].append({name: row[name] for name in row if name not in {"container", *own}})
            part = tx.exec_driver_sql(
                f"SELECT seq, start, length, block_id FROM version_objects WHERE version_id = {row['id']}"
            )
            tags = tx.exec_driver_sql(f"SELECT name, value FROM tags WHERE version_id = {row['id']} ORDER BY name")
            pieces[row["container"]].append((part.all(), tags.all()))
    assert len(rows["put"]) == 90
    assert rows["gathered"] == rows["put"]
    assert pieces["gathered"] == pieces["put"]
    for i in (0, 1, 2, 3, 44, 89):
        blob = told[i]
        assert isinstance(blob, Blob)
        assert blob == replace(vault.get(gathered, f"n{i}"), sha256=blob.sha256)
    assert len({blob.etag for blob in vault.walk(gathered)}) == 90
    assert vault.check(deep=True) == []


def test_of_many_that_replace_each_is_refused_for_itself(vault: Vault, gatherer: Gatherer, told: Outcomes):
    container = vault.create_container("letters")
    for i in range(60):
        vault.put(container, f"n{i}", b"old %d" % (i % 9))
    vault.acquire_lease(container, "n7", seconds=60)
    vault.set_hold(container, "n9", is_held=True)
    vault.stage_block(container, "n11", "AAAA", b"block")
    vault.snapshot(container, "n13")
    for i in range(60):
        gatherer.put(SmallPut(container=container, name=f"n{i}", data=b"new %d" % (i % 9)), i)
    gatherer.put(SmallPut(container=container, name="n1", data=b"last"), "last")
    gatherer.close()
    assert {token for token, one in told.items() if not isinstance(one, Blob)} == {7, 9}
    for i in range(60):
        _, stream = vault.read(container, f"n{i}")
        with stream:
            assert stream.read() == (b"last" if i == 1 else b"old %d" % (i % 9) if i in {7, 9} else b"new %d" % (i % 9))
    assert not vault.blocks(container, "n11").waiting
    assert len(vault.versions(container, "n13")) == 2
    assert vault.check(deep=True) == []


def test_hashes_follow_and_containers_hold_what_they_say(vault: Vault, gatherer: Gatherer, catalog: Catalog, told: Outcomes):
    container = vault.create_container("letters")
    for i in range(700):
        gatherer.put(SmallPut(container=container, name=f"n{i % 600}", data=b"%d" % (i % 50)), i)
    gatherer.close()
    assert len(told) == 700
    with catalog.read() as tx:
        rows = tx.exec_driver_sql("SELECT name, sha256 FROM versions").all()
        held = set(tx.exec_driver_sql("SELECT sha256 FROM holdings").scalars())
    assert len(rows) == 600
    assert {sha for _, sha in rows} == held == {hashlib.sha256(b"%d" % i).hexdigest() for i in range(50)}
    assert vault.check(deep=True) == []


def test_what_cannot_be_written_is_told(
    vault: Vault, gatherer: Gatherer, told: Outcomes, monkeypatch: pytest.MonkeyPatch, layout: Layout
):
    container = vault.create_container("letters")

    def full(_objects: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(vault._bodies, "write_packed", full)
    gatherer.put(SmallPut(container=container, name="a", data=b"x"), 1)
    wait_until(lambda: 1 in told)
    monkeypatch.undo()
    gatherer.put(SmallPut(container=container, name="a", data=b"y"), 2)
    gatherer.close()
    assert isinstance(told[1], OSError)
    assert isinstance(told[2], Blob)
    assert len(list(vault.walk(container))) == 1
    assert layout.vault.exists()


def test_bytes_that_cannot_be_removed_are_swept_later(
    vault: Vault, gatherer: Gatherer, catalog: Catalog, told: Outcomes, monkeypatch: pytest.MonkeyPatch
):
    container = vault.create_container("letters")
    vault.put(container, "a", b"old")

    def stuck(_objects: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(vault._bodies, "delete", stuck)
    gatherer.put(SmallPut(container=container, name="a", data=b"new"), 1)
    gatherer.put(SmallPut(container=container, name="b", data=b"more"), 2)
    gatherer.close()
    monkeypatch.undo()
    assert isinstance(told[1], Blob)
    assert isinstance(told[2], Blob)
    with catalog.read() as tx:
        assert tx.exec_driver_sql("SELECT count(*) FROM garbage").scalar_one() == 1
    assert vault.sweep() == 1
    assert vault.check(deep=True) == []


def wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never held")
