"""Keeping the segments table fast: its indexes, its small fragments and its old versions.

Measured on a million rows: 10,000 rows outside the word index raise a search from 2 to 41 ms, so the tail is kept
short; a vector index below some 50,000 vectors of 384 numbers gains nothing over reading them all.
"""

import math
from datetime import timedelta
from typing import Any

import pyarrow as pa

from strongroom.domain.segments import VECTORS
from strongroom.storage.tables.partitions import centres

WORDS = "text_idx"
TAIL = 10_000
"""Rows outside the word index beyond which it is brought up to date."""
SMALL_FRAGMENTS = 64
"""Fragments worth merging beyond which they are merged."""
FLAT_BYTES = 40_000_000
"""Bytes of vectors (two a number) that a search may read whole; above them the column gets an index."""
MOST_PARTITIONS = 4096
KEPT = timedelta(minutes=10)
"""How long an old version stays, so that a reader in another process may finish."""

_WORDS: dict[str, Any] = {
    "with_position": True,
    "base_tokenizer": "icu",
    "language": "English",
    "stem": True,
    "remove_stop_words": False,  # a phrase may be made of them; the query leaves them out instead
    "ascii_folding": True,
}
_SCALARS = (
    ("segment_id", "BTREE"),
    ("content_sha256", "BTREE"),
    ("containers", "LABEL_LIST"),
    ("extensions", "LABEL_LIST"),
    ("type", "BITMAP"),
    ("kind", "BITMAP"),
    ("language", "BITMAP"),
)


def index_scalars(dataset: Any) -> None:
    """Create the word index and those of the columns that searches filter by; on an empty table this costs nothing."""
    index_words(dataset)
    for column, kind in _SCALARS:
        dataset.create_scalar_index(column, kind, replace=True)


def index_words(dataset: Any) -> None:
    """Build the word index anew."""
    dataset.create_scalar_index("text", "INVERTED", name=WORDS, replace=True, **_WORDS)


def indexed(dataset: Any) -> dict[str, int]:
    """Give the name of each index and how many rows it covers."""
    return {index.name: index.num_rows_indexed for index in dataset.describe_indices()}


def tail(dataset: Any) -> int:
    """Count the rows outside the word index."""
    return int(max(0, dataset.count_rows() - indexed(dataset).get(WORDS, 0)))


def index_vectors(dataset: Any) -> None:
    """Give each vector column an index once reading all of it is slower."""
    present = indexed(dataset)
    for column in VECTORS:
        size = dataset.schema.field(column).type.list_size
        least = FLAT_BYTES // (2 * size)
        if f"{column}_idx" in present or dataset.count_rows() < least:
            continue
        count = dataset.count_rows(f"{column} IS NOT NULL")
        if count >= least:
            partitions = min(MOST_PARTITIONS, max(16, round(math.sqrt(count) / 2)))
            dataset.create_index(
                column,
                "IVF_RQ",
                name=f"{column}_idx",
                metric="cosine",
                num_partitions=partitions,
                num_bits=1,
                ivf_centroids=centres(dataset, column, partitions, count / dataset.count_rows()),
            )


def catch_up(dataset: Any) -> None:
    """Bring every index up to date, the word index first: it gains the most."""
    names = [WORDS, *(name for name in indexed(dataset) if name != WORDS)]
    for name in names:
        dataset.optimize.optimize_indices(index_names=[name])


def small_fragments(dataset: Any) -> int:
    """Count the fragments that are worth merging."""
    return int(dataset.stats.dataset_stats()["num_small_files"])


def compact(dataset: Any, *, deletions: float) -> None:
    """Merge small fragments.

    Args:
        dataset: The table.
        deletions: Share of deleted rows above which a fragment is written anew; 0 leaves no deleted row anywhere.
    """
    dataset.optimize.compact_files(materialize_deletions=True, materialize_deletions_threshold=deletions)


def clean(dataset: Any, older_than: timedelta, *, unverified: bool = False) -> None:
    """Remove old versions and the files that only they hold.

    Args:
        dataset: The table.
        older_than: Younger versions stay.
        unverified: Also files that no version names, as an interrupted writer leaves; only while no writer is live.
    """
    dataset.cleanup_old_versions(older_than=older_than, delete_unverified=unverified)


def copied(table: pa.Table) -> pa.Table:
    """Copy a table's rows, the last of each id: Lance charges a slice with the buffers of its parent, and fails."""
    rows = {identifier: row for row, identifier in enumerate(table.column("segment_id").to_pylist())}
    return table.take(pa.array(sorted(rows.values()), pa.int64())).combine_chunks()
