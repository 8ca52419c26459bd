"""Containers over the blob protocol: making, telling of, changing, deleting, restoring and listing them."""

import re
from collections.abc import Mapping
from datetime import timedelta

import pytest
import sqlalchemy as sa

from strongroom.domain.scope import Scope
from strongroom.errors import UsageError
from strongroom.server.azure.call import Reply
from strongroom.server.azure.faults import Fault
from strongroom.storage.catalog import Catalog
from strongroom.storage.catalog.schema import containers
from strongroom.testing.azure import EVERYTHING, ask
from strongroom.vault import Vault

on_sqlite = pytest.mark.parametrize("catalog_url", ["sqlite"], indirect=True)

OWN = "?restype=container"
ACL, META = OWN + "&comp=acl", OWN + "&comp=metadata"
LEASE = "ca761232-ed42-11ce-bacd-00aa0057b223"
OTHER = "3c7e72eb-b430-4526-bc53-d8ecef03798f"
POLICY = (
    b'<?xml version="1.0" encoding="utf-8"?><SignedIdentifiers><SignedIdentifier><Id>%s</Id><AccessPolicy>'
    b"<Start>2017-12-31T11:22:33.4567890Z</Start><Expiry>2018-12-31</Expiry><Permission>rwd</Permission></AccessPolicy>"
    b"</SignedIdentifier></SignedIdentifiers>"
)


def refused(
    vault: Vault, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> tuple[int, str]:
    with pytest.raises(Fault) as caught:
        ask(vault, method, url, headers, body)
    return caught.value.status, caught.value.code


def told(reply: Reply) -> dict[str, str]:
    return dict(reply.headers)


def text_of(reply: Reply) -> str:
    assert isinstance(reply.body, bytes)
    return reply.body.decode()


def names_in(reply: Reply) -> list[str]:
    return re.findall(r"<Container><Name>([^<]*)</Name>", text_of(reply))


def marker_in(reply: Reply) -> str:
    found = re.search(r"<NextMarker>([^<]*)</NextMarker>", text_of(reply))
    return found[1] if found else ""


def test_a_container_is_made_told_of_changed_and_deleted(vault: Vault):
    made = ask(vault, "PUT", "/box" + OWN, {"x-ms-meta-k": "v", "x-ms-blob-public-access": "blob"})
    assert (made.status, set(told(made))) == (201, {"etag", "last-modified"})
    assert refused(vault, "PUT", "/box" + OWN) == (409, "ContainerAlreadyExists")
    for method in ("GET", "HEAD"):
        seen = told(ask(vault, method, "/box" + OWN))
        assert (seen["etag"], seen["x-ms-meta-k"], seen["x-ms-blob-public-access"]) == (told(made)["etag"], "v", "blob")
        assert (seen["x-ms-lease-status"], seen["x-ms-lease-state"]) == ("unlocked", "available")
        assert (seen["x-ms-has-immutability-policy"], seen["x-ms-has-legal-hold"]) == ("false", "false")
        assert "x-ms-lease-duration" not in seen
    changed = ask(vault, "PUT", "/box" + META, {"x-ms-meta-z": "y"})
    assert (changed.status, told(changed)["etag"] != told(made)["etag"]) == (200, True)
    seen = told(ask(vault, "GET", "/box" + META))
    assert ("x-ms-meta-k" in seen, seen["x-ms-meta-z"]) == (False, "y")
    assert ask(vault, "DELETE", "/box" + OWN).status == 202
    assert refused(vault, "GET", "/box" + OWN) == (404, "ContainerNotFound")
    assert refused(vault, "DELETE", "/box" + OWN) == (404, "ContainerNotFound")
    assert ask(vault, "PUT", "/box" + OWN).status == 201


@on_sqlite
@pytest.mark.parametrize(
    ("name", "code"),
    [
        *((name, "InvalidResourceName") for name in ("abc-", "abc--d", "Acontainer", "-abc", "dev_public", "$nothing")),
        *((name, "OutOfRangeInput") for name in ("a", "ab", "a" * 64)),
    ],
)
def test_a_name_that_breaks_the_rule_is_refused(vault: Vault, name: str, code: str):
    for method in ("PUT", "GET"):
        assert refused(vault, method, f"/{name}{OWN}") == (400, code)


@on_sqlite
def test_the_length_of_a_name_is_told_of(vault: Vault):
    with pytest.raises(Fault, match="length is not within the permissible limits"):
        ask(vault, "PUT", "/ab" + OWN)


@on_sqlite
@pytest.mark.parametrize("name", ["1invalid", "invalid.name", "invalid-name"])
def test_metadata_has_names_of_identifiers(vault: Vault, name: str):
    assert refused(vault, "PUT", "/box" + OWN, {f"x-ms-meta-{name}": "v"}) == (400, "InvalidMetadata")


@on_sqlite
def test_public_access_is_one_of_two_words(vault: Vault):
    assert refused(vault, "PUT", "/box" + OWN, {"x-ms-blob-public-access": "all"}) == (400, "InvalidHeaderValue")


@on_sqlite
def test_conditions_are_about_times_and_not_about_etags(vault: Vault):
    ask(vault, "PUT", "/box" + OWN)
    past, future = "Fri, 01 Jan 2010 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"
    for method, url in (("PUT", META), ("PUT", ACL), ("DELETE", OWN)):
        for headers in ({"if-modified-since": future}, {"if-unmodified-since": past}):
            assert refused(vault, method, "/box" + url, headers) == (412, "ConditionNotMet")
    for headers in ({"if-modified-since": past}, {"if-unmodified-since": future}, {"if-match": '"0x1"'}):
        assert ask(vault, "PUT", "/box" + META, headers).status == 200


@on_sqlite
def test_a_lease_is_asked_for_by_deletion_alone(vault: Vault):
    ask(vault, "PUT", "/box" + OWN)
    acquire = {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1", "x-ms-proposed-lease-id": LEASE}
    ask(vault, "PUT", "/box" + OWN + "&comp=lease", acquire)
    seen = told(ask(vault, "GET", "/box" + OWN))
    assert (seen["x-ms-lease-status"], seen["x-ms-lease-state"]) == ("locked", "leased")
    assert seen["x-ms-lease-duration"] == "infinite"
    for method, url in (("PUT", META), ("PUT", ACL), ("GET", ACL), ("GET", META), ("GET", OWN)):
        assert ask(vault, method, "/box" + url).status == 200
        assert ask(vault, method, "/box" + url, {"x-ms-lease-id": LEASE.upper()}).status == 200
        assert refused(vault, method, "/box" + url, {"x-ms-lease-id": OTHER}) == (412, "LeaseIdMismatchWithContainerOperation")
    assert refused(vault, "DELETE", "/box" + OWN) == (412, "LeaseIdMissing")
    with pytest.raises(Fault, match="a lease on the container"):
        ask(vault, "DELETE", "/box" + OWN)
    assert refused(vault, "DELETE", "/box" + OWN, {"x-ms-lease-id": OTHER}) == (412, "LeaseIdMismatchWithContainerOperation")
    assert ask(vault, "DELETE", "/box" + OWN, {"x-ms-lease-id": LEASE}).status == 202
    ask(vault, "PUT", "/box" + OWN)
    assert refused(vault, "DELETE", "/box" + OWN, {"x-ms-lease-id": LEASE}) == (412, "LeaseNotPresentWithContainerOperation")


def test_stored_access_policies_are_kept_as_they_were_given(vault: Vault):
    ask(vault, "PUT", "/box" + OWN)
    assert text_of(ask(vault, "GET", "/box" + ACL)).endswith("<SignedIdentifiers />")
    changed = ask(vault, "PUT", "/box" + ACL, {"x-ms-blob-public-access": "container"}, POLICY % b"one")
    seen = ask(vault, "GET", "/box" + ACL)
    assert (told(seen)["etag"], told(seen)["x-ms-blob-public-access"]) == (told(changed)["etag"], "container")
    assert (
        "<SignedIdentifier><Id>one</Id><AccessPolicy><Start>2017-12-31T11:22:33.4567890Z</Start>"
        "<Expiry>2018-12-31T00:00:00.0000000Z</Expiry><Permission>rwd</Permission></AccessPolicy></SignedIdentifier>"
    ) in text_of(seen)
    empty = b"<SignedIdentifiers><SignedIdentifier><Id>two</Id><AccessPolicy /></SignedIdentifier></SignedIdentifiers>"
    ask(vault, "PUT", "/box" + ACL, {}, empty)
    assert "<SignedIdentifier><Id>two</Id></SignedIdentifier>" in text_of(ask(vault, "GET", "/box" + ACL))
    ask(vault, "PUT", "/box" + ACL)
    seen = ask(vault, "GET", "/box" + ACL)
    assert ("x-ms-blob-public-access" in told(seen), "<Id>" in text_of(seen)) == (False, False)


@on_sqlite
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"<x>", "InvalidXmlDocument"),
        (b"<x />", "InvalidXmlDocument"),
        (POLICY % (b"x" * 65), "InvalidXmlDocument"),
        (POLICY % b"", "InvalidXmlDocument"),
        (
            b"<SignedIdentifiers>" + b"<SignedIdentifier><Id>a</Id></SignedIdentifier>" * 2 + b"</SignedIdentifiers>",
            "InvalidXmlDocument",
        ),
        (
            b"<SignedIdentifiers>"
            + b"".join(b"<SignedIdentifier><Id>%d</Id></SignedIdentifier>" % place for place in range(6))
            + b"</SignedIdentifiers>",
            "InvalidXmlDocument",
        ),
        ((POLICY % b"a").replace(b"rwd", b"r w"), "InvalidXmlNodeValue"),
        ((POLICY % b"a").replace(b"2018-12-31", b"soon"), "InvalidXmlNodeValue"),
        (b'<!DOCTYPE x [<!ENTITY y "z">]><SignedIdentifiers />', "InvalidXmlDocument"),
    ],
)
def test_policies_that_cannot_be_are_refused(vault: Vault, body: bytes, code: str):
    ask(vault, "PUT", "/box" + OWN)
    assert refused(vault, "PUT", "/box" + ACL, {}, body) == (400, code)


def test_containers_are_listed_by_name_a_page_at_a_time(vault: Vault):
    for name in ("cc", "aa", "bb"):
        ask(vault, "PUT", f"/box-{name}{OWN}", {"x-ms-meta-k": name})
    ask(vault, "PUT", "/other" + OWN, {"x-ms-blob-public-access": "blob"})
    assert names_in(ask(vault, "GET", "/?comp=list")) == ["box-aa", "box-bb", "box-cc", "other"]
    assert names_in(ask(vault, "GET", "/?comp=list&prefix=box-&marker=box-aa")) == ["box-bb", "box-cc"]
    first = ask(vault, "GET", "/?comp=list&prefix=box-&maxresults=2")
    assert (names_in(first), marker_in(first)) == (["box-aa", "box-bb"], "box-bb")
    second = ask(vault, "GET", f"/?comp=list&prefix=box-&maxresults=2&marker={marker_in(first)}")
    assert (names_in(second), marker_in(second)) == (["box-cc"], "")
    assert "<Metadata>" not in text_of(first)
    assert "<Metadata><k>aa</k></Metadata>" in text_of(ask(vault, "GET", "/?comp=list&include=Metadata"))
    other = text_of(ask(vault, "GET", "/?comp=list&prefix=other"))
    assert "<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState><PublicAccess>blob</PublicAccess>" in other
    assert "<HasImmutabilityPolicy>false</HasImmutabilityPolicy><HasLegalHold>false</HasLegalHold>" in other
    assert ask(vault, "GET", "/?comp=list&include=").status == 200


@on_sqlite
def test_a_list_of_containers_shows_what_the_scope_does(vault: Vault):
    keys = [vault.create_container(name).id for name in ("one", "two")]
    scope = Scope(actor=EVERYTHING.actor, purpose=EVERYTHING.purpose, containers=frozenset(keys[:1]), policy_version="1")
    assert names_in(ask(vault, "GET", "/?comp=list", scope=scope)) == ["one"]


@on_sqlite
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("maxresults=0", "OutOfRangeQueryParameterValue"),
        ("maxresults=-1", "OutOfRangeQueryParameterValue"),
        ("maxresults=x", "InvalidQueryParameterValue"),
        ("include=bogus", "InvalidQueryParameterValue"),
    ],
)
def test_what_a_list_cannot_give_is_refused(vault: Vault, query: str, code: str):
    vault.create_container("box")
    assert refused(vault, "GET", f"/?comp=list&{query}") == (400, code)
    assert refused(vault, "GET", f"/box?restype=container&comp=list&{query}") == (400, code)


def test_a_deleted_container_is_kept_and_restored_with_all_it_held(vault: Vault):
    vault.keep_deleted_containers(7)
    box = vault.create_container("box")
    vault.put(box, "a", b"kept")
    ask(vault, "DELETE", "/box" + OWN)
    assert refused(vault, "GET", "/box" + OWN) == (404, "ContainerNotFound")
    assert names_in(ask(vault, "GET", "/?comp=list")) == []
    seen = text_of(ask(vault, "GET", "/?comp=list&include=deleted"))
    found = re.search(r"<Name>box</Name><Deleted>true</Deleted><Version>(\w+)</Version>", seen)
    assert found
    assert ("<DeletedTime>" in seen, "<RemainingRetentionDays>7</RemainingRetentionDays>" in seen) == (True, True)
    vault.create_container("box")
    headers = {"x-ms-deleted-container-name": "box", "x-ms-deleted-container-version": found[1]}
    assert refused(vault, "PUT", "/box?restype=container&comp=undelete", headers) == (409, "ContainerAlreadyExists")
    assert ask(vault, "PUT", "/back?restype=container&comp=undelete", headers).status == 201
    blob, stream = vault.read(vault.container("back", EVERYTHING), "a")
    with stream:
        assert (blob.container, stream.read()) == ("back", b"kept")
    assert refused(vault, "PUT", "/again?restype=container&comp=undelete", headers) == (404, "ContainerNotFound")


@on_sqlite
def test_restoring_needs_to_know_what(vault: Vault):
    url = "/box?restype=container&comp=undelete"
    assert refused(vault, "PUT", url) == (400, "MissingRequiredHeader")
    wrong = {"x-ms-deleted-container-name": "box", "x-ms-deleted-container-version": "later"}
    assert refused(vault, "PUT", url, wrong) == (400, "InvalidHeaderValue")
    for version in ("01", "F" * 40):
        assert refused(vault, "PUT", url, {**wrong, "x-ms-deleted-container-version": version}) == (404, "ContainerNotFound")


@on_sqlite
def test_deleted_containers_of_one_name_are_listed_page_by_page(vault: Vault):
    vault.keep_deleted_containers(1)
    for _ in range(3):
        vault.delete_container(vault.create_container("box"))
    vault.create_container("box")
    marker, seen = "", []
    while True:
        page = ask(vault, "GET", f"/?comp=list&include=deleted&maxresults=1&marker={marker}")
        seen += re.findall(r"<Version>(\w+)</Version>", text_of(page)) or ["live"]
        marker = marker_in(page)
        if not marker:
            break
    assert (len(set(seen)), len(seen), seen[-1]) == (4, 4, "live")


@on_sqlite
def test_what_is_over_its_days_goes_with_the_next_sweep(vault: Vault, catalog: Catalog):
    vault.keep_deleted_containers(1)
    box = vault.create_container("box")
    vault.put(box, "a", b"x")
    vault.delete_container(box)
    vault.sweep()
    with catalog.write() as tx:
        assert tx.execute(sa.select(containers.c.name)).scalars().all() == ["box"]
        tx.execute(sa.update(containers).values(purge_at=box.created_at - timedelta(days=1)))
    assert "<Deleted>" not in text_of(ask(vault, "GET", "/?comp=list&include=deleted"))
    vault.sweep()
    with catalog.read() as tx:
        assert tx.execute(sa.select(containers.c.name)).scalars().all() == []


@on_sqlite
def test_deleted_containers_are_kept_for_a_year_at_most(vault: Vault):
    with pytest.raises(UsageError):
        vault.keep_deleted_containers(366)


@on_sqlite
def test_a_container_under_hold_or_policy_stays_while_it_holds_anything(vault: Vault, catalog: Catalog):
    box = vault.create_container("box")
    with catalog.write() as tx:
        tx.execute(sa.update(containers).values(legal_holds=["case"]))
    seen = told(ask(vault, "GET", "/box" + OWN))
    assert (seen["x-ms-has-legal-hold"], seen["x-ms-has-immutability-policy"]) == ("true", "false")
    vault.put(box, "a", b"x")
    assert refused(vault, "DELETE", "/box" + OWN) == (409, "ContainerImmutabilityPolicyProtected")
    with catalog.write() as tx:
        tx.execute(sa.update(containers).values(legal_holds=[], immutable_days=3))
    assert refused(vault, "DELETE", "/box" + OWN) == (409, "ContainerImmutabilityPolicyProtected")
    with catalog.write() as tx:
        tx.execute(sa.update(containers).values(immutable_days=0))
        tx.execute(sa.text("UPDATE versions SET has_legal_hold = TRUE"))
    assert refused(vault, "DELETE", "/box" + OWN) == (409, "ContainerImmutabilityPolicyProtected")
    with catalog.write() as tx:
        tx.execute(sa.text("UPDATE versions SET has_legal_hold = FALSE"))
    assert ask(vault, "DELETE", "/box" + OWN).status == 202
