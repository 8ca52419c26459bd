"""Small blobs from many clients: gathered, landed together, each answered for itself."""

import hashlib
import threading
from collections.abc import Callable, Iterator

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


def wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never held")
