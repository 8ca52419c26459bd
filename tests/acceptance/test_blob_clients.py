"""Real clients of Azure put and get unchanged; where the emulator differs, the documentation says so."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

import strongroom
from clients import SCRIPTS, Place, run
from servers import ACCOUNT, KEY, run_azurite
from strongroom.room import Room
from strongroom.testing.blob_service import Service, blob_service

PAGE = Path(__file__).parents[2] / "docs/reference/blob-service.md"
ORDINARY = ("azure-storage-blob", "azcopy")
"""Clients that sign in with an account of their own, not with the one for development: azcopy by a signature alone."""
RESTORING = ("azure-storage-blob, what Azurite lacks",)
"""Clients that restore containers; rclone lists those too that can be restored."""

Served = tuple[Room, Service, str]


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A room, its blob service, and the key of its account ``newsroom``."""
    with strongroom.init(tmp_path_factory.mktemp("served") / "room") as room:
        account = room.vault.create_account("newsroom")
        with blob_service(room) as service:
            yield room, service, b64encode(account.keys[0].secret).decode()


@pytest.fixture(scope="module")
def azurite() -> Iterator[str]:
    """URL of the emulator's account."""
    with run_azurite() as url:
        yield url


def place(url: str, folder: Path, client: str, account: str = ACCOUNT, key: str = KEY) -> Place:
    return Place(url=url, account=account, key=key, folder=folder, name=f"box{list(SCRIPTS).index(client)}")


@pytest.mark.parametrize("client", SCRIPTS)
def test_a_client_works(client: str, ours: Served, tmp_path: Path):
    room, service, key = ours
    room.vault.keep_deleted_containers(7 if client in RESTORING else 0)
    where = place(service.url, tmp_path, client)
    if client in ORDINARY:
        where = place(service.url.replace(service.account, "newsroom"), tmp_path, client, "newsroom", key)
    failed = [f"{step}: {error}" for step, error in run(SCRIPTS[client], where).items() if error]
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("client", SCRIPTS)
def test_the_documentation_says_where_azurite_differs(client: str, azurite: str, tmp_path: Path):
    """The same script against the emulator: the table names the steps that fail there, and no others."""
    results = run(SCRIPTS[client], place(azurite, tmp_path, client))
    table = PAGE.read_text("utf-8").partition("<!-- clients -->")[2].partition("<!-- end -->")[0]
    row = next(line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith(f"| {client} |"))
    failing = ", ".join(step for step, error in results.items() if error) or "none"
    assert row == [client, str(len(results)), failing], results
