"""Sources of copies: who may read them, and by what right."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest.mock import create_autospec
from urllib.parse import quote

import pytest
from azure.storage.blob import generate_account_sas, generate_blob_sas, generate_container_sas

from strongroom.domain.container import Container
from strongroom.domain.scope import Actor, Purpose, Scope
from strongroom.server.azure.auth.authenticate import Gate
from strongroom.server.azure.call import Identity, Request
from strongroom.server.azure.desk import Desk
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.route import route
from strongroom.server.azure.uses import Uses
from strongroom.storage.layout import Layout
from strongroom.testing.azure import ACCOUNT, HOST, request_from
from strongroom.vault import Vault

Sign = Callable[..., str]

BLOB = "a dir/b.txt"
PATH = f"/box/{quote(BLOB)}"


@pytest.fixture
def catalog_url(layout: Layout) -> str:
    """Signatures do not depend on the database."""
    return layout.catalog_url


@pytest.fixture
def key(vault: Vault) -> str:
    return b64encode(vault.create_account(ACCOUNT).keys[1].secret).decode()


@pytest.fixture
def gate(vault: Vault) -> Gate:
    return Gate(vault)


@pytest.fixture
def box(vault: Vault) -> Container:
    return vault.create_container("box")


def after(**span: float) -> datetime:
    return datetime.now(UTC) + timedelta(**span)


def asked(method: str, path: str, token: str = "", headers: Mapping[str, str] | None = None, **more: str) -> Request:
    """Give a request that shows a token in its query."""
    joint = "&" if "?" in path else "?"
    return request_from(method, f"{path}{joint if token else ''}{token}", headers, **more)


def let_in(gate: Gate, request: Request) -> Identity:
    return gate.identify(request, route(request.method, request.address, request.query, request.headers))


def refusal(gate: Gate, request: Request) -> str:
    with pytest.raises(Fault) as caught:
        let_in(gate, request)
    assert caught.value.status == (404 if caught.value.code == "ResourceNotFound" else 403)
    return caught.value.code


def blob_sas(key: str, permission: str = "r", **more: object) -> str:
    return generate_blob_sas(ACCOUNT, "box", BLOB, account_key=key, permission=permission, **{"expiry": after(hours=1), **more})


def box_sas(key: str, permission: str = "r", **more: object) -> str:
    return generate_container_sas(ACCOUNT, "box", account_key=key, permission=permission, **{"expiry": after(hours=1), **more})


def account_sas(key: str, permission: str = "r", types: str = "sco", **more: object) -> str:
    return generate_account_sas(ACCOUNT, key, types, permission, **{"expiry": after(hours=1), **more})


COPY = {"x-ms-copy-source": "http://other/box/x"}


def url(path: str, token: str = "", host: str = HOST, account: str = ACCOUNT) -> str:
    return f"http://{host}/{account}{path}{'?' if token else ''}{token}"


def source_of(gate: Gate, request: Request, source: str) -> Request | None:
    return read_of(gate, source, request, let_in(gate, request))


def read_of(gate: Gate, source: str, request: Request, identity: Identity) -> Request | None:
    found = gate.identify_source(source, request, identity)
    return found and found[0]


def test_the_source_of_a_copy_needs_a_right_to_read_it(gate: Gate, vault: Vault, box: Container, key: str):
    vault.create_container("other")
    vault.create_container("open", public="blob")
    vault.create_account("another")
    by_key = Identity(actor=let_in(gate, asked("GET", PATH, blob_sas(key))).actor, how="key", account=ACCOUNT)
    plain = asked("PUT", PATH, headers=COPY)

    def refused(request: Request, source: str, identity: Identity | None = None) -> int:
        with pytest.raises(Fault) as caught:
            gate.identify_source(source, request, identity or let_in(gate, request))
        assert caught.value.code == "CannotVerifyCopySource"
        return caught.value.status

    assert read_of(gate, url("/other/x"), plain, by_key).address.blob == "x"
    found = read_of(gate, url("/other/x?snapshot=2026"), plain, by_key)
    assert found.query == {"snapshot": "2026"}
    assert read_of(gate, url("/box/x", host="elsewhere"), plain, by_key) is None
    assert refused(plain, url("/box/x", account="another"), by_key) == 403
    assert read_of(gate, url("/open/x", account="another"), plain, by_key).address.account == "another"
    assert refused(plain, url("/box/x", "sv=2026-10-06&sr=b&se=2100-01-01&sp=r&sig=AAAA"), by_key) == 403
    own = generate_blob_sas(ACCOUNT, "other", "x", account_key=key, permission="r", expiry=after(hours=1))
    writes = asked("PUT", PATH, box_sas(key, "w"), COPY)
    assert source_of(gate, writes, url("/box/x")).address.blob == "x"
    assert refused(writes, url("/other/x")) == 403
    assert source_of(gate, writes, url("/other/x", own)).address.container == "other"
    one = asked("PUT", PATH, blob_sas(key, "w"), COPY)
    assert refused(one, url("/box/x")) == 403
    assert source_of(gate, one, url(f"{PATH}?snapshot=2026")).query == {"snapshot": "2026"}
    whole = asked("PUT", PATH, account_sas(key, "w"), COPY)
    assert refused(whole, url("/other/x")) == 403
    assert source_of(gate, asked("PUT", PATH, account_sas(key, "rw"), COPY), url("/other/x")).address.blob == "x"
    assert refused(plain, url("/box?restype=container"), by_key) == 400


def test_a_copy_may_name_its_source_with_the_signature_that_it_came_with(gate: Gate, box: Container, key: str):
    token = account_sas(key, "c")
    request = asked("PUT", PATH, token, COPY)
    found = source_of(gate, request, url("/box/x", token))
    assert found.address.blob == "x"
    assert "sig" not in found.query


def test_hosts_that_name_the_account_are_one_server(gate: Gate, box: Container, key: str):
    request = asked("PUT", PATH, headers=COPY)
    by_host = replace(
        request,
        headers={**request.headers, "host": f"{ACCOUNT}.blob.example.org:10000"},
        raw_path=b"/box/b",
        address=replace(request.address, is_host_style=True, blob="b"),
    )
    identity = Identity(actor=let_in(gate, asked("GET", PATH, blob_sas(key))).actor, how="key", account=ACCOUNT)
    same = f"http://{ACCOUNT}.blob.example.org:10000/box/x"
    assert read_of(gate, same, by_host, identity).address.container == "box"
    assert read_of(gate, f"http://{ACCOUNT}.blob.evil.org:10000/box/x", by_host, identity) is None
    assert read_of(gate, "ftp://x/y", by_host, identity) is None


class Narrow:
    """A policy that shows some accounts one container only."""

    def __init__(self, shown: Mapping[str, int]) -> None:
        self._shown = shown

    def scope(self, actor: Actor, purpose: Purpose, action: str) -> Scope:
        del action
        shown = self._shown.get(actor.name)
        return Scope(
            actor=actor, purpose=purpose, containers=None if shown is None else frozenset({shown}), policy_version="narrow"
        )


@pytest.mark.parametrize("signs", ["itself", "another"])
def test_a_signature_for_a_source_shows_no_more_than_whose_key_made_it_may_see(
    gate: Gate, vault: Vault, box: Container, key: str, signs: str
):
    vault.put(vault.create_container("other"), "x", b"hello")
    wide = b64encode(vault.create_account("wide").keys[0].secret).decode()
    name, secret = (ACCOUNT, key) if signs == "itself" else ("wide", wide)
    own = generate_blob_sas(name, "other", "x", account_key=secret, permission="r", expiry=after(hours=1))
    source = url("/other/x", own, account=name)
    desk = Desk(vault, gate, Narrow({ACCOUNT: box.id}), Purpose(name="testing"), create_autospec(Uses, instance=True))
    made = desk.perform(asked("PUT", PATH, box_sas(key, "rw"), {"x-ms-copy-source": source, "x-ms-version": "2024-11-04"}))
    if signs == "another":
        assert made.status == 202
        assert vault.get(box, BLOB).size == 5
    else:
        assert (made.status, ("x-ms-error-code", "CannotVerifyCopySource") in list(made.headers)) == (404, True)
