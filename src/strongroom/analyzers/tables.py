"""Tables in text (CSV, TSV): rows as ``header: value``, streaming whatever the size."""

import csv
from collections.abc import Iterable, Iterator
from itertools import chain

from strongroom.analyzers import decoding, passages, subtitles
from strongroom.domain.findings import PASSAGE, Finding, Problem, Property, Segment
from strongroom.domain.locator import Locator
from strongroom.ports.source import Source

TYPES = ("text/csv", "text/tab-separated-values", "text/x-csv", "application/csv", "text/tsv")
"""Media types of tables in text."""
_DELIMITERS = ",;\t|"
_JUDGED = 50
_LONGEST_LINE = 1 << 20
_REGULAR = 0.7
"""Share of rows with the same number of cells that makes text a table."""


def read(source: Source) -> Iterator[Finding]:
    """Yield the rows of a table, gathered to passages, each located by its rows.

    Args:
        source: The table; text without a delimiter is read line by line.

    Raises:
        Unreadable: It is binary data.
    """
    with source.open() as opened:
        chunks = decoding.stream(opened)
        head = next(chunks, "")
        delimiter = sniff(head)
        if delimiter is None:
            yield from passages.segments(chain([head], chunks), lines=True)
            return
        rows = Rows(chain([head], chunks), delimiter)
        yield from _gather(rows)
        if rows.problem:
            yield Problem(reason=rows.problem)


def sniff(head: str) -> str | None:
    """Give the delimiter under which most rows have the same number of cells, above one; None where there is none."""
    sample = head.splitlines()[: _JUDGED + 1]
    sample = sample[:-1] if len(sample) > 1 else sample
    best: tuple[float, int, str] | None = None
    for delimiter in _DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(sample, delimiter=delimiter) if row]
        except csv.Error:
            continue
        if not widths:
            continue
        usual = max(set(widths), key=widths.count)
        share = widths.count(usual) / len(widths)
        if usual > 1 and share >= _REGULAR:
            best = max(best or (0.0, 0, ""), (share, usual, delimiter))
    return best[2] if best else None


class Rows:
    """Numbered rows; where quoting breaks down, the lines are read on without it."""

    def __init__(self, chunks: Iterable[str], delimiter: str) -> None:
        """Read a table.

        Args:
            chunks: Its text in order, cut anywhere.
            delimiter: What stands between cells.
        """
        self._lines = subtitles.lines(chunks, _LONGEST_LINE)
        self._delimiter = delimiter
        self._recent: list[str] = []
        self.problem: str | None = None
        """Where quoting broke down, once that is known."""

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """Give the number of each row, from 1, and its cells."""
        number = 0
        reader = csv.reader(self._kept(), delimiter=self._delimiter)
        while True:
            self._recent.clear()
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self.problem = f"the quoting is broken from row {number + 1} on ({error}); the rest was read line by line"
                break
            number += 1
            yield number, row
        for line in chain(list(self._recent), self._lines):
            number += 1
            yield number, line.rstrip("\r\n").split(self._delimiter)

    def _kept(self) -> Iterator[str]:
        for line in self._lines:
            self._recent.append(line)
            yield line.replace("\0", "\ufffd")


def _gather(rows: Iterable[tuple[int, list[str]]]) -> Iterator[Finding]:
    header: list[str] = []
    held: list[str] = []
    first = last = size = 0
    for number, row in rows:
        if number == 1 and _is_header(row):
            header = [cell.strip() for cell in row]
            yield Property(name="columns", value=tuple(header))
            yield Segment(kind=PASSAGE, text=" | ".join(header)[: passages.LIMIT], locator=Locator(part="row 1"))
            continue
        text = _row_text(header, row)
        if not text:
            continue
        if held and size + len(text) > passages.TARGET:
            yield from _segments(held, first, last)
            held, size = [], 0
        first = first if held else number
        last = number
        held.append(text)
        size += len(text) + 1
    if held:
        yield from _segments(held, first, last)


def _segments(held: list[str], first: int, last: int) -> Iterator[Segment]:
    part = f"row {first}" if first == last else f"rows {first}-{last}"
    if len(held) == 1 and len(held[0]) > passages.LIMIT:
        yield from passages.segments(held, part=part)
        return
    yield Segment(kind=PASSAGE, text="\n".join(held), locator=Locator(part=part))


def _is_header(row: list[str]) -> bool:
    """Say whether a first row names the columns: words, all different, no numbers."""
    cells = [cell.strip() for cell in row]
    named = [cell for cell in cells if cell]
    return (
        len(named) > len(cells) / 2
        and len(set(named)) == len(named)
        and all(len(cell) <= passages.TARGET // 4 and not cell[0].isdecimal() and any(map(str.isalpha, cell)) for cell in named)
    )


def _row_text(header: list[str], row: list[str]) -> str:
    cells = [" ".join(cell.split()) for cell in row]
    if not header:
        return " | ".join(cell for cell in cells if cell)
    titles = chain(header, ("" for _ in range(max(0, len(cells) - len(header)))))
    return "; ".join(f"{title}: {cell}" if title else cell for title, cell in zip(titles, cells, strict=False) if cell)
