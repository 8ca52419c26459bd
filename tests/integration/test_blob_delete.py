"""Delete Blob and Undelete Blob: snapshots, versions, soft delete, protection."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from strongroom.domain.container import Container
from strongroom.server.azure.call import Reply
from strongroom.server.azure.faults import Fault
from strongroom.storage.catalog import Catalog, service
from strongroom.storage.catalog.schema import holdings, versions
from strongroom.testing.azure import ask
from strongroom.vault import Keeping, Vault

LEASE = "6c1e2d3e-0000-4000-8000-000000000001"


def head(reply: Reply, name: str) -> str | None:
    return dict(reply.headers).get(name)


def fault(vault: Vault, method: str, url: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
    with pytest.raises(Fault) as caught:
        ask(vault, method, url, headers)
    return caught.value.status, caught.value.code


def keep_deleted(catalog: Catalog, days: int) -> None:
    with catalog.write() as tx:
        service.write(tx, service.PROPERTIES, {"delete_retention": {"enabled": bool(days), "days": days}})


def pass_days(catalog: Catalog, days: int) -> None:
    """Let the days of what is deleted pass."""
    with catalog.write() as tx:
        tx.execute(sa.text("UPDATE versions SET purge_at = purge_at - :span"), {"span": days * 86_400_000_000})


def held(catalog: Catalog) -> int:
    with catalog.read() as tx:
        return tx.execute(sa.select(sa.func.count()).select_from(holdings)).scalar_one()


def live(vault: Vault, container: Container) -> list[str]:
    return [blob.name for blob in vault.walk(container)]


@pytest.fixture
def container(vault: Vault) -> Iterator[Container]:
    made = vault.create_container("box")
    vault.put(made, "a", b"first")
    return made


def test_a_blob_goes_at_once_where_nothing_is_kept(vault: Vault, container: Container, catalog: Catalog):
    reply = ask(vault, "DELETE", "/box/a")
    assert (reply.status, head(reply, "x-ms-delete-type-permanent")) == (202, "true")
    assert live(vault, container) == []
    assert held(catalog) == 0
    assert fault(vault, "DELETE", "/box/a") == (404, "BlobNotFound")
    assert fault(vault, "PUT", "/box/a?comp=undelete") == (404, "BlobNotFound")


def test_conditions_of_a_delete_are_those_of_a_write(vault: Vault, container: Container):
    etag = vault.get(container, "a").etag
    assert fault(vault, "DELETE", "/box/a", {"if-match": '"0x1"'}) == (412, "ConditionNotMet")
    assert fault(vault, "DELETE", "/box/a", {"if-none-match": f'"{etag}"'}) == (412, "ConditionNotMet")
    assert fault(vault, "DELETE", "/box/none", {"if-match": '"0x1"'}) == (412, "ConditionNotMet")
    assert fault(vault, "DELETE", "/box/none", {"if-match": "*"}) == (404, "BlobNotFound")
    assert fault(vault, "DELETE", "/box/a", {"if-modified-since": "Mon, 01 Jan 2120 00:00:00 GMT"}) == (412, "ConditionNotMet")
    assert ask(vault, "DELETE", "/box/a", {"if-none-match": "*"}).status == 202


def test_snapshots_are_deleted_with_their_blob_alone_or_not_at_all(vault: Vault, container: Container):
    snapshot = head(ask(vault, "PUT", "/box/a?comp=snapshot"), "x-ms-snapshot")
    ask(vault, "PUT", "/box/a?comp=snapshot")
    assert fault(vault, "DELETE", "/box/a") == (409, "SnapshotsPresent")
    assert fault(vault, "DELETE", f"/box/a?snapshot={snapshot}", {"x-ms-delete-snapshots": "only"}) == (400, "InvalidOperation")
    assert fault(vault, "DELETE", f"/box/a?versionid={snapshot}") == (404, "BlobNotFound")
    both = f"/box/a?versionid={snapshot}&snapshot={snapshot}"
    assert fault(vault, "DELETE", both) == (400, "MutuallyExclusiveQueryParameters")
    assert fault(vault, "DELETE", "/box/a", {"x-ms-delete-snapshots": "all"}) == (400, "InvalidHeaderValue")
    assert ask(vault, "DELETE", f"/box/a?snapshot={snapshot}").status == 202
    assert len(vault.versions(container, "a")) == 2
    assert ask(vault, "DELETE", "/box/a", {"x-ms-delete-snapshots": "only"}).status == 202
    assert [blob.is_current for blob in vault.versions(container, "a")] == [True]
    ask(vault, "PUT", "/box/a?comp=snapshot")
    assert ask(vault, "DELETE", "/box/a", {"x-ms-delete-snapshots": "include"}).status == 202
    assert vault.versions(container, "a") == []


def test_what_is_deleted_comes_back_with_its_snapshots_and_is_held_again(vault: Vault, container: Container, catalog: Catalog):
    keep_deleted(catalog, 7)
    vault.put(container, "a", b"second")
    ask(vault, "PUT", "/box/a?comp=snapshot")
    reply = ask(vault, "DELETE", "/box/a", {"x-ms-delete-snapshots": "include"})
    assert head(reply, "x-ms-delete-type-permanent") == "false"
    assert (live(vault, container), held(catalog), vault.versions(container, "a")) == ([], 0, [])
    assert fault(vault, "PUT", "/box/a?comp=metadata") == (404, "BlobNotFound")
    assert ask(vault, "PUT", "/box/a?comp=undelete").status == 200
    back = vault.versions(container, "a")
    assert sorted((blob.is_current, blob.is_snapshot) for blob in back) == [(False, True), (False, True), (True, False)]
    with vault.open(vault.get(container, "a")) as stream:
        assert stream.read() == b"second"
    assert held(catalog) == 1
    assert ask(vault, "PUT", "/box/a?comp=undelete").status == 200


def test_a_blob_that_took_the_name_of_a_deleted_one_stays_when_that_is_restored(
    vault: Vault, container: Container, catalog: Catalog
):
    keep_deleted(catalog, 7)
    ask(vault, "DELETE", "/box/a")
    vault.put(container, "a", b"other")
    ask(vault, "PUT", "/box/a?comp=undelete")
    with vault.open(vault.get(container, "a")) as stream:
        assert stream.read() == b"other"
    assert sorted(blob.is_snapshot for blob in vault.versions(container, "a")) == [False, True]


def test_only_what_is_deleted_already_goes_for_good_before_its_days_are_over(
    vault: Vault, container: Container, catalog: Catalog
):
    keep_deleted(catalog, 7)
    snapshot = head(ask(vault, "PUT", "/box/a?comp=snapshot"), "x-ms-snapshot")
    assert fault(vault, "DELETE", f"/box/a?snapshot={snapshot}&deletetype=permanent") == (400, "InvalidOperation")
    assert fault(vault, "DELETE", "/box/a?deletetype=permanent") == (400, "InvalidQueryParameterValue")
    ask(vault, "DELETE", f"/box/a?snapshot={snapshot}")
    reply = ask(vault, "DELETE", f"/box/a?snapshot={snapshot}&deletetype=permanent")
    assert (reply.status, head(reply, "x-ms-delete-type-permanent")) == (202, "true")
    ask(vault, "PUT", "/box/a?comp=undelete")
    assert len(vault.versions(container, "a")) == 1


def test_what_passed_its_days_is_purged_but_for_what_is_protected(vault: Vault, container: Container, catalog: Catalog):
    keep_deleted(catalog, 7)
    for name in ("b", "c"):
        vault.put(container, name, name.encode() * 100_000)
        ask(vault, "DELETE", f"/box/{name}")
    assert vault.purge_expired() == 0
    pass_days(catalog, 8)
    with catalog.write() as tx:
        tx.execute(sa.update(versions).where(versions.c.name == "c").values(has_legal_hold=True))
    assert vault.purge_expired() == 1
    assert fault(vault, "PUT", "/box/b?comp=undelete") == (404, "BlobNotFound")
    assert ask(vault, "PUT", "/box/c?comp=undelete").status == 200
    assert live(vault, container) == ["a", "c"]
    assert vault.check(deep=True) == []


def test_a_lease_is_needed_and_goes_with_the_blob(vault: Vault, container: Container):
    vault.acquire_lease(container, "a", seconds=-1, proposed=LEASE)
    assert fault(vault, "DELETE", "/box/a") == (412, "LeaseIdMissing")
    assert fault(vault, "DELETE", "/box/a", {"x-ms-lease-id": LEASE[:-1] + "2"}) == (412, "LeaseIdMismatchWithBlobOperation")
    assert ask(vault, "DELETE", "/box/a", {"x-ms-lease-id": LEASE}).status == 202
    vault.put(container, "a", b"again")
    assert ask(vault, "DELETE", "/box/a").status == 202


def test_what_is_protected_is_deleted_by_no_way(vault: Vault, container: Container, catalog: Catalog):
    keep_deleted(catalog, 7)
    until = datetime.now(UTC) + timedelta(days=3)
    snapshot = head(ask(vault, "PUT", "/box/a?comp=snapshot"), "x-ms-snapshot")
    vault.protect(container, "a", until, version=snapshot)
    assert fault(vault, "DELETE", f"/box/a?snapshot={snapshot}") == (409, "BlobImmutableDueToPolicy")
    assert fault(vault, "DELETE", "/box/a", {"x-ms-delete-snapshots": "include"}) == (409, "BlobImmutableDueToPolicy")
    assert live(vault, container) == ["a"]
    vault.set_keeping(container, Keeping(add_holds=("case17",)))
    assert fault(vault, "DELETE", "/box/a", {"x-ms-delete-snapshots": "only"}) == (409, "BlobImmutableDueToLegalHold")
    assert len(vault.versions(container, "a")) == 2


def test_blocks_that_nobody_committed_are_deleted_as_a_blob(vault: Vault, container: Container):
    vault.stage_block(container, "new", "AAAA", b"block")
    assert fault(vault, "DELETE", "/box/new?snapshot=2020-01-01T00:00:00.0000000Z") == (404, "BlobNotFound")
    assert ask(vault, "DELETE", "/box/new", {"x-ms-delete-snapshots": "only"}).status == 202
    assert ask(vault, "DELETE", "/box/new").status == 202
    assert fault(vault, "DELETE", "/box/new") == (404, "BlobNotFound")
    assert vault.check(deep=True) == []
