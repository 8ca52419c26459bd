"""Shared Key, signed by the official client's own policy."""

import hashlib
import hmac
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import pytest
from azure.storage.blob._shared.authentication import SharedKeyCredentialPolicy

from strongroom.server.azure.auth.authenticate import Gate
from strongroom.server.azure.auth.keyring import DEVELOPMENT_KEY
from strongroom.server.azure.call import Identity, Request
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.route import route
from strongroom.storage.catalog import Catalog
from strongroom.storage.layout import Layout
from strongroom.testing.azure import ACCOUNT, request_of
from strongroom.vault import Vault


@pytest.fixture
def catalog_url(layout: Layout) -> str:
    """Keys and signatures do not depend on the database."""
    return layout.catalog_url


@pytest.fixture
def keys(vault: Vault) -> tuple[str, ...]:
    return tuple(b64encode(key.secret).decode() for key in vault.create_account(ACCOUNT).keys)


@pytest.fixture
def gate(vault: Vault) -> Gate:
    return Gate(vault)


def now_text(offset: timedelta = timedelta()) -> str:
    return format_datetime(datetime.now(UTC) + offset, usegmt=True)


def signed(request: Request, key: str, account: str | None = None) -> Request:
    """Sign a request as azure-storage-blob does."""
    account = account or request.address.account
    url = f"http://localhost:10000{request.raw_path.decode()}?{request.raw_query.decode()}"
    http = SimpleNamespace(
        method=request.method,
        url=url,
        headers=dict(request.headers),
        query=dict(parse_qsl(urlsplit(url).query, keep_blank_values=True)),
    )
    SharedKeyCredentialPolicy(account, key).on_request(
        SimpleNamespace(http_request=http, context=SimpleNamespace(transport=None))
    )
    authorization = http.headers.pop("Authorization")
    return replace(request, headers={**request.headers, "authorization": authorization})


def identify(gate: Gate, request: Request) -> Identity:
    return gate.identify(request, route(request.method, request.address, request.query, request.headers))


ASKED = [
    ("GET", "/?comp=list", {}),
    ("PUT", "/box?restype=container", {"content-length": "0"}),
    ("PUT", "/box/a%20b/%C3%A9.txt", {"content-length": "5", "content-type": "text/plain", "x-ms-blob-type": "BlockBlob"}),
    ("GET", "/box?restype=container&comp=list&prefix=a%2Fb%3D&delimiter=&include=metadata%2Ctags&marker=", {}),
    ("PUT", "/box/b?comp=block&blockid=AA%3D%3D", {"content-length": "3", "content-md5": "x" * 24, "if-match": '"0x1"'}),
    ("PUT", "/box/m", {"x-ms-meta-a-b": "1", "x-ms-meta-aa": "2", "x-ms-meta-a_b": "3", "x-ms-meta-a1": "4"}),
]


@pytest.mark.parametrize(("method", "url", "headers"), ASKED)
def test_what_the_official_client_signs_is_let_in(
    gate: Gate, keys: tuple[str, ...], method: str, url: str, headers: dict[str, str]
):
    request = request_of(method, url, {"x-ms-date": now_text(), "x-ms-version": "2026-10-06", **headers})
    for key in keys:
        identity = identify(gate, signed(request, key))
        assert (identity.actor.name, identity.how, identity.account) == (ACCOUNT, "key", ACCOUNT)


def test_a_value_that_is_not_ascii_is_let_in_however_the_server_decoded_it(gate: Gate, keys: tuple[str, ...]):
    request = request_of("PUT", "/box/m", {"x-ms-date": now_text(), "x-ms-meta-name": "Müller"})
    made = signed(request, keys[0])
    assert identify(gate, made).how == "key"
    as_latin = {**made.headers, "x-ms-meta-name": "Müller".encode().decode("latin-1")}
    assert identify(gate, replace(made, headers=as_latin)).how == "key"


@pytest.mark.parametrize("named", ["testaccount", "testaccount-secondary"])
def test_either_name_of_the_secondary_place_may_be_signed(gate: Gate, keys: tuple[str, ...], named: str):
    plain = request_of("GET", "/box/b", {"x-ms-date": now_text()})
    made = signed(replace(plain, raw_path=f"/{named}/box/b".encode()), keys[0])
    asked = replace(made, raw_path=b"/testaccount-secondary/box/b", address=replace(plain.address, is_secondary=True))
    assert identify(gate, asked).how == "key"


def test_a_host_that_names_the_account_leaves_it_out_of_the_path(gate: Gate, keys: tuple[str, ...]):
    plain = request_of("GET", "/box/b", {"x-ms-date": now_text()})
    asked = replace(plain, raw_path=b"/box/b", address=replace(plain.address, is_host_style=True))
    assert identify(gate, signed(asked, keys[0])).how == "key"


def test_a_date_that_a_proxy_adds_beside_x_ms_date_does_not_matter(gate: Gate, keys: tuple[str, ...]):
    made = signed(request_of("GET", "/box/b", {"x-ms-date": now_text()}), keys[0])
    assert identify(gate, replace(made, headers={**made.headers, "date": now_text()})).how == "key"


def test_shared_key_lite_is_known(gate: Gate, keys: tuple[str, ...]):
    date = now_text()
    headers = {"x-ms-date": date, "content-type": "text/plain", "range": "bytes=0-1"}
    request = request_of("PUT", "/box/b?comp=block&blockid=AA%3D%3D", headers)
    text = f"PUT\n\ntext/plain\n\nx-ms-date:{date}\n/testaccount/testaccount/box/b?comp=block"
    signature = b64encode(hmac.digest(b64decode(keys[1]), text.encode(), hashlib.sha256)).decode()
    made = replace(request, headers={**request.headers, "authorization": f"SharedKeyLite {ACCOUNT}:{signature}"})
    assert identify(gate, made).how == "key"
    with pytest.raises(Fault, match="authenticate"):
        identify(gate, replace(made, headers={**made.headers, "content-type": "text/html"}))


def refused(gate: Gate, request: Request) -> tuple[str, int]:
    with pytest.raises(Fault) as caught:
        identify(gate, request)
    return caught.value.code, caught.value.status


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_request_that_was_not_signed_just_now_is_refused(gate: Gate, keys: tuple[str, ...], minutes: int):
    made = signed(request_of("GET", "/box/b", {"x-ms-date": now_text(timedelta(minutes=minutes))}), keys[0])
    assert refused(gate, made) == ("AuthenticationFailed", 403)


@pytest.mark.parametrize("date", [None, "yesterday"])
def test_a_request_without_a_date_that_can_be_read_is_refused(gate: Gate, keys: tuple[str, ...], date: str | None):
    made = signed(request_of("GET", "/box/b", {"x-ms-date": date} if date else {}), keys[0])
    assert refused(gate, made) == ("AuthenticationFailed", 403)


@pytest.mark.parametrize("given", ["SharedKey", "SharedKey x", "SharedKey testaccount:", "Basic YTpi", "", "SharedKey :x"])
def test_a_header_that_cannot_be_read_is_told_so(gate: Gate, keys: tuple[str, ...], given: str):
    request = request_of("GET", "/box/b", {"x-ms-date": now_text(), "authorization": given})
    assert refused(gate, request) == ("InvalidAuthenticationInfo", 400)


def test_a_wrong_key_account_or_unknown_account_is_refused(gate: Gate, keys: tuple[str, ...], vault: Vault):
    vault.create_account("another")
    request = request_of("GET", "/box/b", {"x-ms-date": now_text()})
    assert refused(gate, signed(request, b64encode(b"x" * 64).decode())) == ("AuthenticationFailed", 403)
    assert refused(gate, signed(request, keys[0], "another")) == ("AuthenticationFailed", 403)
    unknown = replace(request, address=replace(request.address, account="nobody"), raw_path=b"/nobody/box/b")
    assert refused(gate, signed(unknown, keys[0])) == ("ResourceNotFound", 404)


def test_a_rotated_key_is_refused_within_a_second_and_the_other_one_is_not(gate: Gate, keys: tuple[str, ...], vault: Vault):
    request = request_of("GET", "/box/b", {"x-ms-date": now_text()})
    assert identify(gate, signed(request, keys[0])).how == "key"
    vault.rotate_key(ACCOUNT, 1)
    gate._keyring.forget()
    assert refused(gate, signed(request, keys[0])) == ("AuthenticationFailed", 403)
    assert identify(gate, signed(request, keys[1])).how == "key"
    vault.delete_account(ACCOUNT)
    gate._keyring.forget()
    assert refused(gate, signed(request, keys[1])) == ("ResourceNotFound", 404)


def test_the_well_known_account_signs_in_only_where_it_was_asked_for_and_from_this_machine(vault: Vault):
    plain = request_of("GET", "/box/b", {"x-ms-date": now_text()})
    request = replace(plain, address=replace(plain.address, account="devstoreaccount1"), raw_path=b"/devstoreaccount1/box/b")
    made = signed(request, b64encode(DEVELOPMENT_KEY).decode())
    assert identify(Gate(vault, development=True), made).actor.name == "devstoreaccount1"
    assert identify(Gate(vault, development=True), replace(made, client="::1")).how == "key"
    assert identify(Gate(vault, development=True), replace(made, client="::ffff:127.0.0.1")).how == "key"
    assert refused(Gate(vault, development=True), replace(made, client="192.168.1.5")) == ("ResourceNotFound", 404)
    assert refused(Gate(vault, development=True), replace(made, client="")) == ("ResourceNotFound", 404)
    assert refused(Gate(vault), made) == ("ResourceNotFound", 404)


def test_the_first_account_is_made_once_in_the_life_of_a_room(vault: Vault, catalog: Catalog, layout: Layout):
    again = Vault(catalog, layout)
    vault.begin_accounts()
    again.begin_accounts()
    assert vault.account("strongroom").keys == again.account("strongroom").keys
    assert len({key.secret for key in vault.account("strongroom").keys}) == 2
    assert vault.delegation_secret() == again.delegation_secret()
    assert "secret" not in repr(vault.account("strongroom"))
    vault.delete_account("strongroom")
    again.begin_accounts()
    assert not again.accounts()
    again.close()
