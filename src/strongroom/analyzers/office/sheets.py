"""Cells of Excel workbooks (SpreadsheetML), streamed: text, numbers as shown, values of formulas, hidden ones too."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from strongroom.analyzers.office import numbers, ooxml
from strongroom.analyzers.office.package import Package, attribute, done, local
from strongroom.analyzers.office.pieces import Piece, Row

_MOST_SHARED = 256 * 1024**2
"""Characters of shared strings held in memory; a workbook with more is read without the rest."""
_MOST_FORMULAS = 500
"""Formulas of a sheet that are given; those that differ only in their numbers are given once."""
_WORDS = re.compile(r"[^\W\d_]{2,}\(|\"[^\"]{2,}\"|!")
_LONGEST = 2000
_ASIDE = ("{*}row", "{*}f", "{*}dataValidation", "{*}hyperlink", "{*}oddHeader", "{*}oddFooter", "{*}evenHeader",
          "{*}evenFooter", "{*}firstHeader", "{*}firstFooter")  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Book:
    """What all sheets of a workbook share."""

    sheets: tuple[tuple[str, str], ...]
    """Name and part of each sheet."""
    strings: tuple[str, ...]
    """Shared strings."""
    formats: tuple[str, ...]
    """Number format of each cell style; empty where it is General."""
    base_1904: bool
    """Whether days are counted from 1904."""


def open_book(package: Package) -> Book:
    """Read what the sheets need."""
    root = package.tree("xl/workbook.xml")
    targets = ooxml.relations(package, "xl/workbook.xml")
    sheets = []
    base_1904 = False
    if root is not None:
        for element in root.iter("{*}sheet"):
            target = targets.get(attribute(element, "id") or "", ("", "", False))[1]
            sheets.append((element.get("name") or target, target))
        base_1904 = any(element.get("date1904") in ("1", "true") for element in root.iter("{*}workbookPr"))
    if not sheets:
        found = sorted(name for name in package.names() if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name))
        sheets = [(f"sheet {i}", name) for i, name in enumerate(found, 1)]
    return Book(sheets=tuple(sheets), strings=tuple(_strings(package)), formats=tuple(_formats(package)), base_1904=base_1904)


def _strings(package: Package) -> Iterator[str]:
    size = 0
    held: list[str] = []
    phonetic = False
    for event, element in package.events("xl/sharedStrings.xml"):
        kind = local(element)
        if kind == "rPh":
            phonetic = event == "start"
        if event == "start":
            continue
        if kind == "t" and not phonetic:
            held.append(element.text or "")
        elif kind == "si":
            text = "".join(held)
            held = []
            size += len(text) + 50
            if size > _MOST_SHARED:
                return
            yield text
            done(element)


def _formats(package: Package) -> Iterator[str]:
    root = package.tree("xl/styles.xml")
    if root is None:
        return
    codes = dict(numbers.BUILT_IN)
    for element in root.iter("{*}numFmt"):
        with suppress(ValueError):
            codes[int(element.get("numFmtId") or "")] = element.get("formatCode") or ""
    for styles in root.iter("{*}cellXfs"):
        for element in styles:
            number = element.get("numFmtId") if isinstance(element.tag, str) else None
            yield codes.get(int(number), "") if number and number.isdigit() else ""


def rows(package: Package, book: Book) -> Iterator[Row]:
    """Give the rows of every sheet in order."""
    for name, part in book.sheets:
        yield from rows_of(package, book, name, part)


def rows_of(package: Package, book: Book, name: str, part: str) -> Iterator[Row]:
    """Give the rows of one sheet in order; see `Book.sheets`."""
    number = 0
    for _, element in package.events(part, ("{*}row",)):
        given = element.get("r") or ""
        number = int(given) if given.isdigit() and len(given) < 9 else number + 1  # noqa: PLR2004
        cells: list[tuple[int, str]] = []
        for cell in element:
            if text := _shown(cell, book):
                letters = (cell.get("r") or "").rstrip("0123456789")
                cells.append((_column(letters) if letters else len(cells) + 1, text))
        if cells:
            yield Row(sheet=name, number=number, cells=cells)
        done(element)


@lru_cache(maxsize=20_000)
def _column(letters: str) -> int:
    number = 0
    for letter in letters[:4].upper():
        number = number * 26 + ord(letter) - 64
    return number


def _shown(cell: Any, book: Book) -> str:
    """Give the text of a cell; where the stored number reads otherwise than the shown one, both."""
    kind = str(cell.get("t") or "n")
    value: str | None = None
    formula: str | None = None
    for child in cell:
        tag = str(child.tag)
        if tag.endswith("}v"):
            value = child.text
        elif tag.endswith("}f"):
            formula = child.text
        elif tag.endswith("}is"):
            value = "".join(child.itertext("{*}t"))
    if value is None:
        return f"={formula}" if formula else ""
    if kind == "s":
        at = int(value) if value.strip().isdigit() else -1
        return book.strings[at].strip() if 0 <= at < len(book.strings) else ""
    if kind == "b":
        return "TRUE" if value.strip() == "1" else "FALSE"
    if kind != "n":
        return value.strip()
    return _number(value.strip(), cell.get("s") or "0", book)


def _number(value: str, style: str, book: Book) -> str:
    code = book.formats[int(style)] if style.isdigit() and int(style) < len(book.formats) else ""
    try:
        number = float(value)
        if number != number or number in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN
            return value
        text = numbers.shown(number, code, base_1904=book.base_1904) if code else numbers.general(number)
    except (ValueError, OverflowError):
        return value
    return text if numbers.is_date(code) else both(text, value)


def both(text: str, value: str) -> str:
    """Join the shown form of a number with the stored one, where it is written otherwise."""
    if text == value or not text:
        return text or value
    short = numbers.general(float(value))
    alone = re.search(rf"(?<![\d.,]){re.escape(short)}(?![\d.,]*\d)", text)
    return text if alone else f"{text} ({short})"


def extras(package: Package, book: Book) -> Iterator[Piece]:
    """Give what is not in cells: comments, headers and footers, names, drawings, charts, pivot tables, links."""
    yield Piece(text="\n".join(name for name, _ in book.sheets), part="sheets")
    for name, part in book.sheets:
        for kind, target, outside in ooxml.relations(package, part).values():
            if kind in ("comments", "threadedComment") and not outside:
                yield from _comments(package, name, target)
        yield from _headers(package, name, part)
    root = package.tree("xl/workbook.xml")
    if root is not None:
        for element in root.iter("{*}definedName"):
            yield Piece(text=f"{element.get('name')} {element.text or ''}"[:500], part="names")
    yield from ooxml.shared(package)
    yield from ooxml.links(package)


class Formulas:
    """Which formulas of a sheet were given."""

    def __init__(self) -> None:
        """Know none."""
        self._shapes: set[str] = set()

    def fresh(self, text: str) -> bool:
        """Say whether a formula says something new: it has words in it, and no other differs only in its numbers."""
        if len(self._shapes) >= _MOST_FORMULAS or not _WORDS.search(text):
            return False
        shape = re.sub(r"\d+", "#", text)
        if shape in self._shapes:
            return False
        self._shapes.add(shape)
        return True


def _headers(package: Package, sheet: str, part: str) -> Iterator[Piece]:
    formulas = Formulas()
    for _, element in package.events(part, _ASIDE):
        kind = local(element)
        if kind == "f":
            if formulas.fresh(element.text or ""):
                yield Piece(text=f"={element.text}"[:_LONGEST], part=f"{sheet}, formulas")
            continue
        if kind in ("dataValidation", "hyperlink"):
            words = [element.get(key) for key in ("promptTitle", "prompt", "error", "tooltip", "display")]
            if any(words):
                yield Piece(text="\n".join(word for word in words if word), part=f"{sheet}, hints")
        elif kind != "row":
            text = re.sub(r'&"[^"]*"|&K[0-9A-F]{6}|&\d+|&[A-Z]', " ", element.text or "", flags=re.IGNORECASE).strip()
            if text:
                yield Piece(text=text, part=f"{sheet}, {'header' if 'Header' in kind else 'footer'}")
        done(element)


def _comments(package: Package, sheet: str, name: str) -> Iterator[Piece]:
    authors: list[str] = []
    held: list[str] = []
    for event, element in package.events(name):
        if event == "start":
            continue
        kind = local(element)
        if kind == "author":
            authors.append(element.text or "")
        elif kind in ("t", "text"):
            held.append(element.text or "")
        elif kind in ("comment", "threadedComment"):
            number = element.get("authorId") or ""
            author = authors[int(number)] if number.isdigit() and int(number) < len(authors) else ""
            text = "".join(held).strip()
            held = []
            if text:
                by = f" by {author[:100]}" if author else ""
                yield Piece(text=text, part=f"{sheet}!{element.get('ref') or ''}, comment{by}")
            done(element)
