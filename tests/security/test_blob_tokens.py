"""Bearer tokens under attack: what is forged, unsigned, changed or for others is refused."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from hmac import digest
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jwt.algorithms import RSAAlgorithm

from strongroom.domain.settings import Settings
from strongroom.server.azure.auth.authenticate import Gate
from strongroom.server.azure.auth.bearer import issuer_of
from strongroom.server.azure.call import Identity, Request
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.route import route
from strongroom.storage.catalog import Catalog
from strongroom.storage.layout import Layout
from strongroom.testing.azure import ACCOUNT, request_from
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


def let_in(gate: Gate, request: Request) -> Identity:
    return gate.identify(request, route(request.method, request.address, request.query, request.headers))


def is_refused(gate: Gate, make: Callable[..., Request], *args: object, **more: object) -> bool:
    """Say whether a request is refused; one that cannot even be read or means nothing is, too."""
    try:
        let_in(gate, make(*args, **more))
    except Fault as fault:
        return fault.status in REFUSED
    return False


ISSUER = "https://issuer.example/"


@pytest.fixture(scope="module")
def private() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def bearer_gate(vault: Vault, private: rsa.RSAPrivateKey, tmp_path: Path) -> Gate:
    path = tmp_path / "jwks.json"
    jwk = {**RSAAlgorithm.to_jwk(private.public_key(), as_dict=True), "kid": "k"}
    path.write_text(json.dumps({"keys": [jwk]}), "utf-8")
    return Gate(vault, issuer=issuer_of(Settings(bearer_issuer=ISSUER, bearer_jwks=str(path))))


def claims(**more: object) -> dict[str, object]:
    now = int(datetime.now(UTC).timestamp())
    return {"iss": ISSUER, "aud": "https://storage.azure.com", "oid": "o", "iat": now, "nbf": now, "exp": now + 600, **more}


def by_token(token: str) -> Request:
    return request_from("GET", "/?comp=list", {"authorization": f"Bearer {token}"}, scheme="https")


def part(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_tokens_without_a_signature_or_signed_with_the_public_key_are_refused(bearer_gate: Gate, private: rsa.RSAPrivateKey):
    good = jwt.encode(claims(), private, "RS256", headers={"kid": "k"})
    assert let_in(bearer_gate, by_token(good)).how == "bearer"
    pem = private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    forged = []
    for algorithm in ("none", "None", "HS256", "HS512"):
        body = f"{part({'alg': algorithm, 'typ': 'JWT', 'kid': 'k'})}.{part(claims())}"
        made = urlsafe_b64encode(digest(pem, body.encode(), sha256)).rstrip(b"=").decode()
        forged += [f"{body}.", f"{body}.{made}", f"{body}.{good.rpartition('.')[2]}"]
    stranger = rsa.generate_private_key(65537, 2048)
    forged.append(jwt.encode(claims(), stranger, "RS256", headers={"kid": "k"}))
    forged.append(jwt.encode(claims(), private, "RS512", headers={"kid": "k"}))
    forged.append(jwt.encode(claims(), private, "PS256", headers={"kid": "k"}))
    own = RSAAlgorithm.to_jwk(stranger.public_key(), as_dict=True)
    forged.append(jwt.encode(claims(), stranger, "RS256", headers={"kid": "k", "jwk": own}))
    forged.append(jwt.encode(claims(), stranger, "RS256", headers={"kid": "other", "jku": "http://127.0.0.1:9/"}))
    for token in forged:
        assert is_refused(bearer_gate, by_token, token)


@STEADY
@given(data=st.data())
def test_any_byte_of_a_token_that_is_changed_makes_it_worthless(
    bearer_gate: Gate, private: rsa.RSAPrivateKey, data: st.DataObject
):
    token = jwt.encode(claims(), private, "RS256", headers={"kid": "k"})
    at = data.draw(st.integers(0, len(token) - 2))  # the last character has bits that count for nothing
    other = data.draw(st.characters(min_codepoint=0x21, max_codepoint=0x7E).filter(lambda c: c != token[at]))
    assert is_refused(bearer_gate, by_token, token[:at] + other + token[at + 1 :])


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "x" * 9000, "é", part({"alg": "RS256"}) + ".e30.e30"])
def test_what_is_no_token_is_refused(bearer_gate: Gate, token: str):
    assert is_refused(bearer_gate, by_token, token)


@pytest.mark.parametrize(
    "more",
    [
        {"aud": "https://vault.azure.net"},
        {"aud": "https://another.blob.core.windows.net"},
        {"aud": []},
        {"aud": {"a": 1}},
        {"iss": ISSUER + "x"},
        {"iss": [ISSUER]},
        {"exp": 1},
        {"exp": "never"},
        {"exp": 1e400},
        {"nbf": 4102444800},
        {"oid": {"a": 1}},
    ],
)
def test_a_token_for_others_is_refused(bearer_gate: Gate, private: rsa.RSAPrivateKey, more: dict[str, object]):
    body = f"{part({'alg': 'RS256', 'typ': 'JWT', 'kid': 'k'})}.{part({**claims(), **more})}"
    made = RSAAlgorithm(RSAAlgorithm.SHA256).sign(body.encode(), private)
    assert is_refused(bearer_gate, by_token, f"{body}.{urlsafe_b64encode(made).rstrip(b'=').decode()}")


def test_a_token_does_not_come_in_the_clear(bearer_gate: Gate, private: rsa.RSAPrivateKey):
    token = jwt.encode(claims(), private, "RS256", headers={"kid": "k"})
    assert is_refused(bearer_gate, replace, by_token(token), scheme="http")
