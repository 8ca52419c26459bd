"""What a worker tells of the contents it read: frozen values that the parent writes down in one transaction."""

from dataclasses import dataclass, field

from strongroom.domain.analysis import State


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptObject:
    """An object that a worker wrote to the vault and that no row refers to yet."""

    id: str
    """The object's id."""
    writer: str
    """The writer that made it."""
    place: str
    """``file`` or ``pack``."""
    size: int
    """Bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptMember:
    """A child content whose bytes are safe in the vault."""

    path: str
    """Its name inside the parent."""
    sha256: str
    """SHA-256 of its bytes."""
    size: int
    """Bytes."""
    object: KeptObject | None
    """Where its bytes are; None where the catalog held the content already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptRendition:
    """A derived picture or document that is safe in the vault."""

    role: str
    """What it is of the content."""
    media_type: str
    """Its media type."""
    object: KeptObject
    """Where its bytes are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One analyzer's reading of one content."""

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
    renditions: tuple[KeptRendition, ...] = ()
    """Derived pictures and documents."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """All that a worker found out about one content."""

    sha256: str
    """The content."""
    media_type: str | None
    """What its bytes are; None where that could not be told, for `runs` say why."""
    type: str | None
    """The plain type."""
    runs: tuple[Run, ...]
    """One an analyzer that ran."""
