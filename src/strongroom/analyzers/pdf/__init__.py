"""PDF files: text by page with boxes, notes, fields, bookmarks, properties, attached files, and pictures of pages."""

from strongroom.analyzers.pdf.analyzer import PdfAnalyzer
from strongroom.analyzers.pdf.boxes import match_boxes, pattern_of
from strongroom.analyzers.pdf.ocr import PdfOcrAnalyzer
from strongroom.analyzers.pdf.pictures import measure, page_picture, render_page

__all__ = ["PdfAnalyzer", "PdfOcrAnalyzer", "match_boxes", "measure", "page_picture", "pattern_of", "render_page"]
