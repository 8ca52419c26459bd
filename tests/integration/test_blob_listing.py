"""Lists of blobs over the blob protocol: flat and folded, page by page, with snapshots, versions and what is deleted."""

import random
import re
from collections.abc import Sequence
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from strongroom.domain.blob import Copy
from strongroom.domain.container import Container
from strongroom.server.azure.call import Reply
from strongroom.server.azure.faults import Fault
from strongroom.storage.catalog import Catalog, service
from strongroom.storage.catalog.blobs import copy_document
from strongroom.storage.catalog.listing import Start, Wants
from strongroom.storage.catalog.schema import versions
from strongroom.testing.azure import ask
from strongroom.vault import Traits, Vault

on_sqlite = pytest.mark.parametrize("catalog_url", ["sqlite"], indirect=True)

LIST = "/box?restype=container&comp=list"
NAMES = [f"blockblob/abc-{place:03}" for place in range(10)]


@pytest.fixture
def box(vault: Vault) -> Container:
    return vault.create_container("box")


def text_of(reply: Reply) -> str:
    assert isinstance(reply.body, bytes)
    return reply.body.decode()


def listed(vault: Vault, query: str = "") -> str:
    reply = ask(vault, "GET", LIST + query, {"host": "127.0.0.1:10000"})
    assert (reply.status, dict(reply.headers)["content-type"]) == (200, "application/xml")
    return text_of(reply)


def names_in(text: str) -> list[str]:
    return re.findall(r"<Blob><Name>([^<]*)</Name>", text)


def prefixes_in(text: str) -> list[str]:
    return re.findall(r"<BlobPrefix><Name>([^<]*)</Name>", text)


def marker_in(text: str) -> str:
    found = re.search(r"<NextMarker>([^<]*)</NextMarker>", text)
    return quote(found[1]) if found else ""


def put_all(vault: Vault, box: Container, names: Sequence[str]) -> None:
    for name in names:
        vault.put(box, name, b"x")


def test_a_list_tells_all_of_a_blob(vault: Vault, box: Container):
    headers = {"content-encoding": "gzip", "cache-control": "no-cache"}
    traits = Traits(content_type="text/plain", headers=headers, tags={"a": "1", "b": "x y"}, metadata={"m": "n"})
    blob = vault.put(box, "one <&> é", b"hello", traits=traits, with_md5=True)
    seen = listed(vault)
    assert seen.startswith('<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="http://127.0.0.1:10000/')
    assert 'ContainerName="box"><Prefix /><Marker /><MaxResults>5000</MaxResults><Blobs>' in seen
    assert (
        f"<Etag>{blob.etag}</Etag><Content-Length>5</Content-Length><Content-Type>text/plain</Content-Type>"
        "<Content-Encoding>gzip</Content-Encoding><Content-MD5>XUFAKrxLKna5cZ2REBfFkg==</Content-MD5>"
        "<Cache-Control>no-cache</Cache-Control><BlobType>BlockBlob</BlobType>"
        "<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState><ServerEncrypted>true</ServerEncrypted>"
        "<AccessTier>Hot</AccessTier><AccessTierInferred>true</AccessTierInferred><TagCount>2</TagCount></Properties></Blob>"
    ) in seen
    assert re.search(r"<Name>one &lt;&amp;&gt; é</Name><Properties><Creation-Time>\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT<", seen)
    assert seen.endswith("</Blobs><NextMarker /></EnumerationResults>")
    more = listed(vault, "&include=metadata,Tags")
    tags = "<Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key><Value>x y</Value></Tag>"
    assert f"</Properties><Metadata><m>n</m></Metadata><Tags><TagSet>{tags}</TagSet></Tags></Blob>" in more


@on_sqlite
def test_a_list_tells_times_as_properties_do(vault: Vault, box: Container):
    vault.put(box, "a", b"x")
    properties = dict(ask(vault, "HEAD", "/box/a").headers)
    seen = listed(vault)
    assert f"<Creation-Time>{properties['x-ms-creation-time']}</Creation-Time>" in seen
    assert f"<Last-Modified>{properties['last-modified']}</Last-Modified>" in seen


@on_sqlite
def test_a_list_tells_leases_kinds_tiers_and_copies(vault: Vault, box: Container, catalog: Catalog):
    vault.put(box, "append", b"", traits=Traits(kind="append"))
    vault.put(box, "cool", b"x", traits=Traits(tier="Cool"))
    copy = Copy(id="6c1e2d3e-0000-4000-8000-000000000001", source="http://h/a?b&c", status="success", done=1, total=1)
    blob = vault.put(box, "copy", b"x")
    with catalog.write() as tx:
        tx.execute(sa.update(versions).where(versions.c.id == blob.id).values(copy=copy_document(copy)))
    vault.acquire_lease(box, "cool", seconds=15)
    seen = listed(vault, "&include=copy")
    assert "<BlobType>AppendBlob</BlobType>" in seen
    assert "<Sealed>false</Sealed></Properties>" in seen
    lease = "<LeaseStatus>locked</LeaseStatus><LeaseState>leased</LeaseState><LeaseDuration>fixed</LeaseDuration>"
    assert lease + "<ServerEncrypted>true</ServerEncrypted><AccessTier>Cool</AccessTier><AccessTierChangeTime>" in seen
    assert "<CopyStatus>success</CopyStatus><CopySource>http://h/a?b&amp;c</CopySource><CopyProgress>1/1</CopyProgress>" in seen
    assert "<CopyId>" not in listed(vault)
    vault.put(box, "d/leased", b"x")
    vault.acquire_lease(box, "d/leased", seconds=-1)
    folded = listed(vault, "&delimiter=/")
    assert (folded.count("<LeaseState>leased<"), prefixes_in(folded)) == (1, ["d/"])


def test_a_marker_is_the_last_name_and_pages_follow_each_other(vault: Vault, box: Container):
    put_all(vault, box, random.Random(0).sample(NAMES, 10))
    seen: list[str] = []
    markers, marker = [], ""
    while True:
        page = listed(vault, f"&maxresults=4&marker={marker}")
        seen += names_in(page)
        marker = marker_in(page)
        markers.append(marker)
        if not marker:
            break
    assert (seen, markers) == (NAMES, [quote(NAMES[3]), quote(NAMES[7]), ""])
    assert names_in(listed(vault, "&marker=blockblob/abc-0075")) == NAMES[8:]
    assert names_in(listed(vault, "&startFrom=blockblob/abc-008")) == NAMES[8:]
    assert names_in(listed(vault, "&startFrom=blockblob/abc-0075&prefix=blockblob/abc-00")) == NAMES[8:]
    assert names_in(listed(vault, "&prefix=nothing")) == []
    assert names_in(listed(vault, "&maxresults=9000&prefix=blockblob/abc-003")) == NAMES[3:4]


def test_names_are_folded_at_a_delimiter(vault: Vault, box: Container):
    put_all(vault, box, [*NAMES, "a", "b::c::d", "b::e", "z"])
    folded = listed(vault, "&delimiter=/")
    assert (names_in(folded), prefixes_in(folded)) == (["a", "b::c::d", "b::e", "z"], ["blockblob/"])
    assert folded.index("b::e") < folded.index("<BlobPrefix>") < folded.index("<Name>z<")
    several = listed(vault, "&delimiter=::&prefix=b")
    assert (names_in(several), prefixes_in(several)) == (NAMES, ["b::"])
    alone = listed(vault, "&delimiter=/&prefix=block&maxresults=1")
    assert (names_in(alone), prefixes_in(alone), marker_in(alone)) == ([], ["blockblob/"], "")
    first = listed(vault, "&delimiter=/&prefix=b&maxresults=3")
    assert (prefixes_in(first), marker_in(first)) == (["blockblob/"], "")
    page = listed(vault, "&delimiter=/&maxresults=4")
    assert names_in(listed(vault, f"&delimiter=/&maxresults=4&marker={marker_in(page)}")) == ["z"]
    flat = listed(vault, "&delimiter=")
    assert ("<Delimiter />" in flat, names_in(flat)) == (True, sorted([*NAMES, "a", "b::c::d", "b::e", "z"]))


def brute(vault: Vault, box: Container, waiting: Sequence[str], query: tuple[str, str], wants: Wants) -> list[str]:
    """List as a person would: everything, one after another."""
    prefix, delimiter = query
    there = [blob.name for blob in vault.walk(box)]
    found: list[str] = []
    for name in sorted({*there, *(waiting if wants.uncommitted else ())}):
        at = name.find(delimiter, len(prefix)) if delimiter else -1
        if not name.startswith(prefix):
            continue
        if at >= 0:
            found += [f"{name[: at + len(delimiter)]}*"] if f"{name[: at + len(delimiter)]}*" not in found[-1:] else []
        else:
            found += [name] * (len(vault.versions(box, name)) if wants.snapshots and name in there else 1)
    return found


def test_pages_of_any_size_make_up_what_walking_gives(vault: Vault, box: Container):
    chance = random.Random(7)
    letters = ["a", "b", "/", "//", "é", "😀", "\uffee", "-", "\U0010ffff"]
    names = sorted({"".join(chance.choices(letters, k=chance.randint(1, 5))) for _ in range(40)})
    put_all(vault, box, names)
    for name in chance.sample(names, 6):
        for _ in range(3):
            vault.snapshot(box, name)
    waiting = sorted({"".join(chance.choices(letters, k=chance.randint(1, 4))) for _ in range(10)} - {*names})
    for name in waiting:
        vault.stage_block(box, name, "AAAA", b"y")
    for _ in range(20):
        query = ("".join(chance.choices(letters, k=chance.randint(0, 1))), chance.choice(["", *letters, "/b"]))
        wants = Wants(snapshots=chance.random() < 0.5, uncommitted=chance.random() < 0.5)
        limit, seen = chance.choice([1, 3, 500]), []
        start: Start | None = Start()
        while start is not None:
            page = vault.list_blobs(box, prefix=query[0], delimiter=query[1], start=start, limit=limit, wants=wants)
            seen += [f"{one}*" if isinstance(one, str) else one.name for one in page.entries]
            assert len(page.entries) == limit or page.following is None
            start = page.following
        assert seen == brute(vault, box, waiting, query, wants), (query, wants, limit)


def test_snapshots_come_oldest_first_and_before_the_blob_page_by_page(vault: Vault, box: Container):
    put_all(vault, box, ["a", "b"])
    taken = [vault.snapshot(box, "a").version for _ in range(3)]
    seen, marker = "", ""
    while True:
        page = listed(vault, f"&include=Snapshots&maxresults=1&marker={marker}")
        seen += page
        marker = marker_in(page)
        if not marker:
            break
    assert (names_in(seen), re.findall(r"<Snapshot>([^<]*)<", seen)) == (["a"] * 4 + ["b"], taken)
    assert seen.rindex("<Snapshot>") < seen.rindex("<Name>a</Name><Properties>")
    assert names_in(listed(vault)) == ["a", "b"]
    folded = listed(vault, "&include=snapshots&delimiter=/&maxresults=2")
    assert names_in(listed(vault, f"&include=snapshots&delimiter=/&marker={marker_in(folded)}")) == ["a", "a", "b"]


def test_versions_are_told_where_the_container_keeps_them(vault: Vault):
    box = vault.create_container("box", keeps_versions=True)
    old, new = vault.put(box, "a", b"1"), vault.put(box, "a", b"2")
    lone = vault.put(box, "b", b"3")
    vault.delete(box, "b")
    current = f"<VersionId>{new.version}</VersionId><IsCurrentVersion>true</IsCurrentVersion>"
    assert (names_in(listed(vault)), current in listed(vault)) == (["a"], True)
    seen = listed(vault, "&include=versions")
    assert names_in(seen) == ["a", "a", "b"]
    assert seen.index(f"<VersionId>{old.version}</VersionId><Properties>") < seen.index(current)
    assert f"<VersionId>{lone.version}</VersionId>" in seen
    bare = listed(vault, "&include=deletedwithversions")
    assert (names_in(bare), bare.count("<HasVersionsOnly>true</HasVersionsOnly>")) == (["a", "b"], 1)


@on_sqlite
def test_what_is_deleted_and_kept_is_listed_when_asked_for(vault: Vault, box: Container, catalog: Catalog):
    with catalog.write() as tx:
        service.write(tx, service.PROPERTIES, {"delete_retention": {"enabled": True, "days": 5}})
    put_all(vault, box, ["a", "b"])
    vault.delete(box, "a")
    vault.put(box, "b", b"again")
    assert names_in(listed(vault)) == ["b"]
    seen = listed(vault, "&include=deleted")
    assert names_in(seen) == ["a", "b"]
    assert "<Name>a</Name><Deleted>true</Deleted><Properties>" in seen
    assert re.search(r"<DeletedTime>[^<]+GMT</DeletedTime><RemainingRetentionDays>5</RemainingRetentionDays>", seen)
    both = listed(vault, "&include=deleted,snapshots")
    assert names_in(both) == ["a", "b", "b"]
    assert "<Name>b</Name><Deleted>true</Deleted><Snapshot>" in both


def test_blobs_of_blocks_that_wait_are_listed_when_asked_for(vault: Vault, box: Container):
    vault.stage_block(box, "path/waiting", "AAAA", b"x")
    vault.stage_block(box, "path/waiting", "AAAB", b"x")
    vault.put(box, "there", b"x")
    vault.stage_block(box, "there", "AAAA", b"x")
    assert names_in(listed(vault)) == ["there"]
    seen = listed(vault, "&include=uncommittedblobs")
    assert names_in(seen) == ["path/waiting", "there"]
    assert "<Content-Length>0</Content-Length>" in seen
    assert prefixes_in(listed(vault, "&include=uncommittedblobs&delimiter=/")) == ["path/"]
    assert prefixes_in(listed(vault, "&delimiter=/")) == []


@on_sqlite
def test_holds_and_policies_are_told_when_asked_for(vault: Vault, box: Container, catalog: Catalog):
    vault.put(box, "a", b"x")
    with catalog.write() as tx:
        tx.execute(sa.text("UPDATE versions SET has_legal_hold = TRUE, immutable_until = 4070908800000000"))
    assert "<LegalHold>" not in listed(vault)
    seen = listed(vault, "&include=immutabilitypolicy,legalhold,permissions")
    assert "<ImmutabilityPolicyUntilDate>Thu, 01 Jan 2099 00:00:00 GMT</ImmutabilityPolicyUntilDate>" in seen
    assert "<ImmutabilityPolicyMode>unlocked</ImmutabilityPolicyMode><LegalHold>true</LegalHold>" in seen


@on_sqlite
def test_what_xml_cannot_carry_is_percent_encoded(vault: Vault, box: Container):
    vault.put(box, "a", b"x")
    seen = listed(vault, "&prefix=%01%3C&delimiter=%1F")
    assert '<Prefix Encoded="true">%01%3C</Prefix>' in seen
    assert '<Delimiter Encoded="true">%1F</Delimiter>' in seen


@on_sqlite
def test_names_that_look_like_markers_are_no_trouble(vault: Vault, box: Container):
    names = ["2!WyJhIl0=", "2!zz", "a"]
    put_all(vault, box, names)
    seen, marker = [], ""
    while True:
        page = listed(vault, f"&maxresults=1&marker={marker}")
        seen += names_in(page)
        marker = marker_in(page)
        if not marker:
            break
    assert seen == names


@on_sqlite
def test_metadata_with_names_that_no_element_has_is_told_as_such(vault: Vault, box: Container):
    vault.put(box, "a", b"x", traits=Traits(metadata={"two words": "v"}))
    assert "<x-ms-invalid-name>two words</x-ms-invalid-name>" in listed(vault, "&include=metadata")


@on_sqlite
def test_a_list_of_nothing_is_refused(vault: Vault):
    with pytest.raises(Fault) as caught:
        listed(vault)
    assert caught.value.code == "ContainerNotFound"


@pytest.mark.usefixtures("box")
@pytest.mark.parametrize(
    "query", ["prefix=%00", "marker=a%00", "delimiter=%00", "startFrom=%00", "marker=2!WyJcdTAwMDAiLCAieCJd"]
)
def test_what_no_database_takes_is_refused(vault: Vault, query: str):
    with pytest.raises(Fault) as caught:
        listed(vault, f"&{query}")
    assert (caught.value.status, caught.value.code) == (400, "InvalidQueryParameterValue")


@pytest.mark.usefixtures("box")
@pytest.mark.parametrize("marker", ["2!", "2!x", "2!W10=", "2!e30=", "2!WzFd", "2!WyJhIixudWxsXQ==", "2!WyJhIiw5XQ=="])
def test_markers_that_are_none_are_taken_for_names(vault: Vault, marker: str):
    assert listed(vault, f"&marker={marker}").endswith("<Blobs></Blobs><NextMarker /></EnumerationResults>")
    assert ask(vault, "GET", f"/?comp=list&include=deleted&marker={marker}").status == 200
