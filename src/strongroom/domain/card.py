"""What a reader is told of one content beside its text: where it is stored, what was made of it, and what it came through."""

from dataclasses import dataclass, field
from datetime import datetime

from strongroom.domain.analysis import State
from strongroom.domain.content import Name


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """How one analyzer left a content."""

    analyzer: str
    """Its name; ``bytes`` where the bytes themselves could not be read."""
    version: int
    """Of the analyzer."""
    state: State
    """DONE, FAILED or SKIPPED."""
    reason: str | None
    """Why it failed, or what is missing; None where nothing is."""
    seconds: float
    """How long it took."""
    attempts: int
    """How often it was tried."""
    segments: int
    """How many segments it found."""
    finished_at: datetime
    """UTC."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inside:
    """A content that lies inside another, or that another lies in."""

    path: str
    """Its name there, with ``/`` between folders; of a parent, the name of the child in it."""
    sha256: str
    """The content."""
    size: int
    """Bytes."""
    type: str | None
    """Plain type; None until it is identified."""
    media_type: str | None
    """The same."""
    name: Name | None = None
    """Of a parent: one of its names within the scope."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Members:
    """A part of what lies inside a content."""

    members: tuple[Inside, ...]
    """In the order in which the analyzers found them."""
    total: int
    """How many there are in all."""
    after: int
    """How many lie before these."""

    @property
    def more(self) -> bool:
        """Whether there are more behind these."""
        return self.after + len(self.members) < self.total


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """A picture or document that was derived from a content."""

    role: str
    """What it is: ``thumbnail``, ``pdf``, ``waveform`` or ``filmstrip``, say."""
    media_type: str
    """Of the derived bytes."""
    size: int
    """Bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """One version of a blob that holds, or held, a content."""

    container: str
    """Name of the container."""
    blob: str
    """Name of the blob."""
    version: str
    """Id of the version: the UTC instant of writing."""
    sha256: str | None
    """What it holds: perhaps another content, before or after; None until it is read."""
    size: int
    """Bytes."""
    etag: str
    """Changes with every change of the bytes or properties."""
    created_at: datetime
    """When the blob was first written (UTC)."""
    modified_at: datetime
    """When this version was last changed (UTC)."""
    deleted_at: datetime | None
    """When it was deleted, where it can still be restored (UTC)."""
    is_current: bool
    """Whether a read without a version gives this one."""
    is_snapshot: bool
    """Whether it was taken as a snapshot."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """All that a room tells of one content within a scope, but for its text."""

    sha256: str
    """64 hexadecimal digits."""
    size: int
    """Bytes."""
    type: str | None
    """Plain type: ``image``, ``pdf``; None until it is identified."""
    media_type: str | None
    """The same."""
    first_seen_at: datetime
    """When the room first had it (UTC)."""
    names: tuple[Name, ...]
    """Where it is stored, within the scope: the first 50."""
    name_count: int
    """Under how many names it is stored there."""
    properties: dict[str, object]
    """What the analyzers said of the whole: EXIF, mail headers, ``duration``, ``page-count``, ``phash``."""
    readings: tuple[Reading, ...]
    """Each analyzer that has looked at it, by name."""
    due: tuple[str, ...]
    """Analyzers that have yet to read it."""
    members: Members
    """What lies inside: the first 50."""
    parents: tuple[Inside, ...]
    """What it lies in, within the scope: the first 50."""
    page_count: int | None
    """Pages that can be drawn (`Room.page`); None where there are none, or where this is not known."""
    duration: float | None
    """Seconds of a recording."""
    renditions: tuple[Role, ...]
    """What was derived from it, by role (`Room.rendition`)."""
    history: tuple[Past, ...]
    """Versions of the blobs that hold or held it, within the scope, newest first: the first 100."""
    languages: dict[str, int] = field(default_factory=dict)
    """Segments by language (ISO 639-1), most first."""
    segment_count: int = 0
    """Segments of it in the index."""
