"""Metadata, HTTP headers, tier and snapshots of blobs, as the protocol asks for them."""

from base64 import b64encode

import pytest

from strongroom.domain.container import Container
from strongroom.server.azure.call import Reply
from strongroom.server.azure.faults import Fault
from strongroom.storage.layout import Layout
from strongroom.testing.azure import ask
from strongroom.vault import Traits, Vault

LEASE = "6c1e2d3e-0000-4000-8000-000000000001"


@pytest.fixture
def catalog_url(layout: Layout) -> str:
    """SQLite alone."""
    return layout.catalog_url


@pytest.fixture
def container(vault: Vault) -> Container:
    made = vault.create_container("box")
    vault.put(made, "a", b"first", traits=Traits(content_type="text/plain", metadata={"old": "1"}, tags={"t": "1"}))
    return made


def told(reply: Reply) -> dict[str, str]:
    return dict(reply.headers)


def fault(vault: Vault, method: str, url: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
    with pytest.raises(Fault) as caught:
        ask(vault, method, url, headers)
    return caught.value.status, caught.value.code


def test_metadata_is_replaced_as_a_whole_and_given_back(vault: Vault, container: Container):
    before = vault.get(container, "a")
    reply = ask(vault, "PUT", "/box/a?comp=metadata", {"x-ms-meta-a": "1", "x-ms-meta-b": "ü"})
    after = vault.get(container, "a")
    assert (reply.status, after.metadata, after.tags) == (200, {"a": "1", "b": "ü"}, {"t": "1"})
    assert told(reply)["etag"] == f'"{after.etag}"' != f'"{before.etag}"'
    assert told(reply)["x-ms-request-server-encrypted"] == "true"
    assert "x-ms-version-id" not in told(reply)
    shown = told(ask(vault, "GET", "/box/a?comp=metadata"))
    assert (shown["x-ms-meta-a"], shown["x-ms-meta-b"], "content-type" in shown) == ("1", "ü", False)
    assert ask(vault, "PUT", "/box/a?comp=metadata").status == 200
    assert vault.get(container, "a").metadata == {}


def test_metadata_that_cannot_be_is_refused(vault: Vault, container: Container):
    assert fault(vault, "PUT", "/box/a?comp=metadata", {"x-ms-meta-content-sha256": "a"}) == (400, "InvalidMetadata")
    assert fault(vault, "PUT", "/box/a?comp=metadata", {"x-ms-meta-": "a"}) == (400, "EmptyMetadataKey")
    assert fault(vault, "PUT", "/box/a?comp=metadata", {"x-ms-meta-a": "v" * 9000}) == (400, "MetadataTooLarge")
    assert fault(vault, "PUT", "/box/none?comp=metadata") == (404, "BlobNotFound")
    assert vault.get(container, "a").metadata == {"old": "1"}


def test_changes_need_the_conditions_and_the_lease(vault: Vault, container: Container):
    etag = vault.get(container, "a").etag
    for comp in ("metadata", "properties"):
        url = f"/box/a?comp={comp}"
        assert fault(vault, "PUT", url, {"if-match": '"0x1"'}) == (412, "ConditionNotMet")
        assert fault(vault, "PUT", url, {"if-none-match": f'"{etag}"'}) == (412, "ConditionNotMet")
        assert fault(vault, "PUT", url, {"if-modified-since": "Mon, 01 Jan 2120 00:00:00 GMT"}) == (412, "ConditionNotMet")
        assert fault(vault, "PUT", url, {"x-ms-if-tags": "\"t\" = '2'"}) == (412, "ConditionNotMet")
        assert fault(vault, "PUT", url, {"x-ms-lease-id": LEASE}) == (412, "LeaseNotPresentWithBlobOperation")
    vault.acquire_lease(container, "a", seconds=-1, proposed=LEASE)
    for url in ("/box/a?comp=metadata", "/box/a?comp=properties", "/box/a?comp=tier"):
        headers = {"x-ms-access-tier": "Cool"}
        assert fault(vault, "PUT", url, headers) == (412, "LeaseIdMissing")
        assert ask(vault, "PUT", url, {**headers, "x-ms-lease-id": LEASE}).status == 200
    assert ask(vault, "PUT", "/box/a?comp=snapshot").status == 201
    wrong = {"x-ms-lease-id": LEASE[:-1] + "2"}
    assert fault(vault, "PUT", "/box/a?comp=snapshot", wrong) == (412, "LeaseIdMismatchWithBlobOperation")


def test_http_headers_are_set_together_and_cleared_where_absent(vault: Vault, container: Container):
    given = {
        "x-ms-blob-content-type": "text/html",
        "x-ms-blob-cache-control": "no-store",
        "x-ms-blob-content-encoding": "gzip",
        "x-ms-blob-content-language": "de",
        "x-ms-blob-content-disposition": "inline",
        "x-ms-blob-content-md5": b64encode(bytes(16)).decode(),
    }
    reply = ask(vault, "PUT", "/box/a?comp=properties", given)
    blob = vault.get(container, "a")
    assert (reply.status, blob.content_type, blob.md5) == (200, "text/html", bytes(16))
    assert sorted(blob.headers.values()) == ["de", "gzip", "inline", "no-store"]
    ask(vault, "PUT", "/box/a?comp=properties", {"x-ms-blob-content-language": "en"})
    blob = vault.get(container, "a")
    assert (blob.content_type, blob.md5, blob.headers) == ("", None, {"content-language": "en"})
    ask(vault, "PUT", "/box/a?comp=properties")
    assert vault.get(container, "a").headers == {}
    assert vault.get(container, "a").metadata == {"old": "1"}
    bad = {"x-ms-blob-content-type": "text/html\r\nx-evil: 1"}
    assert fault(vault, "PUT", "/box/a?comp=properties", bad) == (400, "InvalidHeaderValue")


def test_a_page_blob_gets_another_size_and_sequence_number_in_one_act(vault: Vault, container: Container):
    vault.put(container, "p", b"", traits=Traits(kind="page", size=1024, content_type="x/y"))
    both = {"x-ms-blob-content-length": "512", "x-ms-sequence-number-action": "Update", "x-ms-blob-sequence-number": "7"}
    etag = f'"{vault.get(container, "p").etag}"'
    reply = ask(vault, "PUT", "/box/p?comp=properties", {**both, "if-match": etag})
    blob = vault.get(container, "p")
    assert (blob.size, blob.sequence_number, blob.content_type) == (512, 7, "x/y")
    assert told(reply)["x-ms-blob-sequence-number"] == "7"
    number = {"x-ms-sequence-number-action": "max", "x-ms-blob-sequence-number": "5"}
    assert told(ask(vault, "PUT", "/box/p?comp=properties", number))["x-ms-blob-sequence-number"] == "7"
    more = {"x-ms-sequence-number-action": "increment"}
    assert told(ask(vault, "PUT", "/box/p?comp=properties", more))["x-ms-blob-sequence-number"] == "8"
    assert fault(vault, "PUT", "/box/p?comp=properties", {**more, "x-ms-blob-sequence-number": "1"}) == (
        400,
        "InvalidOperation",
    )
    assert fault(vault, "PUT", "/box/p?comp=properties", {"x-ms-sequence-number-action": "max"}) == (400, "InvalidOperation")
    assert fault(vault, "PUT", "/box/p?comp=properties", {"x-ms-blob-content-length": "513"}) == (400, "InvalidOperation")
    assert fault(vault, "PUT", "/box/a?comp=properties", more) == (400, "InvalidOperation")
    assert fault(vault, "PUT", "/box/a?comp=properties", {"x-ms-blob-content-length": "512"}) == (400, "InvalidOperation")
    assert fault(vault, "PUT", "/box/a?comp=properties", {**more, "if-match": '"0x1"'}) == (412, "ConditionNotMet")
    assert fault(vault, "PUT", "/box/none?comp=properties", {"x-ms-sequence-number-action": "no"}) == (404, "BlobNotFound")


def test_tiers_are_read_in_any_case_and_an_archived_blob_comes_back_at_once(vault: Vault, container: Container):
    before = vault.get(container, "a")
    assert ask(vault, "PUT", "/box/a?comp=tier", {"x-ms-access-tier": "cool"}).status == 200
    assert vault.get(container, "a").tier == "Cool"
    assert ask(vault, "PUT", "/box/a?comp=tier", {"x-ms-access-tier": "ARCHIVE"}).status == 200
    reply = ask(vault, "PUT", "/box/a?comp=tier", {"x-ms-access-tier": "Hot", "x-ms-rehydrate-priority": "High"})
    after = vault.get(container, "a")
    assert (reply.status, after.tier, after.rehydrating_to) == (202, "Hot", None)
    assert (after.etag, after.modified_at) == (before.etag, before.modified_at)
    assert after.tier_changed_at is not None
    assert fault(vault, "PUT", "/box/a?comp=tier", {"x-ms-access-tier": "P4"}) == (400, "AccessTierNotSupportedForBlobType")
    assert fault(vault, "PUT", "/box/a?comp=tier", {"x-ms-access-tier": "Lukewarm"}) == (400, "InvalidHeaderValue")
    assert fault(vault, "PUT", "/box/a?comp=tier") == (400, "MissingRequiredHeader")


def test_versions_and_snapshots_and_page_blobs_have_tiers(vault: Vault, container: Container):
    snapshot = told(ask(vault, "PUT", "/box/a?comp=snapshot"))["x-ms-snapshot"]
    assert ask(vault, "PUT", f"/box/a?comp=tier&snapshot={snapshot}", {"x-ms-access-tier": "Cold"}).status == 200
    assert (vault.get(container, "a", snapshot).tier, vault.get(container, "a").tier) == ("Cold", None)
    vault.put(container, "p", b"", traits=Traits(kind="page", size=512))
    assert ask(vault, "PUT", "/box/p?comp=tier", {"x-ms-access-tier": "p10"}).status == 200
    assert fault(vault, "PUT", "/box/p?comp=tier", {"x-ms-access-tier": "P4"}) == (409, "CannotChangeToLowerTier")
    assert fault(vault, "PUT", "/box/p?comp=tier", {"x-ms-access-tier": "Cool"}) == (400, "AccessTierNotSupportedForBlobType")


def test_a_snapshot_keeps_what_the_blob_was_and_leaves_it_as_it_is(vault: Vault, container: Container):
    before = vault.get(container, "a")
    reply = ask(vault, "PUT", "/box/a?comp=snapshot")
    taken = vault.get(container, "a", told(reply)["x-ms-snapshot"])
    assert (reply.status, told(reply)["etag"]) == (201, f'"{before.etag}"')
    assert (taken.is_snapshot, taken.metadata, taken.tags, taken.sha256) == (True, {"old": "1"}, {"t": "1"}, before.sha256)
    assert vault.get(container, "a") == before
    other = told(ask(vault, "PUT", "/box/a?comp=snapshot", {"x-ms-meta-new": "2"}))["x-ms-snapshot"]
    assert other > taken.version
    assert vault.get(container, "a", other).metadata == {"new": "2"}
    assert fault(vault, "PUT", "/box/a?comp=snapshot", {"if-match": '"0x1"'}) == (412, "ConditionNotMet")
    assert fault(vault, "PUT", "/box/a?comp=snapshot", {"if-none-match": f'"{before.etag}"'}) == (412, "ConditionNotMet")
    assert fault(vault, "PUT", "/box/a?comp=snapshot", {"if-none-match": "*"}) == (400, "UnsatisfiableCondition")
    assert fault(vault, "PUT", "/box/none?comp=snapshot") == (404, "BlobNotFound")
    vault.put(container, "a", b"second")
    with vault.open(vault.get(container, "a", other)) as stream:
        assert stream.read() == b"first"
