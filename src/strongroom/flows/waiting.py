"""`pending`: which files are yet to be read, and by which analyzers, a page at a time."""

import re

from strongroom.domain.scope import Scope
from strongroom.domain.status import Pending
from strongroom.errors import UsageError
from strongroom.flows.parts import Parts
from strongroom.storage.catalog import waiting

MOST = 1000
"""Files of a page."""
BYTES, READING = "bytes", "reading"
"""What is told first and last: blobs whose bytes are not looked at yet, and contents."""
PLACE = re.compile(r"(?:bytes:(?P<key>\d{0,18})|reading:(?P<sha>[0-9a-f]{0,64}))", re.ASCII)
"""Where a page begins: behind which blob or content."""


def pending(parts: Parts, scope: Scope, after: str, limit: int) -> Pending:
    """Give a page of what is yet to be read.

    Args:
        parts: An open room.
        scope: What may be seen.
        after: `Pending.next` of the page before; empty for the first.
        limit: Files on the page.

    Raises:
        UsageError: ``after`` or ``limit`` is none that can be.
    """
    place = PLACE.fullmatch(after or f"{BYTES}:")
    if place is None or not 1 <= limit <= MOST:
        raise UsageError(f"after is {after!r}, limit {limit}: give the `next` of the page before, and a limit of 1 to {MOST}")
    with parts.catalog.read() as tx:
        blobs = [] if place["key"] is None else waiting.unread(tx, scope, int(place["key"] or 0), limit)
        if len(blobs) == limit:
            return Pending(waiting=tuple(one for _, one in blobs), next=f"{BYTES}:{blobs[-1][0]}")
        rest = limit - len(blobs)
        contents = waiting.pending(tx, parts.specs, scope, place["sha"] or "", rest)
    found = (*(one for _, one in blobs), *(one for one in contents if one.name))
    return Pending(waiting=found, next=f"{READING}:{contents[-1].sha256}" if len(contents) == rest else None)
