"""What a room tells of itself, and what its longer verbs give back."""

from dataclasses import dataclass

from strongroom.domain.analysis import Coverage, Failure
from strongroom.domain.container import Container


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """A file that could not be added, with its reason."""

    name: str
    """The path, as given."""
    reason: str
    """A sentence for people."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Added:
    """What `add` did."""

    container: str
    """Where the files are now."""
    added: int
    """Blobs written."""
    unchanged: int
    """Files that the container holds already, by name, size and time; nothing was read."""
    size: int
    """Bytes written."""
    refused: tuple[Refused, ...]
    """Files that could not be read; `status` lists them too."""
    ignored: int
    """Directory entries that are not files: sockets, pipes, devices, links that lead nowhere."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scanned:
    """What a look at a mount found."""

    container: str
    """The mounted container."""
    added: int
    """New names."""
    changed: int
    """Names whose etag, size or time is another."""
    deleted: int
    """Names that are gone."""
    unchanged: int
    """Names as they were."""
    ignored: int
    """Entries that are not files or lead outside."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Analyzed:
    """What `analyze` did."""

    contents: int
    """Contents read in this run (once a pass)."""
    failed: int
    """Of those, how many failed."""
    segments: int
    """Segments written to the index."""
    seconds: float
    """Wall time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A place where vault, catalog and index do not agree."""

    kind: str
    """``missing-object``, ``wrong-size``, ``wrong-hash``, ``leftover-object``, ``missing-segments``, ``orphan-segments``."""
    subject: str
    """What it concerns: an object id, a content, a blob."""
    detail: str
    """A sentence that says what is wrong and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """The state of a room within a scope."""

    coverage: Coverage
    """How much is analysed."""
    types: dict[str, Coverage]
    """The same by plain type; what is not identified yet is under ``unknown``."""
    containers: tuple[tuple[Container, int, int], ...]
    """Each container with its number of blobs and their bytes."""
    failures: tuple[Failure, ...]
    """Everything that failed wholly or in part, and everything that no analyzer reads, each with its reason."""
    segments: int
    """Rows of the index."""
    rate: float
    """Contents finished a second over the last minutes in which any were; 0 where nothing runs."""
    readers: dict[str, str]
    """Which reader or model does what: ``office`` → ``LibreOffice 7.4.7.2``, ``text`` → ``minilm-l6-int8``."""
    missing_models: tuple[str, ...]
    """Models that the room's settings name and that are not pulled."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Failures:
    """A page of what could not be read."""

    failures: tuple[Failure, ...]
    """Blobs without bytes first, then contents that failed wholly or in part, then those that no analyzer reads."""
    next: str | None
    """Give it as ``after`` for the next page; None at the end."""
