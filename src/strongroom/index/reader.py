"""Searching the index: each channel ranks alone, then ranks are fused content by content."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import pyarrow as pa

from strongroom.domain.findings import IMAGE, Vector
from strongroom.domain.query import Query
from strongroom.index.fusion import LABELS, LOOKS, MEANING, PICTURE_CHANNELS, RANK_CONSTANT, WORDS, firsts, fuse, weights
from strongroom.index.relevance import NO_BAR, Bar
from strongroom.index.tokens import holds, telling
from strongroom.storage.tables import SegmentTable, View, predicates
from strongroom.storage.tables.view import ROW

DEPTH = 60
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


Channel = list[tuple[int, float]]
"""Rows that a channel found and how close each is, best first."""


class _Row(NamedTuple):
    segment: str
    content: str
    kind: str
    language: str | None
    taken_at: object


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
        bars: Mapping[str, Bar] | None = None,
        depth: int = DEPTH,
    ) -> Ranking:
        """Rank what answers a query.

        Args:
            query: The query.
            vectors: Its vector for each channel to use of ``meaning``, ``labels`` and ``looks``; ``words`` always runs.
            containers: Ids of the containers to search; None searches all and adds no filter.
            without: Ids of containers to leave out.
            bars: What a vector channel may bring in and how much it counts; a channel that is not named has no bar.
            depth: Segments that each channel ranks.
        """
        where = predicates.filtered(query, only=containers, without=without)
        given = {channel: vector for channel, vector in vectors.items() if channel in COLUMNS}

        def act(view: View) -> Ranking:
            barred = _barred(view, query)
            narrowed = where
            if query.phrases:
                narrowed = predicates.both(
                    where, predicates.one_of("content_sha256", sorted(_held(view, query, where) - barred))
                )
            elif barred and len(barred) <= INLINE:
                narrowed = predicates.both(where, f"NOT {predicates.one_of('content_sha256', sorted(barred))}")
            if not query.terms:
                return _listed(view, narrowed, barred, depth)
            runs = {name: self._pool.submit(_near, view, name, given[name], narrowed, depth) for name in given}
            found = {WORDS: _words(view, query, narrowed, depth)} | {name: run.result() for name, run in runs.items()}
            cut = any(len(rows) >= depth for rows in found.values())
            doubt = {name: (bars or {}).get(name, NO_BAR).counts(found[name][0][1]) for name in given if found[name]}
            found = {name: _near_enough(rows, (bars or {}).get(name, NO_BAR)) for name, rows in found.items()}
            rows = _taken(view, found)
            if LABELS in found or LOOKS in found:
                passages = sum(rows[row].kind != IMAGE for row, _ in found[WORDS])
                if len(found[WORDS]) >= depth and passages < depth // 2:  # labels of pictures crowd the passages out
                    found[WORDS] = _words(view, query, predicates.both(narrowed, f"kind != '{IMAGE}'"), depth)
                    rows = _taken(view, found)
            return Ranking(table=_ranked(found, rows, barred, doubt), cut=cut)

        return self._table.read(act)

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

        def act(view: View) -> Ranking:
            found = {LOOKS: _near(view, LOOKS, vector, where, depth)}
            return Ranking(table=_ranked(found, _taken(view, found), set()), cut=len(found[LOOKS]) >= depth)

        return self._table.read(act)

    def looks(self, sha256: str) -> Vector | None:
        """Give the picture vector of a content; None where it has none."""
        where = predicates.both(predicates.of_contents([sha256]), "image_vector IS NOT NULL")
        rows = self._table.rows(("image_vector",), where, limit=1)
        return rows.column(0).combine_chunks().flatten().to_numpy(zero_copy_only=False) if rows.num_rows else None

    def segments(self, ids: Sequence[str]) -> dict[str, dict[str, object]]:
        """Give what is shown of segments, by their id; what was deleted meanwhile is absent."""
        rows = self._table.rows(SHOWN, predicates.one_of("segment_id", ids)) if ids else None
        return {str(row["segment_id"]): row for row in rows.to_pylist()} if rows is not None else {}


def _words(view: View, query: Query, where: str | None, depth: int) -> Channel:
    words = telling([*query.words, *(word for phrase in query.phrases for word in phrase.split())])
    return _pairs(view.words(words, where=where, limit=depth))


def _near(view: View, channel: str, vector: Vector, where: str | None, depth: int) -> Channel:
    return _pairs(view.nearest(COLUMNS[channel], vector, where=where, limit=depth))


def _pairs(table: pa.Table) -> Channel:
    rows = table.column(ROW).to_pylist()
    if "_distance" in table.column_names:
        return [(row, 1 - distance) for row, distance in zip(rows, table.column("_distance").to_pylist(), strict=True)]
    return list(zip(rows, table.column("_score").to_pylist(), strict=True))


def _near_enough(channel: Channel, bar: Bar) -> Channel:
    return [(row, closeness) for row, closeness in channel if bar.passes(closeness, channel[0][1])]


def _taken(view: View, found: Mapping[str, Channel]) -> dict[int, _Row]:
    """Read what is needed to group, once for all channels: most of the cost is a read's, not a row's."""
    table = view.take(sorted({row for channel in found.values() for row, _ in channel}), _NARROW)
    rows = zip(*(table.column(name).to_pylist() for name in _NARROW), strict=True)
    return dict(zip(table.column(ROW).to_pylist(), (_Row(*row) for row in rows), strict=True))


def _held(view: View, query: Query, where: str | None) -> set[str]:
    """Give the contents that hold every phrase, each perhaps in another segment, word for word."""
    held: set[str] | None = None
    for phrase in query.phrases:
        rows = view.words((), phrases=(phrase,), columns=("content_sha256", "text"), where=where, limit=HELD * 4)
        pairs = zip(rows.column("content_sha256").to_pylist(), rows.column("text").to_pylist(), strict=True)
        holding = firsts(content for content, text in pairs if holds(text, phrase))
        held = set(holding[:HELD]) if held is None else held & set(holding)
    return held or set()


def _barred(view: View, query: Query) -> set[str]:
    """Give the contents that hold what the query excludes, in whichever of their segments."""
    barred: set[str] = set()
    for term in query.without:
        columns = ("content_sha256", "text") if term.exact else ("content_sha256",)
        # as a phrase, since an excluded word of several tokens ("e-mail") means them in a row
        rows = view.words((), phrases=(term.text,), columns=columns, limit=BARRED)
        contents = rows.column("content_sha256").to_pylist()
        if term.exact:
            texts = rows.column("text").to_pylist()
            contents = [content for content, text in zip(contents, texts, strict=True) if holds(text, term.text)]
        barred |= set(contents)
    return barred


def _listed(view: View, where: str | None, barred: set[str], depth: int) -> Ranking:
    """Give what the filters let through, the newest first."""
    table = view.newest(_NARROW, where, limit=LISTED)
    rows = [_Row(*row) for row in zip(*(table.column(name).to_pylist() for name in _NARROW), strict=True)]
    contents = set(firsts(row.content for row in rows if row.content not in barred)[:depth])
    shown = [row for row in rows if row.content in contents]
    numbered = dict(enumerate(shown))
    cut = len(shown) < len(rows) or table.num_rows >= LISTED
    return Ranking(table=_ranked({"": [(number, 0.0) for number in numbered]}, numbered, set()), cut=cut)


def _ranked(
    found: Mapping[str, Channel], rows: Mapping[int, _Row], barred: set[str], doubt: Mapping[str, float] = MappingProxyType({})
) -> pa.Table:
    """Fuse the channels; contents by score, and within each its segments by theirs."""
    looked = any(channel in found for channel in PICTURE_CHANNELS)
    weight = {channel: full * doubt.get(channel, 1.0) for channel, full in weights(found).items()}
    rankings: dict[str, list[str]] = {}
    parts: dict[str, float] = {}
    by: dict[str, dict[str, tuple[_Row, list[str]]]] = {}
    for channel, pairs in found.items():
        kept = [(rows[number], closeness) for number, closeness in pairs if rows[number].content not in barred]
        # the index gives equals in any order, and pages must not depend on it
        kept = sorted(kept, key=lambda pair: (-pair[1], pair[0].content, pair[0].segment)) if channel else kept
        for row, _ in kept:
            by.setdefault(row.content, {}).setdefault(row.segment, (row, []))[1].append(channel)
        # BM25 of five labels says less than their vector: where a picture channel ran, it alone ranks pictures
        counted = [row for row, _ in kept if not (looked and channel == WORDS and row.kind == IMAGE)]
        rankings[channel] = firsts(row.content for row in counted)
        for rank, row in enumerate(counted, start=1):
            parts[row.segment] = parts.get(row.segment, 0.0) + weight[channel] / (RANK_CONSTANT + rank)
    return _table(fuse(rankings, weight), parts, by)


def _table(
    scores: Mapping[str, float], parts: Mapping[str, float], by: Mapping[str, Mapping[str, tuple[_Row, list[str]]]]
) -> pa.Table:
    rows: list[tuple[object, ...]] = []
    for content, score in scores.items():
        for segment, (row, channels) in sorted(by[content].items(), key=lambda item: (-parts.get(item[0], 0.0), item[0])):
            names = [channel for channel in channels if channel]
            rows.append((content, score, segment, parts.get(segment, 0.0), names, row.kind, row.language, row.taken_at))
    columns: Iterable[Sequence[object]] = zip(*rows, strict=True) if rows else [()] * len(RANKED)
    arrays = [pa.array(list(column), field.type) for column, field in zip(columns, RANKED, strict=True)]
    return pa.Table.from_arrays(arrays, schema=RANKED)
