"""What leaves a room as a file: a list of results, a dossier, a table of many searches."""

from dataclasses import dataclass
from datetime import datetime

from strongroom.domain.analysis import Coverage
from strongroom.domain.hit import Hit, Results
from strongroom.domain.scope import Scope

XLSX, CSV, JSON, ZIP = "xlsx", "csv", "json", "zip"
FORMS = (XLSX, CSV, JSON, ZIP)
"""In which forms a list of results can be had; ``zip`` is the dossier."""
TABLES = (XLSX, CSV, JSON)
"""In which forms a table of many searches can be had."""
MEDIA_TYPES = {
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    CSV: "text/csv; charset=utf-8",
    JSON: "application/json",
    ZIP: "application/zip",
}
USUAL, MOST = 1000, 10_000
"""Hits that are written if nothing is said, and at most."""
MOST_QUERIES = 5000
"""Queries of one batch, at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What a search found, with all that an export says of it."""

    query: str
    """As it was asked; of a search by a picture, its filters."""
    at: datetime
    """When, in UTC."""
    room: str
    """Name of the room."""
    scope: Scope
    """Who asked, what for, and by which rules."""
    results: Results
    """What was found."""
    like: str = ""
    """Of a search by a picture: its name; empty where words were searched for."""

    @property
    def asked(self) -> str:
        """Say what was asked, for people."""
        return f"looks like {self.like} {self.query}".strip() if self.like else self.query

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The hits, in their order."""
        return self.results.hits

    @property
    def coverage(self) -> Coverage:
        """How much of the scope could be searched."""
        return self.results.coverage

    @property
    def is_cut(self) -> bool:
        """Whether there is more than was taken."""
        return self.results.more


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """A list of results that was written."""

    form: str
    """One of `FORMS`."""
    hits: int
    """Hits in it."""
    is_cut: bool
    """Whether there are more hits than it holds."""
    left_out: tuple[str, ...]
    """Of a dossier: what could not be drawn, or was too large to be put in, with the reason."""
    size: int
    """Bytes of the file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One query of a batch, and what it found."""

    query: str
    """As it was given."""
    total: int
    """Contents found."""
    is_least: bool
    """Whether there may be more than that."""
    hits: tuple[Hit, ...]
    """The first of them."""
    problem: str = ""
    """Why it could not be searched for; empty where it could."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Batched:
    """A batch of searches that was written."""

    form: str
    """One of `TABLES`."""
    queries: int
    """Queries that were searched for."""
    found: int
    """How many of them found anything."""
    problems: int
    """How many could not be searched for."""
    size: int
    """Bytes of the file."""
