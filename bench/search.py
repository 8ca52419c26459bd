"""Hybrid search over a million synthetic segments: build cost, bytes, recall and latency.

Run: ``python bench/search.py [--rows 1000000] [--again]``. The room is kept in the user's cache directory, so that a second
run only searches it; ``--again`` builds it anew. Nine rows in ten are passages with a text vector, one is a picture with a
label vector and an image vector. Texts are pseudo-words by Zipf's law; vectors lie in 20,000 clusters of a 48-dimensional
space and carry noise. "Exact" compares the query with every vector.
"""

import argparse
import resource
import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import platformdirs
import pyarrow as pa

from strongroom.domain.query import parse
from strongroom.domain.segments import segment_schema
from strongroom.index import IndexReader, IndexWriter, Ranking
from strongroom.index.fusion import LABELS, MEANING, WORDS
from strongroom.index.reader import DEPTH, FACETS, SHOWN, taken
from strongroom.storage.tables import SegmentTable, View, upkeep
from strongroom.storage.tables.view import ROW

TEXT, PICTURE = 384, 1280
SCHEMA = segment_schema(TEXT, PICTURE)
BATCH = 20_000
CLUSTERS, LATENT, VOCABULARY = 20_000, 48, 30_000
_dice = np.random.default_rng(3)
CENTRES = _dice.normal(size=(CLUSTERS, LATENT)).astype(np.float32)
CLUSTER_ODDS = 1 / np.arange(1, CLUSTERS + 1) ** 0.6
WORDS_ODDS = 1 / np.arange(1, VOCABULARY + 1) ** 1.05
SPACES = {length: _dice.normal(size=(LATENT, length)).astype(np.float32) for length in (TEXT, PICTURE)}
LETTERS = np.array(list("bcdfghklmnprstvaeiou"))
VOCABULARY_WORDS = np.array(["".join(letters) for letters in LETTERS[_dice.integers(0, len(LETTERS), size=(VOCABULARY, 7))]])


def vectors(count: int, length: int, dice: np.random.Generator) -> np.ndarray:
    """Draw unit vectors."""
    chosen = dice.choice(CLUSTERS, size=count, p=CLUSTER_ODDS / CLUSTER_ODDS.sum())
    latent = CENTRES[chosen] + 0.45 * dice.normal(size=(count, LATENT)).astype(np.float32)
    drawn = latent @ SPACES[length]
    noise = dice.normal(size=drawn.shape).astype(np.float32)
    drawn += 0.35 * np.linalg.norm(drawn, axis=1, keepdims=True) / np.sqrt(length) * noise
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float16)


def texts(lengths: np.ndarray, dice: np.random.Generator) -> list[str]:
    """Draw texts of so many words each."""
    drawn = VOCABULARY_WORDS[dice.choice(VOCABULARY, size=int(lengths.sum()), p=WORDS_ODDS / WORDS_ODDS.sum())]
    ends = np.cumsum(lengths)
    return [" ".join(drawn[end - length : end]) for end, length in zip(ends, lengths, strict=True)]


def column(drawn: np.ndarray, present: np.ndarray, length: int) -> pa.Array:
    """Give a vector column with nulls where nothing is present."""
    whole = np.zeros((len(present), length), np.float16)
    whole[present] = drawn
    return pa.FixedSizeListArray.from_arrays(pa.array(whole.ravel()), length, mask=pa.array(~present))


def batch(start: int, count: int) -> pa.Table:
    """Make some rows of the real schema; four segments a content, 150 containers."""
    dice = np.random.default_rng(start + 11)
    picture = dice.random(count) < 0.1
    numbers = range(start, start + count)
    kind = np.where(picture, "image", "passage").tolist()
    given = {
        "segment_id": [f"{number * 2654435761 % 2**64:032x}" for number in numbers],
        "content_sha256": [f"{(number // 4) * 11400714819323198485 % 2**64:064x}" for number in numbers],
        "containers": [[str(number // 4 % 150)] for number in numbers],
        "kind": kind,
        "type": np.where(picture, "image", "text").tolist(),
        "extensions": [["txt"]] * count,
        "size": [number % 100_000 for number in numbers],
        "text": texts(np.where(picture, 6, dice.integers(6, 30, size=count)), dice),
        "language": ["en"] * count,
        "analyzer": ["bench"] * count,
        "version": [1] * count,
    }
    made = {
        "text_vector": column(vectors(int((~picture).sum()), TEXT, dice), ~picture, TEXT),
        "label_vector": column(vectors(int(picture.sum()), TEXT, dice), picture, TEXT),
        "image_vector": column(vectors(int(picture.sum()), PICTURE, dice), picture, PICTURE),
    }
    arrays = [
        made[f.name] if f.name in made else pa.array(given[f.name], f.type) if f.name in given else pa.nulls(count, f.type)
        for f in SCHEMA
    ]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def build(place: Path, rows: int) -> SegmentTable:
    """Build the room through the writer, as an analysis does, and print what it cost."""
    shutil.rmtree(place, ignore_errors=True)
    table = SegmentTable(place, TEXT, PICTURE)
    writer = IndexWriter(table)
    begun, making, cpu = time.perf_counter(), 0.0, time.process_time()
    for start in range(0, rows, BATCH):
        at, at_cpu = time.perf_counter(), time.process_time()
        made = batch(start, min(BATCH, rows - start))
        making, cpu = making + time.perf_counter() - at, cpu + time.process_time() - at_cpu
        writer.merge(made)
    writer.tend()
    took = time.perf_counter() - begun - making
    print(f"build      {rows:,} rows in {took:.0f} s, {time.process_time() - cpu:.0f} CPU s ({rows / took:,.0f} rows/s)")
    print(f"peak RSS   {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB, the making of the rows included")
    return table


def size(place: Path) -> int:
    """Count bytes of files."""
    return sum(path.stat().st_size for path in place.rglob("*") if path.is_file())


def timed(act: Callable[[int], object], count: int) -> str:
    """Give p50 and p95 of warm calls, and their CPU time, which a busy machine changes less."""
    took, cpu = [], time.process_time()
    for number in range(count):
        begun = time.perf_counter()
        act(number)
        took.append((time.perf_counter() - begun) * 1000)
    low, high = np.percentile(took[count // 10 :], [50, 95])
    spent = (time.process_time() - cpu) * 1000 / count
    return f"p50 {low:5.1f} ms   p95 {high:5.1f} ms   CPU {spent:5.1f} ms"


def nearest(table: SegmentTable, name: str, queries: np.ndarray) -> np.ndarray:
    """Give the ten nearest rows of each query, compared with every vector."""
    scores, rows = np.full((len(queries), 10), -2, np.float32), np.zeros((len(queries), 10), np.int64)
    for some in table.view().batches((ROW, name), f"{name} IS NOT NULL"):
        whole = some.column(name).flatten().to_numpy(zero_copy_only=False).reshape(some.num_rows, -1).astype(np.float32)
        cosines = queries @ (whole / np.linalg.norm(whole, axis=1, keepdims=True)).T
        scores = np.concatenate([scores, cosines], axis=1)
        rows = np.concatenate([rows, np.broadcast_to(some.column(ROW).to_numpy(), cosines.shape)], axis=1)
        best = np.argpartition(-scores, 9, axis=1)[:, :10]
        scores, rows = np.take_along_axis(scores, best, axis=1), np.take_along_axis(rows, best, axis=1)
    return rows


def recall(table: SegmentTable, name: str, queries: np.ndarray) -> float:
    """Give recall@10 of a search of the depth that hybrid search uses, against comparing with every vector."""
    view, hits = table.view(), 0
    for query, truth in zip(queries, nearest(table, name, queries), strict=True):
        found = view.nearest(name, query, limit=DEPTH).column(ROW).to_pylist()[:10]
        hits += len(set(truth.tolist()) & set(found))
    return hits / (10 * len(queries))


def page(view: View, ranking: Ranking) -> object:
    """Read what a search shows: the texts of 20 hits, and language and date of all."""
    rows = ranking.table.column("row").to_pylist()
    return taken(view, rows[:20], SHOWN), taken(view, rows, FACETS)


def main() -> None:
    """Build where needed, measure, print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--queries", type=int, default=300)
    arguments.add_argument("--exact", type=int, default=100)
    arguments.add_argument("--again", action="store_true")
    options = arguments.parse_args()
    place = Path(platformdirs.user_cache_dir("strongroom")) / "bench" / f"segments-{options.rows}.lance"
    fresh = options.again or not place.exists()
    table = build(place, options.rows) if fresh else SegmentTable(place, TEXT, PICTURE)
    upkeep.clean(table.view()._dataset, timedelta(0))  # noqa: SLF001 - what the last minutes left would be counted too
    print(f"bytes      {size(place) / options.rows:,.0f} a row on disk", end="")
    for index in table.view()._dataset.describe_indices():  # noqa: SLF001
        print(f"; {index.name.removesuffix('_idx')} {index.total_size_bytes / options.rows:,.0f}", end="")
    print()

    dice = np.random.default_rng(99)
    meaning, looks = (vectors(options.queries, length, dice).astype(np.float32) for length in (TEXT, PICTURE))
    asked = [parse(text) for text in texts(np.full(options.queries, 3), dice)]
    for name, queries in (("text_vector", meaning), ("label_vector", meaning), ("image_vector", looks)):
        print(f"recall@10  {name:13} {recall(table, name, queries[: options.exact]):.3f}")

    reader, view = IndexReader(table), table.view()
    given = [{MEANING: vector, LABELS: vector} for vector in meaning]
    shapes: dict[str, Callable[[int], object]] = {
        f"{WORDS} alone": lambda n: view.words(asked[n].words, limit=DEPTH),
        f"{MEANING} alone": lambda n: view.nearest("text_vector", meaning[n], limit=DEPTH),
        f"{LABELS} alone": lambda n: view.nearest("label_vector", meaning[n], limit=DEPTH),
        "hybrid, everything": lambda n: reader.search(view, asked[n], vectors=given[n], containers=None),
        "hybrid, 20 of 150 containers": lambda n: reader.search(
            view, asked[n], vectors=given[n], containers=frozenset(range(n, n + 20))
        ),
        "hybrid, texts and facets read": lambda n: page(view, reader.search(view, asked[n], vectors=given[n], containers=None)),
        "similar picture": lambda n: reader.similar(view, looks[n], containers=None),
    }
    for shape, act in shapes.items():
        print(f"{shape:30} {timed(act, options.queries)}")
    print(f"in memory  {table.kept.size / options.rows:,.0f} bytes a row for the columns that searches read")


if __name__ == "__main__":
    main()
