"""Versions of blobs: what makes one, how they are read, deleted, promoted, and what switching them off does."""

import re

import pytest

from strongroom.domain.container import Container
from strongroom.server.azure.call import Reply
from strongroom.server.azure.faults import Fault
from strongroom.storage.catalog import Catalog, service
from strongroom.storage.layout import Layout
from strongroom.testing.azure import ask
from strongroom.vault import BlockRef, Keeping, Traits, Vault


@pytest.fixture
def catalog_url(layout: Layout) -> str:
    """SQLite alone."""
    return layout.catalog_url


@pytest.fixture
def container(vault: Vault) -> Container:
    return vault.create_container("box", keeps_versions=True)


def version_id(reply: Reply) -> str:
    return dict(reply.headers)["x-ms-version-id"]


def ids(vault: Vault, container: Container) -> list[str]:
    """Version ids, oldest first, without snapshots."""
    return [blob.version for blob in reversed(vault.versions(container, "a")) if not blob.is_snapshot]


def read(vault: Vault, container: Container, version: str | None = None) -> bytes:
    with vault.open(vault.get(container, "a", version)) as stream:
        return stream.read()


def fault(vault: Vault, method: str, url: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
    with pytest.raises(Fault) as caught:
        ask(vault, method, url, headers)
    return caught.value.status, caught.value.code


def test_a_delete_leaves_every_version_and_the_next_write_makes_a_current_one(vault: Vault, container: Container):
    first, second = (vault.put(container, "a", data).version for data in (b"1", b"2"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z", first)
    assert ask(vault, "DELETE", "/box/a").status == 202
    assert fault(vault, "DELETE", "/box/a") == (404, "BlobNotFound")
    assert ids(vault, container) == [first, second]
    assert not any(blob.is_current for blob in vault.versions(container, "a"))
    assert (read(vault, container, first), read(vault, container, second)) == (b"1", b"2")
    third = vault.put(container, "a", b"3").version
    assert ids(vault, container) == [first, second, third]
    assert [blob.is_current for blob in vault.versions(container, "a")] == [True, False, False]


def test_one_version_is_deleted_by_its_id_but_the_current_one_by_its_name(vault: Vault, container: Container):
    first, second = (vault.put(container, "a", data).version for data in (b"1", b"2"))
    assert ask(vault, "DELETE", f"/box/a?versionid={first}").status == 202
    assert ids(vault, container) == [second]
    assert read(vault, container) == b"2"
    only = {"x-ms-delete-snapshots": "only"}
    assert fault(vault, "DELETE", f"/box/a?versionid={second}", only) == (400, "InvalidQueryParameterValue")
    assert fault(vault, "DELETE", f"/box/a?snapshot={second}") == (404, "BlobNotFound")
    assert fault(vault, "DELETE", f"/box/a?versionid={second}") == (403, "OperationNotAllowedOnRootBlob")
    assert read(vault, container) == b"2"
    assert ask(vault, "DELETE", "/box/a").status == 202
    assert ask(vault, "DELETE", f"/box/a?versionid={second}").status == 202
    assert ids(vault, container) == []
    assert fault(vault, "DELETE", f"/box/a?versionid={second}") == (404, "BlobNotFound")


def test_metadata_makes_a_version_and_properties_and_tier_do_not(vault: Vault, container: Container):
    first = vault.put(container, "a", b"1", traits=Traits(metadata={"k": "1"}, tags={"t": "1"})).version
    second = version_id(ask(vault, "PUT", "/box/a?comp=metadata", {"x-ms-meta-k": "2"}))
    assert ids(vault, container) == [first, second]
    assert [vault.get(container, "a", one).metadata for one in (first, second)] == [{"k": "1"}, {"k": "2"}]
    assert [vault.get(container, "a", one).tags for one in (first, second)] == [{"t": "1"}, {"t": "1"}]
    assert (read(vault, container, first), read(vault, container)) == (b"1", b"1")
    assert vault.get(container, "a").version == second
    ask(vault, "PUT", "/box/a?comp=properties", {"x-ms-blob-content-type": "x/y"})
    ask(vault, "PUT", "/box/a?comp=tier", {"x-ms-access-tier": "Cool"})
    assert ids(vault, container) == [first, second]
    assert vault.get(container, "a", first).content_type != "x/y"


def test_a_snapshot_makes_a_version_and_goes_without_the_versions(vault: Vault, container: Container):
    first, second = (vault.put(container, "a", data).version for data in (b"1", b"2"))
    etag = vault.get(container, "a").etag
    reply = ask(vault, "PUT", "/box/a?comp=snapshot")
    assert (dict(reply.headers)["etag"], vault.get(container, "a").etag) == (f'"{etag}"', etag)
    assert ids(vault, container) == [first, second, version_id(reply)]
    assert fault(vault, "DELETE", "/box/a") == (409, "SnapshotsPresent")
    assert ask(vault, "DELETE", "/box/a", {"x-ms-delete-snapshots": "include"}).status == 202
    assert ids(vault, container) == [first, second, version_id(reply)]
    assert not any(blob.is_snapshot for blob in vault.versions(container, "a"))


def test_a_copy_of_an_earlier_version_makes_it_current(vault: Vault, container: Container):
    first = vault.put(container, "a", b"1").version
    vault.put(container, "a", b"2")
    promoted = vault.copy((container, "a", first), container, "a")
    assert (read(vault, container), len(ids(vault, container)), promoted.version) == (b"1", 3, ids(vault, container)[-1])


def test_blocks_make_a_version_and_what_was_before_is_read_still(vault: Vault, container: Container):
    first = vault.put(container, "a", b"1").version
    vault.stage_block(container, "a", "AAAA", b"2")
    second = vault.commit_blocks(container, "a", [BlockRef(block_id="AAAA")]).version
    assert ids(vault, container) == [first, second]
    assert (read(vault, container, first), read(vault, container)) == (b"1", b"2")


def test_without_versions_the_current_one_is_changed_and_earlier_ones_stay(vault: Vault, container: Container):
    first, second = (vault.put(container, "a", data).version for data in (b"1", b"2"))
    container = vault.set_keeping(container, Keeping(keeps_versions=False))
    reply = ask(vault, "PUT", "/box/a?comp=metadata", {"x-ms-meta-k": "2"})
    assert "x-ms-version-id" not in dict(reply.headers)
    assert ids(vault, container) == [first, second]
    vault.put(container, "a", b"3")
    assert ids(vault, container)[0] == first
    assert (len(ids(vault, container)), read(vault, container)) == (2, b"3")
    assert ask(vault, "DELETE", "/box/a").status == 202
    assert ids(vault, container) == [first]


def test_deleted_versions_come_back_and_the_current_one_as_current(vault: Vault, container: Container, catalog: Catalog):
    with catalog.write() as tx:
        service.write(tx, service.PROPERTIES, {"delete_retention": {"enabled": True, "days": 3}})
    first, second = (vault.put(container, "a", data).version for data in (b"1", b"2"))
    for one in (first, second):
        vault.delete(container, "a", version=one)
    assert ids(vault, container) == []
    assert ask(vault, "PUT", "/box/a?comp=undelete").status == 200
    assert ids(vault, container) == [first, second]
    assert read(vault, container) == b"2"
    vault.delete(container, "a", version=second)
    third = vault.put(container, "a", b"3").version
    ask(vault, "PUT", "/box/a?comp=undelete")
    assert ids(vault, container) == [first, second, third]
