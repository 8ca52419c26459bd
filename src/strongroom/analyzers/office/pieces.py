"""What readers of office files give: pieces of text with their place; and how they become passages, each said once."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from strongroom.analyzers import passages
from strongroom.domain.findings import PASSAGE, Segment
from strongroom.domain.locator import Locator

_TOKEN = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\\W_]+")
_LONG = 8
"""Words from which a piece may be broken once by a page's border and still count as said."""
_MOST = 4_000_000
"""Words remembered; beyond them everything counts as new."""
_TARGET, _LIMIT = 700, 1200


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A paragraph, a title, a note: text that belongs together."""

    text: str
    """What it says."""
    page: int | None = None
    """Slide or page, from 1."""
    part: str | None = None
    """What it is, where it is not the body: ``header``, ``comment by A. Person``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A row of a sheet."""

    sheet: str
    """Name of the sheet."""
    number: int
    """From 1."""
    cells: list[tuple[int, str]] = field(default_factory=list)
    """Column from 1, and the text shown there; empty cells are left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Embedded:
    """A file inside an office file, still to be read."""

    path: str
    """Its name there."""
    chunks: Iterable[bytes]
    """Its bytes."""


class Known:
    """Which words, in which order, were said already; it forgets where."""

    def __init__(self) -> None:
        """Know nothing."""
        self._runs: set[int] = set()
        self._last: tuple[str, ...] = ()

    def add(self, text: str) -> None:
        """Remember a text; it may go on where the last one broke off."""
        if len(self._runs) > _MOST:
            return
        tokens = (*self._last, *_tokens(text))
        runs = self._runs
        for i, token in enumerate(tokens):
            runs.add(hash(token))
            if i:
                runs.add(hash(tokens[i - 1 : i + 1]))
            if i > 1:
                runs.add(hash(tokens[i - 2 : i + 1]))
        self._last = tokens[-2:]

    def knows(self, text: str) -> bool:
        """Say whether a text was said, as a whole or with one page's border in it."""
        tokens = _tokens(text)
        if any(hash(token) not in self._runs for token in tokens):
            return False
        width = min(3, len(tokens))
        if width < 2:  # noqa: PLR2004
            return True
        missing = sum(hash(tokens[i : i + width]) not in self._runs for i in range(len(tokens) - width + 1))
        return missing <= (2 if len(tokens) >= _LONG else 0)

    def fresh(self, text: str) -> bool:
        """Say whether a text is new, and remember it."""
        if self.knows(text):
            return False
        self.add(text)
        return True


def _tokens(text: str) -> tuple[str, ...]:
    return tuple(_TOKEN.findall(text.casefold()))


class Places:
    """Counts the characters of each part, so that no two passages of one content have one place."""

    def __init__(self) -> None:
        """Start at nothing."""
        self._at: dict[tuple[int | None, str | None], int] = {}

    def segments(self, pieces: Iterable[Piece]) -> Iterator[Segment]:
        """Put pieces of one place that follow each other together into passages."""
        held: list[str] = []
        size = 0
        here: tuple[int | None, str | None] = (None, None)
        for piece in pieces:
            place = (piece.page, piece.part)
            if held and (place != here or size > 16 * _LIMIT):
                yield from self._cut("\n".join(held), *here)
                held, size = [], 0
            here = place
            held.append(piece.text)
            size += len(piece.text)
        if held:
            yield from self._cut("\n".join(held), *here)

    def _cut(self, text: str, page: int | None, part: str | None) -> Iterator[Segment]:
        offset = self._at.get((page, part), 0)
        self._at[page, part] = offset + len(text) + 1
        for start, end in passages.split(text):
            place = Locator(char_start=offset + start, char_end=offset + end, page=page, part=part)
            yield Segment(kind=PASSAGE, text=text[start:end], locator=place)


def column_name(number: int) -> str:
    """Give the letters of a column counted from 1: ``A``, ``Z``, ``AA``."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def row_segments(rows: Iterable[Row]) -> Iterator[Segment]:
    """Put the rows of sheets together into passages with a range as their place: ``Sheet1!A1:D12``."""
    held: list[Row] = []
    size = 0
    for row in rows:
        for part in _bands(row):
            length = sum(len(text) + 1 for _, text in part.cells)
            if held and (part.sheet != held[0].sheet or size + length > _TARGET or part.number < held[-1].number):
                yield _range(held)
                held, size = [], 0
            held.append(part)
            size += length
    if held:
        yield _range(held)


def _bands(row: Row) -> Iterator[Row]:
    """Cut a row that is longer than a passage between cells; a cell longer than that is cut too."""
    cells: list[tuple[int, str]] = []
    size = 0
    for column, text in row.cells:
        for start in range(0, len(text), _LIMIT):
            piece = text[start : start + _LIMIT]
            if cells and size + len(piece) > _LIMIT:
                yield Row(sheet=row.sheet, number=row.number, cells=cells)
                cells, size = [], 0
            cells.append((column, piece))
            size += len(piece) + 1
    if cells:
        yield Row(sheet=row.sheet, number=row.number, cells=cells)


def _range(rows: list[Row]) -> Segment:
    columns = [column for row in rows for column, _ in row.cells]
    first, last = f"{column_name(min(columns))}{rows[0].number}", f"{column_name(max(columns))}{rows[-1].number}"
    part = f"{rows[0].sheet}!{first}" + (f":{last}" if last != first else "")
    text = "\n".join("\t".join(shown for _, shown in row.cells) for row in rows)
    return Segment(kind=PASSAGE, text=text, locator=Locator(part=part))
