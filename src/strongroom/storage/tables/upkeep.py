"""Keeping the segments table fast: its indexes, its small fragments and its old versions.

Measured: 10,000 rows outside the word index raise a search from 2 to 41 ms, so the tail is kept short. A search without
a vector index reads the whole column, 1 ms a megabyte, nulls included; over 100,000 rows without a single picture it
takes 300 ms, and 1 ms with an index of nothing.

Reading a row by its number costs little, opening another fragment for it much: of 50 fragments, 180 rows' contents take
7 ms and their vectors 9 ms; of four, 0.8 and 3 ms. A hybrid search does so five times.
"""

from datetime import timedelta
from typing import Any

import pyarrow as pa

from strongroom.domain.segments import VECTORS
from strongroom.storage.tables.partitions import centres, share

WORDS = "text_idx"
TAIL = 10_000
"""Rows outside the word index beyond which it is brought up to date."""
SMALL_FRAGMENTS = 64
"""Fragments worth merging beyond which a burst merges them; its end makes full ones."""
FLAT_BYTES = 40_000_000
"""Bytes of a vector column (two a number, nulls included) that a search may read whole; above them it gets an index."""
PARTITION = 12_000
"""Vectors a partition, near what Lance merges parts into. Reading so many codes takes 0.1 ms, and placing a new
vector costs as much as there are partitions: with ones of 600, indexing took seven times as long for lower recall."""
BITS = 3
"""Bits of a code for each number of a vector. With one, three times as many vectors are read and compared for less recall,
which is most of a search; a row is 94 bytes smaller (bench/RESULTS.md)."""
PARTS = 4
FEW = 1_000
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
    """Give each vector column an index once reading all of it is slow, and a finer one whenever it has doubled."""
    rows = dataset.count_rows()
    for column in VECTORS:
        length = dataset.schema.field(column).type.list_size
        if rows * 2 * length < FLAT_BYTES or length % 8:  # IVF_RQ packs eight bits to a byte
            continue
        present = share(dataset, column)
        wanted, has = max(1, round(present * rows / PARTITION)), partitions(dataset, f"{column}_idx")
        if not has or wanted >= 2 * has:
            dataset.create_index(
                column,
                "IVF_RQ",
                name=f"{column}_idx",
                metric="cosine",
                replace=True,
                num_partitions=wanted,
                num_bits=BITS,
                ivf_centroids=centres(dataset, column, wanted, present),
            )


def partitions(dataset: Any, name: str) -> int:
    """Give how many partitions a vector index has; 0 where there is no such index."""
    if name not in indexed(dataset):
        return 0
    return int(dataset.stats.index_stats(name)["indices"][0]["num_partitions"])


def bits(dataset: Any) -> dict[str, int]:
    """Give how many bits the codes of each vector column have; 0 where it has no index, 1 in the first rooms."""
    held = {index.name: index.details for index in dataset.describe_indices() if index.name.removesuffix("_idx") in VECTORS}
    return {column: _bits(held.get(f"{column}_idx")) for column in VECTORS}


def _bits(details: Any) -> int:
    return 0 if details is None else int(details.get("compression", {}).get("num_bits", 1))


def catch_up(dataset: Any, *, finish: bool = False) -> None:
    """Bring every index up to date, the word index first: it gains the most.

    Args:
        dataset: The table.
        finish: Whether a burst of writing is over, so that the parts of vector indexes are worth merging.
    """
    rows = dataset.count_rows()
    for index in sorted(dataset.describe_indices(), key=lambda index: (index.name != WORDS, index.name)):
        parts, behind = len(index.segments), rows - index.num_rows_indexed
        if index.name.removesuffix("_idx") in VECTORS:
            merged = _parts_to_merge(dataset, index.name, parts, finish=finish)
            if merged or behind >= FEW:
                dataset.optimize.optimize_indices(index_names=[index.name], num_indices_to_merge=merged)
        elif behind > 0:
            merging = {"num_indices_to_merge": parts} if parts >= PARTS else {}
            dataset.optimize.optimize_indices(index_names=[index.name], **merging)


def _parts_to_merge(dataset: Any, name: str, parts: int, *, finish: bool) -> int:
    """Say how many of the newest parts of a vector index to make one of.

    New rows get a part of their own, which costs no more than they do, but each part is searched and compared again for
    itself: with six parts a query took twice the work. So a burst may leave `PARTS`, and its end leaves two: the old
    rows, and those since; once those are a quarter of the old ones, one.
    """
    if parts < (2 if finish else PARTS):
        return 0
    sizes = dataset.stats.index_stats(name)["num_indexed_rows_per_delta"]
    if sum(sizes) - max(sizes) > max(sizes) / 4:
        return parts
    return parts - 1 if parts > 2 else 0  # noqa: PLR2004


def small_fragments(dataset: Any) -> int:
    """Count the fragments that are worth merging in the midst of a burst."""
    target = _rows_a_step(dataset.count_rows())
    return sum(fragment.metadata.physical_rows < target for fragment in dataset.get_fragments())


def scattered(dataset: Any) -> bool:
    """Say whether merging fragments makes at least one more of full size: then each row is written few times in all."""
    full = rows_a_fragment(dataset.count_rows())
    small = [rows for fragment in dataset.get_fragments() if (rows := fragment.metadata.physical_rows) < full]
    return bool(sum(small) >= full)


def _rows_a_step(rows: int) -> int:
    """Give the size up to which a burst merges: small beside the table, or each merge would write it all anew."""
    return min(1 << 20, max(50_000, rows // 64))


def rows_a_fragment(rows: int) -> int:
    """Give the size of a full fragment: a power of two, so that it rises, and all is written anew, once a doubling.

    A table is then two to four full fragments, and more beyond four million rows.

    Args:
        rows: Of the table.
    """
    return 1 << min(20, max(15, rows.bit_length() - 2))


def compact(dataset: Any, *, deletions: float, whole: bool = False) -> None:
    """Merge small fragments.

    Args:
        dataset: The table.
        deletions: Share of deleted rows above which a fragment is written anew; 0 leaves no deleted row anywhere.
        whole: Whether to make full fragments, as a burst's end may; otherwise only a step towards them.
    """
    rows = dataset.count_rows()
    dataset.optimize.compact_files(
        target_rows_per_fragment=rows_a_fragment(rows) if whole else _rows_a_step(rows),
        materialize_deletions=True,
        materialize_deletions_threshold=deletions,
    )


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
