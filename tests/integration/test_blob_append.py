"""Append Block and Append Blob Seal."""

import hashlib
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor

import pytest

from strongroom.domain.container import Container
from strongroom.server.azure.call import Stream
from strongroom.server.azure.faults import Fault
from strongroom.storage.catalog import blocks
from strongroom.testing.azure import ask
from strongroom.vault import Traits, Vault

CRC64 = "IGNTdOktpz0="
"""Of ``abcdef``."""

ON_SQLITE = pytest.mark.parametrize("catalog_url", ["sqlite"], indirect=True)
URL = "/letters/log"
APPEND, SEAL = f"{URL}?comp=appendblock", f"{URL}?comp=seal"


@pytest.fixture
def letters(vault: Vault) -> Container:
    made = vault.create_container("letters")
    ask(vault, "PUT", URL, {"x-ms-blob-type": "AppendBlob", "x-ms-tags": "year=1931"})
    return made


def append(vault: Vault, data: bytes, headers: dict[str, str] | None = None) -> dict[str, str]:
    reply = ask(vault, "PUT", APPEND, headers, data)
    assert reply.status == 201
    return dict(reply.headers)


def bytes_of(vault: Vault, url: str = URL) -> bytes:
    body = ask(vault, "GET", url).body
    assert isinstance(body, Stream)
    with body.source as source:
        return source.read()


def refused(vault: Vault, url: str, headers: dict[str, str] | None = None, data: bytes = b"") -> tuple[int, str]:
    with pytest.raises(Fault) as caught:
        ask(vault, "PUT", url, headers, data)
    return caught.value.status, caught.value.code


def md5(data: bytes) -> str:
    return b64encode(hashlib.md5(data).digest()).decode()


@pytest.mark.usefixtures("letters")
def test_appends_add_up(vault: Vault) -> None:
    made = append(vault, b"abcdef", {"content-md5": md5(b"abcdef")})
    assert (made["x-ms-blob-append-offset"], made["x-ms-blob-committed-block-count"]) == ("0", "1")
    assert (made["content-md5"], made["x-ms-content-crc64"]) == (md5(b"abcdef"), CRC64)
    made = append(vault, b"123456")
    assert (made["x-ms-blob-append-offset"], made["x-ms-blob-committed-block-count"]) == ("6", "2")
    told = dict(ask(vault, "HEAD", URL).headers)
    assert (told["etag"], told["content-length"], told["x-ms-blob-committed-block-count"]) == (made["etag"], "12", "2")
    assert ("content-md5" in told, "x-ms-content-crc64" in made) == (False, True)
    assert bytes_of(vault) == b"abcdef123456"


@ON_SQLITE
@pytest.mark.usefixtures("letters")
def test_an_append_may_ask_where_it_lands_and_how_large_the_blob_becomes(vault: Vault) -> None:
    append(vault, b"a", {"x-ms-blob-condition-maxsize": "1", "x-ms-blob-condition-appendpos": "0"})
    position, size = "x-ms-blob-condition-appendpos", "x-ms-blob-condition-maxsize"
    assert refused(vault, APPEND, {position: "0"}, b"b") == (412, "AppendPositionConditionNotMet")
    assert refused(vault, APPEND, {size: "1"}, b"b") == (412, "MaxBlobSizeConditionNotMet")
    assert refused(vault, APPEND, {size: "x"}, b"b") == (400, "InvalidHeaderValue")
    append(vault, b"b", {position: "1"})
    assert bytes_of(vault) == b"ab"


@ON_SQLITE
@pytest.mark.usefixtures("letters")
def test_conditions_of_an_append(vault: Vault) -> None:
    etag = append(vault, b"a")["etag"]
    tags = "x-ms-if-tags"
    etag = append(vault, b"b", {"if-match": etag})["etag"]
    append(vault, b"c", {"if-none-match": '"0x1"'})
    append(vault, b"d", {tags: "\"year\" = '1931'"})
    for headers, expected in (
        ({"if-match": etag}, (412, "ConditionNotMet")),
        ({tags: "\"year\" = '1900'"}, (412, "ConditionNotMet")),
        ({"if-modified-since": "Tue, 01 Jan 2199 00:00:00 GMT"}, (412, "ConditionNotMet")),
        ({"if-unmodified-since": "Mon, 01 Jan 2001 00:00:00 GMT"}, (412, "ConditionNotMet")),
        ({"x-ms-lease-id": "1"}, (412, "LeaseNotPresentWithBlobOperation")),
        ({"content-md5": md5(b"other")}, (400, "Md5Mismatch")),
    ):
        assert refused(vault, APPEND, headers, b"x") == expected
    assert bytes_of(vault) == b"abcd"


@ON_SQLITE
def test_what_cannot_be_appended_to_is_refused(vault: Vault, letters: Container, monkeypatch: pytest.MonkeyPatch) -> None:
    vault.put(letters, "plain", b"x")
    assert refused(vault, "/letters/plain?comp=appendblock", {}, b"x") == (409, "InvalidBlobType")
    assert refused(vault, "/letters/none?comp=appendblock", {}, b"x") == (404, "BlobNotFound")
    assert refused(vault, APPEND, {}, b"") == (400, "InvalidHeaderValue")
    monkeypatch.setattr("strongroom.server.azure.ops.append.MOST_BYTES", 3)
    assert refused(vault, APPEND, {}, b"four") == (413, "RequestBodyTooLarge")
    append(vault, b"a")
    monkeypatch.setattr(blocks, "MOST_COMMITTED", 1)
    assert refused(vault, APPEND, {}, b"b") == (409, "BlockCountExceedsLimit")


@ON_SQLITE
@pytest.mark.usefixtures("letters")
def test_a_sealed_blob_takes_no_more_and_may_be_sealed_again(vault: Vault) -> None:
    append(vault, b"a")
    assert refused(vault, SEAL, {"x-ms-blob-condition-appendpos": "7"}) == (412, "AppendPositionConditionNotMet")
    assert refused(vault, SEAL, {"if-match": '"0x1"'}) == (412, "ConditionNotMet")
    first = ask(vault, "PUT", SEAL)
    assert (first.status, dict(first.headers)["x-ms-blob-sealed"]) == (200, "true")
    assert ask(vault, "PUT", SEAL) == first
    assert refused(vault, APPEND, {}, b"b") == (409, "BlobIsSealed")
    assert dict(ask(vault, "HEAD", URL).headers)["x-ms-blob-sealed"] == "true"
    assert refused(vault, "/letters/none?comp=seal") == (404, "BlobNotFound")


@ON_SQLITE
def test_an_append_changes_the_current_version_where_it_is(vault: Vault) -> None:
    kept = vault.create_container("kept", keeps_versions=True)
    vault.put(kept, "log", b"", traits=Traits(kind="append"))
    for _ in range(3):
        vault.append(kept, "log", b"x")
    assert [blob.size for blob in vault.versions(kept, "log")] == [3]


def test_appends_at_once_all_land(vault: Vault, letters: Container) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda number: vault.append(letters, "log", b"%03d\n" % number), range(24)))
    assert sorted(one.offset for one in done) == [4 * number for number in range(24)]
    assert sorted(one.blocks for one in done) == list(range(1, 25))
    assert sorted(bytes_of(vault).split()) == [b"%03d" % number for number in range(24)]
