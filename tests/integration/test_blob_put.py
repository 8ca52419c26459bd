"""Put Blob: what is stored of bytes and headers, and what is refused."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from strongroom.domain.container import Container
from strongroom.errors import ConditionFailed
from strongroom.server.azure.call import Call, Identity, Reply, Stream
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.ops.put import put_blob
from strongroom.server.azure.wire.checksums import Crc64
from strongroom.storage.layout import Layout
from strongroom.testing.azure import ACCOUNT, EVERYTHING, ask, request_of
from strongroom.vault import Vault

ON_SQLITE = pytest.mark.parametrize("catalog_url", ["sqlite"], indirect=True)
URL = "/letters/2026/a.txt"
BLOCK, APPEND, PAGE = ({"x-ms-blob-type": kind} for kind in ("BlockBlob", "AppendBlob", "PageBlob"))
LARGE = bytes(range(256)) * 4096


@pytest.fixture
def letters(vault: Vault) -> Container:
    return vault.create_container("letters")


def put(vault: Vault, data: bytes = b"text", headers: dict[str, str] | None = None, url: str = URL) -> Reply:
    return ask(vault, "PUT", url, {**BLOCK, **(headers or {})}, data)


def head(vault: Vault, url: str = URL) -> dict[str, str]:
    return dict(ask(vault, "HEAD", url).headers)


def bytes_of(vault: Vault, url: str = URL) -> bytes:
    body = ask(vault, "GET", url).body
    assert isinstance(body, Stream)
    with body.source as source:
        return source.read()


def refused(vault: Vault, method: str, url: str, headers: dict[str, str], data: bytes = b"") -> tuple[int, str]:
    with pytest.raises(Fault) as caught:
        ask(vault, method, url, headers, data)
    return caught.value.status, caught.value.code


def md5(data: bytes) -> str:
    return b64encode(hashlib.md5(data).digest()).decode()


def crc64(data: bytes) -> str:
    crc = Crc64()
    crc.update(data)
    return b64encode(crc.digest()).decode()


def files_of(layout: Layout) -> list[Path]:
    return [path for path in layout.vault.rglob("*") if path.is_file() and len(path.name) == 26]


@pytest.mark.usefixtures("letters")
def test_a_block_blob_comes_back_as_it_was_put(vault: Vault) -> None:
    for data in (b"", b"text", LARGE):
        reply = put(vault, data)
        made = dict(reply.headers)
        assert reply.status == 201
        assert made["content-md5"] == md5(data)
        assert made["x-ms-request-server-encrypted"] == "true"
        assert bytes_of(vault) == data
        told = head(vault)
        assert told["content-length"] == str(len(data))
        assert (told["etag"], told["last-modified"], told["content-md5"]) == tuple(
            made[name] for name in ("etag", "last-modified", "content-md5")
        )
        assert (told["x-ms-blob-type"], told["content-type"]) == ("BlockBlob", "application/octet-stream")
        assert (told["x-ms-access-tier"], told["x-ms-access-tier-inferred"]) == ("Hot", "true")
        assert (told["x-ms-lease-state"], told["x-ms-lease-status"]) == ("available", "unlocked")
        assert "x-ms-version-id" not in told


@ON_SQLITE
@pytest.mark.usefixtures("letters")
def test_headers_metadata_tags_tier_and_holds_are_kept(vault: Vault) -> None:
    until = format_datetime((datetime.now(UTC) + timedelta(days=2)).replace(microsecond=0), usegmt=True)
    put(
        vault,
        headers={
            "x-ms-blob-content-type": "text/plain",
            "content-type": "ignored/this",
            "x-ms-blob-cache-control": "no-store",
            "x-ms-blob-content-disposition": "inline",
            "x-ms-blob-content-encoding": "identity",
            "x-ms-blob-content-language": "en",
            "x-ms-meta-who": "Ann",
            "x-ms-tags": "year=1931&place=New%20York",
            "x-ms-access-tier": "cOOl",
            "x-ms-immutability-policy-until-date": until,
            "x-ms-immutability-policy-mode": "Unlocked",
            "x-ms-legal-hold": "true",
        },
    )
    told = head(vault)
    expected = {
        "content-type": "text/plain",
        "cache-control": "no-store",
        "content-disposition": "inline",
        "content-encoding": "identity",
        "content-language": "en",
        "x-ms-meta-who": "Ann",
        "x-ms-tag-count": "2",
        "x-ms-access-tier": "Cool",
        "x-ms-access-tier-inferred": "false",
        "x-ms-immutability-policy-until-date": until,
        "x-ms-immutability-policy-mode": "unlocked",
        "x-ms-legal-hold": "true",
    }
    assert {name: told[name] for name in expected} == expected
    assert "x-ms-access-tier-change-time" in told
    assert refused(vault, "PUT", URL, BLOCK) == (409, "BlobImmutableDueToLegalHold")


@ON_SQLITE
@pytest.mark.usefixtures("letters")
def test_plain_content_headers_of_the_request_count_where_there_are_no_others(vault: Vault) -> None:
    put(vault, headers={"content-type": "text/css", "content-encoding": "br", "cache-control": "private"})
    told = head(vault)
    assert (told["content-type"], told["content-encoding"], told["cache-control"]) == ("text/css", "br", "private")


@ON_SQLITE
@pytest.mark.usefixtures("letters")
def test_bytes_that_are_not_what_was_sent_are_not_stored(vault: Vault, layout: Layout) -> None:
    for name, wrong in (("content-md5", md5(b"other")), ("x-ms-blob-content-md5", md5(b"other"))):
        assert refused(vault, "PUT", URL, {**BLOCK, name: wrong}, LARGE) == (400, "Md5Mismatch")
    assert refused(vault, "PUT", URL, {**BLOCK, "x-ms-content-crc64": crc64(b"other")}, LARGE) == (400, "Crc64Mismatch")
    for name in ("content-md5", "x-ms-blob-content-md5"):
        for none in ("short", "AAAAAA=="):
            assert refused(vault, "PUT", URL, {**BLOCK, name: none}, LARGE) == (400, "InvalidMd5")
    both = {"content-md5": md5(LARGE), "x-ms-content-crc64": crc64(LARGE)}
    assert refused(vault, "PUT", URL, {**BLOCK, **both}, LARGE) == (400, "BothCrc64AndMd5HeaderPresent")
    assert refused(vault, "HEAD", URL, {}) == (404, "BlobNotFound")
    assert files_of(layout) == []
    for name, right in (("content-md5", md5(LARGE)), ("x-ms-content-crc64", crc64(LARGE))):
        assert dict(put(vault, LARGE, {name: right}).headers)[name] == right


@ON_SQLITE
@pytest.mark.usefixtures("letters")
def test_conditions_are_told_as_the_protocol_tells_them(vault: Vault) -> None:
    etag = dict(put(vault).headers)["etag"]
    long_ago, long_hence = "Mon, 01 Jan 2001 00:00:00 GMT", "Tue, 01 Jan 2199 00:00:00 GMT"
    for header, value, expected in (
        ("if-none-match", "*", (409, "BlobAlreadyExists")),
        ("if-none-match", etag, (412, "ConditionNotMet")),
        ("if-match", '"0x1"', (412, "ConditionNotMet")),
        ("if-modified-since", long_hence, (412, "ConditionNotMet")),
        ("if-unmodified-since", long_ago, (412, "ConditionNotMet")),
        ("x-ms-if-tags", "\"year\" = '1931'", (412, "ConditionNotMet")),
        ("if-match", f"{etag},{etag}", (400, "MultipleConditionHeadersNotSupported")),
        ("x-ms-lease-id", "6c1e2d3e-0000-4000-8000-000000000001", (412, "LeaseNotPresentWithBlobOperation")),
    ):
        assert refused(vault, "PUT", URL, {**BLOCK, header: value}, b"new") == expected
    pair = {"if-none-match": '"0x1"', "if-match": etag}
    assert refused(vault, "PUT", URL, {**BLOCK, **pair}, b"new") == (400, "MultipleConditionHeadersNotSupported")
    assert bytes_of(vault) == b"text"
    assert put(vault, b"newer", {"if-match": etag, "if-unmodified-since": long_ago}).status == 201
    assert put(vault, b"newest", {"if-none-match": etag, "if-modified-since": long_hence}).status == 201
    assert put(vault, b"first", {"if-none-match": "*"}, "/letters/other").status == 201
    assert refused(vault, "PUT", "/letters/none", {**BLOCK, "if-match": "*"}) == (412, "ConditionNotMet")


@ON_SQLITE
@pytest.mark.usefixtures("letters")
def test_what_cannot_be_put_is_refused(vault: Vault) -> None:
    assert refused(vault, "PUT", URL, {}) == (400, "MissingRequiredHeader")
    for name, value, expected in (
        ("x-ms-blob-type", "CubeBlob", (400, "InvalidHeaderValue")),
        ("x-ms-access-tier", "Lukewarm", (400, "InvalidHeaderValue")),
        ("x-ms-meta-1st", "x", (400, "InvalidMetadata")),
        ("x-ms-meta-much", "x" * 9000, (400, "MetadataTooLarge")),
        ("x-ms-blob-content-type", "text/plain\r\nx-evil: 1", (400, "InvalidHeaderValue")),
        ("x-ms-legal-hold", "perhaps", (400, "InvalidHeaderValue")),
        ("x-ms-immutability-policy-mode", "Locked", (400, "InvalidHeaderValue")),
        ("x-ms-encryption-key", "c2VjcmV0", (501, "NotImplemented")),
        ("x-ms-encryption-scope", "mine", (501, "NotImplemented")),
    ):
        assert refused(vault, "PUT", URL, {**BLOCK, name: value}, b"x") == expected
    assert refused(vault, "PUT", "/nowhere/a", BLOCK) == (404, "ContainerNotFound")
    assert refused(vault, "PUT", f"/letters/{'x' * 1025}", BLOCK) == (400, "OutOfRangeInput")
    assert refused(vault, "PUT", f"/letters/{'x/' * 300}", BLOCK) == (400, "InvalidResourceName")
    assert refused(vault, "PUT", URL, APPEND, b"bytes") == (400, "InvalidOperation")


class _Endless:
    """A body that says it is longer, or is longer, than may be."""

    def __init__(self, length: int | None, chunk: bytes = b"") -> None:
        self.length, self.taken, self._chunk = length, 0, chunk

    def read(self, limit: int) -> bytes:
        raise AssertionError(limit)

    def chunks(self) -> Iterator[bytes]:
        while True:
            self.taken += 1
            yield self._chunk


@ON_SQLITE
@pytest.mark.usefixtures("letters")
def test_a_body_that_is_too_long_is_refused_before_it_is_read(
    vault: Vault, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def call(body: _Endless) -> Call:
        request = replace(request_of("PUT", URL, BLOCK), body=body)
        identity = Identity(actor=EVERYTHING.actor, how="key", account=ACCOUNT)
        return Call(request=request, identity=identity, vault=vault, scope=EVERYTHING, ask=lambda _: Reply(status=500))

    silent = call(_Endless(None))
    silent = replace(silent, request=replace(silent.request, headers=BLOCK))
    with pytest.raises(Fault, match="Content-Length"):
        put_blob(silent)
    told = _Endless((5000 << 20) + 1)
    with pytest.raises(Fault, match="too large"):
        put_blob(call(told))
    assert told.taken == 0
    monkeypatch.setattr("strongroom.server.azure.ops.put.MOST_BYTES", 5 << 20)
    with pytest.raises(Fault, match="too large"):
        put_blob(call(_Endless(None, bytes(1 << 20))))
    assert files_of(layout) == []


@ON_SQLITE
@pytest.mark.usefixtures("letters")
def test_who_may_only_create_replaces_nothing(vault: Vault) -> None:
    identity = Identity(actor=EVERYTHING.actor, how="service-sas", account=ACCOUNT, permissions="c")
    request = request_of("PUT", URL, BLOCK, b"first")
    call = Call(request=request, identity=identity, vault=vault, scope=EVERYTHING, ask=lambda _: Reply(status=500))
    assert put_blob(call).status == 201
    with pytest.raises(ConditionFailed):
        put_blob(replace(call, request=request_of("PUT", URL, BLOCK, b"second")))
    assert bytes_of(vault) == b"first"


@ON_SQLITE
@pytest.mark.usefixtures("letters")
def test_append_and_page_blobs_begin_empty(vault: Vault) -> None:
    stated = b64encode(bytes([1, 2, 3, 4, 5])).decode()
    ask(vault, "PUT", URL, {**APPEND, "x-ms-blob-content-md5": stated, "content-type": "text/plain"})
    told = head(vault)
    assert (told["x-ms-blob-type"], told["content-length"], told["content-type"]) == ("AppendBlob", "0", "text/plain")
    assert (told["x-ms-blob-committed-block-count"], told["x-ms-blob-sealed"], told["content-md5"]) == ("0", "false", stated)
    assert "x-ms-access-tier" not in told
    assert "content-md5" not in dict(ask(vault, "PUT", URL, APPEND).headers)
    for size, expected in (
        ("511", (400, "InvalidOperation")),
        ("x", (400, "InvalidHeaderValue")),
        (str((8 << 40) + 512), (400, "InvalidHeaderValue")),
        ("", (400, "MissingRequiredHeader")),
    ):
        assert refused(vault, "PUT", URL, {**PAGE, "x-ms-blob-content-length": size}) == expected
    ask(vault, "PUT", URL, {**PAGE, "x-ms-blob-content-length": "1024", "x-ms-blob-sequence-number": "7"})
    told = head(vault)
    assert (told["x-ms-blob-type"], told["content-length"], told["x-ms-blob-sequence-number"]) == ("PageBlob", "1024", "7")
    assert bytes_of(vault) == bytes(1024)
    sized = {**PAGE, "x-ms-blob-content-length": "512"}
    assert refused(vault, "PUT", URL, {**sized, "x-ms-access-tier": "Hot"}) == (400, "AccessTierNotSupportedForBlobType")
    ask(vault, "PUT", URL, {**sized, "x-ms-access-tier": "p10"})
    assert head(vault)["x-ms-access-tier"] == "P10"


@ON_SQLITE
def test_versions_are_named_where_they_are_kept(vault: Vault) -> None:
    vault.create_container("letters", keeps_versions=True)
    first = dict(put(vault, b"1").headers)["x-ms-version-id"]
    second = dict(put(vault, b"2").headers)["x-ms-version-id"]
    assert first < second
    assert bytes_of(vault, f"{URL}?versionid={first}") == b"1"
    told, earlier = head(vault), head(vault, f"{URL}?versionid={first}")
    assert (told["x-ms-version-id"], told["x-ms-is-current-version"]) == (second, "true")
    assert earlier["x-ms-version-id"] == first
    assert "x-ms-is-current-version" not in earlier


@ON_SQLITE
def test_a_mount_is_only_read(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "a.txt").write_bytes(b"0123456789")
    vault.mount(str(tmp_path / "box"), "box", EVERYTHING)
    assert bytes_of(vault, "/box/a.txt") == b"0123456789"
    part = ask(vault, "GET", "/box/a.txt", {"range": "bytes=2-4"})
    assert isinstance(part.body, Stream)
    with part.body.source as source:
        assert source.read(part.body.length) == b"234"
    for method, url in (
        ("PUT", "/box/b"),
        ("PUT", "/box/b?comp=block&blockid=AAAA"),
        ("PUT", "/box/b?comp=blocklist"),
        ("PUT", "/box/b?comp=appendblock"),
    ):
        assert refused(vault, method, url, BLOCK, b"x") == (403, "ContainerDisabled")


@ON_SQLITE
@pytest.mark.usefixtures("letters")
def test_the_md5_of_the_blob_comes_before_that_of_the_way(vault: Vault) -> None:
    right, wrong = md5(LARGE), md5(b"other")
    assert dict(put(vault, LARGE, {"content-md5": wrong, "x-ms-blob-content-md5": right}).headers)["content-md5"] == right
    given = {**BLOCK, "content-md5": right, "x-ms-blob-content-md5": wrong}
    assert refused(vault, "PUT", URL, given, LARGE) == (400, "Md5Mismatch")


@ON_SQLITE
@pytest.mark.usefixtures("letters")
def test_a_block_without_a_checksum_is_answered_with_its_crc(vault: Vault) -> None:
    told = dict(ask(vault, "PUT", f"{URL}?comp=block&blockid=AAAA", {}, LARGE).headers)
    assert (told.get("x-ms-content-crc64"), told.get("content-md5")) == (crc64(LARGE), None)
