"""Searching the index: each channel ranks alone, then ranks are fused content by content."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa

from strongroom.domain.findings import IMAGE, Vector
from strongroom.domain.query import Query
from strongroom.index.fusion import LABELS, LOOKS, MEANING, PICTURE_CHANNELS, RANK_CONSTANT, WORDS, firsts, fuse, weights
from strongroom.index.tokens import holds, telling
from strongroom.storage.tables import SegmentTable, predicates

DEPTH = 200
"""Segments that each channel ranks."""
HELD = 1_000
"""Contents that hold a wanted phrase, at most; the best by BM25 are kept."""
BARRED = 20_000
"""Segments that are looked at for an excluded word or phrase, at most."""
LISTED = 10_000
"""Rows that a query of filters alone looks at, at most."""
INLINE = 1_000
"""Excluded contents that go into the predicate; more are left out afterwards."""

COLUMNS = {MEANING: "text_vector", LABELS: "label_vector", LOOKS: "image_vector"}
"""The vector column of each channel."""
_NARROW = ("segment_id", "content_sha256", "kind", "language", "taken_at")
SHOWN = (
    "segment_id", "content_sha256", "kind", "char_start", "char_end", "page", "boxes", "t_start", "t_end", "part", "text",
)  # fmt: skip
"""What a reader is shown of a segment."""

RANKED = pa.schema(
    [
        pa.field("content_sha256", pa.string()),
        pa.field("content_score", pa.float64()),
        pa.field("segment_id", pa.string()),
        pa.field("segment_score", pa.float64()),
        pa.field("channels", pa.list_(pa.string())),
        pa.field("kind", pa.string()),
        pa.field("language", pa.string()),
        pa.field("taken_at", pa.timestamp("us", "UTC")),
    ]
)


class _Found(NamedTuple):
    segment: str
    content: str
    kind: str
    language: str | None
    taken_at: object
    closeness: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranking:
    """What was found, best first."""

    table: pa.Table
    """Rows of `RANKED`: contents by falling score, and the segments of each by falling score."""
    cut: bool
    """Whether a channel was cut at its depth, so that a deeper search would find more."""

    @property
    def contents(self) -> list[str]:
        """The contents, best first."""
        return firsts(self.table.column("content_sha256").to_pylist())


class IndexReader:
    """Reads one segments table; safe to use from several threads."""

    def __init__(self, table: SegmentTable) -> None:
        """Read from a table."""
        self._table = table
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="strongroom-search")

    @property
    def version(self) -> int:
        """The version of the index that a search sees now."""
        return self._table.version

    def search(
        self,
        query: Query,
        *,
        vectors: Mapping[str, Vector],
        containers: frozenset[int] | None,
        without: frozenset[int] = frozenset(),
        floors: Mapping[str, float] | None = None,
        depth: int = DEPTH,
    ) -> Ranking:
        """Rank what answers a query.

        Args:
            query: The query.
            vectors: Its vector for each channel to use of ``meaning``, ``labels`` and ``looks``; ``words`` always runs.
            containers: Ids of the containers to search; None searches all and adds no filter.
            without: Ids of containers to leave out.
            floors: The least cosine that a vector channel may bring in; a channel that is not named has none.
            depth: Segments that each channel ranks.
        """
        where = predicates.filtered(query, only=containers, without=without)
        barred = self._barred(query)
        if query.phrases:
            held = self._held(query, where)
            where = predicates.both(where, predicates.one_of("content_sha256", sorted(held - barred)))
        elif barred and len(barred) <= INLINE:
            where = predicates.both(where, f"NOT {predicates.one_of('content_sha256', sorted(barred))}")
        if not query.terms:
            return self._listed(where, barred, depth)
        given = {channel: vector for channel, vector in vectors.items() if channel in COLUMNS}
        runs = {channel: self._pool.submit(self._near, channel, vector, where, depth) for channel, vector in given.items()}
        words = self._words(query, where, depth, passages=any(channel in PICTURE_CHANNELS for channel in given))
        found = {WORDS: words} | {channel: run.result() for channel, run in runs.items()}
        cut = any(len(rows) >= depth for rows in found.values())
        found = {channel: _above(rows, (floors or {}).get(channel)) for channel, rows in found.items()}
        if len(barred) > INLINE:
            found = {channel: [row for row in rows if row.content not in barred] for channel, rows in found.items()}
        return Ranking(table=_ranked(found), cut=cut)

    def similar(
        self,
        vector: Vector,
        *,
        containers: frozenset[int] | None,
        without: frozenset[int] = frozenset(),
        query: Query | None = None,
        depth: int = DEPTH,
    ) -> Ranking:
        """Rank pictures by what they look like.

        Args:
            vector: Of the example picture, as the picture model gives it.
            containers: Ids of the containers to search; None searches all.
            without: Ids of containers to leave out.
            query: Filters that must hold; its terms are not used.
            depth: Pictures that are ranked.
        """
        where = predicates.filtered(query or Query(), only=containers, without=without)
        rows = self._near(LOOKS, vector, where, depth)
        return Ranking(table=_ranked({LOOKS: rows}), cut=len(rows) >= depth)

    def looks(self, sha256: str) -> Vector | None:
        """Give the picture vector of a content; None where it has none."""
        where = predicates.both(predicates.of_contents([sha256]), "image_vector IS NOT NULL")
        rows = self._table.rows(("image_vector",), where, limit=1)
        return rows.column(0).combine_chunks().flatten().to_numpy(zero_copy_only=False) if rows.num_rows else None

    def segments(self, ids: Sequence[str]) -> dict[str, dict[str, object]]:
        """Give what is shown of segments, by their id; what was deleted meanwhile is absent."""
        rows = self._table.rows(SHOWN, predicates.one_of("segment_id", ids)) if ids else None
        return {str(row["segment_id"]): row for row in rows.to_pylist()} if rows is not None else {}

    def _words(self, query: Query, where: str | None, depth: int, *, passages: bool) -> list[_Found]:
        """Rank by BM25; a picture's labels fill the ranking only where no picture channel ranks them better."""
        words = telling([*query.words, *(word for phrase in query.phrases for word in phrase.split())])
        rows = self._bm25(words, where, depth)
        if passages and len(rows) >= depth and sum(row.kind != IMAGE for row in rows) < depth // 2:
            rows = self._bm25(words, predicates.both(where, f"kind != '{IMAGE}'"), depth)
        return rows

    def _bm25(self, words: Sequence[str], where: str | None, depth: int) -> list[_Found]:
        return _rows(self._table.words(words, columns=_NARROW, where=where, limit=depth), "_score")

    def _near(self, channel: str, vector: Vector, where: str | None, depth: int) -> list[_Found]:
        table = self._table.nearest(COLUMNS[channel], vector, columns=_NARROW, where=where, limit=depth)
        return _rows(table, "_distance")

    def _held(self, query: Query, where: str | None) -> set[str]:
        """Give the contents that hold every phrase, each perhaps in another segment, word for word."""
        held: set[str] | None = None
        for phrase in query.phrases:
            rows = self._table.words(
                (), phrases=(phrase,), columns=("content_sha256", "text"), where=where, limit=HELD * (2 if held is None else 4)
            )
            pairs = zip(rows.column("content_sha256").to_pylist(), rows.column("text").to_pylist(), strict=True)
            holding = firsts(content for content, text in pairs if holds(text, phrase))
            held = set(holding[:HELD]) if held is None else held & set(holding)
        return held or set()

    def _barred(self, query: Query) -> set[str]:
        """Give the contents that hold what the query excludes, in whichever of their segments."""
        barred: set[str] = set()
        for term in query.without:
            columns = ("content_sha256", "text") if term.exact else ("content_sha256",)
            rows = self._table.words((), phrases=(term.text,), columns=columns, limit=BARRED)
            contents = rows.column("content_sha256").to_pylist()
            if term.exact:
                texts = rows.column("text").to_pylist()
                contents = [content for content, text in zip(contents, texts, strict=True) if holds(text, term.text)]
            barred |= set(contents)
        return barred

    def _listed(self, where: str | None, barred: set[str], depth: int) -> Ranking:
        """Give what the filters let through, the newest first."""
        rows = self._table.newest(_NARROW, where, limit=max(depth, LISTED))
        found = [row for row in _rows(rows, None) if row.content not in barred]
        contents = set(firsts(row.content for row in found)[:depth])
        shown = [row for row in found if row.content in contents]
        return Ranking(table=_ranked({"": shown}), cut=len(shown) < len(found) or rows.num_rows >= LISTED)


def _rows(table: pa.Table, measure: str | None) -> list[_Found]:
    columns = [table.column(name).to_pylist() for name in _NARROW]
    measured = table.column(measure).to_pylist() if measure else [0.0] * table.num_rows
    closeness = [1 - value for value in measured] if measure == "_distance" else measured
    rows = [_Found(*row) for row in zip(*columns, closeness, strict=True)]
    # equal scores come in any order from the index; pages must not depend on it
    return sorted(rows, key=lambda row: (-row.closeness, row.content, row.segment)) if measure else rows


def _above(rows: list[_Found], floor: float | None) -> list[_Found]:
    return rows if floor is None else [row for row in rows if row.closeness >= floor]


def _ranked(found: Mapping[str, list[_Found]]) -> pa.Table:
    """Fuse the channels; contents by score, and within each its segments by theirs."""
    looked = any(channel in found for channel in PICTURE_CHANNELS)
    # BM25 of five labels says less than their vector: where a picture channel ran, it alone ranks pictures
    counted = {
        channel: [row for row in rows if not (looked and channel == WORDS and row.kind == IMAGE)]
        for channel, rows in found.items()
    }
    weight = weights(found)
    scores = fuse({channel: firsts(row.content for row in rows) for channel, rows in counted.items()}, weight)
    parts: dict[str, float] = {}
    for channel, rows in counted.items():
        for rank, row in enumerate(rows, start=1):
            parts[row.segment] = parts.get(row.segment, 0.0) + weight[channel] / (RANK_CONSTANT + rank)
    by: dict[str, dict[str, tuple[_Found, list[str]]]] = {}
    for channel, rows in found.items():
        for row in rows:
            if row.content in scores:
                by.setdefault(row.content, {}).setdefault(row.segment, (row, []))[1].append(channel)
    return _table(scores, parts, by)


def _table(
    scores: Mapping[str, float], parts: Mapping[str, float], by: Mapping[str, Mapping[str, tuple[_Found, list[str]]]]
) -> pa.Table:
    rows: list[tuple[object, ...]] = []
    for content, score in scores.items():
        for segment, (row, channels) in sorted(by[content].items(), key=lambda item: (-parts.get(item[0], 0.0), item[0])):
            names = [channel for channel in channels if channel]
            rows.append((content, score, segment, parts.get(segment, 0.0), names, row.kind, row.language, row.taken_at))
    columns: Iterable[Sequence[object]] = zip(*rows, strict=True) if rows else [()] * len(RANKED)
    arrays = [pa.array(list(column), field.type) for column, field in zip(columns, RANKED, strict=True)]
    return pa.Table.from_arrays(arrays, schema=RANKED)
