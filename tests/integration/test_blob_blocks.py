"""Put Block, Put Block List and Get Block List."""

import hashlib
from base64 import b64encode
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
import sqlalchemy as sa

from strongroom.domain.container import Container
from strongroom.server.azure.call import Reply, Stream
from strongroom.server.azure.faults import Fault
from strongroom.storage.catalog import Catalog, blocks
from strongroom.storage.catalog.catalog import now
from strongroom.storage.layout import Layout
from strongroom.testing.azure import ask
from strongroom.vault import BlockRef, Traits, Vault

ON_SQLITE = pytest.mark.parametrize("catalog_url", ["sqlite"], indirect=True)
URL = "/letters/a"
LARGE = bytes(range(256)) * 1024


@pytest.fixture
def letters(vault: Vault) -> Container:
    return vault.create_container("letters")


def key(name: str) -> str:
    return b64encode(name.encode()).decode()


def quoted(name: str) -> str:
    return key(name).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")


def md5(data: bytes) -> str:
    return b64encode(hashlib.md5(data).digest()).decode()


def stage(vault: Vault, name: str, data: bytes, headers: dict[str, str] | None = None, url: str = URL) -> Reply:
    return ask(vault, "PUT", f"{url}?comp=block&blockid={quoted(name)}", headers, data)


def listing(*names: tuple[str, str]) -> bytes:
    return f"<BlockList>{''.join(f'<{which}>{key(name)}</{which}>' for which, name in names)}</BlockList>".encode()


def commit(vault: Vault, *names: tuple[str, str], headers: dict[str, str] | None = None, url: str = URL) -> Reply:
    return ask(vault, "PUT", f"{url}?comp=blocklist", headers, listing(*names))


def latest(vault: Vault, *names: str) -> Reply:
    return commit(vault, *(("Latest", name) for name in names))


def listed(vault: Vault, which: str, url: str = URL) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    reply = ask(vault, "GET", f"{url}{'&' if '?' in url else '?'}comp=blocklist&blocklisttype={which}")
    assert isinstance(reply.body, bytes)
    root = ET.fromstring(reply.body)

    def some(name: str) -> list[tuple[str, int]]:
        found = root.find(name)
        assert found is not None
        return [(one.findtext("Name", ""), int(one.findtext("Size", ""))) for one in found]

    return some("CommittedBlocks"), some("UncommittedBlocks")


def bytes_of(vault: Vault, url: str = URL) -> bytes:
    body = ask(vault, "GET", url).body
    assert isinstance(body, Stream)
    with body.source as source:
        return source.read()


def refused(vault: Vault, method: str, url: str, headers: dict[str, str] | None = None, data: bytes = b"") -> tuple[int, str]:
    with pytest.raises(Fault) as caught:
        ask(vault, method, url, headers, data)
    return caught.value.status, caught.value.code


@pytest.mark.usefixtures("letters")
def test_blocks_become_a_blob_in_the_order_of_the_list(vault: Vault) -> None:
    for name, data in (("1", b"one"), ("2", LARGE), ("3", b"three")):
        reply = stage(vault, name, data, {"content-md5": md5(data)})
        assert (reply.status, dict(reply.headers)["content-md5"]) == (201, md5(data))
    assert refused(vault, "HEAD", URL) == (404, "BlobNotFound")
    assert listed(vault, "all") == ([], [(key("1"), 3), (key("2"), len(LARGE)), (key("3"), 5)])
    headers = {"x-ms-blob-content-type": "text/plain", "x-ms-meta-who": "Ann", "x-ms-tags": "a=b", "x-ms-access-tier": "cold"}
    names = (("Uncommitted", "3"), ("Latest", "2"), ("Latest", "3"))
    reply = commit(vault, *names, headers={**headers, "content-type": "application/xml"})
    assert reply.status == 201
    assert dict(reply.headers)["content-md5"] == md5(listing(*names))
    assert bytes_of(vault) == b"three" + LARGE + b"three"
    told = dict(ask(vault, "HEAD", URL).headers)
    assert (told["content-type"], told["x-ms-meta-who"], told["x-ms-tag-count"]) == ("text/plain", "Ann", "1")
    assert told["x-ms-access-tier"] == "Cold"
    assert "content-md5" not in told
    assert told["etag"] == dict(reply.headers)["etag"]
    assert listed(vault, "all") == ([(key("3"), 5), (key("2"), len(LARGE)), (key("3"), 5)], [])


@ON_SQLITE
@pytest.mark.usefixtures("letters")
def test_a_list_may_take_committed_blocks_again_and_new_ones_of_the_same_name(vault: Vault) -> None:
    for name in ("1", "2"):
        stage(vault, name, f"old{name}".encode())
    latest(vault, "1", "2")
    stage(vault, "1", b"new1")
    assert listed(vault, "committed") == ([(key("1"), 4), (key("2"), 4)], [])
    assert listed(vault, "uncommitted") == ([], [(key("1"), 4)])
    commit(vault, ("Committed", "1"), ("Uncommitted", "1"), ("Latest", "1"), ("Committed", "2"))
    assert bytes_of(vault) == b"old1new1new1old2"
    assert refused(vault, "PUT", f"{URL}?comp=blocklist", {}, listing(("Uncommitted", "1"))) == (400, "InvalidBlockList")
    latest(vault)
    assert bytes_of(vault) == b""


@ON_SQLITE
@pytest.mark.usefixtures("letters")
def test_block_ids_are_base64_short_and_of_one_length(vault: Vault) -> None:
    stage(vault, "1", b"x")
    for text, expected in (
        ("", (400, "MissingRequiredQueryParameter")),
        ("no%20base64", (400, "InvalidQueryParameterValue")),
        ("QQ", (400, "InvalidQueryParameterValue")),
        (quoted("x" * 65), (400, "OutOfRangeInput")),
        (quoted("12"), (400, "InvalidBlobOrBlock")),
    ):
        assert refused(vault, "PUT", f"{URL}?comp=block&blockid={text}", {}, b"x") == expected
    stage(vault, "x" * 64, b"x", url="/letters/other")
    latest(vault, "1")
    stage(vault, "123", b"y")
    assert refused(vault, "PUT", f"{URL}?comp=block&blockid={quoted('1')}", {}, b"x") == (400, "InvalidBlobOrBlock")


@ON_SQLITE
@pytest.mark.usefixtures("letters")
def test_blocks_that_cannot_be_put_are_refused(vault: Vault, letters: Container, layout: Layout) -> None:
    where = f"{URL}?comp=block&blockid={quoted('1')}"
    assert refused(vault, "PUT", where, {"content-md5": md5(b"other")}, LARGE) == (400, "Md5Mismatch")
    assert refused(vault, "PUT", where, {}, b"") == (400, "InvalidHeaderValue")
    assert refused(vault, "PUT", where, {"x-ms-lease-id": "1"}, b"x") == (412, "LeaseNotPresentWithBlobOperation")
    assert [path for path in layout.vault.rglob("*") if path.is_file() and len(path.name) == 26] == []
    vault.put(letters, "log", b"", traits=Traits(kind="append"))
    assert refused(vault, "PUT", f"/letters/log?comp=block&blockid={quoted('1')}", {}, b"x") == (409, "InvalidBlobType")
    assert refused(vault, "PUT", "/letters/log?comp=blocklist", {}, listing()) == (409, "InvalidBlobType")
    assert refused(vault, "GET", "/letters/log?comp=blocklist") == (409, "InvalidBlobType")
    assert refused(vault, "GET", URL + "?comp=blocklist") == (404, "BlobNotFound")
    assert refused(vault, "GET", URL + "?comp=blocklist&blocklisttype=some") == (400, "InvalidQueryParameterValue")


@ON_SQLITE
@pytest.mark.usefixtures("letters")
def test_lists_that_cannot_be_read_are_refused(vault: Vault) -> None:
    where = f"{URL}?comp=blocklist"
    for body, expected in (
        (b"", (400, "InvalidXmlDocument")),
        (b"<BlockList>", (400, "InvalidXmlDocument")),
        (b"<List/>", (400, "InvalidXmlDocument")),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><BlockList>&b;</BlockList>", (400, "InvalidXmlDocument")),
        (b"<BlockList><Other>AAAA</Other></BlockList>", (400, "InvalidBlockList")),
        (b"<BlockList><Latest/></BlockList>", (400, "InvalidBlockList")),
        (listing(("Latest", "none")), (400, "InvalidBlockList")),
        (b"<BlockList>" + b"<Latest>AAAA</Latest>" * 50_001 + b"</BlockList>", (400, "BlockListTooLong")),
    ):
        assert refused(vault, "PUT", where, {}, body) == expected
    assert refused(vault, "PUT", where, {"content-md5": md5(b"other")}, listing()) == (400, "Md5Mismatch")


@ON_SQLITE
@pytest.mark.usefixtures("letters")
def test_a_commit_that_is_repeated_with_a_condition_is_told_so_and_not_of_its_blocks(vault: Vault) -> None:
    stage(vault, "1", b"x")
    commit(vault, ("Latest", "1"), headers={"if-none-match": "*"})
    body = listing(("Uncommitted", "1"))
    assert refused(vault, "PUT", f"{URL}?comp=blocklist", {"if-none-match": "*"}, body) == (409, "BlobAlreadyExists")
    assert refused(vault, "PUT", f"{URL}?comp=blocklist", {"if-match": '"0x1"'}, body) == (412, "ConditionNotMet")


@ON_SQLITE
@pytest.mark.usefixtures("letters")
def test_putting_a_blob_whole_drops_blocks_that_wait(vault: Vault) -> None:
    stage(vault, "1", LARGE)
    ask(vault, "PUT", URL, {"x-ms-blob-type": "BlockBlob"}, b"whole")
    assert listed(vault, "all") == ([], [])


@ON_SQLITE
def test_blocks_of_snapshots_are_listed(vault: Vault, letters: Container) -> None:
    stage(vault, "1", b"one")
    latest(vault, "1")
    taken = vault.snapshot(letters, "a")
    stage(vault, "2", b"two")
    assert listed(vault, "all", f"{URL}?snapshot={taken.version}") == ([(key("1"), 3)], [])


@ON_SQLITE
def test_there_are_bounds_to_how_many_blocks_there_are(
    vault: Vault, letters: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "MOST_WAITING", 2)
    for name in ("1", "2", "1"):
        stage(vault, name, b"x")
    assert refused(vault, "PUT", f"{URL}?comp=block&blockid={quoted('3')}", {}, b"x") == (409, "BlockCountExceedsLimit")
    monkeypatch.setattr(blocks, "MOST_COMMITTED", 1)
    with pytest.raises(Exception, match="at most 1"):
        vault.commit_blocks(letters, "a", [BlockRef(block_id=key("1")), BlockRef(block_id=key("2"))])


def test_blocks_that_nobody_commits_go_after_a_week(vault: Vault, letters: Container, catalog: Catalog, layout: Layout) -> None:
    def files() -> int:
        return sum(path.is_file() and len(path.name) == 26 for path in layout.vault.rglob("*"))

    stage(vault, "1", LARGE)
    stage(vault, "2", LARGE)
    stage(vault, "1", LARGE, url="/letters/kept")
    with catalog.write() as tx:
        table = blocks.blocks
        tx.execute(sa.update(table).where(table.c.name == "a").values(created_at=now() - timedelta(days=8)))
    assert files() == 3
    assert vault.drop_old_blocks() == 2
    assert files() == 1
    assert vault.blocks(letters, "kept").waiting
    assert vault.drop_old_blocks() == 0
