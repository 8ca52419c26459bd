"""Mounted folders and object stores: noticed, read, never written."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import obstore
import pytest
from obstore.store import from_url

from strongroom.domain.scope import Scope
from strongroom.errors import AlreadyExists, ContentNotFound, SettingError, SourceChanged, UsageError
from strongroom.storage.catalog import Catalog, blobs
from strongroom.storage.layout import Layout
from strongroom.storage.names import disk_name
from strongroom.vault import Vault

LARGE = bytes(range(256)) * 40_000


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def names(vault: Vault, scope: Scope, container: str = "photos") -> list[str]:
    return [blob.name for blob in vault.walk(vault.container(container, scope))]


def fingerprint_all(vault: Vault, catalog: Catalog) -> list[str | None]:
    with catalog.read() as tx:
        ids = blobs.unread(tx, None, after=0, limit=1000)
    return [vault.fingerprint(one) for one in ids]


def numbers(scanned: object) -> tuple[int, ...]:
    return tuple(getattr(scanned, name) for name in ("added", "changed", "deleted", "unchanged", "ignored"))


def test_changes_in_a_folder_are_noticed(vault: Vault, catalog: Catalog, scope: Scope, tmp_path: Path):
    place = tmp_path / "place"
    (place / "b").mkdir(parents=True)
    (place / "a").write_bytes(b"1")
    (place / "b" / "c").write_bytes(LARGE)
    assert numbers(vault.mount(str(place), "photos", scope)) == (2, 0, 0, 0, 0)
    assert names(vault, scope) == ["a", "b/c"]
    assert sorted(map(str, fingerprint_all(vault, catalog))) == sorted([sha(b"1"), sha(LARGE)])
    with vault.source(sha(LARGE)) as source:
        assert source.path() == place / "b" / "c"
        assert source.open().read() == LARGE
    (place / "a").write_bytes(b"22")
    (place / "d").write_bytes(b"3")
    (place / "b" / "c").unlink()
    assert numbers(vault.mount(str(place), "photos", scope)) == (1, 1, 1, 0, 0)
    assert numbers(vault.scan(vault.container("photos", scope))) == (0, 0, 0, 2, 0)
    assert [blob.sha256 for blob in vault.walk(vault.container("photos", scope))] == [None, None]
    with pytest.raises(ContentNotFound), vault.source(sha(LARGE)):
        pass
    assert sorted(path.name for path in place.rglob("*")) == ["a", "b", "d"]
    assert vault.check(deep=True) == []


def test_a_page_border_hides_nothing(vault: Vault, scope: Scope, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from strongroom.vault import mount

    monkeypatch.setattr(mount, "PAGE", 3)
    place = tmp_path / "place"
    place.mkdir()
    for name in "abcdefghij":
        (place / name).write_bytes(b"")
    assert numbers(vault.mount(str(place), "photos", scope)) == (10, 0, 0, 0, 0)
    for name in "acfj":
        (place / name).unlink()
    (place / "zz").write_bytes(b"")
    (place / "0").write_bytes(b"")
    assert numbers(vault.mount(str(place), "photos", scope)) == (2, 0, 4, 6, 0)
    assert names(vault, scope) == ["0", *"bdeghi", "zz"]


def test_links_lead_nowhere_outside_and_special_files_are_counted(vault: Vault, catalog: Catalog, scope: Scope, tmp_path: Path):
    place, outside = tmp_path / "place", tmp_path / "outside"
    (place / "in").mkdir(parents=True)
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    (place / "in" / "real").write_bytes(b"real")
    (place / "link").symlink_to(place / "in" / "real")
    (place / "out").symlink_to(outside / "secret")
    (place / "outfolder").symlink_to(outside)
    (place / "loop").symlink_to(place)
    (place / "dead").symlink_to("nothing")
    os.mkfifo(place / "pipe")
    assert numbers(vault.mount(str(place), "photos", scope)) == (2, 0, 0, 0, 5)
    assert names(vault, scope) == ["in/real", "link"]
    (place / "in" / "real").unlink()
    (place / "in" / "real").symlink_to(outside / "secret")
    os.utime(outside / "secret")
    assert fingerprint_all(vault, catalog) == [None, None]
    with catalog.read() as tx:
        assert blobs.unread_count(tx, None) == 0, "they are faults now"


def test_names_that_are_not_utf8_survive(vault: Vault, catalog: Catalog, scope: Scope, tmp_path: Path):
    place = tmp_path / "place"
    place.mkdir()
    raw = [b"caf\xe9.txt", b"new\nline", b"back\\xe9", "schön 😀".encode(), b"\xff" * 200]
    for name in raw:
        (place / os.fsdecode(name)).write_bytes(name)
    assert numbers(vault.mount(str(place), "photos", scope)) == (5, 0, 0, 0, 0)
    assert sorted(os.fsencode(disk_name(name)) for name in names(vault, scope)) == sorted(raw)
    assert "caf\\xe9.txt" in names(vault, scope)
    assert sorted(map(str, fingerprint_all(vault, catalog))) == sorted(map(sha, raw))


def test_a_mounted_file_that_changed_is_not_passed_off(vault: Vault, catalog: Catalog, scope: Scope, tmp_path: Path):
    place = tmp_path / "place"
    place.mkdir()
    (place / "a").write_bytes(b"1")
    vault.mount(str(place), "photos", scope)
    fingerprint_all(vault, catalog)
    with pytest.raises(SourceChanged), vault.source(sha(b"1")):
        (place / "a").write_bytes(b"2!")
    with pytest.raises(SourceChanged), vault.source(sha(b"1")):
        pass
    container = vault.create_container("stored")
    vault.put(container, "copy", b"1")
    with vault.source(sha(b"1")) as source:
        assert source.read(10) == b"1"


def test_what_cannot_be_mounted_says_so(vault: Vault, scope: Scope, tmp_path: Path):
    with pytest.raises(UsageError, match="check the path"):
        vault.mount(str(tmp_path / "nothing"), "photos", scope)
    with pytest.raises(SettingError):
        vault.mount("ftp://host/x", "photos", scope)
    vault.create_container("photos")
    with pytest.raises(AlreadyExists):
        vault.mount(str(tmp_path), "photos", scope)
    with pytest.raises(UsageError):
        vault.scan(vault.container("photos", scope))


@pytest.fixture(params=["s3", "az"])
def remote(request: pytest.FixtureRequest) -> str:
    if request.param == "s3":
        return f"s3://{request.getfixturevalue('bucket')}/deep/folder"
    return f"az://{request.getfixturevalue('azure_container')}/deep/folder"


@pytest.fixture
def new_vault(tmp_path: Path) -> Callable[..., tuple[Vault, Catalog, Layout]]:
    def make(url: str | None = None) -> tuple[Vault, Catalog, Layout]:
        layout = Layout(root=tmp_path / "remote-room")
        layout.prepare()
        catalog = Catalog(layout.catalog_url)
        catalog.migrate()
        return Vault(catalog, layout, url), catalog, layout

    return make


def test_changes_in_an_object_store_are_noticed(
    new_vault: Callable[..., tuple[Vault, Catalog, Layout]], remote: str, scope: Scope
):
    vault, catalog, _ = new_vault()
    store = from_url(remote)
    obstore.put(store, "a", b"1")
    obstore.put(store, "b/c d", LARGE)
    assert numbers(vault.mount(remote, "photos", scope)) == (2, 0, 0, 0, 0)
    assert names(vault, scope) == ["a", "b/c d"]
    assert sorted(map(str, fingerprint_all(vault, catalog))) == sorted([sha(b"1"), sha(LARGE)])
    with vault.source(sha(LARGE)) as source:
        assert source.path().read_bytes() == LARGE
        with source.open() as stream:
            stream.seek(-5, os.SEEK_END)
            assert stream.read() == LARGE[-5:]
    obstore.put(store, "a", b"2")
    obstore.delete(store, "b/c d")
    obstore.put(store, "e", b"")
    with pytest.raises(SourceChanged), vault.source(sha(b"1")):
        pass
    assert numbers(vault.mount(remote, "photos", scope)) == (1, 1, 1, 0, 0)
    vault.close()
    catalog.close()


def test_a_vault_may_lie_in_an_object_store(
    new_vault: Callable[..., tuple[Vault, Catalog, Layout]], remote: str, tmp_path: Path
):
    from strongroom.domain.blob import Blob
    from strongroom.vault import BlockRef, PutItem

    vault, catalog, layout = new_vault(remote)
    container = vault.create_container("letters")
    big = tmp_path / "big"
    big.write_bytes(LARGE * 2)
    items = [PutItem(name=f"{i}", source=b"%d" % i) for i in range(40)] + [PutItem(name="big", source=big)]
    assert all(isinstance(one, Blob) for one in vault.put_all(container, items))
    assert vault.open(vault.get(container, "7")).read() == b"7"
    assert vault.open(vault.get(container, "big"), 9_000_000, 3_000_000).read() == (LARGE * 2)[9_000_000:][:3_000_000]
    with vault.source(sha(LARGE * 2)) as source:
        assert source.path().read_bytes() == LARGE * 2
    for block_id in "12":
        vault.stage_block(container, "b", block_id, LARGE)
    blob = vault.commit_blocks(container, "b", [BlockRef(block_id="1"), BlockRef(block_id="2")])
    assert vault.fingerprint(blob.id) == sha(LARGE * 2)
    assert vault.check(deep=True) == []
    kept = vault.keep([b"left behind"])
    vault.delete(container, "big")
    vault.close()
    other = Vault(catalog, layout, remote)
    assert other.check()[0].kind == "leftover-object"
    assert other.sweep() == 1
    with pytest.raises(FileNotFoundError):
        other.read_object(kept)
    assert other.check(deep=True) == []
    assert not (layout.vault / "pack.sqlite").exists()
    other.close()
    catalog.close()


def test_a_store_that_does_not_answer_says_so(vault: Vault, scope: Scope, monkeypatch: pytest.MonkeyPatch):
    from strongroom.errors import StorageError

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with pytest.raises(StorageError, match=r"repeat|check"):
        vault.mount("s3://bucket/x", "photos", scope)
