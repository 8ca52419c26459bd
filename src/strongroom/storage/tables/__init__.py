"""Lance tables: the only place that imports Lance."""

from strongroom.storage.tables.segments import SegmentTable

__all__ = ["SegmentTable"]
