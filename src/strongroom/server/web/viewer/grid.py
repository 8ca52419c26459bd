"""Tables: some rows of one sheet, beneath its first row."""

import re
from dataclasses import dataclass

from strongroom.domain.text import Grid
from strongroom.server.web.viewer.wanted import Look

ROWS = 200
"""Rows that are shown at once."""
BEFORE = 5
"""Rows that are shown above the one that was opened."""
PLACES = (
    re.compile(r"(?:(?P<sheet>.+)!)?[A-Z]{1,3}(?P<row>\d{1,9})(?::[A-Z]{1,3}(?P<last>\d{1,9}))?"),
    re.compile(r"(?P<sheet>)rows? (?P<row>\d{1,9})(?:-(?P<last>\d{1,9}))?"),
)
"""As locators name cells (``Sheet1!B3``, ``Sheet1!A1:D23``) and rows (``row 1``, ``rows 2-21``)."""
LETTERS = 26


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """Rows of a sheet."""

    grid: Grid
    """The rows that are shown, without the first of the sheet."""
    head: tuple[str, ...]
    """Its first row."""
    columns: tuple[str, ...]
    """Names of the columns: ``A``, ``B``."""
    chosen: range
    """Numbers of the rows that it was opened at."""
    before: int | None
    """Number of the first row of the page before; None where there is none."""
    behind: int | None
    """The same, of the page behind."""


def grid(look: Look) -> Rows:
    """Open a table at its match, or at a row."""
    sheet, chosen = _opened(look)
    wanted = look.wanted
    if wanted.sheet is not None:
        sheet, chosen = (wanted.sheet, chosen if wanted.sheet == sheet else range(0))
    start = wanted.row or max(1, (chosen.start if chosen.start > ROWS else 1) - BEFORE)
    found = look.room.table(look.card.sha256, sheet or None, start=start, rows=ROWS)
    top = found if start == 1 else look.room.table(look.card.sha256, sheet or None, start=1, rows=1)
    head = next((cells for number, cells in top.rows if number == 1), ())
    rows = tuple(row for row in found.rows if row[0] != 1)
    width = max((len(cells) for cells in (head, *(cells for _, cells in rows))), default=0)
    last = found.rows[-1][0] if found.rows else start
    return Rows(
        grid=Grid(sha256=found.sha256, sheets=found.sheets, sheet=found.sheet, start=start, rows=rows, more=found.more),
        head=head,
        columns=tuple(map(column, range(1, width + 1))),
        chosen=chosen,
        before=max(1, start - ROWS) if start > 1 else None,
        behind=last + 1 if found.more else None,
    )


def column(number: int) -> str:
    """Give the name of a column, counted from 1: ``A``, ``Z``, ``AA``."""
    name = ""
    while number:
        number, rest = divmod(number - 1, LETTERS)
        name = chr(ord("A") + rest) + name
    return name


def _opened(look: Look) -> tuple[str | None, range]:
    """Give sheet and rows of the segment that was opened."""
    match = next(filter(None, (place.fullmatch(look.at.part or "") for place in PLACES)), None)
    if match is None:
        return None, range(0)
    first = int(match["row"])
    return match["sheet"] or None, range(first, int(match["last"] or first) + 1)
