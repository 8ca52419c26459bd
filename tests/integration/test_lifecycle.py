"""Lifecycle rules: what is due, what is done, what is left; purging; the change feed; walks over every version."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from strongroom.domain.container import Container
from strongroom.domain.lifecycle import Act, read_policy
from strongroom.errors import UsageError
from strongroom.storage.catalog import Catalog, service
from strongroom.storage.catalog.lifecycle import Walk
from strongroom.storage.layout import Layout
from strongroom.testing.azure import EVERYTHING, ask
from strongroom.vault import Keeping, Traits, Vault

FAR = datetime.now(UTC) + timedelta(days=40)


@pytest.fixture
def catalog_url(layout: Layout) -> str:
    """SQLite alone."""
    return layout.catalog_url


@pytest.fixture
def feeding(layout: Layout) -> Iterator[Vault]:
    """A vault that keeps a change feed."""
    catalog = Catalog(layout.catalog_url, keeps_changes=True)
    catalog.migrate()
    opened = Vault(catalog, layout)
    yield opened
    opened.close()
    catalog.close()


@pytest.fixture
def container(vault: Vault) -> Container:
    made = vault.create_container("box")
    for name in ("log/1", "log/2", "text"):
        vault.put(made, name, name.encode(), traits=Traits(tags={"case": name[-1]}))
    return made


def policy(actions: dict[str, Any], **filters: object) -> dict[str, Any]:
    definition = {"actions": actions, "filters": {"blobTypes": ["blockBlob"], **filters}}
    return {"rules": [{"enabled": True, "name": "one", "type": "Lifecycle", "definition": definition}]}


def after(days: int, what: str = "daysAfterModificationGreaterThan") -> dict[str, int]:
    return {what: days}


def grow_old(catalog: Catalog, days: int) -> None:
    statement = sa.text("UPDATE versions SET modified_at = modified_at - :span, created_at = created_at - :span")
    with catalog.write() as tx:
        tx.execute(statement, {"span": days * 86_400_000_000})


def names(vault: Vault, container: Container) -> list[str]:
    return [blob.name for blob in vault.walk(container)]


def test_nothing_is_done_before_it_is_due_nor_by_a_dry_run(vault: Vault, container: Container):
    vault.set_lifecycle(policy({"baseBlob": {"delete": after(30)}}, prefixMatch=["box/log/"]))
    told: list[Act] = []
    assert vault.run_lifecycle(on_act=told.append).done == {}
    assert vault.run_lifecycle(dry_run=True, at=FAR, on_act=told.append).done == {"delete": 2}
    assert [act.blob.name for act in told] == ["log/1", "log/2"]
    assert names(vault, container) == ["log/1", "log/2", "text"]
    assert vault.run_lifecycle(at=FAR).done == {"delete": 2}
    assert names(vault, container) == ["text"]


def test_the_cheapest_step_that_is_due_is_taken_and_no_blob_gets_warmer(vault: Vault, container: Container):
    steps = {"tierToCool": after(10), "tierToCold": after(20), "tierToArchive": after(60)}
    vault.set_lifecycle(policy({"baseBlob": steps}))
    vault.set_tier(container, "text", "Archive")
    before = vault.get(container, "log/1").etag
    assert vault.run_lifecycle(at=datetime.now(UTC) + timedelta(days=15)).done == {"tierToCool": 2}
    assert vault.run_lifecycle(at=FAR).done == {"tierToCold": 2}
    assert vault.run_lifecycle(at=FAR).done == {}
    assert [vault.get(container, name).tier for name in ("log/1", "text")] == ["Cold", "Archive"]
    assert vault.get(container, "log/1").etag == before


def test_tags_choose(vault: Vault, container: Container):
    chosen = [{"name": "case", "op": "==", "value": "2"}]
    vault.set_lifecycle(policy({"baseBlob": {"delete": after(1)}}, blobIndexMatch=chosen))
    assert vault.run_lifecycle(at=FAR).done == {"delete": 1}
    assert names(vault, container) == ["log/1", "text"]


def test_snapshots_and_versions_have_steps_of_their_own(vault: Vault):
    box = vault.create_container("kept", keeps_versions=True)
    vault.put(box, "a", b"1")
    vault.put(box, "a", b"2")
    ask(vault, "PUT", "/kept/a?comp=snapshot")
    born = "daysAfterCreationGreaterThan"
    vault.set_lifecycle(policy({"snapshot": {"delete": after(10, born)}, "version": {"tierToCool": after(20, born)}}))
    assert vault.run_lifecycle(at=datetime.now(UTC) + timedelta(days=11)).done == {"delete": 1}
    assert vault.run_lifecycle(at=FAR).done == {"tierToCool": 2}
    assert [(blob.is_current, blob.tier) for blob in vault.versions(box, "a")] == [
        (True, None),
        (False, "Cool"),
        (False, "Cool"),
    ]


def test_what_is_protected_leased_or_has_snapshots_is_left_and_told(vault: Vault, container: Container):
    vault.set_lifecycle(policy({"baseBlob": {"delete": after(1)}}))
    vault.protect(container, "log/1", FAR + timedelta(days=1))
    vault.acquire_lease(container, "log/2", seconds=-1)
    vault.take_snapshot(container, "text")
    told: list[Act] = []
    ran = vault.run_lifecycle(at=FAR, on_act=told.append)
    assert (ran.done, ran.left, all(act.refusal for act in told)) == ({}, 3, True)
    assert names(vault, container) == ["log/1", "log/2", "text"]
    vault.set_lifecycle(policy({"baseBlob": {"tierToArchive": after(1)}}, prefixMatch=["box/log/1"]))
    assert vault.run_lifecycle(at=FAR).left == 1
    vault.set_keeping(container, Keeping(add_holds=("case17",)))
    vault.set_lifecycle(policy({"baseBlob": {"tierToCool": after(1)}}))
    assert vault.run_lifecycle(at=FAR).done == {}


def test_what_changed_since_it_was_looked_at_is_left(vault: Vault, container: Container, catalog: Catalog):
    grow_old(catalog, 3)
    vault.set_lifecycle(policy({"baseBlob": {"delete": after(1)}}))
    looked = [blob for blob, _ in vault.walk_all(container, Walk())]
    vault.put(container, "log/1", b"new")
    rules = read_policy(vault.lifecycle())
    for blob in looked:
        vault._do(container, blob, lambda one: rules.step(one, datetime.now(UTC)))
    assert names(vault, container) == ["log/1"]


def test_the_upkeep_purges_at_once_and_runs_the_rules_once_a_day(vault: Vault, container: Container, catalog: Catalog):
    vault.set_lifecycle(policy({"baseBlob": {"delete": after(1)}}))
    vault.tend()
    grow_old(catalog, 3)
    vault.tend()
    assert len(names(vault, container)) == 3
    with catalog.write() as tx:
        service.write(tx, "lifecycle_run", {"at": (datetime.now(UTC) - timedelta(days=2)).isoformat()})
    vault.tend()
    assert names(vault, container) == []


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, "rules"),
        ({"rules": [7]}, "object"),
        (policy({"baseBlob": {"explode": after(1)}}), "explode"),
        (policy({"baseBlob": {"delete": {}}}), "give days"),
        (policy({"baseBlob": {"delete": after(1, "daysAfterLastAccessTimeGreaterThan")}}), "give days"),
        (policy({"version": {"delete": after(1)}}), "give days"),
        (policy({"folder": {"delete": after(1)}}), "folder"),
        (policy({"baseBlob": {"delete": after(1)}}, blobTypes=["pageBlob"]), "pageBlob"),
        (policy({"baseBlob": {"delete": after(1)}}, blobIndexMatch=[{"name": "a", "op": ">", "value": "b"}]), "blobIndexMatch"),
        ({"rules": policy({"baseBlob": {"delete": after(1)}})["rules"] * 2}, "same name"),
    ],
)
def test_rules_that_cannot_be_are_refused_and_the_old_ones_stay(vault: Vault, document: dict[str, Any], words: str):
    vault.set_lifecycle(policy({"baseBlob": {"tierToCool": after(5)}}))
    with pytest.raises(UsageError, match=words):
        vault.set_lifecycle(document)
    assert read_policy(vault.lifecycle()).rules[0].name == "one"


def test_a_resource_of_azure_is_read_too(vault: Vault):
    inner = policy({"baseBlob": {"delete": after(5)}})
    assert len(vault.set_lifecycle({"properties": {"policy": inner}}).rules) == 1
    vault.tend()


def test_the_change_feed_tells_what_happened_in_order(feeding: Vault):
    box = feeding.create_container("box")
    feeding.put(box, "a", b"1")
    feeding.set_metadata(box, "a", {"k": "v"})
    feeding.set_tier(box, "a", "Cool")
    feeding.take_snapshot(box, "a")
    feeding.stage_block(box, "b", "AAAA", b"2")
    ask(feeding, "PUT", "/box/b?comp=blocklist", body=b"<BlockList><Latest>AAAA</Latest></BlockList>")
    feeding.put(box, "c", b"", traits=Traits(kind="append"))
    feeding.append(box, "c", b"3")
    feeding.put(box, "p", b"", traits=Traits(kind="page", size=512))
    feeding.put_pages(box, "p", 0, bytes(512))
    feeding.remove(box, "a")
    told = [(change.event, change.name) for change in feeding.changes()]
    assert told == [
        ("BlobCreated", "a"),
        ("BlobPropertiesUpdated", "a"),
        ("BlobTierChanged", "a"),
        ("BlobSnapshotCreated", "a"),
        ("BlobCreated", "b"),
        ("BlobCreated", "c"),
        ("BlobContentUpdated", "c"),
        ("BlobCreated", "p"),
        ("BlobContentUpdated", "p"),
        ("BlobDeleted", "a"),
        ("BlobDeleted", "a"),
    ]
    assert [change.id for change in feeding.changes(after=9)] == [10, 11]
    assert list(feeding.changes(since=FAR)) == []


def test_the_change_feed_tells_of_mounts_too(feeding: Vault, tmp_path: Path):
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "a").write_text("1", "utf-8")
    feeding.mount(str(folder), "papers", EVERYTHING)
    (folder / "a").unlink()
    feeding.scan(feeding.container("papers", EVERYTHING))
    assert [(change.event, change.name) for change in feeding.changes()] == [("BlobCreated", "a"), ("BlobDeleted", "a")]
    for wanted in (Keeping(keeps_versions=True), Keeping(add_holds=("case17",)), Keeping(immutable_days=1)):
        with pytest.raises(UsageError, match="mount"):
            feeding.set_keeping(feeding.container("papers", EVERYTHING), wanted)


def test_no_change_is_written_down_where_that_is_switched_off_or_nothing_happened(vault: Vault, container: Container):
    vault.remove(container, "text")
    assert list(vault.changes()) == []


def test_a_change_that_is_refused_leaves_no_trace(feeding: Vault):
    box = feeding.create_container("box")
    feeding.put(box, "a", b"1")
    feeding.set_hold(box, "a", is_held=True)
    seen = len(list(feeding.changes()))
    with pytest.raises(Exception, match="legal hold"):
        feeding.remove(box, "a")
    assert len(list(feeding.changes())) == seen


def test_a_walk_gives_every_version_once_page_by_page(vault: Vault, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("strongroom.vault.lifecycle.PAGE", 2)
    box = vault.create_container("kept", keeps_versions=True)
    made = [(name, vault.put(box, name, name.encode()).version) for name in ("a", "a/b", "b", "b") for _ in range(2)]
    found = [(blob.name, blob.version) for blob, _ in vault.walk_all(box, Walk(with_versions=True))]
    assert found == sorted(made)
    assert len(list(vault.walk_all(box, Walk()))) == 3
    assert [blob.name for blob, _ in vault.walk_all(box, Walk(prefix="a/"))] == ["a/b"]
    vault.acquire_lease(vault.container("kept", EVERYTHING), "b", seconds=15)
    assert [lease is not None for _, lease in vault.walk_all(box, Walk())] == [False, False, True]
