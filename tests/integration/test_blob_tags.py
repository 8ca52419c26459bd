"""Index tags of blobs over the blob protocol, and finding blobs by them."""

import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import md5
from urllib.parse import quote

import pytest

from strongroom.domain.container import Container
from strongroom.domain.scope import Scope
from strongroom.server.azure.call import Reply
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire.tags import tags_of
from strongroom.testing.azure import EVERYTHING, ask
from strongroom.vault import Traits, Vault

on_sqlite = pytest.mark.parametrize("catalog_url", ["sqlite"], indirect=True)

LEASE = "ca761232-ed42-11ce-bacd-00aa0057b223"


@pytest.fixture
def box(vault: Vault) -> Container:
    return vault.create_container("box")


def xml(**tags: str) -> bytes:
    pairs = "".join(f"<Tag><Key>{name}</Key><Value>{value}</Value></Tag>" for name, value in tags.items())
    return f'<?xml version="1.0" encoding="utf-8"?><Tags><TagSet>{pairs}</TagSet></Tags>'.encode()


def text_of(reply: Reply) -> str:
    assert isinstance(reply.body, bytes)
    return reply.body.decode()


def tags_in(reply: Reply) -> dict[str, str]:
    return dict(re.findall(r"<Tag><Key>([^<]*)</Key><Value>([^<]*)</Value></Tag>", text_of(reply)))


def refused(
    vault: Vault, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> tuple[int, str]:
    with pytest.raises(Fault) as caught:
        ask(vault, method, url, headers, body)
    return caught.value.status, caught.value.code


def find(vault: Vault, where: str, within: str = "", more: str = "", scope: Scope = EVERYTHING) -> list[str]:
    return re.findall(r"<Blob><Name>([^<]*)</Name>", text_of(search(vault, where, within, more, scope)))


def search(vault: Vault, where: str, within: str = "", more: str = "", scope: Scope = EVERYTHING) -> Reply:
    level = f"/{within}?restype=container&" if within else "/?"
    return ask(vault, "GET", f"{level}comp=blobs&where={quote(where)}{more}", scope=scope)


def test_tags_are_set_and_given_back(vault: Vault, box: Container):
    before = vault.put(box, "a", b"x", traits=Traits(tags={"old": "1"}))
    assert tags_in(ask(vault, "GET", "/box/a?comp=tags")) == {"old": "1"}
    taken = vault.snapshot(box, "a").version
    reply = ask(vault, "PUT", "/box/a?comp=tags", {}, xml(one="1", two="x +-./:=_"))
    assert (reply.status, reply.body) == (204, b"")
    assert tags_in(ask(vault, "GET", "/box/a?comp=tags")) == {"one": "1", "two": "x +-./:=_"}
    assert tags_in(ask(vault, "GET", f"/box/a?comp=tags&snapshot={quote(taken)}")) == {"old": "1"}
    ask(vault, "PUT", f"/box/a?comp=tags&snapshot={quote(taken)}", {}, xml(new="2"))
    assert tags_in(ask(vault, "GET", f"/box/a?comp=tags&snapshot={quote(taken)}")) == {"new": "2"}
    after = vault.get(box, "a")
    assert (after.etag, after.modified_at) == (before.etag, before.modified_at)
    assert dict(ask(vault, "HEAD", "/box/a").headers)["x-ms-tag-count"] == "2"
    ask(vault, "PUT", "/box/a?comp=tags", {}, b"<Tags><TagSet /></Tags>")
    assert text_of(ask(vault, "GET", "/box/a?comp=tags")).endswith("<Tags><TagSet /></Tags>")
    assert refused(vault, "GET", "/box/none?comp=tags") == (404, "BlobNotFound")
    assert refused(vault, "PUT", "/box/none?comp=tags", {}, xml(a="1")) == (404, "BlobNotFound")


@on_sqlite
def test_tags_depend_on_conditions_and_leases(vault: Vault, box: Container):
    vault.put(box, "a", b"x", traits=Traits(tags={"state": "new"}))
    url = "/box/a?comp=tags"
    assert refused(vault, "PUT", url, {"x-ms-if-tags": "state = 'old'"}, xml(a="1")) == (412, "ConditionNotMet")
    assert refused(vault, "GET", url, {"x-ms-if-tags": "state = 'old'"}) == (412, "ConditionNotMet")
    with pytest.raises(Fault, match="is not in the correct format") as caught:
        ask(vault, "GET", url, {"x-ms-if-tags": "@container = 'box'"})
    assert (caught.value.status, caught.value.code) == (400, "InvalidHeaderValue")
    assert caught.value.details["Reason"].startswith("Error parsing query at or near character position")
    assert refused(vault, "GET", url, {"x-ms-if-tags": f"{'k' * 129} = 'x'"}) == (412, "ConditionNotMet")
    assert ask(vault, "GET", url, {"x-ms-if-tags": f"state <> '{'v' * 257}'"}).status == 200
    assert ask(vault, "PUT", url, {"x-ms-if-tags": "state = 'old' OR state = 'new'"}, xml(state="new")).status == 204
    later = {"x-ms-blob-if-modified-since": "Mon, 01 Jan 2120 00:00:00 GMT"}
    assert refused(vault, "PUT", url, later, xml(a="1")) == (412, "ConditionNotMet")
    assert refused(vault, "GET", url, {"x-ms-blob-if-match": '"0x1"'}) == (412, "ConditionNotMet")
    assert ask(vault, "PUT", url, {"x-ms-blob-if-match": vault.get(box, "a").etag}, xml(state="new")).status == 204
    vault.acquire_lease(box, "a", seconds=-1, proposed=LEASE)
    assert refused(vault, "PUT", url, {}, xml(a="1")) == (412, "LeaseIdMissing")
    assert ask(vault, "GET", url).status == 200
    assert ask(vault, "PUT", url, {"x-ms-lease-id": LEASE}, xml(a="1")).status == 204


@on_sqlite
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (xml(**{f"k{place}": "v" for place in range(11)}), "TagsTooLarge"),
        (xml(**{"k" * 129: "v"}), "TagsTooLarge"),
        (xml(k="v" * 257), "TagsTooLarge"),
        (xml(**{"": "v"}), "EmptyTagName"),
        (xml(**{"a,b": "v"}), "InvalidTag"),
        (xml(a="é"), "InvalidTag"),
        (xml(a="1").replace(b"</TagSet>", b"<Tag><Key>a</Key><Value /></Tag></TagSet>"), "DuplicateTagNames"),
        (b"<Tags>", "InvalidXmlDocument"),
        (b"<Tags />", "InvalidXmlDocument"),
        (b"", "InvalidXmlDocument"),
    ],
)
def test_tags_that_cannot_be_are_refused(vault: Vault, box: Container, body: bytes, code: str):
    vault.put(box, "a", b"x")
    assert refused(vault, "PUT", "/box/a?comp=tags", {}, body) == (400, code)


@on_sqlite
def test_tags_are_held_against_their_md5(vault: Vault, box: Container):
    vault.put(box, "a", b"x")
    body = xml(a="1")
    right, wrong = (b64encode(md5(one).digest()).decode() for one in (body, b"other"))
    assert refused(vault, "PUT", "/box/a?comp=tags", {"content-md5": wrong}, body) == (400, "Md5Mismatch")
    assert ask(vault, "PUT", "/box/a?comp=tags", {"content-md5": right}, body).status == 204


def test_a_header_gives_tags_too():
    assert tags_of("a=1&b+c=x%20y&d=") == {"a": "1", "b c": "x y", "d": ""}
    assert tags_of(None) == tags_of("") == {}
    for header, code in {
        "a": "InvalidHeaderValue",
        "=1": "EmptyTagName",
        "a=1&a=2": "DuplicateTagNames",
        "a=%3C": "InvalidTag",
        f"a={'v' * 257}": "TagsTooLarge",
        "&".join(f"k{place}=v" for place in range(11)): "TagsTooLarge",
    }.items():
        with pytest.raises(Fault) as caught:
            tags_of(header)
        assert caught.value.code == code


def test_blobs_are_found_by_their_tags(vault: Vault, box: Container):
    other = vault.create_container("another")
    vault.put(box, "one", b"x", traits=Traits(tags={"year": "1990", "kind": "scan"}))
    vault.put(box, "two", b"x", traits=Traits(tags={"year": "1995", "kind": "scan"}))
    vault.put(other, "three", b"x", traits=Traits(tags={"year": "1995"}))
    vault.put(other, "four", b"x")
    vault.snapshot(box, "one")
    assert find(vault, "year = '1995'") == ["three", "two"]
    assert find(vault, "kind='scan'") == ["one", "two"]
    assert find(vault, "year >= '1990' AND year < '1995'") == ["one"]
    assert find(vault, "year > '1989' AND @container = 'box'") == ["one", "two"]
    assert find(vault, "year > '1989'", "another") == ["three"]
    assert find(vault, "\"year\" = '1995' and kind = 'scan'") == ["two"]
    assert find(vault, "year = '19'") == []
    reply = text_of(search(vault, "year = '1990'"))
    found = (
        "<Blob><Name>one</Name><ContainerName>box</ContainerName><Tags><TagSet><Tag><Key>year</Key><Value>1990</Value></Tag>"
    )
    assert f"<Where>year = '1990'</Where><Blobs>{found}</TagSet></Tags></Blob></Blobs><NextMarker />" in reply
    vault.delete(box, "one")
    vault.put(box, "two", b"y")
    vault.delete_container(other)
    assert find(vault, "year > '0'") == []


@on_sqlite
def test_what_is_found_is_what_the_scope_shows(vault: Vault, box: Container):
    other = vault.create_container("another")
    for container in (box, other):
        vault.put(container, container.name, b"x", traits=Traits(tags={"a": "1"}))
    scope = Scope(actor=EVERYTHING.actor, purpose=EVERYTHING.purpose, containers=frozenset({box.id}), policy_version="1")
    assert find(vault, "a = '1'", scope=scope) == ["box"]
    with pytest.raises(Fault) as caught:
        find(vault, "a = '1'", "another", scope=scope)
    assert caught.value.code == "ContainerNotFound"


@on_sqlite
def test_earlier_versions_are_not_found_and_ids_of_current_ones_are_told(vault: Vault):
    box = vault.create_container("box", keeps_versions=True)
    vault.put(box, "a", b"x", traits=Traits(tags={"a": "old"}))
    current = vault.put(box, "a", b"y", traits=Traits(tags={"a": "new"}))
    assert find(vault, "a = 'old'") == []
    told = f"<VersionId>{current.version}</VersionId><IsCurrentVersion>true</IsCurrentVersion></Blob>"
    assert told in text_of(search(vault, "a = 'new'"))


def test_what_is_found_comes_a_page_at_a_time(vault: Vault, box: Container):
    other = vault.create_container("another")
    for container in (box, other):
        for place in range(3):
            vault.put(container, f"b{place}", b"x", traits=Traits(tags={"a": "1"}))
    seen, marker = [], ""
    while True:
        page = text_of(search(vault, "a = '1'", more=f"&maxresults=2&marker={quote(marker)}"))
        seen += re.findall(r"<Name>(\w+)</Name><ContainerName>(\w+)<", page)
        found = re.search(r"<NextMarker>([^<]+)<", page)
        if found is None:
            break
        marker = found[1]
    assert sorted(seen) == [(f"b{place}", name) for place in range(3) for name in ("another", "box")]
    assert refused(vault, "GET", "/?comp=blobs&where=a%3D'1'&marker=x") == (400, "InvalidQueryParameterValue")


@on_sqlite
def test_what_cannot_be_searched_for_is_refused_with_the_place(vault: Vault):
    for where in ("astring", "a <> '1'", "a = '1' OR b = '2'", "a = '@'"):
        with pytest.raises(Fault, match="Error parsing query at or near character position") as caught:
            find(vault, where)
        assert (caught.value.status, caught.value.code) == (400, "InvalidQueryParameterValue")
        assert caught.value.details["QueryParameterName"] == "where"
    assert refused(vault, "GET", "/?comp=blobs") == (400, "MissingRequiredQueryParameter")
