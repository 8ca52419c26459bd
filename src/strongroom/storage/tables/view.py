"""One version of the segments table, to read from."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from strongroom.domain.findings import Vector
from strongroom.storage.tables import upkeep
from strongroom.storage.tables.kept import Columns

ROW = "_rowid"
"""The column that names a row of one version; meaningless in another."""

PROBES = 18
"""Partitions of a vector index that are looked through; more only where a filter leaves too few rows in these."""
REFINED = {"text_vector": 120, "label_vector": 120, "image_vector": 80}
"""Nearest rows by a column's one-bit codes that are compared again by their whole vectors, at the least (bench/RESULTS.md).
Where the index holds longer codes, as many rows as are wanted are enough: reading a vector costs more than a longer code."""

NEWEST, OLDEST, LARGEST = "newest", "oldest", "size"
ORDERS = {NEWEST: ("taken_at", False), OLDEST: ("taken_at", True), LARGEST: ("size", False)}
"""In which order rows can be listed: the column, and whether it rises."""


class View:
    """One version of the table: nothing that is written later changes what it gives."""

    def __init__(self, dataset: Any, columns: Columns) -> None:
        """Take an open dataset, and those of its columns that are kept in memory."""
        self._dataset, self._columns = dataset, columns

    @property
    def version(self) -> int:
        """The version."""
        return int(self._dataset.version)

    @cached_property
    def _bits(self) -> Mapping[str, int]:
        return upkeep.bits(self._dataset)

    @property
    def tail(self) -> int:
        """Rows that the word index does not hold yet; they are found, but slowly."""
        return upkeep.tail(self._dataset)

    def count(self, where: str | None = None) -> int:
        """Count rows."""
        return int(self._dataset.count_rows(where))

    def rows(self, columns: Sequence[str], where: str | None = None, limit: int | None = None) -> pa.Table:
        """Give some columns of the rows where a predicate holds."""
        return self._dataset.scanner(columns=list(columns), filter=where, limit=limit).to_table()

    def batches(self, columns: Sequence[str], where: str | None = None) -> Iterator[pa.RecordBatch]:
        """Give the same batch by batch."""
        yield from self._dataset.scanner(columns=list(columns), filter=where).to_batches()

    def take(self, rows: Sequence[int], columns: Sequence[str]) -> pa.Table:
        """Give some columns, and `ROW`, of rows that another method of this view named; in their order."""
        held = self._columns.take(rows, columns)
        parts = [] if held is None else [held]
        left = [name for name in columns if held is None or name not in held.column_names]
        if left:
            # its public twin, a scan with a filter on the row, takes half as long again
            parts.append(self._dataset._take_rows(list(rows), columns=left))  # noqa: SLF001
        found = {name: (part.field(name), part.column(name)) for part in parts for name in part.column_names}
        schema = pa.schema([*(found[name][0] for name in columns), pa.field(ROW, pa.uint64())])
        return pa.Table.from_arrays([*(found[name][1] for name in columns), pa.array(rows, pa.uint64())], schema=schema)

    def listed(self, columns: Sequence[str], where: str | None = None, *, order: str = NEWEST, limit: int) -> pa.Table:
        """Give the rows where a predicate holds in one of the `ORDERS`; those without a date come last."""
        from lance.dataset import ColumnOrdering

        column, ascending = ORDERS[order]
        by = [
            ColumnOrdering(column, ascending=ascending, nulls_first=False),
            ColumnOrdering("segment_id", ascending=True, nulls_first=False),
        ]
        return self._dataset.scanner(columns=list(columns), filter=where, order_by=by, limit=limit).to_table()

    def words(
        self,
        words: Sequence[str],
        *,
        phrases: Sequence[str] = (),
        columns: Sequence[str] = (ROW,),
        where: str | None = None,
        limit: int,
    ) -> pa.Table:
        """Search the text by words, best first.

        Args:
            words: Any of these, in any inflection; the more and the rarer, the better (BM25).
            phrases: All of these must occur, word after word, in any inflection.
            columns: What to give of each row; ``_score`` is added.
            where: A predicate that must hold.
            limit: How many rows to give at most.
        """
        query = _full_text(words, phrases)
        scanner = self._dataset.scanner(
            columns=[*columns, "_score"],  # named, or Lance warns once a query
            full_text_query=query,
            filter=where,
            prefilter=where is not None,
            limit=limit,
        )
        return scanner.to_table()

    def nearest(
        self, column: str, vector: Vector, *, columns: Sequence[str] = (ROW,), where: str | None = None, limit: int
    ) -> pa.Table:
        """Search a vector column, nearest first.

        Args:
            column: One of the vector columns.
            vector: The query, of the column's length.
            columns: What to give of each row; ``_distance`` (1 less the cosine) is added.
            where: A predicate that must hold.
            limit: How many rows to give at most.
        """
        nearest = {
            "column": column,
            "q": np.asarray(vector, np.float32),
            "k": limit,
            "metric": "cosine",
            "minimum_nprobes": PROBES,
            # where no filter thins them out, the rest of the partitions is not to be asked for: that alone took 3 ms of 7
            "maximum_nprobes": PROBES if where is None else None,
            "refine_factor": max(1, -(-REFINED[column] // limit)) if self._bits[column] == 1 else 1,
        }
        scanner = self._dataset.scanner(
            columns=[*columns, "_distance"], nearest=nearest, filter=where, prefilter=where is not None
        )
        return scanner.to_table()


def _full_text(words: Sequence[str], phrases: Sequence[str]) -> Any:
    from lance.query import BooleanQuery, MatchQuery, Occur, PhraseQuery

    some = MatchQuery(" ".join(words), "text") if words else None
    if some is not None and not phrases:
        return some
    must = [(Occur.MUST, PhraseQuery(phrase, "text")) for phrase in phrases]
    return BooleanQuery([*must, *([(Occur.SHOULD, some)] if some is not None else [])])
