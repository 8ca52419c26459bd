"""Removing what was found out about contents that no live blob holds any more."""

from functools import partial

from strongroom.flows.parts import Parts
from strongroom.index import IndexWriter
from strongroom.storage.catalog import contents

PAGE = 1000


def prune(parts: Parts, writer: IndexWriter) -> int:
    """Remove contents of deleted blobs, with their members, analyses, segments and renditions.

    Searches never show them: the catalog, asked for each hit, does not grant them.

    Args:
        parts: An open room.
        writer: Of its index.

    Returns:
        How many contents were removed.
    """
    count = 0
    while True:
        with parts.catalog.read() as tx:
            dead = contents.dead(tx, PAGE)
        if not dead:
            return count
        parts.vault.remove_freed(parts.catalog.change(partial(contents.drop, sha256s=dead)))
        with parts.catalog.read() as tx:
            gone = set(dead) - contents.contents(tx, dead).keys()
        if not gone:
            return count
        writer.drop(gone)
        count += len(gone)
