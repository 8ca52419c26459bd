"""In which order the hits of a search are shown."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from strongroom.domain.content import Content, Name
from strongroom.errors import UsageError
from strongroom.storage.tables.view import LARGEST, NEWEST, OLDEST

RELEVANCE, NAME = "relevance", "name"
SORTS = (RELEVANCE, NEWEST, OLDEST, NAME, LARGEST)
"""Best first; by the content's own date, else its file's; by its first name; the largest first."""
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


class Found(Protocol):
    """A content that was found."""

    @property
    def names(self) -> Sequence[Name]:
        """Its names within the scope."""

    @property
    def content(self) -> Content:
        """What is known of it."""

    @property
    def best(self) -> Sequence[Mapping[str, Any]]:
        """The rows that are shown, by their ``row``."""


F = TypeVar("F", bound=Found)
Rows = Mapping[int, Mapping[str, Any]]
"""The column ``taken_at``, by row."""


def check(sort: str) -> None:
    """Refuse an order that there is not.

    Raises:
        UsageError: It is none of `SORTS`.
    """
    if sort not in SORTS:
        raise UsageError(f"hits cannot be sorted by {sort!r}: it can be {', '.join(SORTS)}")


def date_of(found: Found, rows: Rows) -> datetime | None:
    """Give the date of a content: that of the best of its segments that has one."""
    dates = (rows[row["row"]]["taken_at"] for row in found.best)
    return next((date for date in dates if isinstance(date, datetime)), None)


def ordered(found: Sequence[F], rows: Rows, sort: str) -> list[F]:
    """Put what was found in order; what has no date comes last, and equals stay by relevance."""
    if sort == NAME:
        return sorted(found, key=lambda one: str(one.names[0]).casefold())
    if sort == LARGEST:
        return sorted(found, key=lambda one: -one.content.size)
    if sort not in (NEWEST, OLDEST):
        return list(found)
    dates = [(one, date_of(one, rows)) for one in found]
    dated = sorted(((date, one) for one, date in dates if date), key=lambda pair: pair[0], reverse=sort == NEWEST)
    return [one for _, one in dated] + [one for one, date in dates if date is None]
