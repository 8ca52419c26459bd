"""The index: segments in, ranked segments out. It is never trusted for access; the catalog decides what is shown."""

from strongroom.index.reader import IndexReader, Ranking
from strongroom.index.writer import IndexWriter

__all__ = ["IndexReader", "IndexWriter", "Ranking"]
