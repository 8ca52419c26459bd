"""Tables as files: xlsx and CSV, row by row, so that their length costs no memory."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from strongroom.flows.export.cells import clean, quoted
from strongroom.flows.export.rows import Row

WIDTHS = {"No.": 6, "Text": 80, "Name": 40, "Place": 18, "SHA-256": 66, "Query": 40, "What": 14, "Is": 60}
WIDTH = 16
"""Of a column, in characters."""
BOM = "\ufeff"
"""Without it Excel reads a CSV file in the machine's old code page."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """One sheet of a workbook."""

    name: str
    """On its tab."""
    head: tuple[str, ...]
    """Names of the columns."""
    rows: Iterable[Row]
    """Read once."""


def write_xlsx(file: Path, sheets: Iterable[Sheet]) -> None:
    """Write a workbook; no text becomes a formula or a link, and numbers stay numbers.

    Raises:
        OSError: It cannot be written.
    """
    import xlsxwriter  # type: ignore[import-untyped]
    from xlsxwriter.exceptions import FileCreateError  # type: ignore[import-untyped]

    options: Mapping[str, object] = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(str(file), dict(options))
    bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    for sheet in sheets:
        page = book.add_worksheet(sheet.name)
        page.freeze_panes(1, 0)
        for column, title in enumerate(sheet.head):
            page.set_column(column, column, WIDTHS.get(title, WIDTH))
            page.write_string(0, column, title, bold)
        count = 0
        for count, row in enumerate(sheet.rows, 1):
            for column, value in enumerate(row):
                if isinstance(value, int | float):
                    page.write_number(count, column, value, wrapped)
                else:
                    page.write_string(count, column, clean(str(value)), wrapped)
        page.autofilter(0, 0, count, len(sheet.head) - 1)
    try:
        book.close()
    except FileCreateError as error:
        raise error.args[0] if isinstance(error.args[0], OSError) else OSError(str(error)) from error


def write_csv(file: Path, sheet: Sheet) -> None:
    """Write one sheet as CSV (RFC 4180, UTF-8); see `quoted` for what is done to texts.

    Raises:
        OSError: It cannot be written.
    """
    with file.open("w", encoding="utf-8", newline="") as out:
        out.write(BOM)
        table = csv.writer(out, lineterminator="\r\n")
        table.writerow(sheet.head)
        for row in sheet.rows:
            table.writerow([quoted(value) for value in row])
