"""Where everything lies: the one module that builds paths and keys."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

WRITER_DIGITS = 16
COUNTER_DIGITS = 10
OBJECTS_A_FOLDER = 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """The directory of one room."""

    root: Path
    """The room's directory."""

    @property
    def settings(self) -> Path:
        """The room's settings; its presence makes a directory a room."""
        return self.root / "settings.toml"

    @property
    def catalog(self) -> Path:
        """The default catalog."""
        return self.root / "catalog.sqlite"

    @property
    def catalog_url(self) -> str:
        """SQLAlchemy URL of the default catalog."""
        return f"sqlite:///{self.catalog}"

    @property
    def vault(self) -> Path:
        """The default vault."""
        return self.root / "vault"

    @property
    def index(self) -> Path:
        """The default place of the segments table."""
        return self.root / "index"

    @property
    def locks(self) -> Path:
        """Lock files; nothing is ever read from them."""
        return self.root / "locks"

    def writer_lock(self, writer: str) -> Path:
        """The lock that a process holds as long as it writes objects."""
        return self.locks / f"writer-{writer}"

    def prepare(self) -> None:
        """Make the directories that a room has from its first moment."""
        for directory in (self.root, self.vault, self.locks):
            directory.mkdir(parents=True, exist_ok=True)


def object_id(writer: str, number: int) -> str:
    """Name the object that a writer makes as its n-th."""
    return f"{writer}{number:0{COUNTER_DIGITS}x}"


def writer_of(object_id: str) -> str:
    """Give the writer that made an object."""
    return object_id[:WRITER_DIGITS]


def writer_prefix(writer: str) -> str:
    """Give the folder under which all objects of a writer lie, without a slash at its end."""
    return f"{writer[:2]}/{writer}"


def object_key(object_id: str) -> str:
    """Give the key of an object: at most 1,024 share a folder, and a writer's lie under one folder."""
    number = int(object_id[WRITER_DIGITS:], 16)
    return f"{writer_prefix(writer_of(object_id))}/{number // OBJECTS_A_FOLDER:x}/{object_id}"


def object_of_key(key: str) -> str | None:
    """Give the object that lies under a key; None for a key that no object has."""
    name = key.rsplit("/", 1)[-1]
    if len(name) != WRITER_DIGITS + COUNTER_DIGITS or name.strip("0123456789abcdef"):
        return None
    return name if key.endswith(object_key(name)) else None


def pack_file(vault: Path) -> Path:
    """Give the file in which a local vault packs its small objects; it lies inside, so that the two move together."""
    return vault / "pack.sqlite"


def parents(key: str) -> Iterator[str]:
    """Give the folders of a key, outermost first."""
    parts = key.split("/")[:-1]
    return ("/".join(parts[: i + 1]) for i in range(len(parts)))


def temporary_folder(vault: Path) -> Path:
    """Give the folder of a local vault in which files for readers are linked or copied; all of it may be removed."""
    return vault / "tmp"
