"""What a search gives: hits with their best segments, beside the coverage that says what could not be seen."""

from dataclasses import dataclass, field

from strongroom.domain.analysis import Coverage
from strongroom.domain.content import Name
from strongroom.domain.locator import Locator


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """One segment of a hit."""

    segment_id: str
    """The segment's deterministic id; cite it."""
    kind: str
    """``passage``, ``image``, ``properties``, ``shot``, ``utterance``, or a plug-in's own word."""
    locator: Locator
    """Where in the content."""
    snippet: str
    """The part of the text that matches, as plain text; empty where there is none."""
    marks: tuple[tuple[int, int], ...]
    """Start and end of each matched stretch in the snippet, in characters."""
    score: float
    """Fused rank score; comparable only within one search."""
    channels: tuple[str, ...]
    """What found it: ``words``, ``meaning``, ``labels``, ``looks``."""
    frame: float | None = None
    """Seconds to ask `Room.frame` for; None where nothing is shown, as in sound."""

    @property
    def t_start(self) -> float | None:
        """Start of the moment in seconds; None where it is no moment of a recording."""
        return self.locator.t_start

    @property
    def t_end(self) -> float | None:
        """The same, of its end."""
        return self.locator.t_end


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """A content with its best segments and all the names under which the scope shows it."""

    content: str
    """SHA-256 of the content."""
    media_type: str
    """Media type of the content."""
    type: str
    """Plain type: ``image``, ``pdf``."""
    size: int
    """Bytes of the content."""
    score: float
    """Score of its best segment; comparable only within one search."""
    names: tuple[Name, ...]
    """Where it is stored, within the scope; never empty."""
    matches: tuple[Match, ...]
    """Its best segments, best first; never empty."""
    properties: dict[str, object] = field(default_factory=dict)
    """What the analyzers said of the whole content."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Results:
    """One page of a search."""

    hits: tuple[Hit, ...]
    """Best first."""
    total: int
    """Contents found in all pages; a lower bound where `more` is set and the channels were cut."""
    offset: int
    """How many hits lie before this page."""
    more: bool
    """Whether a next page exists."""
    facets: dict[str, dict[str, int]]
    """For ``type``, ``container``, ``year`` and ``language``: how many of the found contents have each value."""
    coverage: Coverage
    """How much of the scope this search could see."""
    took_ms: float
    """Milliseconds from question to answer."""
