"""Get Blob and Get Blob Properties: ranges, conditions, versions, overrides, and one consistent version whatever is written."""

import hashlib
import io
import threading
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from strongroom.domain.blob import Copy
from strongroom.domain.condition import Condition
from strongroom.domain.container import Container
from strongroom.domain.lease import Term
from strongroom.errors import BlobNotFound
from strongroom.server.azure.call import Call, Identity, Reply, Stream
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.ops.read import get_blob, get_blob_properties
from strongroom.server.azure.wire import structured
from strongroom.storage.catalog import Catalog, blobs, glance, holders, leases
from strongroom.storage.catalog.schema import versions
from strongroom.storage.layout import Layout
from strongroom.testing.azure import ACCOUNT, EVERYTHING, ask, request_of
from strongroom.vault import BlockRef, Traits, Vault

ON_SQLITE = pytest.mark.parametrize("catalog_url", ["sqlite"], indirect=True)
URL = "/letters/a"
LEASE = "6c1e2d3e-0000-4000-8000-000000000001"
LONG_AGO, LONG_HENCE = "Mon, 01 Jan 2001 00:00:00 GMT", "Tue, 01 Jan 2199 00:00:00 GMT"
DATA = b"0123456789"


@pytest.fixture
def letters(vault: Vault) -> Container:
    return vault.create_container("letters")


def get(vault: Vault, headers: dict[str, str] | None = None, url: str = URL) -> tuple[int, dict[str, str], bytes]:
    reply = ask(vault, "GET", url, headers)
    if isinstance(reply.body, bytes):
        return reply.status, dict(reply.headers), reply.body
    with reply.body.source as source:
        return reply.status, dict(reply.headers), source.read(reply.body.length)


def refused(vault: Vault, headers: dict[str, str], url: str = URL, method: str = "GET") -> tuple[int, str]:
    with pytest.raises(Fault) as caught:
        ask(vault, method, url, headers)
    return caught.value.status, caught.value.code


def md5(data: bytes) -> str:
    return b64encode(hashlib.md5(data).digest()).decode()


def test_ranges_are_cut_from_blobs_in_one_piece_and_in_many(vault: Vault, letters: Container) -> None:
    vault.put(letters, "a", DATA, with_md5=True)
    vault.put(letters, "log", b"", traits=Traits(kind="append"))
    for part in (b"0123", b"4", b"56789"):
        vault.append(letters, "log", part)
    for url in (URL, "/letters/log"):
        for name, text, expected, told in (
            ("range", "bytes=0-3", b"0123", "bytes 0-3/10"),
            ("x-ms-range", "bytes=3-5", b"345", "bytes 3-5/10"),
            ("x-ms-range", "bytes=8-99", b"89", "bytes 8-9/10"),
            ("range", "bytes=4-", b"456789", "bytes 4-9/10"),
            ("range", "bytes=-3", b"789", "bytes 7-9/10"),
            ("range", "bytes=0-9", DATA, "bytes 0-9/10"),
        ):
            status, headers, data = get(vault, {name: text}, url)
            assert (status, data, headers["content-range"]) == (206, expected, told)
            assert headers["content-length"] == str(len(expected))
            assert "content-md5" not in headers
    assert get(vault, {"x-ms-range": "bytes=0-0", "range": "bytes=5-5"})[2] == b"0"


@ON_SQLITE
def test_a_range_that_is_none_is_passed_over_and_one_beyond_the_end_refused(vault: Vault, letters: Container) -> None:
    vault.put(letters, "a", DATA)
    vault.put(letters, "empty", b"")
    for text in ("bytes=5-2", "lines=1-2", "bytes=0-1,3-4", "bytes=x-y"):
        status, headers, data = get(vault, {"range": text})
        assert (status, data) == (200, DATA)
        assert "content-range" not in headers
    for url, text, size in ((URL, "bytes=10-", 10), (URL, "bytes=11-20", 10), ("/letters/empty", "bytes=0-2", 0)):
        with pytest.raises(Fault) as caught:
            ask(vault, "GET", url, {"range": text})
        assert (caught.value.status, caught.value.code) == (416, "InvalidRange")
        assert list(caught.value.headers) == [("content-range", f"bytes */{size}")]
    assert get(vault, url="/letters/empty")[2] == b""


@ON_SQLITE
def test_checksums_of_short_ranges_can_be_asked_for(vault: Vault, letters: Container) -> None:
    vault.put(letters, "a", DATA, with_md5=True)
    vault.put(letters, "large", bytes((4 << 20) + 1))
    status, headers, data = get(vault, {"range": "bytes=2-4", "x-ms-range-get-content-md5": "true"})
    assert (status, data, headers["content-md5"], headers["x-ms-blob-content-md5"]) == (206, b"234", md5(b"234"), md5(DATA))
    headers = get(vault, {"range": "bytes=2-4", "x-ms-range-get-content-crc64": "true"})[1]
    assert len(headers["x-ms-content-crc64"]) == 12
    whole = get(vault)[1]
    assert (whole["content-md5"], whole["x-ms-blob-content-md5"]) == (md5(DATA), md5(DATA))
    asks = {"x-ms-range-get-content-md5": "true"}
    assert refused(vault, {"range": "bytes=0-", **asks}, "/letters/large") == (400, "InvalidHeaderValue")
    assert refused(vault, asks) == (400, "InvalidHeaderValue")
    assert get(vault, {"range": "bytes=1-", **asks}, "/letters/large")[0] == 206


@ON_SQLITE
def test_conditions_of_a_read(vault: Vault, letters: Container) -> None:
    vault.put(letters, "a", DATA, traits=Traits(tags={"year": "1931"}))
    etag = get(vault)[1]["etag"]
    passing = (
        {"if-match": etag, "if-none-match": '"0x1"', "if-modified-since": LONG_AGO, "if-unmodified-since": LONG_HENCE},
        {"if-match": f'"0x1", {etag}'},
        {"if-match": "*,abc"},
        {"if-none-match": etag, "if-modified-since": LONG_AGO},
        {"if-none-match": '"0x1"', "if-modified-since": LONG_HENCE},
        {"x-ms-if-tags": "\"year\" >= '1930'"},
    )
    for headers in passing:
        assert get(vault, headers)[2] == DATA
        assert ask(vault, "HEAD", URL, headers).status == 200
    for headers, expected in (
        ({"if-match": '"0x1"'}, (412, "ConditionNotMet")),
        ({"if-none-match": etag}, (304, "ConditionNotMet")),
        ({"if-none-match": f'"0x1",{etag}'}, (304, "ConditionNotMet")),
        ({"if-none-match": "*"}, (400, "UnsatisfiableCondition")),
        ({"if-modified-since": LONG_HENCE}, (304, "ConditionNotMet")),
        ({"if-unmodified-since": LONG_AGO}, (412, "ConditionNotMet")),
        ({"x-ms-if-tags": "\"year\" = '1900'"}, (412, "ConditionNotMet")),
        ({"x-ms-lease-id": LEASE}, (412, "LeaseNotPresentWithBlobOperation")),
    ):
        assert refused(vault, headers) == expected
        assert refused(vault, headers, method="HEAD") == expected
    assert refused(vault, {}, "/letters/none") == (404, "BlobNotFound")
    assert refused(vault, {"if-match": "*"}, "/letters/none") == (412, "ConditionNotMet")
    assert refused(vault, {"if-none-match": "*"}, "/letters/none") == (400, "UnsatisfiableCondition")
    assert refused(vault, {}, "/nowhere/a") == (404, "ContainerNotFound")


@ON_SQLITE
def test_snapshots_are_read_as_they_were(vault: Vault, letters: Container) -> None:
    vault.put(letters, "a", b"then", traits=Traits(metadata={"who": "Ann"}))
    taken = vault.snapshot(letters, "a")
    vault.put(letters, "a", b"now", traits=Traits(metadata={"who": "Eve"}))
    status, headers, data = get(vault, url=f"{URL}?snapshot={taken.version}")
    assert (status, data, headers["x-ms-meta-who"]) == (200, b"then", "Ann")
    assert (headers["x-ms-lease-state"], headers["x-ms-lease-status"]) == ("available", "unlocked")
    assert dict(ask(vault, "HEAD", f"{URL}?snapshot={taken.version}").headers)["content-length"] == "4"
    vault.delete(letters, "a", version=taken.version)
    assert refused(vault, {}, f"{URL}?snapshot={taken.version}") == (404, "BlobNotFound")
    assert refused(vault, {}, f"{URL}?snapshot=x&versionid=y") == (400, "MutuallyExclusiveQueryParameters")
    for none in ("x", "2026-08-13", "2026-08-13T10:00:00Z"):
        assert refused(vault, {}, f"{URL}?versionid={none}") == (400, "InvalidQueryParameterValue")
    assert get(vault)[2] == b"now"


@ON_SQLITE
def test_an_archived_blob_is_told_of_but_not_read(vault: Vault, letters: Container) -> None:
    vault.put(letters, "a", DATA, traits=Traits(tier="Archive"))
    assert refused(vault, {}) == (409, "BlobArchived")
    told = dict(ask(vault, "HEAD", URL).headers)
    assert (told["x-ms-access-tier"], told["content-length"]) == ("Archive", "10")
    with pytest.raises(Fault, match="archived"):
        ask(vault, "PUT", URL, {"x-ms-blob-type": "BlockBlob"}, b"new")


@ON_SQLITE
def test_a_sas_may_give_other_headers_and_keys_of_customers_are_refused(vault: Vault, letters: Container) -> None:
    vault.put(letters, "a", DATA, traits=Traits(content_type="text/plain", headers={"cache-control": "no-store"}))
    over = {"content-type": "text/css", "content-disposition": "attachment"}
    identity = Identity(actor=EVERYTHING.actor, how="service-sas", account=ACCOUNT, response_headers=over)
    call = Call(
        request=request_of("GET", URL), identity=identity, vault=vault, scope=EVERYTHING, ask=lambda _: Reply(status=500)
    )
    for reply in (get_blob(call), get_blob_properties(replace(call, request=request_of("HEAD", URL)))):
        told = dict(reply.headers)
        assert (told["content-type"], told["content-disposition"]) == ("text/css", "attachment")
        assert told["cache-control"] == "no-store"
        if isinstance(reply.body, Stream):
            reply.body.source.close()
    assert refused(vault, {"x-ms-encryption-key": "c2VjcmV0"}) == (501, "NotImplemented")


@ON_SQLITE
def test_the_short_way_on_sqlite_sees_what_the_long_one_does(vault: Vault, letters: Container, catalog: Catalog) -> None:
    until = datetime(2199, 1, 1, tzinfo=UTC)
    copied = Copy(id="1", source="http://x/y", status="success", done=1, total=1, completed_at=until)
    plain = Traits(headers={"cache-control": "no-store"}, metadata={"who": "Änn"}, tags={"a": "1", "b": "2"}, tier="Cool")
    vault.put(letters, "a", DATA, traits=plain, with_md5=True)
    vault.snapshot(letters, "a")
    vault.put(letters, "held", DATA, traits=Traits(immutable_until=until, is_immutability_locked=True, has_legal_hold=True))
    vault.put(letters, "log", b"", traits=Traits(kind="append"))
    for part in (b"one", b"two"):
        vault.append(letters, "log", part)
    vault.seal(letters, "log")
    vault.put(letters, "disk", b"", traits=Traits(kind="page", size=1024, sequence_number=7))
    with catalog.write() as tx:
        tx.execute(sa.update(versions).where(versions.c.name == "held").values(copy=blobs.copy_document(copied)))
        leases.keep(tx, letters.id, "a", Term(id=LEASE, seconds=-1))
    with catalog.read() as tx:
        assert catalog.glance(lambda short: glance.container(short, "letters", EVERYTHING)) == vault.container(
            "letters", EVERYTHING
        )
        for name in ("a", "held", "log", "disk"):
            for version in (None, *(blob.version for blob in vault.versions(letters, name))):
                long = blobs.look(tx, letters, name, version)
                short = catalog.glance(lambda one, at=(name, version): glance.look(one, letters, *at))
                assert short == long
                if long.blob.kind != "page":
                    found = catalog.glance(lambda one, key=long.blob.id: glance.pieces(one, key))
                    assert found == holders.pieces(tx, long.blob.id)
        for read in (lambda: blobs.look(tx, letters, "none"), lambda: vault.look(letters, "none")):
            with pytest.raises(BlobNotFound, match="holds no blob named none"):
                read()


@ON_SQLITE
def test_a_structured_message_is_taken_and_given(vault: Vault, letters: Container) -> None:
    data = b"x" * 5000
    message = structured.encoded(io.BytesIO(data), len(data)).read()
    asks = {structured.HEADER: structured.KIND}
    given = {**asks, structured.LENGTH: "5000", "x-ms-blob-type": "BlockBlob"}
    assert dict(ask(vault, "PUT", URL, given, message).headers)[structured.HEADER] == structured.KIND
    assert vault.open(vault.get(letters, "a")).read() == data
    status, headers, body = get(vault, {**asks, "range": "bytes=0-99"})
    assert (status, headers[structured.HEADER], headers[structured.LENGTH]) == (206, structured.KIND, "100")
    assert (headers["content-length"], headers["content-range"]) == (str(len(body)), "bytes 0-99/5000")
    assert b"".join(structured.decoded([body], 100)) == data[:100]
    with pytest.raises(Fault) as caught:
        ask(vault, "PUT", URL, given, message[:-1] + b"?")
    assert caught.value.code == "Crc64Mismatch"
    assert vault.open(vault.get(letters, "a")).read() == data


@ON_SQLITE
def test_a_read_that_races_a_replacement_gives_one_version(vault: Vault, letters: Container) -> None:
    texts = [bytes([65 + number]) * (70_000 + number) for number in range(8)]
    vault.put(letters, "a", texts[0], with_md5=True)
    vault.put(letters, "parts", texts[0], with_md5=True)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            for text in texts:
                vault.put(letters, "a", text, with_md5=True)
                for number in range(3):
                    vault.stage_block(letters, "parts", str(number), text[number * 30_000 :][:30_000])
                stated = Traits(md5=hashlib.md5(text).digest())
                vault.commit_blocks(letters, "parts", [BlockRef(block_id=str(number)) for number in range(3)], stated)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(60):
            status, headers, data = get(vault, url=URL if number % 2 else "/letters/parts")
            assert (status, headers["content-length"]) == (200, str(len(data)))
            assert headers["content-md5"] == md5(data)
    finally:
        stop.set()
        writer.join()


def test_what_was_looked_up_is_looked_up_again_after_whatever_write(
    vault: Vault, letters: Container, catalog: Catalog, layout: Layout
) -> None:
    other = Vault(catalog, layout)
    first = vault.put(letters, "a", DATA)
    assert vault.look(letters, "a") == vault.look(letters, "a")
    assert refused(vault, {"if-none-match": first.etag}) == (304, "ConditionNotMet")
    other.put(letters, "a", b"new", traits=Traits(tags={"a": "b"}))
    assert get(vault, {"if-none-match": first.etag})[2] == b"new"
    with catalog.write() as tx:
        leases.keep(tx, letters.id, "a", Term(id=LEASE, seconds=-1))
    for _ in range(2):
        assert get(vault)[1]["x-ms-lease-state"] == "leased"
        assert refused(vault, {"x-ms-lease-id": LEASE[:-1] + "2"}) == (412, "LeaseIdMismatchWithBlobOperation")
    other.delete(letters, "a", condition=Condition(lease_id=LEASE))
    assert refused(vault, {}) == (404, "BlobNotFound")
    other.close()


@ON_SQLITE
def test_a_look_holds_conditions_against_what_it_gives(vault: Vault, letters: Container) -> None:
    blob = vault.put(letters, "a", DATA)
    look, stream = vault.fetch(letters, "a", condition=Condition(if_match=blob.etag), cut=lambda one: (2, one.blob.size - 4))
    with stream:
        assert (look.blob, stream.read()) == (blob, b"234567")


def test_the_pieces_of_a_blob_of_many_are_loaded_once_and_again_when_it_changed(
    vault: Vault, letters: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = []
    for where in (glance, holders):
        load = where.pieces
        monkeypatch.setattr(where, "pieces", lambda tx, key, load=load: loads.append(key) or load(tx, key))
    vault.put(letters, "log", b"", traits=Traits(kind="append"))
    text = b""
    for number in range(20):
        vault.append(letters, "log", bytes([65 + number]) * (number + 1))
        text += bytes([65 + number]) * (number + 1)
    for start in range(0, len(text), 7):
        vault.put(letters, "other", b"x")
        assert get(vault, {"range": f"bytes={start}-{start + 9}"}, "/letters/log")[2] == text[start : start + 10]
    assert len(loads) == 1
    vault.append(letters, "log", b"end")
    assert get(vault, {"range": "bytes=200-"}, "/letters/log")[2] == text[200:] + b"end"
    assert len(loads) == 2
