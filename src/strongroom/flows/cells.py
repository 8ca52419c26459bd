"""`table`: the cells of a table or a sheet, some rows at a time."""

from collections.abc import Iterable, Iterator
from itertools import chain
from threading import Lock

from strongroom.analyzers import decoding, tables
from strongroom.analyzers.office import grid
from strongroom.domain.media import OCTETS
from strongroom.domain.text import Grid
from strongroom.errors import NotFound, Unsupported, UsageError
from strongroom.flows.parts import Parts
from strongroom.ports import Source

MOST = 2000
"""Rows that are given at once."""
COLUMNS = 256
"""Columns of a row; what lies to the right of them is left out."""
CHARACTERS = 2000
"""Of a cell; a longer one ends with ``…``."""

_READING = Lock()
"""One workbook is read at a time: its shared texts may fill much memory."""

Numbered = tuple[int, tuple[str, ...]]
"""Number of a row, from 1, and its cells."""


def table(parts: Parts, sha256: str, *, sheet: str | None, start: int, rows: int) -> Grid:
    """Give some rows of a table; all before them is read and forgotten.

    Args:
        parts: An open room.
        sha256: The content: text with delimiters, or a spreadsheet.
        sheet: Which one; the first if not given.
        start: Number of the first row, from 1.
        rows: How many at most.

    Raises:
        UsageError: A number is none that can be.
        Unsupported: It is no table whose cells are read here.
        NotFound: There is no such sheet.
        AnalysisError: It is damaged.
    """
    if start < 1 or not 1 <= rows <= MOST:
        raise UsageError(f"start is {start} and rows {rows}: start must be 1 or more, and rows 1 to {MOST:,}")
    with parts.vault.source(sha256) as source:
        if source.media_type in tables.TYPES:
            names, name, found = _flat(source, sheet, start, rows)
        elif source.media_type in grid.TYPES:
            with _READING:
                names, name, found = _sheet(source, sheet, start, rows)
        else:
            told = "nobody has looked yet what it is" if source.media_type == OCTETS else f"it is {source.media_type}"
            raise Unsupported(f"the content {sha256} is no table whose cells can be shown: {told}; see its pages or its text")
    more = len(found) > rows
    return Grid(sha256=sha256, sheets=names, sheet=name, start=start, rows=tuple(found[:rows]), more=more)


def _flat(source: Source, sheet: str | None, start: int, rows: int) -> tuple[tuple[str, ...], str, list[Numbered]]:
    if sheet:
        raise NotFound(f"there is no sheet {sheet!r}: it is one table without sheets")
    with source.open() as stream:
        chunks = decoding.stream(stream)
        head = next(chunks, "")
        delimiter = tables.sniff(head) or "\t"
        numbered = ((number, _cells(row)) for number, row in tables.Rows(chain([head], chunks), delimiter))
        return ("",), "", _some(numbered, start, rows)


def _sheet(source: Source, sheet: str | None, start: int, rows: int) -> tuple[tuple[str, ...], str, list[Numbered]]:
    with grid.opened(source) as book:
        names = book.names()
        wanted = sheet if sheet is not None else next(iter(names), "")
        if wanted not in names:
            raise NotFound(f"there is no sheet {wanted!r}: there are {', '.join(names)[:500]}")
        numbered = ((row.number, _placed(row.cells)) for row in book.rows(wanted))
        return names, wanted, _some(numbered, start, rows)


def _some(numbered: Iterable[Numbered], start: int, rows: int) -> list[Numbered]:
    """Take one row more than is given, to tell whether there are more."""
    found: list[Numbered] = []
    for row in _from(numbered, start):
        found.append(row)
        if len(found) > rows:
            break
    return found


def _from(numbered: Iterable[Numbered], start: int) -> Iterator[Numbered]:
    return (row for row in numbered if row[0] >= start)


def _placed(cells: Iterable[tuple[int, str]]) -> tuple[str, ...]:
    """Put the cells of a row into their columns."""
    known = {column: text for column, text in cells if column <= COLUMNS}
    return _cells(known.get(column, "") for column in range(1, max(known, default=0) + 1))


def _cells(texts: Iterable[str]) -> tuple[str, ...]:
    short = (text if len(text) <= CHARACTERS else text[: CHARACTERS - 1] + "…" for text in texts)
    return tuple(text for _, text in zip(range(COLUMNS), short, strict=False))
