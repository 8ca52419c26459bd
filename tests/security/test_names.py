"""Names never reach the file system: hostile ones are kept as they are, impossible ones are refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from strongroom.errors import NameRefused
from strongroom.storage.catalog import Catalog
from strongroom.storage.layout import Layout
from strongroom.storage.mounts import FolderMount
from strongroom.storage.names import check_blob_name, check_container_name, disk_name
from strongroom.vault import PutItem, Vault

HOSTILE = [
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    "a/../../b",
    "C:\\windows\\system32",
    "con",
    " ",
    ".",
    "a" * 1024,
    "😀" * 1024,
    "'; DROP TABLE versions; --",
    "%2e%2e%2f",
    "\\x2e\\x2e/\\x2e\\x2e/etc/passwd",
    "a\u202egnp.exe",
    "-rf",
]
IMPOSSIBLE = ["", "a" * 1025, "nul\0", "new\nline", "\x7f", "\x85", "\ud800", "\ufffe", "/" * 254]


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    layout = Layout(root=tmp_path / "room")
    layout.prepare()
    catalog = Catalog(layout.catalog_url)
    catalog.migrate()
    opened = Vault(catalog, layout)
    yield opened
    opened.close()
    catalog.close()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_only_names(vault: Vault, tmp_path: Path, name: str):
    container = vault.create_container("letters")
    outside = {path for path in tmp_path.rglob("*") if not path.is_relative_to(tmp_path / "room")}
    for data in (b"small", bytes(100_000)):
        blob = vault.put(container, name, data)
        assert blob.name == name
        assert vault.open(vault.get(container, name)).read() == data
        assert blob.sha256 is not None
        with vault.source(blob.sha256) as source:
            assert source.path().read_bytes() == data
            assert source.path().is_relative_to(tmp_path / "room")
            assert "/" not in source.name
    assert [one.name for one in vault.walk(container)] == [name]
    assert {path for path in tmp_path.rglob("*") if not path.is_relative_to(tmp_path / "room")} == outside
    assert not any("passwd" in path.name or path.name == name for path in (tmp_path / "room").rglob("*"))


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_impossible_names_are_refused_before_a_byte_is_read(vault: Vault, name: str):
    container = vault.create_container("letters")

    def untouched() -> Iterator[bytes]:
        raise AssertionError("read")
        yield b""

    with pytest.raises(NameRefused):
        vault.put(container, name, untouched())
    with pytest.raises(NameRefused):
        check_blob_name(name)
    assert [type(one).__name__ for one in vault.put_all(container, [PutItem(name=name, source=b"")])] == ["Refused"]
    assert list(vault.walk(container)) == []


@pytest.mark.parametrize("name", ["$root", "$web", "abc", "a1-b2", "0" * 63])
def test_good_container_names_pass(name: str):
    assert check_container_name(name) == name


def test_a_mount_opens_nothing_outside_whatever_the_catalog_says(tmp_path: Path):
    (tmp_path / "place").mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    mount = FolderMount(tmp_path / "place")
    for name in ("../secret", "x/../../secret", str(tmp_path / "secret"), "\\x2e\\x2e/secret", "..\\x2fsecret"):
        assert disk_name(name)
        with pytest.raises(FileNotFoundError):
            mount.open(name)
        assert mount.look(name) is None
        assert mount.path(name) is None
