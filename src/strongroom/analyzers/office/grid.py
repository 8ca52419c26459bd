"""The cells of spreadsheets, for people who look at them: sheet by sheet, as they are read for the index."""

from collections.abc import Iterator
from contextlib import contextmanager

from strongroom.analyzers.office import odf, sheets
from strongroom.analyzers.office.package import Package
from strongroom.analyzers.office.pieces import Piece, Row
from strongroom.domain import media
from strongroom.errors import Encrypted, NotFound
from strongroom.ports.source import Source

OOXML_BOOKS = (
    media.OOXML + "spreadsheetml.sheet",
    media.OOXML + "spreadsheetml.template",
    "application/vnd.ms-excel.sheet.macroenabled.12",
    "application/vnd.ms-excel.template.macroenabled.12",
)
ODF_BOOKS = (media.ODF + "spreadsheet", media.ODF + "spreadsheet-template")
TYPES = (*OOXML_BOOKS, *ODF_BOOKS)
"""Media types of spreadsheets whose cells are read here."""


class Sheets:
    """The sheets of an open spreadsheet."""

    def __init__(self, package: Package, media_type: str) -> None:
        """Take an open file; see `opened`."""
        self._package = package
        self._book = sheets.open_book(package) if media_type in OOXML_BOOKS else None

    def names(self) -> tuple[str, ...]:
        """Give the names of the sheets in order; of an OpenDocument file they are only known when all of it is read."""
        if self._book is not None:
            return tuple(name for name, _ in self._book.sheets)
        found = (one.text for one in odf.rows(self._package) if isinstance(one, Piece) and one.part == "sheets")
        return tuple(dict.fromkeys(found))

    def rows(self, sheet: str) -> Iterator[Row]:
        """Give the rows of a sheet that hold something, in order.

        Raises:
            NotFound: There is no such sheet.
        """
        if self._book is None:
            yield from (one for one in odf.rows(self._package) if isinstance(one, Row) and one.sheet == sheet)
            return
        part = next((part for name, part in self._book.sheets if name == sheet), None)
        if part is None:
            raise NotFound(f"there is no sheet {sheet!r}: there are {', '.join(name for name, _ in self._book.sheets)[:500]}")
        yield from sheets.rows_of(self._package, self._book, sheet, part)


@contextmanager
def opened(source: Source) -> Iterator[Sheets]:
    """Open a spreadsheet of one of `TYPES`.

    Raises:
        Unreadable: It is no zip, or nothing of it is left.
        Encrypted: A password is needed.
        LimitExceeded: It is a decompression bomb; also while rows are read.
    """
    with source.open() as stream:
        package = Package(stream, source.size)
        if odf.locked(package):
            raise Encrypted("the file is locked with a password; add a copy that opens without one")
        yield Sheets(package, source.media_type)
