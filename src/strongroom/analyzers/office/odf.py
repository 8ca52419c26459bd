"""Text of OpenDocument files (ISO/IEC 26300): text, sheets, slides, drawings; and what LibreOffice exports as such."""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from strongroom.analyzers.office.package import Package, attribute, done, local
from strongroom.analyzers.office.pieces import Piece, Row, column_name
from strongroom.analyzers.office.sheets import Formulas, both

_PARAGRAPHS = frozenset({"p", "h", "title", "desc"})
_MOST_REPEATED = 50
_FIELDS = ("{*}page-number", "{*}page-count", "{*}sheet-name", "{*}date", "{*}time", "{*}title", "{*}file-name")
_MASTER = ("header", "footer", "header-left", "footer-left", "header-first", "footer-first", "header-decl", "footer-decl")


def sheet_like(package: Package) -> bool:
    """Say whether a package is a spreadsheet."""
    return b"spreadsheet" in package.read("mimetype", 200)


def locked(package: Package) -> bool:
    """Say whether its parts are encrypted with a password."""
    return b"encryption-data" in package.read("META-INF/manifest.xml", 1 << 22)


_PARTS = {"annotation": "comment", "note": "footnote", "notes": "notes", "deletion": "deleted text",
          "tracked-changes": "deleted text", "header-decl": "header", "footer-decl": "footer"}  # fmt: skip


def texts(package: Package, name: str, part: str | None = None) -> Iterator[Piece]:
    """Give the paragraphs of one XML part, with slide, and with their own part: comment, footnote, notes, deleted text.

    Args:
        package: The file.
        name: ``content.xml``, or that of an object in it.
        part: What it is as a whole.
    """
    parts: list[str | None] = [part]
    page: int | None = None
    author = ""
    depth = 0
    for event, element in package.events(name):
        kind = local(element)
        if event == "start":
            depth += kind in _PARAGRAPHS
            if kind in _PARTS:
                parts.append("endnote" if attribute(element, "note-class") == "endnote" else _PARTS[kind])
                author = ""
            elif kind == "page" and "drawing" in element.tag:
                page = (page or 0) + 1
        elif kind in _PARAGRAPHS:
            depth -= 1
            if words := "".join(_flow(element)).strip():
                yield Piece(text=words, page=page, part=_part(kind, parts[-1], author))
            if not depth:
                done(element)
        elif kind == "creator":
            author = f" by {element.text[:100]}" if element.text else ""
        elif kind in _PARTS:
            parts.pop()


def _part(kind: str, part: str | None, author: str) -> str | None:
    if kind in ("title", "desc"):
        return "picture description"
    return f"comment{author}" if part == "comment" else part


def _inline(element: Any, kind: str) -> str:
    if kind == "s":
        count = attribute(element, "c") or "1"
        return " " * min(int(count) if count.isdigit() else 1, 20)
    return {"tab": "\t", "line-break": "\n"}.get(kind, "")


def _flow(element: Any) -> Iterator[str]:
    """Give the text of a paragraph in order, without the notes and frames in it, which are paragraphs of their own."""
    yield element.text or ""
    for child in element:
        if isinstance(child.tag, str):
            kind = local(child)
            if kind in ("s", "tab", "line-break"):
                yield _inline(child, kind)
            elif kind not in ("note", "annotation", "frame", "tracked-changes", "custom-shape", "deletion"):
                yield from _flow(child)
        yield child.tail or ""


def text(package: Package) -> Iterator[Piece]:
    """Give all text but cells: body, headers and footers, notes, comments, objects such as charts, links."""
    if not sheet_like(package):
        yield from texts(package, "content.xml")
    yield from _masters(package)
    for name in package.names():
        if re.fullmatch(r"(?:\./)?(?:Object[^/]*|[^/]+)/content\.xml", name):
            yield from texts(package, name, "chart")


def _masters(package: Package) -> Iterator[Piece]:
    """Give headers and footers; master pages of slides only say where to click."""
    root = package.tree("styles.xml")
    for element in root.iter(*(f"{{*}}{name}" for name in _MASTER)) if root is not None else ():
        for paragraph in element.iter("{*}p", "{*}h"):
            for field in list(paragraph.iter(*_FIELDS)):
                field.text = None
            words = "".join(_flow(paragraph)).strip()
            if re.search(r"\w", words):
                yield Piece(text=words, part=local(element).partition("-")[0])


def links(package: Package) -> Iterator[Piece]:
    """Give the targets of links that lead out of the file."""
    for event, element in package.events("content.xml"):
        if event == "end" and local(element) == "a":
            target = attribute(element, "href") or ""
            if re.match(r"[a-z][a-z0-9+.-]{1,20}:", target, re.IGNORECASE):
                yield Piece(text=target[:2000], part="links")
        if event == "end" and local(element) in ("p", "h", "table-row"):
            done(element)


def rows(package: Package) -> Iterator[Row | Piece]:
    """Give the rows of all sheets as shown, and their comments."""
    sheet, number = "", 1
    formulas = Formulas()
    for event, element in package.events("content.xml"):
        kind = local(element)
        if event == "start" and kind == "table":
            sheet, number = attribute(element, "name") or sheet, 1
            formulas = Formulas()
            yield Piece(text=sheet, part="sheets")
        elif event == "end" and kind == "table-row":
            repeated = _count(element, "number-rows-repeated")
            cells, comments = _cells(element, sheet, number)
            if cells:
                for again in range(min(repeated, _MOST_REPEATED)):
                    yield Row(sheet=sheet, number=number + again, cells=cells)
            yield from comments
            yield from _formulas(element, sheet, formulas)
            number += repeated
            done(element)
        elif event == "end" and kind == "shapes":
            yield from _drawn(element, sheet)
            done(element)


def _count(element: Any, name: str) -> int:
    given = attribute(element, name) or "1"
    return int(given) if given.isdigit() and len(given) < 9 else 1  # noqa: PLR2004


def _cells(row: Any, sheet: str, number: int) -> tuple[list[tuple[int, str]], list[Piece]]:
    cells: list[tuple[int, str]] = []
    comments: list[Piece] = []
    column = 1
    for cell in row:
        if not isinstance(cell.tag, str) or local(cell) not in ("table-cell", "covered-table-cell"):
            continue
        repeated = _count(cell, "number-columns-repeated")
        lines = ["".join(_flow(child)) for child in cell if isinstance(child.tag, str) and local(child) == "p"]
        shown = "\n".join(lines).strip()
        value = attribute(cell, "value")
        if shown and value:
            with suppress(ValueError, OverflowError):
                shown = both(shown, value)
        if shown:
            cells += [(column + again, shown) for again in range(min(repeated, _MOST_REPEATED))]
        comments += _drawn(cell, sheet)
        comments += _notes(cell, f"{sheet}!{column_name(column)}{number}")
        column += repeated
    return cells, comments


def _formulas(row: Any, sheet: str, formulas: Formulas) -> Iterator[Piece]:
    """Give formulas as people write them: ``of:=SUM([.A1:.A9];2)`` is ``=SUM(A1:A9,2)`` (OpenFormula, ISO 26300-2)."""
    for cell in row:
        given = attribute(cell, "formula") if isinstance(cell.tag, str) else None
        if given and formulas.fresh(given):
            references = re.sub(r"\[([^\]]*)\]", lambda match: re.sub(r"(^|:)\.", r"\1", match[1]), given)
            yield Piece(text=references.removeprefix("of:").replace(";", ",")[:2000], part=f"{sheet}, formulas")


def _drawn(owner: Any, sheet: str) -> Iterator[Piece]:
    """Give the text of shapes, and what describes pictures, that lie on a sheet or are bound to a cell."""
    for shape in owner:
        if isinstance(shape.tag, str) and "drawing" in shape.tag:
            for paragraph in shape.iter("{*}p", "{*}h", "{*}title", "{*}desc"):
                if words := "".join(_flow(paragraph)).strip():
                    yield Piece(text=words, part=_part(local(paragraph), f"{sheet}, drawing", ""))


def _notes(cell: Any, place: str) -> Iterator[Piece]:
    for child in cell:
        if isinstance(child.tag, str) and local(child) == "annotation":
            words = "\n".join("".join(_flow(one)) for one in child.iter("{*}p")).strip()
            author = next((one.text for one in child.iter("{*}creator") if one.text), "")
            if words:
                yield Piece(text=words, part=f"{place}, comment" + (f" by {author[:100]}" if author else ""))
