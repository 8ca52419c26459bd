"""PDF files: text by page with boxes, notes, fields, bookmarks, properties, attached files, and pictures of pages."""

from strongroom.analyzers.pdf.analyzer import PdfAnalyzer
from strongroom.analyzers.pdf.boxes import match_boxes
from strongroom.analyzers.pdf.ocr import PdfOcrAnalyzer
from strongroom.analyzers.pdf.pictures import measure, render_page

__all__ = ["PdfAnalyzer", "PdfOcrAnalyzer", "match_boxes", "measure", "render_page"]
