"""What lies on a page beside its text: comments, form fields, links, attached files."""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from strongroom.analyzers.pdf.text import PageFrame
from strongroom.domain.locator import Box

_MOST = 5000
"""Annotations read on one page."""
_LONGEST = 1 << 20
"""Bytes of one string."""
_UNSEEN = {pdfium.FPDF_ANNOT_LINK, pdfium.FPDF_ANNOT_POPUP, pdfium.FPDF_ANNOT_TEXT, pdfium.FPDF_ANNOT_HIGHLIGHT}
"""Annotations that show no text of their own on the page."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """One annotation that says something."""

    kind: str
    """``comment``, ``field``, ``link`` or ``file``."""
    text: str
    """What it says; the target of a link."""
    name: str = ""
    """Author of a comment, name of a field."""
    box: Box | None = None
    """Where it lies."""
    attachment: Any = None
    """The file of a ``file`` note (``pypdfium2.PdfAttachment``)."""


def notes(document: Any, page: Any, placing: PageFrame) -> Iterator[Note]:
    """Give the annotations of a page, in order, without those that say nothing.

    Args:
        document: An open ``pypdfium2.PdfDocument``; its form must be initialised for fields to be found.
        page: A page of it.
        placing: Tells where things are shown on the page.
    """
    said: set[str] = set()
    for i in range(min(pdfium.FPDFPage_GetAnnotCount(page), _MOST)):
        annotation = pdfium.FPDFPage_GetAnnot(page, i)
        if not annotation:
            continue
        try:
            for note in _read(document, annotation, _box(annotation, placing)):
                if note.kind != "comment" or note.text not in said:
                    said.add(note.text)
                    yield note
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)


def flat(document: Any, page: Any, index: int) -> Any:
    """Make what the annotations of a page show part of it: filled fields, stamps, signatures, typewriter text.

    Args:
        document: An open ``pypdfium2.PdfDocument``; its copy in memory changes.
        page: A page of it.
        index: Its number, from 0.

    Returns:
        The page opened anew, and the other one closed; the same page where its annotations show nothing.
    """
    kinds = set()
    for i in range(min(pdfium.FPDFPage_GetAnnotCount(page), _MOST)):
        annotation = pdfium.FPDFPage_GetAnnot(page, i)
        if annotation:
            kinds.add(pdfium.FPDFAnnot_GetSubtype(annotation))
            pdfium.FPDFPage_CloseAnnot(annotation)
    if kinds <= _UNSEEN or pdfium.FPDF_ANNOT_FILEATTACHMENT in kinds:  # a pinned file is read later, from its annotation
        return page
    if pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY) != pdfium.FLATTEN_SUCCESS:
        return page
    page.close()
    return document[index]


def _read(document: Any, annotation: Any, box: Box | None) -> Iterator[Note]:
    kind = pdfium.FPDFAnnot_GetSubtype(annotation)
    if kind == pdfium.FPDF_ANNOT_LINK:
        if target := _target(document, annotation):
            yield Note(kind="link", text=target, box=box)
    elif kind == pdfium.FPDF_ANNOT_WIDGET:
        yield from _field(document, annotation, box)
    elif kind == pdfium.FPDF_ANNOT_FILEATTACHMENT:
        raw = pdfium.FPDFAnnot_GetFileAttachment(annotation)
        if raw:
            yield Note(kind="file", text="", attachment=pypdfium2.PdfAttachment(raw, document), box=box)
    words = [_value(annotation, key) for key in (b"Subj", b"Contents")] if kind != pdfium.FPDF_ANNOT_WIDGET else []
    text = "\n".join(dict.fromkeys(word for word in words if word))
    if text and words[1]:
        yield Note(kind="comment", text=text, name=_value(annotation, b"T"), box=box)


def _field(document: Any, annotation: Any, box: Box | None) -> Iterator[Note]:
    if document.formenv is None:
        return
    form = document.formenv.raw
    name = _string(lambda buffer, size: pdfium.FPDFAnnot_GetFormFieldName(form, annotation, buffer, size))
    label = _string(lambda buffer, size: pdfium.FPDFAnnot_GetFormFieldAlternateName(form, annotation, buffer, size))
    value = _string(lambda buffer, size: pdfium.FPDFAnnot_GetFormFieldValue(form, annotation, buffer, size))
    if name or value:
        title = f"{name} ({label})" if label and label != name else name
        yield Note(kind="field", text=value, name=title, box=box)


def _target(document: Any, annotation: Any) -> str:
    link = pdfium.FPDFAnnot_GetLink(annotation)
    action = pdfium.FPDFLink_GetAction(link) if link else None
    if not action or pdfium.FPDFAction_GetType(action) != pdfium.PDFACTION_URI:
        return ""
    size = pdfium.FPDFAction_GetURIPath(document, action, None, 0)
    if not 1 < size <= _LONGEST:
        return ""
    buffer = ctypes.create_string_buffer(size)
    pdfium.FPDFAction_GetURIPath(document, action, buffer, size)
    return buffer.raw[: size - 1].decode("utf-8", "replace")


def _value(annotation: Any, key: bytes) -> str:
    return _string(lambda buffer, size: pdfium.FPDFAnnot_GetStringValue(annotation, key, buffer, size))


def _string(ask: Callable[[Any, int], int]) -> str:
    """Ask PDFium for a UTF-16 string: first for its length, then for itself."""
    size = ask(None, 0)
    if not 2 < size <= _LONGEST:  # noqa: PLR2004
        return ""
    buffer = (pdfium.FPDF_WCHAR * (size // 2 + 1))()
    ask(buffer, size)
    return bytes(buffer)[: size - 2].decode("utf-16-le", "replace").replace("\r\n", "\n").replace("\r", "\n").strip("\0 \n")


def _box(annotation: Any, placing: PageFrame) -> Box | None:
    rectangle = pdfium.FS_RECTF()
    if not pdfium.FPDFAnnot_GetRect(annotation, ctypes.byref(rectangle)):
        return None
    with suppress(OverflowError, ValueError):
        return placing.box(rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)
    return None
