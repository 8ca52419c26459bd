"""What is signed: the layouts of each version, against the official client and signatures that are known."""

from base64 import b64decode
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
from azure.storage.blob import BlobSasPermissions, UserDelegationKey, generate_account_sas, generate_blob_sas
from azure.storage.blob._shared_access_signature import BlobSharedAccessSignature

from strongroom.server.azure.auth import texts
from strongroom.server.azure.auth.delegation import Delegation
from strongroom.server.azure.auth.keyring import DEVELOPMENT_KEY, sign
from strongroom.server.azure.auth.sas import _demanded, _is_within
from strongroom.server.azure.auth.signing import sign_service

KEY = b"k" * 64
FULL = {
    "sp": "racwd",
    "st": "2026-01-01T00:00:00Z",
    "se": "2026-01-02T00:00:00Z",
    "sip": "10.0.0.1-10.0.0.9",
    "spr": "https,http",
    "rscc": "max-age=60",
    "rscd": "attachment",
    "rsce": "gzip",
    "rscl": "en",
    "rsct": "text/plain",
    "ses": "scope",
}
BLOB = texts.resource_of("acct", "box", "a b/é.txt")
BOX = texts.resource_of("acct", "box")

# Made with Azurite 3.35's own functions.
SERVICE = [
    ("2015-04-05", "b", "vi2i2GWtFM8G/BEL1T2+IQszCd2zqzkm0neFSmVhSVw="),
    ("2017-11-09", "b", "nE+q3e5yORYMwevraaTM0Sgwm10N+bazVsOZcOyKb/U="),
    ("2018-11-09", "b", "KDl+BWyOMgsMM+9+Pn1mY0ccWAs3cKzf3pTPukjeyP0="),
    ("2020-10-02", "b", "vjqTiMzFlbJhcHIeTz2I9MCGwqYEZ86FA27lWx7yzfQ="),
    ("2020-12-06", "b", "myTdrcGB0mBbUVR7iZQdhkRSySAAfYwDJS6YUwmadfY="),
    ("2026-10-06", "b", "6oWdYoNNII4SZQ6WpScEOtm4K6k7OKpXQeAKYsKarmo="),
    ("2015-04-05", "c", "i5p6q/6vi5uC5OQRSZinP4mYZ56WafLFA3dYVrkjfs4="),
    ("2018-11-09", "c", "fcpMqzMLvaMAcwgWTJHiLjkHWUAVWzGSZaVs+xJSOQU="),
    ("2020-12-06", "c", "x4l3IuV8PTxAXwyKKBwEyjq3xvMqGDecZzFCRoda8O0="),
    ("2026-10-06", "c", "kxtlfvZR02IXe0oLB8DQKOG/J0RP/aBIhiMdGaqc+eM="),
]
DELEGATED = [
    ("2018-11-09", "rZ7nvdZLftQuys1b/GO+VKFE6l6oZCefN/4hT7cTYd0="),
    ("2019-12-12", "944Gj3WNEZdLbOBsYtsvpuZIiV7xM3t8xmA+odlUTq4="),
    ("2020-02-10", "9AJTqtWJfJCbaQ78RCtoFsCC/3Qd1tU7BRHRHckBzBU="),
    ("2020-10-02", "tMmMzY2J+So8sn8QQlF2kGTCRU4QIwyHj47QoUzXOLo="),
    ("2020-12-06", "krOM1nbj1xLyDK7isWUSv5nKjt7Q/UxV6AjEM+j03cs="),
    ("2025-05-05", "kRo1NbP2H8t0L5eBxiMtpNZH/oIpost2H9hAYqKSXRQ="),
    ("2025-07-05", "IATawCAsVMnd5FS6zALChw3y9rfYjZKHUgO29OJPcYI="),
    ("2026-02-06", "eC0fPSo/0XoQVF63e+Xm6sVUDcBCowuZiZh410UVSTU="),
]
ACCOUNT = [
    ("2016-05-31", "3tOzYrzhkaX48zalU5WlyEJg+7Tj4RzY4jBo9mCi8AM="),
    ("2018-11-09", "o23T5PzZn4Daklb/8Ef25/UprkIIeq4zI4QxT57iim8="),
    ("2020-12-06", "Xc5J5EVL4Kn/h2SRKCSVAEEev7sBi/8z5H8W2EuHIlE="),
    ("2026-10-06", "9vUf2zmMVXa/uHpNC+okzoVQZGLLH5mzMoxge0MZHtc="),
]


@pytest.mark.parametrize(("version", "kind", "signature"), SERVICE)
def test_a_service_is_signed_in_the_layout_of_its_version(version: str, kind: str, signature: str):
    given = {**FULL, "sv": version, "sr": kind, "si": "policy"}
    assert sign(KEY, texts.service_text(given, BLOB if kind == "b" else BOX).encode()) == signature


@pytest.mark.parametrize(("version", "signature"), DELEGATED)
def test_a_delegation_is_signed_in_the_layout_of_its_version(version: str, signature: str):
    key = {"skoid": "oid", "sktid": "tid", "skt": "2026-01-01T00:00:00Z", "ske": "2026-01-03T00:00:00Z", "sks": "b"}
    given = {**FULL, **key, "sv": version, "sr": "b", "skv": version}
    assert sign(KEY, texts.delegation_text(given, BLOB).encode()) == signature


@pytest.mark.parametrize(("version", "signature"), ACCOUNT)
def test_an_account_is_signed_in_the_layout_of_its_version(version: str, signature: str):
    when = {"st": "2022-04-16T13:31:48Z", "se": "2022-04-17T13:31:48Z"}
    given = {**when, "sip": "0.0.0.0-255.255.255.255", "sp": "rwdlacup", "spr": "https,http", "srt": "sco", "ss": "btqf"}
    text = texts.account_text({**given, "sv": version}, "devstoreaccount1")
    assert sign(DEVELOPMENT_KEY, text.encode()) == signature


def delegated(key: bytes) -> UserDelegationKey:
    made = UserDelegationKey()
    made.signed_oid, made.signed_tid = "oid", "tid"
    made.signed_start, made.signed_expiry = "2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z"
    made.signed_service, made.signed_version = "b", "2026-10-06"
    made.signed_delegated_user_tid = "user-tid"
    made.value = sign(key, b"")
    return made


MORE = {
    "ip": "10.0.0.1",
    "protocol": "https",
    "encryption_scope": "scope",
    "cache_control": "no-cache",
    "content_type": "text/plain; charset=utf-8",
}


def test_a_delegation_is_signed_as_the_official_client_does_it_now():
    seen: list[str] = []
    token = generate_blob_sas(
        "acct",
        "box",
        "a b/é.txt",
        user_delegation_key=delegated(KEY),
        permission=BlobSasPermissions(read=True),
        expiry=datetime(2026, 1, 2, tzinfo=UTC),
        user_delegation_oid="user",
        preauthorized_agent_object_id="agent",
        correlation_id="corr",
        request_headers={"x-ms-a": "1", "X-Ms-B": "2"},
        request_query_params={"p": "3"},
        sts_hook=seen.append,
        **MORE,
    )
    given = dict(parse_qsl(token))
    headers = _demanded(given, "srh", {"x-ms-a": "1", "x-ms-b": "2"}, "{}:{}\n")
    query = _demanded(given, "srq", {"p": "3"}, "\n{}:{}")
    assert texts.delegation_text(given, BLOB, "", headers, query) == seen[0]
    assert sign(b64decode(sign(KEY, b"")), seen[0].encode()) == given["sig"]


@pytest.mark.parametrize("version", ["2020-12-06", "2023-11-03", "2026-10-06"])
def test_blobs_snapshots_and_containers_are_signed_as_the_official_client_does_it(version: str):
    factory = BlobSharedAccessSignature("acct", sign(KEY, b""))
    factory.x_ms_version = version
    key = b64decode(sign(KEY, b""))
    snapshot = "2026-01-01T00:00:00.1234567Z"
    made = factory.generate_blob("box", "a b/é.txt", snapshot=snapshot, permission="r", expiry="2026-01-02", **MORE)
    given = dict(parse_qsl(made))
    assert sign(key, texts.service_text(given, BLOB, snapshot).encode()) == given["sig"]
    made = factory.generate_container("box", permission="rl", policy_id="p", **MORE)
    given = dict(parse_qsl(made))
    assert sign(key, texts.service_text(given, BOX).encode()) == given["sig"]


def test_an_account_is_signed_as_the_official_client_does_it_now():
    token = generate_account_sas(
        "acct", sign(KEY, b""), "sco", "rl", datetime(2026, 1, 2, tzinfo=UTC), ip="10.0.0.1", encryption_scope="scope"
    )
    given = dict(parse_qsl(token))
    assert sign(b64decode(sign(KEY, b"")), texts.account_text(given, "acct").encode()) == given["sig"]


def test_we_sign_as_the_official_client_does():
    when = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    ours = sign_service("acct", KEY, "box", "a b/é.txt", permissions="dr", expiry=when, ip="10.0.0.1", https_only=True)
    given = dict(parse_qsl(ours))
    theirs = generate_blob_sas(
        "acct",
        "box",
        "a b/é.txt",
        account_key="a2tr" * 21 + "aw==",
        permission="rd",
        expiry=when,
        ip="10.0.0.1",
        protocol="https",
    )
    assert given == dict(parse_qsl(theirs))


@pytest.mark.parametrize(
    ("client", "span", "within"),
    [
        ("10.0.0.5", "10.0.0.5", True),
        ("10.0.0.5", "10.0.0.1-10.0.0.9", True),
        ("10.0.0.10", "10.0.0.1-10.0.0.9", False),
        ("::ffff:10.0.0.5", "10.0.0.1-10.0.0.9", True),
        ("::1", "10.0.0.1-10.0.0.9", False),
        ("2001:db8::5", "2001:db8::1-2001:db8::9", True),
        ("", "10.0.0.1", False),
        ("10.0.0.5", "10.0.0.0/8", False),
        ("10.0.0.5", "10.0.0.1-", False),
    ],
)
def test_an_address_is_within_a_span_or_not(client: str, span: str, *, within: bool):
    assert _is_within(client, span) is within


def test_a_key_of_delegation_differs_with_all_that_it_is_for():
    plain = {"object_id": "oid", "tenant": "tid", "start_text": "a", "expiry_text": "b", "version": "v"}
    keys = {Delegation(**plain).key(KEY), Delegation(**plain).key(b"another")}
    keys |= {Delegation(**{**plain, name: value + "x"}).key(KEY) for name, value in plain.items()}
    keys.add(Delegation(**plain, user_tenant="x").key(KEY))
    keys.add(Delegation(**{**plain, "object_id": "oid\n3:tid", "tenant": ""}).key(KEY))
    assert len(keys) == 9
