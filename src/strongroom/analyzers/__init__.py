"""The built-in analyzers; each uses only what a plug-in may import."""

from strongroom.analyzers.archive import ArchiveAnalyzer
from strongroom.analyzers.image import ImageAnalyzer
from strongroom.analyzers.image_ocr import ImageOcrAnalyzer
from strongroom.analyzers.mail import MailAnalyzer
from strongroom.analyzers.pdf.analyzer import PdfAnalyzer
from strongroom.analyzers.pdf.ocr import PdfOcrAnalyzer
from strongroom.analyzers.text import TextAnalyzer
from strongroom.ports.analyzer import Analyzer

BUILT_IN: tuple[Analyzer, ...] = (
    TextAnalyzer(),
    MailAnalyzer(),
    ArchiveAnalyzer(),
    PdfAnalyzer(),
    PdfOcrAnalyzer(),
    ImageAnalyzer(),
    ImageOcrAnalyzer(),
)
"""Every analyzer of a room without plug-ins."""
