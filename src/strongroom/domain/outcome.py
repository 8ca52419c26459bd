"""What a worker tells of the contents it read: frozen values that the parent writes down in one transaction."""

from dataclasses import dataclass, field

from strongroom.domain.analysis import State
from strongroom.domain.entities import Mention
from strongroom.domain.findings import Checkpoint

BYTES = "bytes"
"""Stands in an analyzer's place where the bytes themselves could not be had, or told apart: no analyzer could begin."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptObject:
    """Bytes that are durable in the vault, and to which no row refers yet."""

    object_id: str
    """The object; empty for bytes that are empty, which need none."""
    place: str
    """``file`` or ``pack``."""
    size: int
    """Bytes."""
    sha256: str
    """SHA-256 of the bytes in hexadecimal."""
    md5: bytes | None = None
    """MD5 of the bytes, where it was asked for."""
    is_new: bool = True
    """False for an object that had its row already: the same bytes were kept before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptMember:
    """A child content whose bytes are safe in the vault."""

    path: str
    """Its name inside the parent."""
    object: KeptObject
    """Its bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptRendition:
    """A derived picture or document that is safe in the vault."""

    role: str
    """What it is of the content."""
    media_type: str
    """Its media type."""
    object: KeptObject
    """Its bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """How far one analyzer has read one content; all numbers count from its beginning."""

    version: int
    """The analyzer's version; another one begins anew."""
    reached: float
    """The `Checkpoint` at which reading goes on."""
    total: float | None = None
    """How far it will be at its end, where that is known."""
    segments: int = 0
    """Segments written up to there."""
    members: int = 0
    """Members found up to there."""
    seconds: float = 0.0
    """Time taken."""
    properties: dict[str, object] = field(default_factory=dict)
    """Facts about the whole content."""
    problems: tuple[str, ...] = ()
    """The first reasons why parts are missing."""
    troubles: int = 0
    """How many parts are missing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One analyzer's reading of one content.

    Where it goes on from a checkpoint, members and renditions are those found since; all else counts from the beginning.
    """

    analyzer: str
    """The analyzer's name."""
    version: int
    """The analyzer's version."""
    state: State
    """DONE, FAILED where an error ended it, SKIPPED where a limit or a missing reader left it out."""
    reason: str | None = None
    """A sentence for people: why it failed or was skipped, or which part is missing of what is done."""
    seconds: float = 0.0
    """Time taken."""
    segments: int = 0
    """Segments written."""
    properties: dict[str, object] = field(default_factory=dict)
    """Facts about the whole content: JSON values only."""
    members: tuple[KeptMember, ...] = ()
    """Child contents, in order."""
    mentions: tuple[Mention, ...] = ()
    """What its texts name, each spelling once."""
    renditions: tuple[KeptRendition, ...] = ()
    """Derived pictures and documents."""
    problems: tuple[str, ...] = ()
    """The first reasons why parts are missing, one by one."""
    troubles: int = 0
    """How many parts are missing."""
    began: float = 0.0
    """The `Checkpoint` from which it went on; 0 where it began at the beginning."""
    stopped: Checkpoint | None = None
    """Where reading stopped, to go on another time. None where it came to its end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """All that a worker found out about one content."""

    sha256: str
    """The content."""
    media_type: str | None
    """What its bytes are; None where that could not be told."""
    type: str | None
    """The plain type."""
    runs: tuple[Run, ...]
    """One an analyzer that ran."""
    fault: str | None = None
    """Why the bytes could not be read at all, as a sentence for people; no analyzer ran then."""
