"""The analyzer of office files: pages from LibreOffice where it is, and whatever our own readers find beyond them."""

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

from strongroom.analyzers.bounds import Bounds
from strongroom.analyzers.office import embedded, epub, libreoffice, macros, odf, old, ooxml, record, sheets
from strongroom.analyzers.office.package import Package
from strongroom.analyzers.office.pieces import Known, Piece, Places, Row, row_segments
from strongroom.analyzers.pdf.analyzer import pages
from strongroom.analyzers.pdf.opening import opened
from strongroom.domain import media
from strongroom.domain.analysis import AnalyzerSpec
from strongroom.domain.findings import Finding, Problem, Property, Rendition, Segment
from strongroom.errors import AnalysisError, Encrypted, LimitExceeded, Unreadable, Unsupported
from strongroom.ports.source import Source
from strongroom.ports.tools import Tools

EPUB, RTF, XLSB = "application/epub+zip", "application/rtf", "application/vnd.ms-excel.sheet.binary.macroenabled.12"
_MOST_PDF = 64 * 1024**2
_MOST_UNFOLDED = 96 * 1024**2
"""Bytes of XML beyond which LibreOffice is not asked: it would take minutes and gigabytes."""
_MOST_FILE = 128 * 1024**2
"""The same for files that are not zips."""
_BUILTIN, _WITH_PAGES = 1, 2
"""Versions of the analyzer without and with LibreOffice; what that has read stays as it is when it is gone."""
_HELD = 1000
"""Pieces gathered before they are cut into passages."""
_NOTES = re.compile(r"\b(?:comment|notes|deleted)\b")
_SUFFIXES = {
    "application/msword": ".doc", "application/vnd.ms-excel": ".xls", "application/vnd.ms-powerpoint": ".ppt", RTF: ".rtf",
    "text/rtf": ".rtf", XLSB: ".xlsb", "application/vnd.ms-word.document.macroenabled.12": ".docm",
    "application/vnd.ms-word.template.macroenabled.12": ".dotm",
    "application/vnd.ms-excel.sheet.macroenabled.12": ".xlsm", "application/vnd.ms-excel.template.macroenabled.12": ".xltm",
    "application/vnd.ms-powerpoint.presentation.macroenabled.12": ".pptm",
    "application/vnd.ms-powerpoint.slideshow.macroenabled.12": ".ppsm",
    "application/vnd.ms-powerpoint.template.macroenabled.12": ".potm",
    media.OOXML + "wordprocessingml.document": ".docx", media.OOXML + "wordprocessingml.template": ".dotx",
    media.OOXML + "spreadsheetml.sheet": ".xlsx", media.OOXML + "spreadsheetml.template": ".xltx",
    media.OOXML + "presentationml.presentation": ".pptx", media.OOXML + "presentationml.slideshow": ".ppsx",
    media.OOXML + "presentationml.template": ".potx", media.ODF + "text": ".odt", media.ODF + "text-template": ".ott",
    media.ODF + "spreadsheet": ".ods", media.ODF + "spreadsheet-template": ".ots", media.ODF + "presentation": ".odp",
    media.ODF + "presentation-template": ".otp", media.ODF + "graphics": ".odg", media.ODF + "graphics-template": ".otg",
}  # fmt: skip
_TYPES = tuple(dict.fromkeys((*media.DOCUMENT_TYPES, *media.SPREADSHEET_TYPES, *media.PRESENTATION_TYPES, *_SUFFIXES)))


def office_reader_available() -> str | None:
    """Give the version line of the LibreOffice that would be used; None where there is none and the built-in readers serve."""
    office = libreoffice.installed()
    return office.version if office else None


class OfficeAnalyzer:
    """Reads documents, spreadsheets, presentations and books, with page, slide or cells as the place."""

    def __init__(self, bounds: Bounds | None = None, *, office: str = "auto") -> None:
        """Tell which reader there is: its version goes with that, so that files are read again when LibreOffice is installed.

        Args:
            bounds: On files inside; the defaults of the settings where None.
            office: Which reader the room wants, as in its settings.
        """
        self._bounds = bounds or Bounds()
        with_pages = office != "builtin" and libreoffice.present() is not None
        version, better = (_WITH_PAGES, ()) if with_pages else (_BUILTIN, (_WITH_PAGES,))
        self.spec = AnalyzerSpec(name="office", version=version, accepts=_TYPES, as_good=better)

    def analyze(self, source: Source, tools: Tools) -> Iterator[Finding]:
        """Yield pages, cells, notes and properties, each text once.

        Raises:
            Encrypted: A password is needed.
            Unreadable: It is corrupt; what could be got was yielded.
            LimitExceeded: It is a decompression bomb.
            Unsupported: The room insists on LibreOffice, and there is none.
        """
        if not source.size:
            raise Unreadable("the file is empty")
        with ExitStack() as stack:
            yield from _Reading(source, tools.office, self._bounds, stack).findings()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pages:
    """What LibreOffice gave."""

    pdf: Path | None
    odf: Package | None


class _Reading:
    """One file being read: what was said already, and what went wrong."""

    def __init__(self, source: Source, wish: str, bounds: Bounds, stack: ExitStack) -> None:
        self._source = source
        self._wish = wish
        self._bounds = bounds
        self._stack = stack
        self._path = source.path()
        self._known = Known()
        self._noted = Known()
        self._places = Places()
        self._trouble: AnalysisError | None = None
        self._said = False
        self._compound = old.is_compound(self._path)
        self._package = self._open()

    def _open(self) -> Package | None:
        """Open the parts of a zip; None for the formats that are none."""
        if self._compound:
            if old.locked(self._path):
                raise Encrypted("the file is locked with a password; add a copy that opens without one")
            return None
        if self._suffix() in (".doc", ".xls", ".ppt", ".rtf"):
            return None
        stream: BinaryIO = self._stack.enter_context(self._source.open())
        package = Package(stream, self._source.size)
        if odf.locked(package):
            raise Encrypted("the file is locked with a password; add a copy that opens without one")
        return package

    def _suffix(self) -> str:
        return _SUFFIXES.get(self._source.media_type, ".epub")

    def findings(self) -> Iterator[Finding]:
        made = self._libreoffice()
        facts = self._facts(made)
        yield from facts
        yield from record.as_segment([fact for fact in facts if isinstance(fact, Property)])
        if made.pdf is not None:
            yield from self._pages(made.pdf)
        yield from self._texts(made)
        if self._compound:
            yield from embedded.objects(self._path, self._source, self._bounds)
        inside = self._package or made.odf
        if inside is not None:
            yield from embedded.members(inside, self._source, self._bounds, pictures=self._compound)
        yield from self._end()

    def _end(self) -> Iterator[Finding]:
        """Say what is missing: as an error where nothing was found, else as a problem."""
        damaged = self._package is not None and self._package.damaged
        if self._trouble is not None and not self._said:
            raise self._trouble
        if damaged:
            yield Problem(reason="the file breaks off or is damaged: only the parts that could be read are found")
        elif self._trouble is not None:
            yield Problem(reason=f"there are no pages to show, the text is found: {self._trouble}")

    def _facts(self, made: _Pages) -> list[Property | Problem]:
        found: list[Property | Problem] = [Property(name="reader", value="libreoffice" if made.pdf or made.odf else "builtin")]
        if self._suffix() == ".epub" and self._package:
            return [*found, *epub.properties(self._package)]
        if self._package:
            return [*found, *record.properties(self._package)]
        facts = list(old.properties(self._path)) if self._compound else []
        names = {fact.name for fact in facts if isinstance(fact, Property)}
        more = record.properties(made.odf) if made.odf else ()
        return [*found, *facts, *(fact for fact in more if fact.name not in names)]

    def _libreoffice(self) -> _Pages:
        nothing = _Pages(pdf=None, odf=None)
        desk = libreoffice.desk() if self._wish != "builtin" and self._suffix() != ".epub" else None
        if desk is None:
            if self._wish == "libreoffice" and self._suffix() != ".epub":
                raise Unsupported(
                    "LibreOffice is not installed here (or its Python has no uno); install it, or set office to auto"
                )
            return nothing
        if self._too_large():
            return nothing
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="strongroom-office-")))
        file = folder / f"document{self._suffix()}"
        file.symlink_to(self._path)
        try:
            done = desk.convert(file, folder, odf=self._package is None or self._suffix() in (".xlsb", ".xlsx", ".xlsm"))
        except AnalysisError as error:
            self._trouble = error
            return nothing
        return _Pages(pdf=done.pdf, odf=self._exported(done.odf))

    def _exported(self, file: Path | None) -> Package | None:
        if file is None:
            return None
        try:
            return Package(self._stack.enter_context(file.open("rb")), file.stat().st_size)
        except AnalysisError as error:
            self._trouble = error
            return None

    def _too_large(self) -> bool:
        if self._package is None:
            return self._source.size > _MOST_FILE
        xml = (self._package.size(name) for name in self._package.names() if name.endswith((".xml", ".bin")))
        return sum(xml) > _MOST_UNFOLDED

    def _pages(self, pdf: Path) -> Iterator[Finding]:
        """Give the pages with boxes; those of a sheet only lend their picture, since cells are the better place."""
        sheet = media.type_of(self._source.media_type) == media.SPREADSHEET
        with opened(pdf) as document:
            for finding in pages(document, picture=True):
                if isinstance(finding, Segment):
                    if sheet or finding.locator.part == "links":
                        continue
                    self._known.add(finding.text)
                    self._said = True
                yield finding
        if pdf.stat().st_size <= _MOST_PDF:
            yield Rendition(role="pdf", media_type="application/pdf", data=pdf.read_bytes())
        else:
            yield Problem(reason=f"its pages have more than {_MOST_PDF:,} bytes and are not kept")

    def _texts(self, made: _Pages) -> Iterator[Finding]:
        """Give what each reader finds that none before it did."""
        for read in self._readers(made):
            try:
                yield from self._new(read())
            except LimitExceeded:
                raise
            except AnalysisError as error:
                if made.pdf is None and not self._said and self._trouble is None:
                    self._trouble = error

    def _readers(self, made: _Pages) -> Iterator[Callable[[], Iterator[Piece | Row]]]:
        package = self._package
        if package is not None:
            yield lambda: _own(package, self._suffix())
            yield lambda: macros.in_package(package)
        exported = made.odf
        if exported is not None:
            yield lambda: _own(exported, ".ods" if odf.sheet_like(exported) else ".odt")
        if (package is None or self._suffix() == ".xlsb") and not self._too_large():
            yield lambda: old.extract(self._path, self._source.media_type)
        if self._compound:
            yield lambda: macros.modules(self._path)

    def _new(self, found: Iterator[Piece | Row]) -> Iterator[Segment]:
        """Leave out what an earlier reader said, and put the rest into passages."""
        again = self._said
        remember = not self._too_large()  # no second reader comes after: memory and time are better spent
        held: list[Piece | Row] = []
        for one in found:
            if isinstance(one, Row):
                cells = [cell for cell in one.cells if not (again and self._known.knows(cell[1]))]
                if cells:
                    held.append(Row(sheet=one.sheet, number=one.number, cells=cells))
                    for _, text in cells if remember else ():
                        self._known.add(text)
            elif self._is_new(one, again=again):
                held.append(one)
            if len(held) > _HELD:
                yield from self._flush(held)
                held = []
        yield from self._flush(held)

    def _is_new(self, piece: Piece, *, again: bool) -> bool:
        """Say whether a piece is to be given; a note is held against notes only: that a page says the same does not count."""
        known = self._noted if piece.part and _NOTES.search(piece.part) else self._known
        if piece.part is None and not again:
            known.add(piece.text)
            return True
        return not self._noted.knows(piece.text) and known.fresh(piece.text)

    def _flush(self, held: list[Piece | Row]) -> Iterator[Segment]:
        rows = [one for one in held if isinstance(one, Row)]
        for segment in (*row_segments(rows), *self._places.segments(one for one in held if isinstance(one, Piece))):
            self._said = True
            yield segment


def _own(package: Package, suffix: str) -> Iterator[Piece | Row]:
    """Read a package with the reader of its kind; what it is not says nothing."""
    if suffix == ".epub":
        yield from epub.text(package)
    elif "word/document.xml" in package or any(name.startswith("word/") for name in package.names()):
        yield from ooxml.word(package)
    elif any(name.startswith("ppt/") for name in package.names()):
        yield from ooxml.slides(package)
    elif any(name.startswith("xl/") for name in package.names()):
        book = sheets.open_book(package)
        yield from sheets.rows(package, book)
        yield from sheets.extras(package, book)
    elif "content.xml" in package:
        if odf.sheet_like(package):
            yield from odf.rows(package)
        yield from odf.text(package)
        yield from odf.links(package)
    else:
        raise Unreadable("it is a zip file, but has none of the parts of an office file")


def builtin_version() -> str:
    """Give the version line of the built-in reader."""
    return f"kreuzberg {version('kreuzberg')}"
