"""`text`: the segments of a content in the order in which they are read."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.domain.findings import PROPERTIES
from strongroom.domain.text import Piece, Text
from strongroom.errors import NotFound, UsageError
from strongroom.flows.locating import locator
from strongroom.flows.parts import Parts
from strongroom.storage.tables import View
from strongroom.storage.tables.predicates import both, of_contents
from strongroom.storage.tables.view import ROW

ORDER = ("page", "t_start", "char_start", "part", "kind", "segment_id")
"""What the order follows from: short columns, so that even a content of a million segments is put in order in memory."""
SHOWN = ("segment_id", "kind", "char_start", "char_end", "page", "boxes", "t_start", "t_end", "part", "text", "language",
         "analyzer")  # fmt: skip
MOST = 1000
"""Segments that are given at once."""


def text(parts: Parts, sha256: str, *, page: int | None, segment: str | None, after: int, limit: int) -> Text:
    """Give a part of the segments of a content in reading order.

    Args:
        parts: An open room.
        sha256: The content.
        page: Only those of a page.
        segment: The id of one that is to be among them, in the middle where there are enough; ``after`` then says nothing.
        after: How many to pass over.
        limit: How many at most.

    Raises:
        UsageError: A number is none that can be.
        NotFound: There is no such segment (on this page).
    """
    if after < 0 or not 1 <= limit <= MOST or (page is not None and page < 1):
        raise UsageError(f"after is {after} and limit {limit}: after must be 0 or more, limit 1 to {MOST}, and page 1 or more")
    where = both(of_contents([sha256]), None if page is None else f"coalesce(page, 1) = {page:d}")

    def read(view: View) -> Text:
        ordered = _ordered(view, where)
        first = after if segment is None else _before(ordered, segment, limit)
        rows = ordered.column(ROW).slice(first, limit).to_pylist()
        found = view.take(rows, SHOWN).to_pylist() if rows else []
        return Text(sha256=sha256, pieces=tuple(map(_piece, found)), total=ordered.num_rows, after=first)

    return parts.table.read(read)


def _ordered(view: View, where: str | None) -> pa.Table:
    """Give id and row of the segments: what is said of the whole first, then by page, time, character and numbered part."""
    found = view.rows((*ORDER, ROW), where)
    part = pc.fill_null(found.column("part"), "")
    number = pc.struct_field(pc.extract_regex(part, r"(?P<number>\d{1,15})"), "number")
    keys = {
        "whole": pc.cast(pc.not_equal(found.column("kind"), PROPERTIES), pa.int8()),
        "page": pc.fill_null(found.column("page"), 0),
        "time": pc.fill_null(found.column("t_start"), -1.0),
        "sheet": pc.replace_substring_regex(part, r"\d.*$", ""),
        "char": pc.fill_null(found.column("char_start"), -1),
        "number": pc.fill_null(pc.cast(number, pa.int64()), -1),
        "row": found.column(ROW),
    }
    order = pc.sort_indices(pa.table(keys), sort_keys=[(name, "ascending") for name in keys])
    return found.select(["segment_id", ROW]).take(order)


def _before(ordered: pa.Table, segment: str, limit: int) -> int:
    at: int = pc.index(ordered.column("segment_id"), pa.scalar(segment)).as_py()
    if at < 0:
        raise NotFound(f"the content has no segment {segment} there: search again, its file was read anew")
    return max(0, min(at - limit // 2, int(ordered.num_rows) - limit))


def _piece(row: dict[str, Any]) -> Piece:
    return Piece(
        segment_id=row["segment_id"],
        kind=row["kind"],
        locator=locator(row),
        text=row["text"] or "",
        language=row["language"],
        analyzer=row["analyzer"],
    )
