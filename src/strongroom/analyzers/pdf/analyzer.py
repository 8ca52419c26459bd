"""The analyzer of PDF files: all but what only a picture of the page shows."""

import ctypes
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from strongroom.analyzers import names, passages
from strongroom.analyzers.bounds import Bounds, Meter
from strongroom.analyzers.pdf import facts
from strongroom.analyzers.pdf.notes import Note, flat, notes
from strongroom.analyzers.pdf.opening import leaves, opened
from strongroom.analyzers.pdf.pictures import thumbnail
from strongroom.analyzers.pdf.text import PageFrame, PageText
from strongroom.domain.analysis import AnalyzerSpec
from strongroom.domain.findings import PASSAGE, Finding, Member, Problem, Rendition, Segment
from strongroom.domain.locator import Locator
from strongroom.errors import LimitExceeded, Unreadable
from strongroom.ports.source import Source
from strongroom.ports.tools import Tools

PDF_TYPE = "application/pdf"
_MOST_PROBLEMS = 20
_MOST_LINKS = 2000
_MOST_FILE = 512 * 1024**2
"""Bytes of one attached file; PDFium unfolds it in memory."""


class PdfAnalyzer:
    """Reads the text layer with boxes, comments, form fields, links, bookmarks, properties and attached files."""

    spec = AnalyzerSpec(name="pdf", version=1, accepts=(PDF_TYPE, "application/x-pdf"))

    def __init__(self, bounds: Bounds | None = None) -> None:
        """Take the bounds on attached files; the defaults of the settings where None."""
        self._bounds = bounds or Bounds()

    def analyze(self, source: Source, tools: Tools) -> Iterator[Finding]:
        """Yield what is found, page by page; a page that cannot be read is a problem, not an end.

        Raises:
            Encrypted: A password is needed.
            Unreadable: The file, or each page of it, is corrupt.
        """
        del tools
        path = source.path()
        with opened(path) as document, ExitStack() as stack:
            yield from facts.facts(document, path)
            files: list[Any] = []
            each = leaves(path, document, stack, keep=lambda: bool(files))
            yield from pages(document, picture=True, files=files, each=each)
            yield from passages.segments(facts.bookmarks(document), part="bookmarks", lines=True)
            yield from _members([*facts.attachments(document), *files], source, self._bounds)


def pages(
    document: Any, *, picture: bool, files: list[Any] | None = None, each: Iterable[tuple[int, Any]] | None = None
) -> Iterator[Finding]:
    """Yield the text and notes of each page of an open document; memory does not grow with their number.

    Args:
        document: A ``pypdfium2.PdfDocument``.
        picture: Whether a thumbnail of the first page is wanted.
        files: Takes the files that are pinned to pages (``pypdfium2.PdfAttachment``).
        each: The pages, as `leaves` gives them; None opens all of them in the document.

    Raises:
        Unreadable: No page could be read.
    """
    links: dict[str, None] = {}
    pinned = files if files is not None else []
    bad: list[int] = []
    ready = None
    for i, leaf in each if each is not None else ((i, document) for i in range(len(document))):
        if leaf is not ready and leaf.get_formtype() != pdfium.FORMTYPE_NONE:
            leaf.init_forms()
        ready = leaf
        try:
            page = leaf[i]
        except pypdfium2.PdfiumError:
            bad.append(i + 1)
            continue
        try:
            if i == 0 and picture:
                yield from _thumbnail(page)
            found = list(notes(leaf, page, PageFrame(page)))
            page = flat(leaf, page, i)
            yield from _page(page, i + 1, found, links, pinned)
        except (pypdfium2.PdfiumError, Unreadable):
            bad.append(i + 1)
        finally:
            page.close()
    yield from passages.segments((link + "\n" for link in links), part="links", lines=True)
    if bad and len(bad) == len(document):
        raise Unreadable("none of the pages can be read: the PDF is corrupt or incomplete")
    for number in bad[:_MOST_PROBLEMS]:
        yield Problem(reason=f"page {number} is corrupt and was not read")
    if len(bad) > _MOST_PROBLEMS:
        yield Problem(reason=f"{len(bad) - _MOST_PROBLEMS:,} more pages are corrupt and were not read")


def _thumbnail(page: Any) -> Iterator[Finding]:
    try:
        yield Rendition(role="thumbnail", media_type="image/jpeg", data=thumbnail(page))
    except Unreadable as error:
        yield Problem(reason=f"there is no thumbnail: {error}")


def _page(page: Any, number: int, found: list[Note], links: dict[str, None], files: list[Any]) -> Iterator[Finding]:
    text = PageText(page)
    try:
        if not text.is_garbage():
            for start, end in passages.split(text.text):
                place = Locator(char_start=start, char_end=end, page=number, boxes=text.boxes(start, end))
                yield Segment(kind=PASSAGE, text=text.text[start:end], locator=place)
    finally:
        text.close()
    fields: list[str] = []
    said = 0
    for note in found:
        if note.kind == "comment":
            yield from _comment(note, number, said)
            said += len(note.text) + 1
        elif note.kind == "field":
            fields.append(f"{note.name}: {note.text}\n" if note.text else f"{note.name}\n")
        elif note.kind == "file":
            files.append(note.attachment)
        elif len(links) < _MOST_LINKS:
            links[note.text[:2000]] = None
    yield from passages.segments(fields, page=number, part="form fields", lines=True)


def _comment(note: Note, number: int, offset: int) -> Iterator[Segment]:
    """Give a comment's passages; their characters are counted over all comments of the page, so that no two are alike."""
    part = f"comment by {note.name[:100]}" if note.name else "comment"
    for start, end in passages.split(note.text):
        place = Locator(
            char_start=offset + start, char_end=offset + end, page=number, part=part, boxes=(note.box,) if note.box else ()
        )
        yield Segment(kind=PASSAGE, text=note.text[start:end], locator=place)


def _members(found: list[Any], source: Source, bounds: Bounds) -> Iterator[Finding]:
    if not found:
        return
    try:
        meter = Meter(source, bounds)
        taken: set[str] = set()
        for count, attachment in enumerate(found, 1):
            meter.member()
            yield from _member(attachment, count, meter, taken)
            meter.check()
    except LimitExceeded as error:
        yield Problem(reason=f"attached files were left out: {error}")


def _member(attachment: Any, count: int, meter: Meter, taken: set[str]) -> Iterator[Finding]:
    try:
        name = attachment.get_name() if attachment else ""
        size = ctypes.c_ulong()
        if attachment:
            pdfium.FPDFAttachment_GetFile(attachment, None, 0, ctypes.byref(size))
        if not attachment or size.value > _MOST_FILE:
            yield Problem(reason=f"attached file {name or count} is too large or damaged and was left out")
            return
        data = bytes(attachment.get_data()) if size.value else b""
    except pypdfium2.PdfiumError:
        yield Problem(reason=f"attached file {count} is damaged and was left out")
        return
    path = names.clean(name, count)
    if path in taken:
        path = f"{count}/{path}"
    taken.add(path)
    yield Member(path=path, chunks=meter.chunks([data]))
