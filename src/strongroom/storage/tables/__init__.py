"""Lance tables: the only place that imports Lance."""

from strongroom.storage.tables.segments import SegmentTable
from strongroom.storage.tables.view import View

__all__ = ["SegmentTable", "View"]
