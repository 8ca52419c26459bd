"""Keeping the index's copies of where contents are stored in step with the catalog."""

from functools import partial

from strongroom.flows.parts import Parts
from strongroom.index import IndexWriter
from strongroom.storage.catalog import placements

PAGE = 1000


def place_all(parts: Parts, writer: IndexWriter) -> int:
    """Tell the index where contents are stored now, for all that moved since it was told.

    Args:
        parts: An open room.
        writer: Of its index.

    Returns:
        How many contents had moved.
    """
    count, after = 0, ""
    while True:
        with parts.catalog.read() as tx:
            moved = placements.unplaced(tx, PAGE, after)
            tokens = placements.tokens(tx, moved)
            places = placements.placements(tx, moved)
        if not moved:
            return count
        writer.place(places)
        parts.catalog.change(partial(placements.placed, done=tokens))
        count, after = count + len(moved), moved[-1]
