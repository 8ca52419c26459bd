"""Office files: documents, spreadsheets, presentations and books, read by LibreOffice and by readers of our own together."""

from strongroom.analyzers.office.analyzer import OfficeAnalyzer, office_reader_available

__all__ = ["OfficeAnalyzer", "office_reader_available"]
