"""Open a PDF, and say in plain words why one cannot be opened."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from strongroom.errors import Encrypted, StrongroomError, Unreadable, Unsupported

LOCK = threading.RLock()
"""PDFium must not be entered by two threads at once; whoever serves pages in threads goes through this."""

HELD = 128 * 1024**2
"""Bytes of a file whose pages are opened in one document."""
_HEAD = 1024
"""The header may be preceded by so many bytes of something else (ISO 32000, annex on implementation)."""


@contextmanager
def opened(file: Path | str | bytes) -> Iterator[Any]:
    """Open a document for the time of a ``with`` block; a document that opens without a password is not taken as encrypted.

    Args:
        file: A path, or the bytes.

    Raises:
        Encrypted: A password is needed.
        Unsupported: Its kind of protection is not known to PDFium.
        Unreadable: It is corrupt, truncated, empty, or no PDF.
    """
    try:
        document = pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        raise _reason(file, getattr(error, "err_code", None)) from error
    except ValueError as error:
        raise Unreadable(f"the PDF cannot be read: {error}") from error
    try:
        yield document
    finally:
        document.close()


def leaves(path: Path, document: Any, stack: ExitStack, keep: Callable[[], bool] = lambda: False) -> Iterator[tuple[int, Any]]:
    """Give each page's number, from 0, with a document to open it in.

    PDFium holds the streams of every page that it has opened until the document is closed: a large one is opened anew now and
    then, so that memory does not grow with the file.

    Args:
        path: The file.
        document: The same, open; it does where the file is small.
        stack: Holds what is opened, and is used for nothing else.
        keep: Whether something is still of use that belongs to the documents so far, which are then left open to the end.
    """
    count = len(document)
    every = max(1, count * HELD // max(1, path.stat().st_size))
    for i in range(count):
        if every < count and i % every == 0:
            if not keep():
                stack.close()
            document = stack.enter_context(opened(path))
        yield i, document


def _reason(file: Path | str | bytes, code: int | None) -> StrongroomError:
    if code == pdfium.FPDF_ERR_PASSWORD:
        return Encrypted("the PDF is locked with a password; add a copy that opens without one")
    if code == pdfium.FPDF_ERR_SECURITY:
        return Unsupported("the PDF is protected in a way that no reader here knows; add a copy without protection")
    head, tail, size = _ends(file)
    if not size:
        return Unreadable("the file is empty")
    if b"%PDF-" not in head:
        return Unreadable("it does not begin as a PDF does, so it is something else or its start is lost")
    if b"%%EOF" not in tail:
        return Unreadable("the PDF breaks off before its end, and its list of pages was there; only a whole copy can be read")
    return Unreadable("the PDF is corrupt: its list of objects or pages cannot be read")


def _ends(file: Path | str | bytes) -> tuple[bytes, bytes, int]:
    if isinstance(file, bytes):
        return file[:_HEAD], file[-_HEAD:], len(file)
    with Path(file).open("rb") as stream:
        head = stream.read(_HEAD)
        size = stream.seek(0, 2)
        stream.seek(max(0, size - _HEAD))
        return head, stream.read(), size
