"""The vault over real catalogs and a local directory."""

import hashlib
import io
import os
import threading
from collections.abc import Iterator
from itertools import count as count_up
from pathlib import Path

import pytest
import sqlalchemy as sa

from strongroom.domain.blob import Blob
from strongroom.domain.scope import Actor, Purpose, Scope
from strongroom.domain.status import Refused
from strongroom.errors import (
    AlreadyExists,
    BlobNotFound,
    ConditionFailed,
    Conflict,
    ContainerNotFound,
    ContentNotFound,
    LimitExceeded,
    NameRefused,
    StorageError,
    UsageError,
)
from strongroom.storage.catalog import Catalog, blobs, objects
from strongroom.storage.catalog.schema import contents, garbage, versions
from strongroom.storage.layout import Layout
from strongroom.vault import BlockRef, Condition, PutItem, Traits, Vault

SMALL, LARGE = b"small", bytes(range(256)) * 4096


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def files_of(layout: Layout) -> list[Path]:
    return [path for path in layout.vault.rglob("*") if path.is_file() and len(path.name) == 26]


def count(catalog: Catalog, table: str) -> int:
    with catalog.read() as tx:
        return tx.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()


def test_a_blob_reads_back_whole_and_in_ranges(vault: Vault):
    container = vault.create_container("letters")
    for data in (b"", SMALL, LARGE):
        blob = vault.put(container, "a", [data[:3], b"", data[3:]], with_md5=True)
        assert (blob.size, blob.sha256, blob.md5) == (len(data), sha(data), hashlib.md5(data).digest())
        with vault.open(blob) as stream:
            assert stream.read() == data
        with vault.open(blob, 2, 3) as stream:
            assert stream.read() == data[2:5]
        stream = vault.open(blob)
        stream.seek(-1, io.SEEK_END) if data else None
        assert stream.read() == data[-1:]


def test_what_is_told_of_a_blob_is_kept(vault: Vault):
    container = vault.create_container("letters")
    traits = Traits(content_type="text/plain", metadata={"who": "Ann"}, tags={"year": "1931"})
    blob = vault.put(container, "a", b"x", traits=traits)
    assert vault.get(container, "a") == blob
    assert (blob.content_type, blob.metadata, blob.tags) == ("text/plain", {"who": "Ann"}, {"year": "1931"})


def test_overwriting_frees_the_old_bytes_and_keeps_the_first_time(vault: Vault, catalog: Catalog, layout: Layout):
    container = vault.create_container("letters")
    first = vault.put(container, "a", LARGE)
    second = vault.put(container, "a", LARGE + b"2")
    assert [path.stat().st_size for path in files_of(layout)] == [len(LARGE) + 1]
    assert second.created_at == first.created_at
    assert second.etag > first.etag
    assert second.version > first.version
    assert count(catalog, "versions") == count(catalog, "objects") == 1


def test_etags_and_versions_rise_even_within_one_tick(vault: Vault, monkeypatch: pytest.MonkeyPatch):
    from strongroom.storage.catalog import catalog as module
    from strongroom.storage.catalog import etags

    frozen = module.now()
    monkeypatch.setattr(etags, "now", lambda: frozen)
    container = vault.create_container("letters")
    written = [vault.put(container, "a", b"x") for _ in range(3)]
    assert sorted({blob.etag for blob in written}) == [blob.etag for blob in written]
    assert sorted({blob.version for blob in written}) == [blob.version for blob in written]


def test_conditions_are_held(vault: Vault, layout: Layout):
    container = vault.create_container("letters")
    new, missing = Condition(if_none_match="*"), Condition(if_match="*")
    with pytest.raises(ConditionFailed):
        vault.put(container, "a", LARGE, condition=missing)
    blob = vault.put(container, "a", b"1", condition=new)
    for condition in (new, Condition(if_match="0x1"), Condition(if_none_match=blob.etag)):
        with pytest.raises(ConditionFailed):
            vault.put(container, "a", LARGE, condition=condition)
    for condition in (Condition(if_match="0x1"), Condition(if_none_match=blob.etag)):
        with pytest.raises(ConditionFailed):
            vault.delete(container, "a", condition=condition)
    vault.put(container, "a", b"2", condition=Condition(if_match=blob.etag))
    vault.delete(container, "a", condition=missing)
    assert files_of(layout) == []


def test_containers_are_made_listed_hidden_and_deleted(vault: Vault, catalog: Catalog, scope: Scope):
    made = vault.create_container("letters", metadata={"a": "b"})
    other = vault.create_container("photos")
    assert vault.container("letters", scope) == made
    with pytest.raises(AlreadyExists):
        vault.create_container("letters")
    narrow = Scope(actor=Actor(name="x"), purpose=Purpose(name="y"), containers=frozenset({other.id}), policy_version="1")
    assert vault.containers(narrow) == [other]
    with pytest.raises(ContainerNotFound):
        vault.container("letters", narrow)
    for name in range(3):
        vault.put(made, f"{name}", LARGE)
    vault.stage_block(made, "b", "1", b"x")
    vault.delete_container(made)
    assert vault.containers(scope) == [other]
    assert count(catalog, "versions") == count(catalog, "objects") == count(catalog, "blocks") == 0
    with pytest.raises(ContainerNotFound):
        vault.put(made, "late", b"x")
    assert vault.create_container("letters").id not in (made.id, other.id)


@pytest.mark.parametrize("name", ["ab", "Abc", "a--b", "-abc", "abc-", "a" * 64, "a_b", "", "äbc", "abc\n"])
def test_container_names_follow_azure(vault: Vault, name: str):
    with pytest.raises(NameRefused):
        vault.create_container(name)


def test_put_all_takes_what_can_be_read_and_refuses_the_rest(vault: Vault, tmp_path: Path):
    container = vault.create_container("letters")
    good, large = tmp_path / "good", tmp_path / "large"
    good.write_bytes(SMALL)
    large.write_bytes(LARGE)
    os.mkfifo(tmp_path / "pipe")
    sources = {"good": good, "large": large, "gone": tmp_path / "gone", "folder": tmp_path, "pipe": tmp_path / "pipe"}
    items = [PutItem(name=name, source=source) for name, source in sources.items()]
    items += [PutItem(name="good", source=b"again"), PutItem(name="empty", source=b""), PutItem(name="x" * 1025, source=b"")]
    results = list(vault.put_all(container, items))
    refused = [one.name for one in results if isinstance(one, Refused)]
    assert refused == ["gone", "folder", "pipe", "x" * 1025]
    assert [one.name for one in results if isinstance(one, Blob)] == ["good", "large", "good", "empty"]
    assert {blob.name: blob.size for blob in vault.walk(container)} == {"empty": 0, "good": 5, "large": len(LARGE)}
    assert set(vault.stamps(container, ["good", "large", "other"])) == {"large"}


def test_a_file_that_changes_while_it_is_read_is_refused(vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    container = vault.create_container("letters")
    files = {name: tmp_path / name for name in ("small", "large")}
    real, times = os.read, count_up()

    def touching(fd: int, length: int) -> bytes:
        data = real(fd, length)
        for path in files.values():
            os.utime(path, ns=(1, next(times)))
        return data

    for path, data in zip(files.values(), (SMALL, LARGE), strict=True):
        path.write_bytes(data)
    monkeypatch.setattr(os, "read", touching)
    results = list(vault.put_all(container, [PutItem(name=name, source=path) for name, path in files.items()]))
    assert [type(one) for one in results] == [Refused, Refused]
    assert list(vault.walk(container)) == []


def test_contents_are_known_as_soon_as_blobs_are(vault: Vault, catalog: Catalog):
    container = vault.create_container("letters")
    list(vault.put_all(container, [PutItem(name=f"{i}", source=SMALL) for i in range(3)]))
    vault.put(container, "a", LARGE)
    with catalog.read() as tx:
        rows = {row.sha256: (row.size, row.is_held, row.is_placed) for row in tx.execute(sa.select(contents))}
    assert rows == {sha(SMALL): (5, True, False), sha(LARGE): (len(LARGE), True, False)}
    with catalog.write() as tx:
        tx.execute(sa.update(contents).values(is_placed=True))
    vault.delete(container, "1")
    with catalog.read() as tx:
        placed = dict(tx.execute(sa.select(contents.c.sha256, contents.c.is_placed)).all())
    assert placed == {sha(SMALL): False, sha(LARGE): True}


def test_blocks_become_a_blob_without_moving_bytes(vault: Vault, catalog: Catalog, layout: Layout):
    container = vault.create_container("letters")
    parts = {f"{i:04}": os.urandom(70_000 + i) for i in range(4)}
    for block_id, data in parts.items():
        vault.stage_block(container, "big", block_id, b"old")
        vault.stage_block(container, "big", block_id, data)
    with pytest.raises(UsageError):
        vault.stage_block(container, "big", "short", b"x")
    with pytest.raises(BlobNotFound):
        vault.get(container, "big")
    before = files_of(layout)
    blob = vault.commit_blocks(
        container, "big", [BlockRef(block_id="0002"), BlockRef(block_id="0000"), BlockRef(block_id="0002")]
    )
    expected = parts["0002"] + parts["0000"] + parts["0002"]
    assert vault.open(blob).read() == expected
    assert vault.open(blob, 69_990, 70_100).read() == expected[69_990:][:70_100]
    assert blob.sha256 is None
    assert len(files_of(layout)) == 2 < len(before)
    with pytest.raises(UsageError):
        vault.commit_blocks(container, "big", [BlockRef(block_id="0001")])
    again = vault.commit_blocks(container, "big", [BlockRef(block_id="0000", which="committed")])
    assert vault.open(again).read() == parts["0000"]
    assert len(files_of(layout)) == 1
    assert vault.fingerprint(again.id) == sha(parts["0000"]) == vault.get(container, "big").sha256


def test_unread_versions_are_found_by_container(vault: Vault, catalog: Catalog):
    one, other = vault.create_container("letters"), vault.create_container("photos")
    ids = []
    for container in (one, other):
        vault.stage_block(container, "b", "1", b"x")
        ids.append(vault.commit_blocks(container, "b", [BlockRef(block_id="1")]).id)
    with catalog.write() as tx:
        assert blobs.unread(tx, None, after=0, limit=10) == ids
        assert blobs.unread(tx, {other.id}, after=0, limit=10) == ids[1:]
        assert blobs.unread(tx, None, after=ids[0], limit=10) == ids[1:]
        blobs.fault(tx, ids[0], "boom")
        assert blobs.unread_count(tx, None) == 1


def test_appends_add_up(vault: Vault):
    container = vault.create_container("letters")
    vault.put(container, "log", b"", traits=Traits(kind="append"))
    first = vault.append(container, "log", b"one").blob
    assert first.sha256 == sha(b"one")
    second = vault.append(container, "log", LARGE, at=3).blob
    assert (second.size, second.sha256) == (3 + len(LARGE), None)
    with pytest.raises(ConditionFailed):
        vault.append(container, "log", b"x", at=3)
    vault.put(container, "plain", b"x")
    with pytest.raises(Conflict):
        vault.append(container, "plain", b"x")
    assert vault.open(second).read() == b"one" + LARGE
    assert vault.fingerprint(second.id) == sha(b"one" + LARGE)


def test_copies_and_snapshots_share_objects_until_the_last_is_gone(vault: Vault, layout: Layout):
    one, other = vault.create_container("letters"), vault.create_container("photos")
    blob = vault.put(one, "a", LARGE, traits=Traits(content_type="text/plain", tags={"k": "v"}))
    copy = vault.copy((one, "a", None), other, "b")
    snapshot = vault.snapshot(one, "a")
    assert (copy.sha256, copy.content_type, copy.tags) == (blob.sha256, "text/plain", {"k": "v"})
    assert (snapshot.is_current, snapshot.etag, snapshot.tags) == (False, blob.etag, {"k": "v"})
    assert len(files_of(layout)) == 1
    vault.put(one, "a", b"new")
    assert vault.open(vault.get(one, "a", snapshot.version)).read() == LARGE
    vault.delete(one, "a")
    assert vault.open(copy).read() == LARGE
    vault.delete(other, "b")
    assert files_of(layout) == []


def test_a_container_may_keep_versions(vault: Vault):
    container = vault.create_container("letters", keeps_versions=True)
    first = vault.put(container, "a", b"1")
    vault.put(container, "a", b"2")
    vault.delete(container, "a")
    with pytest.raises(BlobNotFound):
        vault.get(container, "a")
    assert [vault.open(blob).read() for blob in vault.versions(container, "a")] == [b"2", b"1"]
    vault.delete(container, "a", version=first.version)
    assert [vault.open(blob).read() for blob in vault.versions(container, "a")] == [b"2"]


def test_listing_folds_and_pages(vault: Vault):
    container = vault.create_container("letters")
    names = ["a", "a/1", "a/2", "a/b/3", "b", "c//d", "c/é", "z😀", "\ufb01x"]
    list(vault.put_all(container, [PutItem(name=name, source=b"") for name in names]))
    assert [blob.name for blob in vault.walk(container)] == sorted(names)
    page = vault.list(container, delimiter="/")
    assert [one if isinstance(one, str) else one.name for one in page.entries] == ["a", "a/", "b", "c/", "z😀", "\ufb01x"]
    assert vault.list(container, prefix="a/", delimiter="/").prefixes == ("a/b/",)
    first = vault.list(container, delimiter="/", limit=2)
    assert first.marker is not None
    second = vault.list(container, delimiter="/", limit=2, marker=first.marker)
    assert [one if isinstance(one, str) else one.name for one in second.entries] == ["b", "c/"]


def test_source_gives_a_path_without_a_copy(vault: Vault, layout: Layout):
    container = vault.create_container("letters")
    vault.put(container, "folder/scan.PDF", LARGE)
    with vault.source(sha(LARGE)) as source:
        path = source.path()
        assert path.samefile(files_of(layout)[0])
        assert (path.suffix, source.name, source.size, source.depth) == (".PDF", "scan.PDF", len(LARGE), 0)
        assert source.open().read() == source.read(1 << 30) == LARGE
        vault.delete(container, "folder/scan.PDF")
        assert path.read_bytes() == LARGE
        with pytest.raises(LimitExceeded):
            source.read(10)
    assert not path.exists()


def test_source_copies_what_is_no_single_file(vault: Vault):
    container = vault.create_container("letters")
    for data in (b"", SMALL):
        vault.put(container, "a", data)
        with vault.source(sha(data)) as source:
            assert source.path().read_bytes() == source.open().read() == data
    for block_id, data in (("1", SMALL), ("2", LARGE)):
        vault.stage_block(container, "b", block_id, data)
    blob = vault.commit_blocks(container, "b", [BlockRef(block_id="1"), BlockRef(block_id="2")])
    digest = vault.fingerprint(blob.id)
    assert digest == sha(SMALL + LARGE)
    with vault.source(digest) as source:
        assert source.path().read_bytes() == SMALL + LARGE
    with pytest.raises(ContentNotFound), vault.source("0" * 64):
        pass


def test_kept_bytes_are_adopted_once_and_found_again(vault: Vault, catalog: Catalog):
    kept, empty = vault.keep([LARGE]), vault.keep([])
    assert vault.read_object(kept).read() == LARGE
    assert vault.read_object(empty).read() == b""
    with catalog.write() as tx:
        objects.adopt(tx, [kept, empty])
        objects.adopt(tx, [kept])
        assert objects.release(tx, [kept.object_id]) == [(kept.object_id, "file")]
    vault.remove_freed([(kept.object_id, "file")])
    with pytest.raises(FileNotFoundError):
        vault.read_object(kept)


def test_what_a_sweep_took_cannot_be_adopted(catalog: Catalog, layout: Layout):
    worker, parent = Vault(catalog, layout), Vault(catalog, layout)
    kept = [worker.keep([data]) for data in (SMALL, LARGE)]
    assert parent.sweep() == 0, "the worker lives"
    worker.close()
    assert parent.sweep() == 2
    with pytest.raises(StorageError, match="repeat"), catalog.write() as tx:
        objects.adopt(tx, kept)
    assert files_of(layout) == []
    parent.close()
    assert count(catalog, "writers") == 0
    assert list(layout.locks.iterdir()) == []


def test_check_finds_what_does_not_agree(vault: Vault, catalog: Catalog, layout: Layout):
    container = vault.create_container("letters")
    for name, data in {"gone": LARGE, "short": LARGE + b"1", "flipped": LARGE + b"22", "fine": SMALL}.items():
        vault.put(container, name, data)
    assert vault.check(deep=True) == []
    by_size = {path.stat().st_size: path for path in files_of(layout)}
    by_size[len(LARGE)].unlink()
    by_size[len(LARGE) + 1].write_bytes(b"x")
    by_size[len(LARGE) + 2].write_bytes(LARGE + b"33")
    assert sorted(fault.kind for fault in vault.check()) == ["missing-object", "wrong-size"]
    faults = vault.check(deep=True)
    assert sorted(fault.kind for fault in faults if fault.subject == "flipped") == ["wrong-hash"]
    assert any("gone" in fault.detail for fault in faults)


def test_garbage_of_a_process_killed_after_its_commit_is_swept(vault: Vault, catalog: Catalog, layout: Layout):
    container = vault.create_container("letters")
    vault.put(container, "a", LARGE)
    vault._bodies.delete = lambda objects: (_ for _ in ()).throw(KeyboardInterrupt)  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        vault.delete(container, "a")
    other = Vault(catalog, layout)
    assert other.check() == []
    assert other.sweep() == 1
    assert files_of(layout) == []
    other.close()
    del vault._bodies.delete
    with catalog.read() as tx:
        assert tx.execute(sa.select(sa.func.count()).select_from(garbage)).scalar_one() == 0


def test_writers_and_readers_of_one_name_never_see_a_mixture(vault: Vault):
    container = vault.create_container("letters")
    texts = [bytes([65 + i]) * (100_000 + i) for i in range(4)]
    vault.put(container, "a", texts[0])
    stop, wrong = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            blob, stream = vault.read(container, "a")
            data = stream.read()
            stream.close()
            if sha(data) != blob.sha256:
                wrong.append(blob)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for thread in readers:
        thread.start()
    writers = [
        threading.Thread(target=lambda text=text: [vault.put(container, "a", text) for _ in range(10)]) for text in texts
    ]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in readers:
        thread.join()
    assert wrong == []
    assert vault.check(deep=True) == []


def test_a_full_disk_leaves_nothing_half_written(
    vault: Vault, catalog: Catalog, layout: Layout, monkeypatch: pytest.MonkeyPatch
):
    import errno

    from strongroom.errors import StorageFull

    container = vault.create_container("letters")
    vault.put(container, "a", LARGE)

    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFull, match="free some"):
        vault.put(container, "a", LARGE + b"2")
    with pytest.raises(StorageFull):
        list(vault.put_all(container, [PutItem(name="b", source=LARGE)]))
    monkeypatch.undo()
    assert len(files_of(layout)) == 1
    assert vault.open(vault.get(container, "a")).read() == LARGE
    with catalog.read() as tx:
        assert tx.execute(sa.select(versions.c.name)).scalars().all() == ["a"]


def test_a_stream_that_fails_leaves_nothing(vault: Vault, layout: Layout):
    container = vault.create_container("letters")

    def broken() -> Iterator[bytes]:
        yield LARGE
        raise ValueError("the client went away")

    with pytest.raises(ValueError, match="went away"):
        vault.put(container, "a", broken())
    assert files_of(layout) == []
    with pytest.raises(BlobNotFound):
        vault.get(container, "a")
