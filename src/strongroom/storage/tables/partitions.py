"""Partition centres of a vector index.

Lance trains them too, but on half-precision numbers, which it computes one by one on processors without AVX-512 FP16:
measured on 300,000 vectors of 384 numbers, more than three minutes. The same k-means as matrix products takes two
seconds.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

SAMPLE = 48
"""Vectors a partition that are learnt from."""
ROUNDS = 12
CHUNK = 8192
PROBED = 1_000
"""Rows that are looked at to tell how many have a vector; counting them would read all vectors."""


def centres(dataset: Any, column: str, partitions: int, share: float) -> NDArray[np.float16]:
    """Learn the centres of a column's vectors by spherical k-means, always from the same sample.

    Args:
        dataset: The table.
        column: The vector column.
        partitions: How many centres.
        share: Which share of the rows has a vector.

    Returns:
        Shape (partitions, length of a vector), each of unit length.
    """
    dice = np.random.default_rng(0)
    vectors = _sample(dataset, column, partitions * SAMPLE, share, dice)
    found = vectors[dice.choice(len(vectors), partitions, replace=len(vectors) < partitions)]
    for _ in range(ROUNDS):
        nearest = np.concatenate([(vectors[at : at + CHUNK] @ found.T).argmax(1) for at in range(0, len(vectors), CHUNK)])
        counts = np.bincount(nearest, minlength=partitions)
        full = counts > 0
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        found = vectors[dice.choice(len(vectors), partitions)]  # an empty partition begins anew elsewhere
        found[full] = np.add.reduceat(vectors[np.argsort(nearest, kind="stable")], starts[full], axis=0)
        found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
    return found.astype(np.float16)


def share(dataset: Any, column: str) -> float:
    """Estimate which share of the rows has a vector in a column."""
    rows = dataset.count_rows()
    picked = np.sort(np.random.default_rng(0).choice(rows, min(rows, PROBED), replace=False))
    taken = dataset.take(picked.tolist(), columns=[column]).column(column)
    return float(1 - taken.null_count / max(len(taken), 1))


def _sample(dataset: Any, column: str, wanted: int, share: float, dice: np.random.Generator) -> NDArray[np.float32]:
    rows = dataset.count_rows()
    picked = np.sort(dice.choice(rows, min(rows, round(wanted / max(share, 0.001) * 1.1) + 1000), replace=False))
    length = dataset.schema.field(column).type.list_size
    parts = [dice.normal(size=(1, length)).astype(np.float32)]  # a centre is needed even where there is no vector yet
    for at in range(0, len(picked), CHUNK):
        taken = dataset.take(picked[at : at + CHUNK].tolist(), columns=[column]).column(column).combine_chunks()
        parts.append(taken.drop_null().flatten().to_numpy(zero_copy_only=False).astype(np.float32).reshape(-1, length))
    vectors = dice.permutation(np.concatenate(parts))[:wanted]
    unit: NDArray[np.float32] = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return unit
