"""The state of one content under one analyzer, and how much of a scope is analysed."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class State(StrEnum):
    """Where a content stands under one analyzer."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


class Cost(IntEnum):
    """In which pass an analyzer runs: over the whole set the cheap ones come first."""

    CHEAP = 0
    """Milliseconds a file: everything is findable within minutes."""
    READING = 1
    """A second or so a page: OCR."""
    DEEP = 2
    """Whatever takes longer."""
    LAST = 3
    """What reads the texts that all others wrote."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AnalyzerSpec:
    """What an analyzer is and takes; the engine needs nothing else to plan."""

    name: str
    """Unique: ``pdf``, ``image-ocr``; a plug-in's begins with its package's name."""
    version: int
    """Raise it when results change; contents are then analysed anew."""
    accepts: tuple[str, ...]
    """Media types: exact, a family as ``image/*``, or ``*/*``."""
    cost: Cost = Cost.CHEAP
    """The pass in which it runs."""
    capabilities: frozenset[str] = frozenset()
    """What it can do that the use policy may forbid; any biometric one is refused."""
    seconds: float | None = None
    """Time limit a content; None takes the room's."""
    as_good: tuple[int, ...] = ()
    """Other versions whose results need not be made anew: those of a better reader that is gone, say."""

    def takes(self, media_type: str) -> bool:
        """Say whether a media type is accepted."""
        family = media_type.split("/", 1)[0] + "/*"
        return any(pattern in (media_type, family, "*/*") for pattern in self.accepts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """One content that could not be analysed (wholly), with its reason."""

    sha256: str
    """The content."""
    name: str
    """One of its names, for people."""
    analyzer: str
    """Which analyzer."""
    reason: str
    """A sentence for people."""
    state: State
    """FAILED, SKIPPED, or DONE when only a part is missing."""
    attempts: int
    """How often it was tried."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """Of what a scope holds: how much a search could see. The four counts add up to the scope's contents."""

    searched: int
    """Contents whose every analyzer has finished."""
    pending: int
    """Contents that some analyzer has yet to read, or whose bytes are not fingerprinted yet."""
    failed: int
    """Contents that some analyzer failed on, none pending."""
    skipped: int
    """Contents that no analyzer reads, or that a limit left out."""

    @property
    def total(self) -> int:
        """Contents in the scope."""
        return self.searched + self.pending + self.failed + self.skipped
