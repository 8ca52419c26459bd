"""Shared access signatures, made by the official client: what they permit, and what they do not."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from azure.storage.blob import generate_account_sas, generate_blob_sas, generate_container_sas

from strongroom.domain.container import AccessPolicy, Container
from strongroom.domain.scope import Scope
from strongroom.server.azure.auth.authenticate import Gate
from strongroom.server.azure.call import Identity, Request
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.route import route
from strongroom.storage.catalog import Catalog
from strongroom.storage.layout import Layout
from strongroom.testing.azure import ACCOUNT, request_from
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


WRITE = {"x-ms-blob-type": "BlockBlob"}
BREAK = {"x-ms-lease-action": "break"}
COPY = {"x-ms-copy-source": "http://other/box/x"}

ON_BLOBS = [
    ("GET", "", {}, "r", "acwdl"),
    ("HEAD", "", {}, "r", "acwdl"),
    ("GET", "?comp=metadata", {}, "r", "acwdl"),
    ("GET", "?comp=blocklist", {}, "r", "w"),
    ("PUT", "", WRITE, "cw", "rad"),
    ("PUT", "?comp=block&blockid=AA%3D%3D", {}, "w", "rc"),
    ("PUT", "?comp=blocklist", {}, "w", "rc"),
    ("PUT", "?comp=appendblock", {}, "aw", "rcd"),
    ("PUT", "?comp=page", {}, "w", "rcad"),
    ("PUT", "?comp=snapshot", {}, "cw", "rad"),
    ("PUT", "?comp=metadata", {}, "w", "rc"),
    ("PUT", "?comp=tier", {}, "w", "rc"),
    ("PUT", "?comp=lease", {"x-ms-lease-action": "acquire"}, "w", "rd"),
    ("PUT", "?comp=lease", BREAK, "wd", "r"),
    ("DELETE", "", {}, "d", "rwxy"),
    ("DELETE", "?versionid=2026-01-01T00:00:00.0000000Z", {}, "x", "rwdy"),
    ("DELETE", "?deletetype=permanent&snapshot=2026-01-01T00:00:00.0000000Z", {}, "y", "rwdx"),
    ("PUT", "?comp=undelete", {}, "w", "rd"),
    ("GET", "?comp=tags", {}, "t", "rwf"),
    ("PUT", "?comp=tags", {}, "t", "rwf"),
    ("PUT", "?comp=immutabilitypolicies", {}, "i", "rwd"),
    ("PUT", "?comp=legalhold", {}, "i", "rwd"),
    ("PUT", "", COPY, "cw", "rd"),
]


@pytest.mark.parametrize(("method", "query", "headers", "letters", "others"), ON_BLOBS)
@pytest.mark.parametrize("sign", [blob_sas, box_sas, account_sas])
def test_each_operation_on_a_blob_needs_one_of_its_letters(
    *,
    gate: Gate,
    box: Container,
    key: str,
    method: str,
    query: str,
    headers: dict[str, str],
    letters: str,
    others: str,
    sign: Sign,
):
    for letter in letters:
        identity = let_in(gate, asked(method, PATH + query, sign(key, letter), headers))
        assert (identity.permissions, identity.account, identity.actor.name) == (letter, ACCOUNT, ACCOUNT)
    assert refusal(gate, asked(method, PATH + query, sign(key, others), headers)) == "AuthorizationPermissionMismatch"


ON_CONTAINERS = [
    ("GET", "?restype=container&comp=list", {}, "l", "rwf", True),
    ("GET", "?restype=container&comp=blobs&where=x", {}, "f", "rwl", True),
    ("POST", "?restype=container&comp=batch", {}, "d", "", True),
    ("PUT", "?restype=container", {}, "cw", "rl", False),
    ("GET", "?restype=container", {}, "r", "wl", False),
    ("GET", "?restype=container&comp=metadata", {}, "r", "wl", False),
    ("PUT", "?restype=container&comp=metadata", {}, "w", "rl", False),
    ("PUT", "?restype=container&comp=lease", {"x-ms-lease-action": "renew"}, "w", "rd", False),
    ("PUT", "?restype=container&comp=lease", BREAK, "wd", "r", False),
    ("DELETE", "?restype=container", {}, "d", "rw", False),
]
EVERY_LETTER = "racwdxyltfi"


@pytest.mark.parametrize(("method", "query", "headers", "letters", "others", "inside"), ON_CONTAINERS)
def test_operations_on_a_container_need_an_accounts_signature_but_for_those_on_its_blobs(
    *,
    gate: Gate,
    box: Container,
    key: str,
    method: str,
    query: str,
    headers: dict[str, str],
    letters: str,
    others: str,
    inside: bool,
):
    for letter in letters:
        assert let_in(gate, asked(method, "/box" + query, account_sas(key, letter, "c"), headers)).how == "account-sas"
    if others:
        assert refusal(gate, asked(method, "/box" + query, account_sas(key, others, "c"), headers)) == (
            "AuthorizationPermissionMismatch"
        )
    by_box = asked(method, "/box" + query, box_sas(key, letters if inside else EVERY_LETTER), headers)
    if inside:
        assert let_in(gate, by_box).how == "service-sas"
    else:
        assert refusal(gate, by_box) == "AuthorizationPermissionMismatch"


def test_what_an_account_alone_may_do_no_signature_permits(gate: Gate, box: Container, key: str):
    for method in ("GET", "PUT"):
        request = asked(method, "/box?restype=container&comp=acl", account_sas(key, EVERY_LETTER))
        assert refusal(gate, request) == "AuthorizationPermissionMismatch"
    key_request = asked("POST", "/?restype=service&comp=userdelegationkey", account_sas(key, EVERY_LETTER))
    assert refusal(gate, key_request) == "AuthenticationFailed"


@pytest.mark.parametrize(
    ("method", "path", "types", "others"),
    [
        ("GET", "/?comp=list", "s", "co"),
        ("GET", "/?restype=service&comp=properties", "s", "co"),
        ("GET", "/box?restype=container&comp=list", "c", "so"),
        ("GET", PATH, "o", "sc"),
        ("GET", "/?comp=blobs&where=x", "so", "c"),
    ],
)
def test_an_accounts_signature_is_for_some_types_of_resource(
    *, gate: Gate, key: str, method: str, path: str, types: str, others: str
):
    for one in types:
        assert let_in(gate, asked(method, path, account_sas(key, EVERY_LETTER, one))).how == "account-sas"
    assert refusal(gate, asked(method, path, account_sas(key, EVERY_LETTER, others))) == "AuthorizationResourceTypeMismatch"


def test_a_signature_for_other_services_is_refused(gate: Gate, key: str):
    from azure.storage.blob import Services

    token = generate_account_sas(ACCOUNT, key, "sco", "r", after(hours=1), services=Services(fileshare=True))
    assert refusal(gate, asked("GET", PATH, token)) == "AuthorizationServiceMismatch"


@pytest.mark.parametrize("sign", [blob_sas, box_sas, account_sas])
@pytest.mark.parametrize("headers", [WRITE, COPY, {**COPY, "x-ms-requires-sync": "true"}, {**COPY, **WRITE}])
def test_who_may_create_may_not_replace(
    *, gate: Gate, vault: Vault, box: Container, key: str, headers: dict[str, str], sign: Sign
):
    assert let_in(gate, asked("PUT", PATH, sign(key, "rc"), headers)).permissions == "rc"
    vault.put(box, BLOB, b"there")
    assert refusal(gate, asked("PUT", PATH, sign(key, "rc"), headers)) == "AuthorizationPermissionMismatch"
    assert let_in(gate, asked("PUT", PATH, sign(key, "w"), headers)).permissions == "w"


def test_tags_are_written_only_with_their_own_letter(gate: Gate, box: Container, key: str):
    headers = {**WRITE, "x-ms-tags": "a=b"}
    assert refusal(gate, asked("PUT", PATH, blob_sas(key, "w"), headers)) == "AuthorizationPermissionMismatch"
    assert let_in(gate, asked("PUT", PATH, blob_sas(key, "wt"), headers)).permissions == "wt"


@pytest.mark.parametrize("sign", [blob_sas, box_sas, account_sas])
def test_times_address_and_protocol_hold(gate: Gate, box: Container, key: str, sign: Sign):
    assert refusal(gate, asked("GET", PATH, sign(key, expiry=after(seconds=-5)))) == "AuthenticationFailed"
    assert refusal(gate, asked("GET", PATH, sign(key, start=after(minutes=5)))) == "AuthenticationFailed"
    near = sign(key, ip="10.0.0.1-10.0.0.9")
    assert let_in(gate, asked("GET", PATH, near, client="10.0.0.9")).permissions == "r"
    assert refusal(gate, asked("GET", PATH, near, client="10.0.0.10")) == "AuthorizationSourceIPMismatch"
    https = sign(key, protocol="https")
    assert let_in(gate, asked("GET", PATH, https, scheme="https")).permissions == "r"
    assert refusal(gate, asked("GET", PATH, https)) == "AuthorizationProtocolMismatch"
    assert let_in(gate, asked("GET", PATH, sign(key, protocol="https,http"))).permissions == "r"


def test_a_snapshots_signature_is_for_that_snapshot_only(gate: Gate, box: Container, key: str):
    at, other = "2026-01-01T00:00:00.0000001Z", "2026-01-01T00:00:00.0000002Z"
    token = blob_sas(key, snapshot=at)
    assert let_in(gate, asked("GET", f"{PATH}?snapshot={at}", token)).how == "service-sas"
    assert refusal(gate, asked("GET", f"{PATH}?snapshot={other}", token)) == "AuthenticationFailed"
    assert refusal(gate, asked("GET", PATH, token)) == "AuthenticationFailed"


def test_a_versions_signature_is_for_that_version_only(gate: Gate, box: Container, key: str):
    at, other = "2026-01-01T00:00:00.0000001Z", "2026-01-01T00:00:00.0000002Z"
    token = blob_sas(key, version_id=at)
    assert let_in(gate, asked("GET", f"{PATH}?versionid={at}", token)).how == "service-sas"
    assert refusal(gate, asked("GET", f"{PATH}?versionid={other}", token)) == "AuthenticationFailed"
    assert refusal(gate, asked("GET", PATH, token)) == "AuthenticationFailed"


def test_a_blobs_signature_does_not_show_what_it_was_before_but_its_containers_does(gate: Gate, box: Container, key: str):
    for query in ("?snapshot=2026-01-01T00:00:00.0000001Z", "?versionid=2026-01-01T00:00:00.0000001Z"):
        assert refusal(gate, asked("GET", PATH + query, blob_sas(key))) == "AuthenticationFailed"
        assert let_in(gate, asked("GET", PATH + query, box_sas(key))).how == "service-sas"


def test_a_directorys_signature_is_refused(gate: Gate, box: Container, key: str):
    token = generate_blob_sas(
        ACCOUNT, "box", "a dir", account_key=key, permission="r", expiry=after(hours=1), is_directory=True
    )
    assert refusal(gate, asked("GET", PATH, token)) == "AuthenticationFailed"


def test_a_stored_policy_supplies_what_is_missing_and_revokes(gate: Gate, vault: Vault, key: str, scope: Scope):
    box = vault.create_container("box")
    token = box_sas(key, None, expiry=None, policy_id="p")
    assert refusal(gate, asked("GET", PATH, token)) == "AuthenticationFailed"

    def set_policy(**values: object) -> None:
        vault.set_container_access(vault.container("box", scope), "none", [AccessPolicy(id="p", **values)])

    set_policy(permission="r", expiry=after(hours=1))
    assert let_in(gate, asked("GET", PATH, token)).permissions == "r"
    assert refusal(gate, asked("DELETE", PATH, token)) == "AuthorizationPermissionMismatch"
    set_policy(permission="r", expiry=after(hours=-1))
    assert refusal(gate, asked("GET", PATH, token)) == "AuthenticationFailed"
    set_policy(permission="r", start=after(hours=1), expiry=after(hours=2))
    assert refusal(gate, asked("GET", PATH, token)) == "AuthenticationFailed"
    set_policy(permission="r")
    assert refusal(gate, asked("GET", PATH, token)) == "AuthenticationFailed"
    with_end = box_sas(key, None, policy_id="p")
    assert let_in(gate, asked("GET", PATH, with_end)).permissions == "r"
    both = box_sas(key, "rwd", policy_id="p")
    assert refusal(gate, asked("DELETE", PATH, both)) == "AuthorizationPermissionMismatch"
    set_policy(expiry=after(hours=1))
    assert let_in(gate, asked("DELETE", PATH, both)).permissions == "rwd"
    assert refusal(gate, asked("GET", PATH, token)) == "AuthorizationPermissionMismatch"
    vault.set_container_access(vault.container("box", scope), "none", [])
    assert refusal(gate, asked("GET", PATH, both)) == "AuthenticationFailed"
    assert box.name == "box"


def test_headers_of_the_reply_come_from_the_signature(gate: Gate, box: Container, key: str):
    token = blob_sas(key, cache_control="no-store", content_disposition='attachment; filename="a b"', content_type="a/b")
    assert let_in(gate, asked("GET", PATH, token)).response_headers == {
        "cache-control": "no-store",
        "content-disposition": 'attachment; filename="a b"',
        "content-type": "a/b",
    }
    assert not let_in(gate, asked("GET", f"{PATH}?rsct=a%2Fb", account_sas(key))).response_headers
    split = blob_sas(key, content_type="a/b\r\nx-evil: 1")
    with pytest.raises(Fault) as caught:
        let_in(gate, asked("GET", PATH, split))
    assert (caught.value.code, caught.value.status) == ("InvalidQueryParameterValue", 400)


def test_a_backslash_in_a_blobs_name_stands_for_a_slash_unless_there_is_such_a_blob(
    gate: Gate, vault: Vault, box: Container, key: str
):
    token = blob_sas(key)
    path = "/box/a%20dir%5Cb.txt"
    assert let_in(gate, asked("GET", path, token)).how == "service-sas"
    vault.put(box, "a dir\\b.txt", b"another")
    assert refusal(gate, asked("GET", path, token)) == "AuthenticationFailed"


@pytest.mark.parametrize(
    ("public", "blob", "listing"), [("none", False, False), ("blob", True, False), ("container", True, True)]
)
def test_anybody_reads_only_what_a_container_says(gate: Gate, vault: Vault, public: str, *, blob: bool, listing: bool):
    vault.create_container("box", public=public)
    assert refusal(gate, asked("GET", PATH)) == "ResourceNotFound"
    vault.create_account(ACCOUNT)
    gate._keyring.forget()
    reads = [("GET", PATH), ("HEAD", PATH), ("GET", f"{PATH}?comp=metadata")]
    lists = [("GET", "/box?restype=container&comp=list"), ("HEAD", "/box?restype=container")]
    for asks, may in ((reads, blob), (lists, listing)):
        for method, path in asks:
            if may:
                identity = let_in(gate, asked(method, path))
                assert (identity.how, identity.actor.name) == ("anonymous", "anonymous")
            else:
                assert refusal(gate, asked(method, path)) == "AuthorizationFailure"
    never = [("PUT", PATH), ("DELETE", PATH), ("GET", "/?comp=list"), ("GET", "/box?restype=container&comp=acl")]
    for method, path in never:
        assert refusal(gate, asked(method, path, headers=WRITE)) == "AuthorizationFailure"
    assert refusal(gate, asked("GET", PATH, "sv=2026-10-06&sr=b&sig=AAAA&se=2100-01-01&sp=r")) == "AuthenticationFailed"


def test_a_container_that_was_deleted_gives_no_policies(gate: Gate, catalog: Catalog, key: str):
    assert catalog.dialect == "sqlite"
    assert refusal(gate, asked("GET", PATH, box_sas(key, None, policy_id="p"))) == "AuthenticationFailed"
