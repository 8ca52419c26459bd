"""The door of the blob service under attack: what is forged, changed, replayed, stale or over-broad is refused."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from strongroom.domain.container import AccessPolicy
from strongroom.server.azure.auth.authenticate import Gate
from strongroom.server.azure.auth.keyring import sign
from strongroom.server.azure.auth.shared_key import _texts
from strongroom.server.azure.auth.signing import sign_service
from strongroom.server.azure.call import Identity, Request
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.route import route
from strongroom.storage.catalog import Catalog
from strongroom.storage.layout import Layout
from strongroom.testing.azure import ACCOUNT, EVERYTHING, request_from
from strongroom.vault import Vault

STEADY = settings(
    max_examples=150,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
REFUSED = {400, 403, 404, 405}


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    layout = Layout(root=tmp_path_factory.mktemp("room") / "room")
    layout.prepare()
    catalog = Catalog(layout.catalog_url)
    catalog.migrate()
    opened = Vault(catalog, layout)
    opened.create_account(ACCOUNT)
    opened.create_account("another")
    opened.create_container("box")
    opened.create_container("other")
    yield opened
    opened.close()
    catalog.close()


@pytest.fixture(scope="module")
def key(vault: Vault) -> bytes:
    return vault.account(ACCOUNT).keys[0].secret


@pytest.fixture(scope="module")
def gate(vault: Vault) -> Gate:
    return Gate(vault)


def let_in(gate: Gate, request: Request) -> Identity:
    return gate.identify(request, route(request.method, request.address, request.query, request.headers))


def is_refused(gate: Gate, make: Callable[..., Request], *args: object, **more: object) -> bool:
    """Say whether a request is refused; one that cannot even be read or means nothing is, too."""
    try:
        let_in(gate, make(*args, **more))
    except Fault as fault:
        return fault.status in REFUSED
    return False


def after(**span: float) -> datetime:
    return datetime.now(UTC) + timedelta(**span)


# Shared Key

PUT = {
    "content-length": "5",
    "content-type": "text/plain",
    "content-md5": "XUFAKrxLKna5cZ2REBfFkg==",
    "x-ms-blob-type": "BlockBlob",
    "x-ms-meta-name": "value",
    "x-ms-version": "2026-10-06",
}


def key_request(key: bytes) -> tuple[str, dict[str, str]]:
    """Give a request that is signed with a key, and is let in."""
    path = "/box/folder/a%20b.txt?timeout=30&comp=metadata"
    headers = {**PUT, "x-ms-date": format_datetime(datetime.now(UTC), usegmt=True)}
    text = next(_texts(request_from("PUT", path, headers)))
    return path, {**headers, "authorization": f"SharedKey {ACCOUNT}:{sign(key, text)}"}


@STEADY
@given(data=st.data())
def test_any_byte_of_a_signed_request_that_is_changed_makes_it_another(gate: Gate, key: bytes, data: st.DataObject):
    path, headers = key_request(key)
    assert let_in(gate, request_from("PUT", path, headers)).how == "key"
    where = data.draw(st.sampled_from(["path", *headers]))
    text = path if where == "path" else headers[where]
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(min_codepoint=0x21, max_codepoint=0x7E).filter(lambda c: c != text[at]))
    changed = text[:at] + other + text[at + 1 :]
    if where == "authorization" and changed.partition("=")[0] == text.partition("=")[0]:
        return  # only what fills the Base64 up
    if where == "path":
        assert is_refused(gate, request_from, "PUT", changed, headers) or _same(changed, path)
    else:
        assert is_refused(gate, request_from, "PUT", path, {**headers, where: changed})


def _same(changed: str, path: str) -> bool:
    """Say whether two URLs mean the same: letter case of a parameter's name, or a plus sign for a space."""
    return changed.partition("?")[0] == path.partition("?")[0] and sorted(
        (name.lower(), value) for name, value in parse_qsl(changed.partition("?")[2], keep_blank_values=True)
    ) == sorted(parse_qsl(path.partition("?")[2], keep_blank_values=True))


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "POST"])
def test_a_signed_request_cannot_be_replayed_with_another_verb(gate: Gate, key: bytes, method: str):
    path, headers = key_request(key)
    assert is_refused(gate, request_from, method, path, headers)


@pytest.mark.parametrize("name", sorted({*PUT, "x-ms-date"} - {"x-ms-version"}))
def test_no_signed_header_may_be_left_out_and_none_that_counts_added(gate: Gate, key: bytes, name: str):
    path, headers = key_request(key)
    assert is_refused(gate, request_from, "PUT", path, {k: v for k, v in headers.items() if k != name})
    for more in ({"x-ms-meta-more": "1"}, {"if-match": "*"}, {"range": "bytes=0-1"}, {"x-ms-copy-source": "http://x/y/z"}):
        assert is_refused(gate, request_from, "PUT", path, {**headers, **more})
    assert is_refused(gate, request_from, "PUT", f"{path}&snapshot=x", headers)


def test_a_key_signs_for_its_own_account_only(gate: Gate, vault: Vault, key: bytes):
    path, headers = key_request(key)
    assert is_refused(gate, request_from, "PUT", path, headers, account="another")
    renamed = {**headers, "authorization": headers["authorization"].replace(ACCOUNT, "another")}
    assert is_refused(gate, request_from, "PUT", path, renamed, account="another")
    assert is_refused(gate, request_from, "PUT", path, renamed)


def test_the_empty_key_and_the_well_known_one_open_nothing(gate: Gate, vault: Vault):
    path, headers = key_request(b"")
    assert is_refused(gate, request_from, "PUT", path, headers)
    token = sign_service("devstoreaccount1", b"", "box", permissions="r", expiry=after(hours=1))
    for account in ("devstoreaccount1", "nobody", "-secondary"):
        assert is_refused(gate, request_from, "GET", f"/box/b?{token}", account=account)


# shared access signatures


def sas(key: bytes, blob: str = "b", **more: object) -> dict[str, str]:
    return dict(parse_qsl(sign_service(ACCOUNT, key, "box", blob, **{"permissions": "r", "expiry": after(hours=1), **more})))


def show(given: dict[str, str], path: str = "/box/b", method: str = "GET", **more: str) -> Request:
    return request_from(method, f"{path}?{urlencode(given)}", **more)


FULL = {"start": after(hours=-1), "ip": "127.0.0.1-127.0.0.9"}


@STEADY
@given(data=st.data())
def test_any_byte_of_a_signature_that_is_changed_makes_it_worthless(gate: Gate, key: bytes, data: st.DataObject):
    token = sas(key, **FULL)
    assert let_in(gate, show(token)).how == "service-sas"
    name = data.draw(st.sampled_from(sorted(token)))
    text = token[name]
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(min_codepoint=0x20, max_codepoint=0x7E).filter(lambda c: c != text[at]))
    changed = text[:at] + other + text[at + 1 :]
    if name == "sig" and (changed.rstrip("=") == text.rstrip("=") or (text[at], other) == ("+", " ")):
        return  # a plus sign that came as a space is the same signature
    assert is_refused(gate, show, {**token, name: changed})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sp", "rwdl"),
        ("se", "2100-01-01T00:00:00Z"),
        ("st", "2000-01-01T00:00:00Z"),
        ("sip", "0.0.0.0-255.255.255.255"),
        ("sr", "c"),
        ("sr", "bs"),
        ("sr", "d"),
        ("sv", "2015-04-05"),
        ("sv", "2018-11-09"),
        ("spr", "https,http"),
        ("si", "policy"),
        ("rsct", "text/html"),
        ("rscd", "inline"),
        ("ses", "scope"),
        ("skoid", "oid"),
        ("ss", "b"),
        ("srt", "sco"),
        ("sig", ""),
        ("sig", "AAAA"),
    ],
)
def test_each_field_of_a_signature_is_signed(gate: Gate, key: bytes, name: str, value: str):
    assert is_refused(gate, show, {**sas(key, **FULL), name: value})
    as_account = {**sas(key, **FULL), "ss": "b", "srt": "sco", name: value}
    assert is_refused(gate, show, as_account)


@pytest.mark.parametrize("name", ["sp", "se", "st", "sip", "sr", "sv", "sig"])
def test_no_field_of_a_signature_can_be_left_out(gate: Gate, key: bytes, name: str):
    token = sas(key, **FULL)
    del token[name]
    assert is_refused(gate, show, token)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/box/b"),
        ("DELETE", "/box/b"),
        ("GET", "/box/c"),
        ("GET", "/box/b/"),
        ("GET", "/box/B"),
        ("GET", "/other/b"),
        ("GET", "/box/../other/b"),
        ("GET", "/box%2Fb/b"),
        ("GET", "/box"),
        ("GET", "/"),
    ],
)
def test_a_signature_for_a_blob_is_for_that_blob_and_verb_only(gate: Gate, key: bytes, method: str, path: str):
    assert is_refused(gate, show, sas(key), path, method)


@pytest.mark.parametrize(
    "query",
    [
        "restype=container&comp=list",
        "restype=container",
        "comp=list",
        "comp=tags",
        "comp=batch",
        "restype=container&comp=batch",
    ],
)
def test_a_signature_for_a_blob_is_not_for_its_container_or_account(gate: Gate, key: bytes, query: str):
    every = sas(key, permissions="racwdxyltfmei")
    for path in ("/", "/box", "/other"):
        assert is_refused(gate, show, {**every, **dict(parse_qsl(query))}, path)
    whole = sas(key, "", permissions="racwdxyltfmei")
    assert is_refused(gate, show, {**whole, **dict(parse_qsl(query))}, "/other")
    assert is_refused(gate, show, {**whole, "comp": "acl", "restype": "container"}, "/box")


def test_a_field_that_is_given_twice_is_refused(gate: Gate, key: bytes):
    token = urlencode(sas(key))
    for more in ("&sp=rwd", "&se=2100-01-01", "&sr=c", "&sig=AAAA", "&sv=2015-04-05", "&SP=rwd"):
        assert is_refused(gate, request_from, "GET", f"/box/b?{token}{more}")


def test_what_is_over_or_not_yet_or_from_elsewhere_is_refused_with_its_own_word(gate: Gate, key: bytes):
    for token, code in (
        (sas(key, expiry=after(seconds=-2)), "AuthenticationFailed"),
        (sas(key, start=after(minutes=2)), "AuthenticationFailed"),
        (sas(key, ip="10.1.1.1"), "AuthorizationSourceIPMismatch"),
        (sas(key, https_only=True), "AuthorizationProtocolMismatch"),
        (sas(key, permissions="wdl"), "AuthorizationPermissionMismatch"),
    ):
        with pytest.raises(Fault) as caught:
            let_in(gate, show(token))
        assert (caught.value.code, caught.value.status) == (code, 403)


def test_a_policy_that_is_taken_away_takes_its_signatures_with_it(gate: Gate, vault: Vault, key: bytes):
    token = sas(key, "", permissions="", expiry=None, policy="p")
    box = vault.container("box", EVERYTHING)
    vault.set_container_access(box, "none", [AccessPolicy(id="p", permission="r", expiry=after(hours=1))])
    assert let_in(gate, show(token)).permissions == "r"
    vault.set_container_access(vault.container("box", EVERYTHING), "none", [])
    assert is_refused(gate, show, token)


def test_a_rotated_key_takes_its_signatures_with_it(vault: Vault):
    account = vault.create_account("rotated")
    gate = Gate(vault)
    tokens = [sign_service("rotated", one.secret, "box", permissions="r", expiry=after(hours=1)) for one in account.keys]
    for token in tokens:
        assert let_in(gate, request_from("GET", f"/box/b?{token}", account="rotated")).how == "service-sas"
    vault.rotate_key("rotated", 1)
    gate._keyring.forget()
    assert is_refused(gate, request_from, "GET", f"/box/b?{tokens[0]}", account="rotated")
    assert let_in(gate, request_from("GET", f"/box/b?{tokens[1]}", account="rotated")).how == "service-sas"


def test_times_and_addresses_that_are_none_are_refused(gate: Gate, key: bytes):
    text = "\n".join
    for name, value in (("se", "soon"), ("se", "9" * 500), ("st", "0000-00-00"), ("sip", "::/0"), ("sip", "a-b-c")):
        given = {**sas(key), name: value}
        lines = [given.get(n, "") for n in ("sp", "st", "se")] + [f"/blob/{ACCOUNT}/box/b", ""]
        lines += [given.get(n, "") for n in ("sip", "spr", "sv", "sr")] + [""] * 7
        given["sig"] = sign(key, text(lines).encode())
        assert is_refused(gate, show, given)


def test_signatures_do_not_split_a_response(gate: Gate, key: bytes):
    text = "\n".join
    for value in ("a\r\nset-cookie: x", "a\nb", "a\x00b", "a\x7f"):
        given = {**sas(key), "rscd": value}
        lines = [given["sp"], "", given["se"], f"/blob/{ACCOUNT}/box/b", "", "", "", given["sv"], "b", "", "", "", value]
        given["sig"] = sign(key, text([*lines, "", "", ""]).encode())
        with pytest.raises(Fault) as caught:
            let_in(gate, show(given))
        assert caught.value.code == "InvalidQueryParameterValue"


def test_a_line_break_in_a_field_does_not_move_the_others(gate: Gate, key: bytes):
    """``sp=r`` with a start is not ``sp`` with a line break in it and none."""
    token = sas(key, start=after(hours=-1))
    moved = {**token, "sp": f"r\n{token['st']}", "st": token["se"], "se": f"/blob/{ACCOUNT}/box/b"}
    assert is_refused(gate, show, moved)
    assert is_refused(gate, show, {**token, "sp": "", "st": f"r\n{token['st']}"})


def test_nothing_secret_is_shown_or_logged(gate: Gate, vault: Vault, key: bytes, caplog: pytest.LogCaptureFixture):
    caplog.set_level("DEBUG")
    path, headers = key_request(key)
    with pytest.raises(Fault) as caught:
        let_in(gate, request_from("PUT", path + "x", headers))
    told = f"{caught.value} {caught.value.details} {caplog.text} {vault.account(ACCOUNT)!r} {gate._keyring!r}"
    for secret in (repr(key), sign(key, b""), headers["authorization"].partition(":")[2]):
        assert secret not in told
