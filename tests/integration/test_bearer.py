"""Bearer tokens of an issuer whose keys are known, and what they delegate."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import jwt
import pytest
from azure.storage.blob import UserDelegationKey, generate_blob_sas, generate_container_sas
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from strongroom.domain.settings import Settings
from strongroom.errors import SettingError
from strongroom.server.azure.auth.authenticate import Gate
from strongroom.server.azure.auth.bearer import FRESH_SECONDS, NO_TENANT, PAUSE_SECONDS, IssuerKeys, issuer_of
from strongroom.server.azure.auth.delegation import DelegationKey, user_delegation_key
from strongroom.server.azure.call import NEWEST, Identity, Request
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.route import route
from strongroom.storage.layout import Layout
from strongroom.testing.azure import ACCOUNT, request_from
from strongroom.vault import Vault

ISSUER = "https://issuer.example/tenant/"
AUDIENCE = "https://storage.azure.com"
OID, TID = "11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555"


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def jwks(tmp_path: Path, rsa_key: rsa.RSAPrivateKey, ec_key: ec.EllipticCurvePrivateKey) -> Path:
    keys = [
        {**RSAAlgorithm.to_jwk(rsa_key.public_key(), as_dict=True), "kid": "rsa", "use": "sig"},
        {**ECAlgorithm.to_jwk(ec_key.public_key(), as_dict=True), "kid": "ec", "use": "sig", "alg": "ES256"},
        {"kty": "oct", "kid": "shared", "k": "c2VjcmV0"},
    ]
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": keys}), "utf-8")
    return path


@pytest.fixture
def catalog_url(layout: Layout) -> str:
    """Tokens do not depend on the database."""
    return layout.catalog_url


@pytest.fixture
def gate(vault: Vault, jwks: Path) -> Gate:
    vault.create_account(ACCOUNT)
    return Gate(vault, issuer=issuer_of(Settings(bearer_issuer=ISSUER, bearer_jwks=str(jwks))))


def claims(**values: object) -> dict[str, object]:
    now = datetime.now(UTC)
    plain = {"iss": ISSUER, "aud": AUDIENCE, "oid": OID, "tid": TID, "sub": "somebody", "iat": now, "nbf": now}
    made = {**plain, "exp": now + timedelta(hours=1), **values}
    return {name: value for name, value in made.items() if value is not None}


def token_of(key: object, kid: str | None = "rsa", algorithm: str = "RS256", **values: object) -> str:
    return jwt.encode(claims(**values), key, algorithm, headers={"kid": kid} if kid else None)


def asked(method: str, path: str, token: str, headers: Mapping[str, str] | None = None, scheme: str = "https") -> Request:
    return request_from(method, path, {"authorization": f"Bearer {token}", **(headers or {})}, scheme=scheme)


def let_in(gate: Gate, request: Request) -> Identity:
    return gate.identify(request, route(request.method, request.address, request.query, request.headers))


def detail(gate: Gate, request: Request) -> str:
    with pytest.raises(Fault) as caught:
        let_in(gate, request)
    assert (caught.value.code, caught.value.status) == ("AuthenticationFailed", 403)
    return caught.value.details["AuthenticationErrorDetail"]


def test_a_token_of_the_issuer_lets_its_holder_in(gate: Gate, rsa_key: rsa.RSAPrivateKey, ec_key: ec.EllipticCurvePrivateKey):
    for token in (token_of(rsa_key), token_of(ec_key, "ec", "ES256")):
        identity = let_in(gate, asked("GET", "/?comp=list", token))
        assert (identity.how, identity.actor.name, identity.object_id, identity.tenant) == ("bearer", OID, OID, TID)
    plain = let_in(gate, asked("GET", "/?comp=list", token_of(rsa_key, oid=None, tid=None)))
    assert (plain.actor.name, plain.tenant) == ("somebody", NO_TENANT)


@pytest.mark.parametrize(
    "audience",
    [
        "https://storage.azure.com",
        "https://storage.azure.com/",
        "e406a681-f3d4-42a8-90b6-c2b029497af1",
        f"https://{ACCOUNT}.blob.core.windows.net",
        [f"https://{ACCOUNT}.blob.core.windows.net/", "https://elsewhere.example"],
    ],
)
def test_each_audience_of_the_settings_is_one(gate: Gate, rsa_key: rsa.RSAPrivateKey, audience: object):
    assert let_in(gate, asked("GET", "/?comp=list", token_of(rsa_key, aud=audience))).how == "bearer"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"aud": "https://another.blob.core.windows.net"}, "audience"),
        ({"aud": None}, "not supported"),
        ({"iss": "https://issuer.example/tenant"}, "issuer"),
        ({"iss": None}, "not supported"),
        ({"exp": datetime.now(UTC) - timedelta(days=1)}, "expired"),
        ({"exp": None}, "not supported"),
        ({"nbf": datetime.now(UTC) + timedelta(days=1)}, "Lifetime"),
        ({"iat": datetime.now(UTC) + timedelta(days=1)}, "Lifetime"),
        ({"iat": None}, "not supported"),
        ({"oid": None, "sub": None}, "neither oid nor sub"),
    ],
)
def test_a_token_for_others_or_for_another_time_is_refused(
    gate: Gate, rsa_key: rsa.RSAPrivateKey, values: dict[str, object], words: str
):
    assert words in detail(gate, asked("GET", "/?comp=list", token_of(rsa_key, **values)))


def test_tokens_come_over_tls_only_or_from_this_machine_where_that_was_asked_for(
    gate: Gate, vault: Vault, jwks: Path, rsa_key: rsa.RSAPrivateKey
):
    token = token_of(rsa_key)
    assert "HTTP" in detail(gate, asked("GET", "/?comp=list", token, scheme="http"))
    issuer = issuer_of(Settings(bearer_issuer=ISSUER, bearer_jwks=str(jwks)))
    developing = Gate(vault, development=True, issuer=issuer)
    assert let_in(developing, asked("GET", "/?comp=list", token, scheme="http")).how == "bearer"
    assert "not supported" in detail(Gate(vault), asked("GET", "/?comp=list", token))
    plain = asked("GET", "/?comp=list", token, scheme="http")
    assert "HTTP" in detail(Gate(vault, development=True), plain)


def test_stored_policies_are_for_holders_of_keys(gate: Gate, rsa_key: rsa.RSAPrivateKey):
    for method in ("GET", "PUT"):
        with pytest.raises(Fault) as caught:
            let_in(gate, asked(method, "/box?restype=container&comp=acl", token_of(rsa_key)))
        assert caught.value.code == "AuthorizationFailure"


def delegation(vault: Vault, identity: Identity, **span: float) -> DelegationKey:
    now = datetime.now(UTC)
    return user_delegation_key(vault, identity, None, now + timedelta(**span), now=now, version=NEWEST)


def as_client(key: DelegationKey, **values: str) -> UserDelegationKey:
    made = UserDelegationKey()
    made.signed_oid, made.signed_tid, made.signed_start, made.signed_expiry = key.oid, key.tid, key.start, key.expiry
    made.signed_service, made.signed_version, made.value = key.service, key.version, key.value
    for name, value in values.items():
        setattr(made, name, value)
    return made


def shown(token: str, path: str = "/box/b", method: str = "GET", headers: Mapping[str, str] | None = None) -> Request:
    return request_from(method, f"{path}?{token}", headers, scheme="https")


def test_who_holds_a_token_delegates_for_a_while(gate: Gate, vault: Vault, rsa_key: rsa.RSAPrivateKey):
    request = asked("POST", "/?restype=service&comp=userdelegationkey", token_of(rsa_key))
    key = delegation(vault, let_in(gate, request), hours=1)
    more = {"user_delegation_key": as_client(key), "permission": "r", "expiry": datetime.now(UTC) + timedelta(minutes=30)}
    for token in (generate_blob_sas(ACCOUNT, "box", "b", **more), generate_container_sas(ACCOUNT, "box", **more)):
        identity = let_in(gate, shown(token))
        assert (identity.how, identity.actor.name, identity.tenant) == ("delegation-sas", OID, TID)
        with pytest.raises(Fault, match="permission"):
            let_in(gate, shown(token, method="DELETE"))
        assert detail(gate, shown(token, "/other/b")) == "Signature did not match."
    agent = generate_blob_sas(ACCOUNT, "box", "b", **more, preauthorized_agent_object_id="agent", correlation_id="c")
    assert let_in(gate, shown(agent)).how == "delegation-sas"
    with_acl = generate_blob_sas(ACCOUNT, "box", "b", **more, agent_object_id="agent")
    assert "suoid" in detail(gate, shown(with_acl))
    with_policy = generate_blob_sas(ACCOUNT, "box", "b", **more, policy_id="p")
    assert "policy" in detail(gate, shown(with_policy))


def test_a_delegation_is_only_who_and_when_it_says(gate: Gate, vault: Vault, rsa_key: rsa.RSAPrivateKey):
    identity = let_in(gate, asked("POST", "/?restype=service&comp=userdelegationkey", token_of(rsa_key)))
    key = delegation(vault, identity, hours=1)
    more = {"permission": "r", "expiry": datetime.now(UTC) + timedelta(minutes=30)}
    for values in (
        {"signed_oid": "another"},
        {"signed_tid": "another"},
        {"signed_expiry": "2100-01-01T00:00:00Z"},
        {"signed_start": "2000-01-01T00:00:00Z"},
        {"signed_version": "2020-02-10"},
        {"signed_delegated_user_tid": "x"},
        {"value": "A" * 43 + "="},
    ):
        token = generate_blob_sas(ACCOUNT, "box", "b", user_delegation_key=as_client(key, **values), **more)
        assert detail(gate, shown(token)) == "Signature did not match."
    now = datetime.now(UTC)
    later = user_delegation_key(vault, identity, now + timedelta(hours=1), now + timedelta(hours=2), now=now, version=NEWEST)
    token = generate_blob_sas(ACCOUNT, "box", "b", user_delegation_key=as_client(later), **more)
    assert "time frame" in detail(gate, shown(token))
    for start, end in ((None, 24 * 8), (None, -1), (3, 2)):
        with pytest.raises(Fault, match="7 days"):
            user_delegation_key(
                vault,
                identity,
                None if start is None else now + timedelta(hours=start),
                now + timedelta(hours=end),
                now=now,
                version=NEWEST,
            )
    by_key = Identity(actor=identity.actor, how="key", account=ACCOUNT)
    with pytest.raises(Fault, match="authenticate"):
        delegation(vault, by_key, hours=1)


def test_what_is_signed_for_one_person_needs_their_token_too(gate: Gate, vault: Vault, rsa_key: rsa.RSAPrivateKey):
    key = delegation(vault, let_in(gate, asked("GET", "/?comp=list", token_of(rsa_key))), hours=1)
    token = generate_blob_sas(
        ACCOUNT,
        "box",
        "b",
        user_delegation_key=as_client(key),
        permission="r",
        expiry=datetime.now(UTC) + timedelta(minutes=30),
        user_delegation_oid="friend",
    )
    assert "one person" in detail(gate, shown(token))
    theirs, ours = token_of(rsa_key, oid="friend"), token_of(rsa_key)
    assert let_in(gate, shown(token, headers={"authorization": f"Bearer {theirs}"})).actor.name == OID
    assert "somebody else" in detail(gate, shown(token, headers={"authorization": f"Bearer {ours}"}))


def test_what_is_signed_demands_parts_of_the_request(gate: Gate, vault: Vault, rsa_key: rsa.RSAPrivateKey):
    key = delegation(vault, let_in(gate, asked("GET", "/?comp=list", token_of(rsa_key))), hours=1)
    token = generate_blob_sas(
        ACCOUNT,
        "box",
        "b",
        user_delegation_key=as_client(key),
        permission="r",
        expiry=datetime.now(UTC) + timedelta(minutes=30),
        request_headers={"x-ms-range": "bytes=0-9"},
        request_query_params={"timeout": "5"},
    )
    right = shown(token + "&timeout=5", headers={"x-ms-range": "bytes=0-9"})
    assert let_in(gate, right).how == "delegation-sas"
    assert detail(gate, shown(token + "&timeout=5", headers={"x-ms-range": "bytes=0-99"})) == "Signature did not match."
    assert detail(gate, shown(token + "&timeout=6", headers={"x-ms-range": "bytes=0-9"})) == "Signature did not match."
    assert detail(gate, shown(token)) == "Signature did not match."


class _Published(BaseHTTPRequestHandler):
    document = b""
    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        self.send_response(200 if self.document else 302)
        if not self.document:
            self.send_header("location", "http://127.0.0.1:9/elsewhere")
        self.end_headers()
        self.wfile.write(self.document)

    def log_message(self, *_: object) -> None:
        pass


def test_published_keys_are_read_anew_when_a_token_names_another_but_not_each_time(jwks: Path):
    server = HTTPServer(("127.0.0.1", 0), _Published)
    Thread(target=server.serve_forever, daemon=True).start()
    now = [0.0]
    keys = IssuerKeys(f"http://127.0.0.1:{server.server_port}/keys", clock=lambda: now[0])
    with pytest.raises(jwt.InvalidKeyError):
        keys.key("rsa")
    _Published.document = jwks.read_bytes()
    with pytest.raises(jwt.InvalidKeyError):
        keys.key("rsa")
    assert _Published.asked == 1
    now[0] += PAUSE_SECONDS + 1
    assert keys.key("rsa").algorithm_name == "RS256"
    for name in ("unknown", "shared", None):
        with pytest.raises(jwt.InvalidKeyError):
            keys.key(name)
    assert _Published.asked == 2
    _Published.document = b"not JSON"
    now[0] += FRESH_SECONDS + 1
    assert keys.key("ec").algorithm_name == "ES256"
    assert _Published.asked == 3
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("place", ["http://keys.example/jwks", "file:///etc/passwd", "ftp://127.0.0.1/keys"])
def test_keys_come_from_a_file_or_over_tls(place: str):
    with pytest.raises(SettingError, match="https"):
        IssuerKeys(place)


def test_the_settings_name_an_issuer_with_its_keys_or_none():
    assert issuer_of(Settings()) is None
    for values in ({"bearer_issuer": ISSUER}, {"bearer_jwks": "keys.json"}):
        with pytest.raises(SettingError, match="go together"):
            Settings(**values)
