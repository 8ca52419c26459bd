"""Text of PDF pages: the bare pypdfium2 loop against the pdf analyzer, in one run.

python bench/pdf.py [PAGES]
"""

import io
import sys
import time

import pypdfium2
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from strongroom.analyzers.pdf import PdfAnalyzer
from strongroom.domain.findings import Segment
from strongroom.testing.source import BytesSource

SENTENCE = "the harbour office was flooded after the storm and every ledger of the year had to be dried page by page"
WORDS = SENTENCE.split()
TARGET = 300


def make(pages: int) -> bytes:
    """Make a PDF with some 50 lines a page."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    for page in range(pages):
        for line in range(50):
            words = [WORDS[(page * 7 + line * 3 + k * (line + 1)) % len(WORDS)] for k in range(13)]
            canvas.drawString(50, 790 - 15 * line, " ".join(words) + ("." if line % 3 == 0 else ""))
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def bare(data: bytes) -> int:
    """Read all text with pypdfium2 alone."""
    document = pypdfium2.PdfDocument(data)
    characters = 0
    for page in document:
        text = page.get_textpage()
        characters += len(text.get_text_range())
        text.close()
        page.close()
    document.close()
    return characters


def ours(data: bytes) -> int:
    """Read passages with boxes, notes, properties and a thumbnail."""
    source = BytesSource(data, "application/pdf", "bench.pdf")
    return sum(len(finding.text) for finding in PdfAnalyzer().analyze(source, None) if isinstance(finding, Segment))


def main() -> None:
    """Print pages a second of both, the ratio, and whether the target is met."""
    pages = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    data = make(pages)
    rates = {}
    for name, read in (("bare pypdfium2", bare), ("pdf analyzer", ours)):
        best = float("inf")
        for _ in range(3):
            start = time.perf_counter()
            characters = read(data)
            best = min(best, time.perf_counter() - start)
        rates[name] = pages / best
        print(f"{name:16} {rates[name]:8.0f} pages/s  ({characters:,} characters)")
    ratio = rates["pdf analyzer"] / rates["bare pypdfium2"]
    print(f"ratio {ratio:.2f}; target {TARGET} pages/s a core: {'met' if rates['pdf analyzer'] >= TARGET else 'MISSED'}")


if __name__ == "__main__":
    main()
