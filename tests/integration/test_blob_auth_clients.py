"""Signing in with Azure's own client, over HTTP and TLS: keys, signatures, policies, tokens, and nobody."""

import json
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import jwt
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.storage.blob import (
    AccessPolicy,
    BlobClient,
    BlobServiceClient,
    ContainerClient,
    ContainerSasPermissions,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from jwt.algorithms import RSAAlgorithm

import strongroom
from strongroom.testing.blob_service import Service, blob_service

NAME = "a folder/Ж 大 ~!@#$&()_+-=[];',.txt"
ISSUER = "https://issuer.example/"


@pytest.fixture(scope="module")
def private() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory, private: rsa.RSAPrivateKey) -> Path:
    """A certificate for 127.0.0.1 and its key, in one file."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "strongroom test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(private, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    pem = serialization.Encoding.PEM
    key = private.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(pem) + key)
    return path


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service over HTTP, to a room's first account."""
    with strongroom.init(tmp_path_factory.mktemp("rooms") / "room") as room, blob_service(room) as running:
        account = room.vault.account("strongroom")
        key = b64encode(account.keys[1].secret).decode()
        yield Service(port=running.port, account=account.name, key=key)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"strongroom serve ended with {process.returncode}")


@contextmanager
def served(path: Path, private: rsa.RSAPrivateKey, certificate: Path) -> Iterator[str]:
    """Serve a new room over TLS from a process of its own, whose issuer of tokens is known; gives the account's URL."""
    jwks = path / "jwks.json"
    jwk = {**RSAAlgorithm.to_jwk(private.public_key(), as_dict=True), "kid": "k"}
    jwks.write_text(json.dumps({"keys": [jwk]}), "utf-8")
    strongroom.init(path / "room").close()
    (path / "room" / "settings.toml").write_text(f'bearer_issuer = "{ISSUER}"\nbearer_jwks = "{jwks}"\n', "utf-8")
    port = free_port()
    command = [Path(sys.executable).parent / "strongroom", "serve", "--room", path / "room", "--blob-port", str(port)]
    process = subprocess.Popen([*command, "--certificate", certificate], stderr=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield f"https://127.0.0.1:{port}/strongroom"
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def more() -> dict[str, object]:
    """What every client is given: no patience."""
    return {"retry_total": 0}


@pytest.fixture
def owner(service: Service, more: dict[str, object]) -> Iterator[BlobServiceClient]:
    with BlobServiceClient(
        service.url, credential=service.key, secondary_hostname=f"127.0.0.1:{service.port}/{service.account}-secondary", **more
    ) as client:
        yield client


@pytest.fixture
def box(owner: BlobServiceClient) -> Iterator[ContainerClient]:
    made = owner.create_container(f"box-{time.monotonic_ns()}")
    yield made
    made.delete_container()


def until() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def code_of(error: pytest.ExceptionInfo[HttpResponseError]) -> str:
    return str(getattr(error.value.error_code, "value", error.value.error_code))


def test_an_accounts_key_opens_all(owner: BlobServiceClient, box: ContainerClient):
    blob = box.get_blob_client(NAME)
    blob.upload_blob(b"hello", metadata={"a_b": "x y", "ab": "1", "a1": "2"}, content_settings=None)
    assert blob.download_blob().readall() == b"hello"
    assert [one.name for one in box.list_blobs(name_starts_with="a folder/Ж")] == [NAME]
    assert owner.get_account_information()["account_kind"] == "StorageV2"
    from_second_place = box.get_blob_client(NAME).download_blob(location_mode="secondary").readall()
    assert from_second_place == b"hello"
    blob.delete_blob()


def refused_list(client: BlobServiceClient) -> str:
    with pytest.raises(ClientAuthenticationError) as caught:
        list(client.list_containers())
    return code_of(caught)


def test_another_key_opens_nothing(service: Service, more: dict[str, object]):
    with BlobServiceClient(service.url, credential=b64encode(b"x" * 64).decode(), **more) as client:
        assert refused_list(client) == "AuthenticationFailed"


def test_signatures_open_what_they_say(service: Service, box: ContainerClient, more: dict[str, object]):
    blob = box.get_blob_client(NAME)
    blob.upload_blob(b"hello")
    names = (service.account, box.container_name)
    for token in (
        generate_blob_sas(*names, NAME, account_key=service.key, permission="r", expiry=until(), content_type="a/b"),
        generate_container_sas(*names, account_key=service.key, permission="r", expiry=until(), content_type="a/b"),
        generate_account_sas(service.account, service.key, "o", "r", until()),
    ):
        with BlobClient.from_blob_url(blob.url, credential=token, **more) as client:
            assert client.download_blob().readall() == b"hello"
            with pytest.raises(HttpResponseError) as caught:
                client.delete_blob()
            assert code_of(caught) == "AuthorizationPermissionMismatch"
            if "rsct" in token:
                assert client.get_blob_properties().content_settings.content_type == "a/b"


def test_a_snapshots_signature_opens_the_snapshot(service: Service, box: ContainerClient, more: dict[str, object]):
    blob = box.get_blob_client(NAME)
    blob.upload_blob(b"before")
    snapshot = blob.create_snapshot()["snapshot"]
    blob.upload_blob(b"after", overwrite=True)
    token = generate_blob_sas(
        service.account,
        box.container_name,
        NAME,
        snapshot=snapshot,
        account_key=service.key,
        permission="r",
        expiry=until(),
    )
    with BlobClient.from_blob_url(blob.url, credential=token, snapshot=snapshot, **more) as client:
        assert client.download_blob().readall() == b"before"
    with BlobClient.from_blob_url(blob.url, credential=token, **more) as client, pytest.raises(ClientAuthenticationError):
        client.download_blob()


def test_a_stored_policy_revokes(service: Service, box: ContainerClient, more: dict[str, object]):
    blob = box.get_blob_client(NAME)
    blob.upload_blob(b"hello")
    policy = AccessPolicy(permission=ContainerSasPermissions(read=True), expiry=until())
    box.set_container_access_policy({"readers": policy})
    token = generate_container_sas(service.account, box.container_name, account_key=service.key, policy_id="readers")
    with BlobClient.from_blob_url(blob.url, credential=token, **more) as client:
        assert client.download_blob().readall() == b"hello"
        box.set_container_access_policy({})
        with pytest.raises(ClientAuthenticationError):
            client.download_blob()


def test_anybody_reads_what_is_public(box: ContainerClient, more: dict[str, object]):
    blob = box.get_blob_client(NAME)
    blob.upload_blob(b"hello")
    with ContainerClient.from_container_url(box.url, **more) as anybody:
        with pytest.raises(HttpResponseError) as caught:
            anybody.get_blob_client(NAME).download_blob()
        assert caught.value.status_code == 403
        box.set_container_access_policy({}, public_access="blob")
        assert anybody.get_blob_client(NAME).download_blob().readall() == b"hello"
        with pytest.raises(HttpResponseError):
            list(anybody.list_blobs())
        box.set_container_access_policy({}, public_access="container")
        assert [one.name for one in anybody.list_blobs()] == [NAME]
        with pytest.raises(HttpResponseError):
            anybody.get_blob_client("more").upload_blob(b"x")


class Person:
    """A credential of Azure's identity library, in short."""

    def __init__(self, private: rsa.RSAPrivateKey) -> None:
        self._private = private

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": "https://storage.azure.com", "oid": "person", "iat": now, "exp": now + 600}
        assert scopes == ("https://storage.azure.com/.default",)
        return AccessToken(jwt.encode(claims, self._private, "RS256", headers={"kid": "k"}), now + 600)


def test_a_person_signs_in_with_a_token_and_delegates(tmp_path: Path, private: rsa.RSAPrivateKey, certificate: Path):
    more = {"connection_verify": str(certificate), "retry_total": 0}
    stranger = rsa.generate_private_key(65537, 2048)
    with served(tmp_path, private, certificate) as url:
        with BlobServiceClient(url, credential=Person(private), **more) as person:
            blob = person.create_container("box").get_blob_client(NAME)
            blob.upload_blob(b"hello")
            assert blob.download_blob().readall() == b"hello"
            key = person.get_user_delegation_key(datetime.now(UTC) - timedelta(minutes=5), until())
        assert key.signed_oid == "person"
        token = generate_blob_sas("strongroom", "box", NAME, user_delegation_key=key, permission="r", expiry=until())
        with BlobClient.from_blob_url(blob.url, credential=token, **more) as client:
            assert client.download_blob().readall() == b"hello"
        with BlobServiceClient(url, credential=Person(stranger), **more) as client:
            assert refused_list(client) == "AuthenticationFailed"
