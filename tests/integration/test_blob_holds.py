"""Immutability policies and legal holds: while one protects a blob, nothing changes or deletes it, by any way."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import sqlalchemy as sa

from strongroom.domain.container import Container
from strongroom.errors import Conflict, UsageError
from strongroom.server.azure.call import Reply
from strongroom.server.azure.faults import Fault
from strongroom.storage.catalog import Catalog, service
from strongroom.storage.layout import Layout
from strongroom.testing.azure import EVERYTHING, ask
from strongroom.vault import BlockRef, Keeping, PutItem, Traits, Vault

UNTIL, MODE, HOLD = "x-ms-immutability-policy-until-date", "x-ms-immutability-policy-mode", "x-ms-legal-hold"
POLICY_URL = "/box/a?comp=immutabilityPolicies"


@pytest.fixture
def catalog_url(layout: Layout) -> str:
    """SQLite alone."""
    return layout.catalog_url


@pytest.fixture
def container(vault: Vault) -> Container:
    made = vault.create_container("box")
    vault.put(made, "a", b"first")
    return made


def date(days: float) -> str:
    return format_datetime((datetime.now(UTC) + timedelta(days=days)).replace(microsecond=0), usegmt=True)


def told(reply: Reply) -> dict[str, str]:
    return dict(reply.headers)


def fault(vault: Vault, method: str, url: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
    with pytest.raises(Fault) as caught:
        ask(vault, method, url, headers)
    return caught.value.status, caught.value.code


def ways(kind: str) -> dict[str, Callable[[Vault, Container], object]]:
    """Give every way to change or delete a blob named a."""
    found: dict[str, Callable[[Vault, Container], object]] = {
        "put": lambda vault, box: vault.put(box, "a", b"other"),
        "put many": lambda vault, box: list(vault.put_all(box, [PutItem(name="a", source=b"other")])),
        "copy": lambda vault, box: vault.copy((box, "source", None), box, "a"),
        "metadata": lambda vault, box: vault.set_metadata(box, "a", {"k": "v"}),
        "properties": lambda vault, box: vault.set_properties(box, "a", None),
        "delete": lambda vault, box: vault.delete(box, "a"),
        "container": lambda vault, box: vault.delete_container(box),
    }
    if kind == "block":
        found["blocks"] = lambda vault, box: vault.commit_blocks(box, "a", [BlockRef(block_id="AAAA")])
    if kind == "append":
        found |= {
            "append": lambda vault, box: vault.append(box, "a", b"more"),
            "seal": lambda vault, box: ask(vault, "PUT", "/box/a?comp=seal"),
        }
    if kind == "page":
        found |= {
            "pages": lambda vault, box: vault.put_pages(box, "a", 0, bytes(512)),
            "clear": lambda vault, box: vault.clear_pages(box, "a", 0, 512),
            "resize": lambda vault, box: vault.set_properties(box, "a", None, size=512),
            "renumber": lambda vault, box: vault.set_properties(box, "a", None, counting=("increment", None)),
        }
    return found


PROTECTIONS: dict[str, Callable[[Vault, Container], object]] = {
    "date": lambda vault, box: vault.protect(box, "a", datetime.now(UTC) + timedelta(days=1)),
    "hold": lambda vault, box: vault.set_hold(box, "a", is_held=True),
    "container's days": lambda vault, box: vault.set_keeping(box, Keeping(immutable_days=1)),
    "container's hold": lambda vault, box: vault.set_keeping(box, Keeping(add_holds=("case17",))),
}


CASES = [("block", way, protection) for way in ways("block") for protection in PROTECTIONS]
CASES += [(kind, way, "date") for kind in ("append", "page") for way in ways(kind)]


@pytest.mark.parametrize(("kind", "way", "protection"), CASES)
def test_no_way_leads_past_a_protection(vault: Vault, kind: str, way: str, protection: str):
    box = vault.create_container("box")
    vault.put(box, "a", b"" if kind == "page" else b"first", traits=Traits(kind=kind, size=1024 if kind == "page" else 0))
    vault.put(box, "source", b"", traits=Traits(kind=kind, size=512 if kind == "page" else 0))
    if kind == "block":
        vault.stage_block(box, "a", "AAAA", b"block")
    PROTECTIONS[protection](vault, box)
    before = vault.get(box, "a")
    with pytest.raises((Conflict, Fault)) as caught:
        ways(kind)[way](vault, box)  # the container as it was before: what protects it is looked up anew
    assert "Immutab" in str(caught.value.code)
    assert vault.get(vault.container("box", EVERYTHING), "a") == before


def test_a_policy_is_set_lengthened_locked_and_lifted(vault: Vault, container: Container):
    until = date(2)
    reply = ask(vault, "PUT", POLICY_URL, {UNTIL: until})
    assert (reply.status, told(reply)) == (200, {UNTIL: until, MODE: "unlocked"})
    assert ask(vault, "PUT", POLICY_URL, {UNTIL: date(1), MODE: "Unlocked"}).status == 200
    assert ask(vault, "DELETE", POLICY_URL).status == 200
    assert vault.get(container, "a").immutable_until is None
    ask(vault, "PUT", POLICY_URL, {UNTIL: date(2), MODE: "Locked"})
    assert fault(vault, "PUT", POLICY_URL, {UNTIL: date(1), MODE: "Locked"}) == (409, "BlobImmutableDueToPolicy")
    assert fault(vault, "PUT", POLICY_URL, {UNTIL: date(3), MODE: "Unlocked"}) == (409, "BlobImmutableDueToPolicy")
    assert fault(vault, "DELETE", POLICY_URL) == (409, "BlobImmutableDueToPolicy")
    assert told(ask(vault, "PUT", POLICY_URL, {UNTIL: date(3), MODE: "Locked"}))[MODE] == "locked"


def test_dates_and_modes_that_cannot_be_are_refused(vault: Vault, container: Container):
    etag = vault.get(container, "a").etag
    assert fault(vault, "PUT", POLICY_URL) == (400, "MissingRequiredHeader")
    assert fault(vault, "PUT", POLICY_URL, {UNTIL: date(-1)}) == (400, "InvalidHeaderValue")
    assert fault(vault, "PUT", POLICY_URL, {UNTIL: date(1), MODE: "mutable"}) == (400, "InvalidHeaderValue")
    assert fault(vault, "PUT", "/box/a?comp=legalhold") == (400, "MissingRequiredHeader")
    assert fault(vault, "PUT", "/box/a?comp=legalhold", {HOLD: "perhaps"}) == (400, "InvalidHeaderValue")
    assert fault(vault, "PUT", "/box/none?comp=legalhold", {HOLD: "true"}) == (404, "BlobNotFound")
    late = {UNTIL: date(1), "if-unmodified-since": "Sat, 01 Jan 2000 00:00:00 GMT"}
    assert fault(vault, "PUT", POLICY_URL, late) == (412, "ConditionNotMet")
    assert vault.get(container, "a").etag == etag


def test_a_legal_hold_lasts_until_it_is_lifted_and_changes_no_etag(vault: Vault, container: Container):
    etag = vault.get(container, "a").etag
    assert told(ask(vault, "PUT", "/box/a?comp=legalhold", {HOLD: "true"})) == {HOLD: "true"}
    assert fault(vault, "DELETE", "/box/a") == (409, "BlobImmutableDueToLegalHold")
    assert ask(vault, "PUT", "/box/a?comp=tier", {"x-ms-access-tier": "Cool"}).status == 200
    assert told(ask(vault, "PUT", "/box/a?comp=legalhold", {HOLD: "False"})) == {HOLD: "false"}
    assert vault.get(container, "a").etag == etag
    assert ask(vault, "DELETE", "/box/a").status == 202


def test_where_versions_are_kept_a_protected_one_is_overwritten_and_stays(vault: Vault):
    box = vault.create_container("box", keeps_versions=True)
    first = vault.put(box, "a", b"first").version
    ask(vault, "PUT", "/box/a?comp=legalhold", {HOLD: "true"})
    assert fault(vault, "PUT", "/box/a?comp=metadata") == (409, "BlobImmutableDueToLegalHold")
    second = vault.put(box, "a", b"second")
    assert not second.has_legal_hold
    assert fault(vault, "DELETE", f"/box/a?versionid={first}") == (409, "BlobImmutableDueToLegalHold")
    assert ask(vault, "DELETE", "/box/a").status == 202
    assert fault(vault, "DELETE", "/box?restype=container") == (409, "ContainerImmutabilityPolicyProtected")
    with vault.open(vault.get(box, "a", first)) as stream:
        assert stream.read() == b"first"
    ask(vault, "PUT", f"/box/a?comp=legalhold&versionid={first}", {HOLD: "false"})
    assert ask(vault, "DELETE", f"/box/a?versionid={first}").status == 202


def test_days_that_passed_protect_no_more(vault: Vault, container: Container, catalog: Catalog):
    box = vault.set_keeping(container, Keeping(immutable_days=2, lock=True))
    with catalog.write() as tx:
        tx.execute(sa.text("UPDATE versions SET modified_at = modified_at - 3 * 86400000000"))
    assert ask(vault, "DELETE", "/box/a").status == 202
    for wanted in (Keeping(immutable_days=1), Keeping(immutable_days=0)):
        with pytest.raises(Conflict, match="locked"):
            vault.set_keeping(box, wanted)
    assert vault.set_keeping(box, Keeping(immutable_days=3)).is_immutability_locked


def test_rules_of_a_container_that_cannot_be_are_refused(vault: Vault, container: Container):
    for wanted in (Keeping(lock=True), Keeping(add_holds=("a b",)), Keeping(immutable_days=-1), Keeping(immutable_days=10**6)):
        with pytest.raises(UsageError):
            vault.set_keeping(container, wanted)
    held = vault.set_keeping(container, Keeping(add_holds=("case17", "case18"), public="blob"))
    assert (held.legal_holds, held.public) == (("case17", "case18"), "blob")
    assert vault.set_keeping(held, Keeping(clear_holds=("case17",))).legal_holds == ("case18",)


def test_what_is_overwritten_or_deleted_softly_was_not_protected_before(vault: Vault, container: Container, catalog: Catalog):
    with catalog.write() as tx:
        service.write(tx, service.PROPERTIES, {"delete_retention": {"enabled": True, "days": 3}})
    vault.set_hold(container, "a", is_held=True)
    for act in (lambda: vault.put(container, "a", b"other"), lambda: vault.delete(container, "a")):
        with pytest.raises(Conflict):
            act()
    assert vault.get(container, "a").has_legal_hold
