"""Writing to the index."""

from collections.abc import Iterable, Mapping

import pyarrow as pa

from strongroom.domain.segments import Placement
from strongroom.storage.tables import SegmentTable


class IndexWriter:
    """Merges segments, places them, forgets them, and keeps their indexes fast."""

    def __init__(self, table: SegmentTable) -> None:
        """Write to a table."""
        self._table = table

    def merge(self, rows: pa.Table) -> None:
        """Add rows of the segments schema; rows with a known ``segment_id`` are replaced, so that twice is once.

        Indexes are brought up to date on the way, whenever the rows outside them grow to ten thousand.
        """
        if rows.num_rows:
            self._table.merge(rows)
            self._table.tend()

    def place(self, placements: Mapping[str, Placement]) -> None:
        """Say where contents are stored now.

        Args:
            placements: By SHA-256; a content without containers is found by no scope but the one that grants all, and
                there the catalog leaves it out.
        """
        self._table.place(placements)

    def supersede(self, sha256s: Iterable[str], analyzer: str, version: int) -> None:
        """Delete what one version of an analyzer wrote of contents."""
        self._table.delete(sha256s, analyzer, version)

    def drop(self, sha256s: Iterable[str]) -> None:
        """Delete the rows of contents; old versions hold them until they are cleaned away (`forget` does not wait)."""
        self._table.delete(sha256s)

    def forget(self, sha256s: Iterable[str], *, alone: bool = False) -> None:
        """Remove contents from the rows, the indexes and every old version on disk.

        Args:
            sha256s: The contents.
            alone: Whether no other process is writing; then leftovers of interrupted writers go too.
        """
        self._table.erase(sha256s, alone=alone)

    def tend(self) -> None:
        """Finish a burst of writing: index the rest, merge small fragments, remove old versions where it is due."""
        self._table.tend(finish=True)
