"""What the viewer's address says: the content, what is marked in it, and where it stands open."""

import math
from dataclasses import dataclass, fields
from typing import Self

from fastapi import Request

from strongroom.domain.card import Card
from strongroom.domain.locator import Locator
from strongroom.domain.query import Query
from strongroom.domain.text import Piece
from strongroom.room import Room
from strongroom.server.web.pages import address

MOST = 1_000_000_000
"""The largest number that an address may hold."""
LONGEST = 4000
"""Characters of a word or name in it."""
SEGMENT = 32
NUMBERS = ("page", "row", "line", "after")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What the viewer's address says."""

    sha: str
    """The content."""
    q: str = ""
    """What was searched for, to be marked."""
    find: str = ""
    """What is looked for inside this file; it is then marked in place of `q`."""
    segment: str = ""
    """The segment that it opens at."""
    page: int | None = None
    """The page that it opens at."""
    t: float | None = None
    """The second that it opens at."""
    sheet: str | None = None
    """The sheet of a workbook."""
    row: int | None = None
    """The first row that is shown of it."""
    line: int | None = None
    """The first line that is shown of a text."""
    after: int | None = None
    """How many passages, or members, lie before the first that is shown."""

    @classmethod
    def of(cls, request: Request, sha: str) -> Self:
        """Read an address; what cannot be is left out."""
        given = request.query_params
        segment = given.get("segment", "")
        is_segment = len(segment) == SEGMENT and segment.isascii() and segment.isalnum()
        return cls(
            sha=sha,
            q=given.get("q", "")[:LONGEST],
            find=given.get("find", "").strip()[:LONGEST],
            segment=segment if is_segment else "",
            t=_seconds(given.get("t", "")),
            sheet=given["sheet"][:LONGEST] if "sheet" in given else None,
            **{name: _whole(given.get(name, "")) for name in NUMBERS},
        )

    def to(self, **changes: object) -> str:
        """Give the address of the same content with something changed."""
        given = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "sha"}
        return address(f"/view/{self.sha}", **given | changes)

    def at(self, **place: object) -> str:
        """Give the address of another place in the same content; what is marked stays."""
        return address(f"/view/{self.sha}", q=self.q, find=self.find, **place)


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """One look at a content, as each way of showing it needs to know."""

    room: Room
    """As whoever looks acts in it."""
    card: Card
    """All that is known of it but its text."""
    wanted: Wanted
    """What the address says."""
    query: Query
    """What is marked."""
    opened: Piece | None
    """The segment that it opens at."""

    @property
    def at(self) -> Locator:
        """The place of that segment."""
        return self.opened.locator if self.opened else Locator()


def _whole(text: str) -> int | None:
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(MOST))
    return min(int(text), MOST) if is_number and int(text) else None


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and 0 <= seconds < MOST else None
