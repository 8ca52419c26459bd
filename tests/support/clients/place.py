"""Where a client is led, and how its script is run."""

import hashlib
import random
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Place:
    """A server of the protocol, and a folder and a name that nobody else uses there."""

    url: str
    """The account's URL."""
    account: str
    key: str
    folder: Path
    """For files on this side."""
    name: str
    """Begins the names of all containers that the script makes."""

    @property
    def connection(self) -> str:
        """The account as a connection string."""
        scheme = self.url.partition(":")[0]
        parts = {"DefaultEndpointsProtocol": scheme, "AccountName": self.account, "AccountKey": self.key}
        return ";".join(f"{name}={value}" for name, value in {**parts, "BlobEndpoint": self.url}.items())

    def sas(self, permissions: str = "rwdxyltacupfi") -> str:
        """Sign for everything in the account."""
        from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas

        return generate_account_sas(
            self.account,
            self.key,
            ResourceTypes(service=True, container=True, object=True),
            AccountSasPermissions.from_string(permissions),
            datetime.now(UTC) + timedelta(hours=1),
        )


def run(script: type, place: Place) -> dict[str, str | None]:
    """Run the steps of a script in their order.

    Returns:
        For each step what went wrong, else None; a step may fail because an earlier one did.
    """
    client = script(place)
    try:
        return {step.replace("_", " "): _error(getattr(client, step)) for step in steps(script)}
    finally:
        client._close()


def steps(script: type) -> list[str]:
    """Give the steps of a script: its public methods, in the order in which they are written."""
    return [name for name, value in vars(script).items() if callable(value) and not name.startswith("_")]


def _error(step: Callable[[], None]) -> str | None:
    try:
        with warnings.catch_warnings(action="ignore"):  # a client's warnings are its own
            step()
    except Exception as error:  # noqa: BLE001 - whatever a client raises is this step's result
        where = traceback.extract_tb(error.__traceback__)[1]
        return f"{type(error).__name__} at {where.line}: {error}"
    return None


def noise(size: int, seed: int = 1) -> bytes:
    """Give bytes that no server can shorten."""
    return random.Random(seed).randbytes(size)


def make_files(folder: Path, sizes: dict[str, int]) -> None:
    """Write files of these sizes."""
    for number, (name, size) in enumerate(sizes.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(noise(size, number))


def hashes(folder: Path) -> dict[str, str]:
    """Give the SHA-256 of every file below a folder, by its path from there."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
