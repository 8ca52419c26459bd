"""Real stores for the integration tests: catalogs on SQLite and PostgreSQL, S3 by moto, Azure by Azurite."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from servers import ACCOUNT, KEY, PATIENCE, free_port, run_azurite, wait_for
from strongroom.domain.scope import Actor, Purpose, Scope
from strongroom.storage.catalog import Catalog
from strongroom.storage.layout import Layout
from strongroom.vault import Vault

EVERYTHING = Scope(actor=Actor(name="owner"), purpose=Purpose(name="test"), containers=None, policy_version="1")


def find_postgres() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4].split(".")[0]))
    plain = shutil.which("initdb")
    return found[-1].parent if found else Path(plain).parent if plain else None


def unprivileged() -> dict[str, object]:
    """Say as whom PostgreSQL can run: it refuses root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    pytest.skip("PostgreSQL does not run as root, and there is no user nobody")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a throw-away PostgreSQL server; append a database's name."""
    binaries = find_postgres()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed")
    as_whom = unprivileged()
    base = Path(tempfile.mkdtemp(prefix="strongroom-pg-", dir="/tmp"))
    if as_whom:
        os.chown(base, as_whom["user"], as_whom["group"])
    port = free_port()
    common = {"cwd": base, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **as_whom}
    try:
        arguments = ["-D", base / "data", "-U", "strongroom", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run([binaries / "initdb", *arguments], check=True, **common)
        quick = [f"-c{one}" for one in ("fsync=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=60")]
        where = ["-D", base / "data", "-h", "127.0.0.1", "-p", str(port), "-k", str(base)]
        server = subprocess.Popen([binaries / "postgres", *where, *quick], **common)
        try:
            wait_for(port, server)
            yield f"postgresql+psycopg://strongroom@127.0.0.1:{port}/"
        finally:
            server.send_signal(signal.SIGINT)  # at once, whoever is connected
            server.wait(PATIENCE)
    finally:
        shutil.rmtree(base, ignore_errors=True)


@pytest.fixture
def new_postgres(postgres: str) -> Callable[[], str]:
    """Makes empty databases and gives their URLs."""
    import psycopg

    plain = postgres.replace("+psycopg", "")

    def make() -> str:
        name = f"room_{os.urandom(6).hex()}"
        end = time.monotonic() + PATIENCE
        while True:
            try:
                with psycopg.connect(plain + "postgres", autocommit=True) as connection:
                    connection.execute(f'CREATE DATABASE "{name}"')
                return postgres + name
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    return make


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """The directory of a new room."""
    made = Layout(root=tmp_path / "room")
    made.prepare()
    return made


@pytest.fixture(params=["sqlite", "postgresql"])
def catalog_url(request: pytest.FixtureRequest, layout: Layout) -> str:
    """URL of a new, empty database; each test runs on both."""
    if request.param == "sqlite":
        return layout.catalog_url
    make: Callable[[], str] = request.getfixturevalue("new_postgres")
    return make()


@pytest.fixture
def catalog(catalog_url: str) -> Iterator[Catalog]:
    """A new catalog, migrated."""
    opened = Catalog(catalog_url)
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture
def vault(catalog: Catalog, layout: Layout) -> Iterator[Vault]:
    """A new vault in a local directory."""
    opened = Vault(catalog, layout)
    yield opened
    opened.close()


@pytest.fixture
def scope() -> Scope:
    """The scope of an owner."""
    return EVERYTHING


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Endpoint of an S3 server."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of a new bucket; the environment leads both obstore and boto3 to it."""
    import boto3

    values = {
        "AWS_ENDPOINT_URL": s3_server,
        "AWS_ENDPOINT": s3_server,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    name = f"bucket-{os.urandom(6).hex()}"
    boto3.client("s3", endpoint_url=s3_server).create_bucket(Bucket=name)
    return name


@pytest.fixture(scope="session")
def azurite() -> Iterator[str]:
    """Endpoint of the Azure emulator's account."""
    with run_azurite() as url:
        yield url


@pytest.fixture
def azure_container(azurite: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of a new Azure container; the environment leads obstore to it."""
    import base64
    import hashlib
    import hmac
    import urllib.request
    from email.utils import formatdate

    name = f"container-{os.urandom(6).hex()}"
    date, version = formatdate(usegmt=True), "2021-08-06"
    signed = "\n".join(["PUT", *[""] * 11, f"x-ms-date:{date}", f"x-ms-version:{version}"])
    signed += f"\n/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
    digest = base64.b64encode(hmac.digest(base64.b64decode(KEY), signed.encode(), hashlib.sha256)).decode()
    headers = {"x-ms-date": date, "x-ms-version": version, "Authorization": f"SharedKey {ACCOUNT}:{digest}"}
    request = urllib.request.Request(f"{azurite}/{name}?restype=container", method="PUT", headers=headers)
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        assert answer.status == 201
    values = {
        "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
        "AZURE_STORAGE_ACCOUNT_KEY": KEY,
        "AZURE_STORAGE_ENDPOINT": azurite,
        "AZURE_ALLOW_HTTP": "true",
    }
    for key, value in values.items():
        monkeypatch.setenv(key, value)
    return name


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that it signed itself, with its key in the same file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return file
