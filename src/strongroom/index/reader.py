"""Searching the index: each channel ranks alone, then they are joined content by content.

Until the end only rows and their contents are known: reading five columns of 180 rows took as long as finding them.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

import pyarrow as pa

from strongroom.domain.findings import PICTURES, Vector
from strongroom.domain.query import Query
from strongroom.index.fusion import LABELS, LOOKS, MEANING, WORDS, by_rank, firsts, fused
from strongroom.index.relevance import NO_BAR, Bar
from strongroom.index.tokens import holds, telling
from strongroom.storage.tables import SegmentTable, View, predicates
from strongroom.storage.tables.view import NEWEST, ROW

DEPTH = 40
"""Segments that each channel ranks; 60 ranked no better (bench/RESULTS.md), and reading them is most of the cost."""
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
SHOWN = (
    "segment_id", "kind", "char_start", "char_end", "page", "boxes", "t_start", "t_end", "part", "text",
)  # fmt: skip
"""What a reader is shown of a segment."""
FACETS = ("language", "taken_at")
"""What is counted over all contents that were found."""

RANKED = pa.schema(
    [
        pa.field("content_sha256", pa.string()),
        pa.field("content_score", pa.float64()),
        pa.field("row", pa.uint64()),
        pa.field("segment_score", pa.float64()),
        pa.field("channels", pa.list_(pa.string())),
    ]
)

Channel = list[tuple[int, float]]
"""Rows that a channel found and how close each is, best first."""

R = TypeVar("R")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranking:
    """What was found, best first."""

    table: pa.Table
    """Rows of `RANKED`: contents by falling score, and the segments of each by falling score.

    ``row`` names the segment in the view that was searched, and in no other.
    """
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

    def read(self, act: Callable[[View], R]) -> R:
        """Do something on one version, and again on a newer one if that was cleaned away meanwhile."""
        return self._table.read(act)

    def search(
        self,
        view: View,
        query: Query,
        *,
        vectors: Mapping[str, Vector],
        containers: frozenset[int] | None,
        without: frozenset[int] = frozenset(),
        within: Collection[str] | None = None,
        outside: Collection[str] = (),
        bars: Mapping[str, Bar] | None = None,
        depth: int = DEPTH,
        order: str = NEWEST,
    ) -> Ranking:
        """Rank what answers a query.

        Args:
            view: The version to search.
            query: The query.
            vectors: Its vector for each channel to use of ``meaning``, ``labels`` and ``looks``; ``words`` always runs.
            containers: Ids of the containers to search; None searches all and adds no filter.
            without: Ids of containers to leave out.
            within: The only contents to search, some thousands at the most; None searches all.
            outside: Contents to leave out, as few.
            bars: What a vector channel may bring in and how much it counts; a channel that is not named has no bar.
            depth: Segments that each channel ranks.
            order: Of what a query without words lets through; one of `strongroom.storage.tables.view.ORDERS`.
        """
        where = predicates.both(
            predicates.filtered(query, only=containers, without=without),
            None if within is None else predicates.one_of("content_sha256", sorted(within)),
            f"NOT {predicates.one_of('content_sha256', sorted(outside))}" if outside else None,
        )
        given = {channel: vector for channel, vector in vectors.items() if channel in COLUMNS}
        barred = _barred(view, query)
        if query.phrases:
            where = predicates.both(where, predicates.one_of("content_sha256", sorted(_held(view, query, where) - barred)))
        elif barred and len(barred) <= INLINE:
            where = predicates.both(where, f"NOT {predicates.one_of('content_sha256', sorted(barred))}")
        if not query.terms:
            return _listed(view, where, barred, depth, order)
        runs = {name: self._pool.submit(_near, view, name, given[name], where, depth) for name in given}
        # BM25 of five labels says less than their vector: where a picture channel runs, it alone ranks pictures
        spoken = f"NOT {predicates.one_of('kind', PICTURES)}" if LABELS in given or LOOKS in given else None
        found = {WORDS: _words(view, query, predicates.both(where, spoken), depth)}
        found |= {name: run.result() for name, run in runs.items()}
        cut = any(len(rows) >= depth for rows in found.values())
        return Ranking(table=_ranked(found, _contents(view, found), depth, bars or {}, barred), cut=cut)

    def similar(
        self,
        view: View,
        vector: Vector,
        *,
        containers: frozenset[int] | None,
        without: frozenset[int] = frozenset(),
        query: Query | None = None,
        depth: int = DEPTH,
        bar: Bar = NO_BAR,
    ) -> Ranking:
        """Rank pictures by what they look like.

        Args:
            view: The version to search.
            vector: Of the example picture, as the picture model gives it.
            containers: Ids of the containers to search; None searches all.
            without: Ids of containers to leave out.
            query: Filters that must hold; its terms are not used.
            depth: Pictures that are ranked.
            bar: How near a picture has to be.
        """
        where = predicates.filtered(query or Query(), only=containers, without=without)
        found = {LOOKS: _near(view, LOOKS, vector, where, depth)}
        cut = len(found[LOOKS]) >= depth and bar.passes(found[LOOKS][-1][1], found[LOOKS][0][1])
        return Ranking(table=_ranked(found, _contents(view, found), depth, {LOOKS: bar}), cut=cut)

    def looks(self, sha256: str) -> Vector | None:
        """Give the picture vector of a content; None where it has none."""
        where = predicates.both(predicates.of_contents([sha256]), "image_vector IS NOT NULL")
        rows = self._table.rows(("image_vector",), where, limit=1)
        return rows.column(0).combine_chunks().flatten().to_numpy(zero_copy_only=False) if rows.num_rows else None


def taken(view: View, rows: Sequence[int], columns: Sequence[str]) -> dict[int, dict[str, Any]]:
    """Give columns (`SHOWN`, `FACETS`) of rows that a ranking of the same view names, by row."""
    return {row.pop(ROW): row for row in view.take(rows, columns).to_pylist()} if rows else {}


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


def _contents(view: View, found: Mapping[str, Channel]) -> dict[int, str]:
    """Read which content each row is of, once for all channels: most of the cost is a read's, not a row's."""
    table = view.take(sorted({row for channel in found.values() for row, _ in channel}), ("content_sha256",))
    return dict(zip(table.column(ROW).to_pylist(), table.column("content_sha256").to_pylist(), strict=True))


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


def _listed(view: View, where: str | None, barred: set[str], depth: int, order: str) -> Ranking:
    """Give what the filters let through, in an order."""
    table = view.listed((ROW, "content_sha256"), where, order=order, limit=LISTED)
    contents = dict(zip(table.column(ROW).to_pylist(), table.column("content_sha256").to_pylist(), strict=True))
    first = firsts(content for content in contents.values() if content not in barred)[:depth]
    scores = by_rank(first)
    shown: dict[str, dict[int, float]] = {content: {} for content in scores}
    for row, content in contents.items():
        if content in shown:
            shown[content][row] = 0.0
    cut = sum(map(len, shown.values())) < len(contents) or len(contents) >= LISTED
    return Ranking(table=_table(scores, shown, {}), cut=cut)


def _ranked(
    found: Mapping[str, Channel],
    contents: Mapping[int, str],
    depth: int,
    bars: Mapping[str, Bar] = MappingProxyType({}),
    barred: Collection[str] = (),
) -> pa.Table:
    """Join the channels; contents by score, and within each its segments by theirs."""
    kept = {name: [pair for pair in pairs if contents[pair[0]] not in barred] for name, pairs in found.items()}
    near = {name: _near_enough(pairs, bars.get(name, NO_BAR), found[name]) for name, pairs in kept.items()}
    rows = {name: {row: closeness for row, closeness in kept[name] if row in near[name]} for name in found}
    if MEANING in found:  # how near the words' own passages are tells them apart, even where none is near enough to come in
        least = bars.get(MEANING, NO_BAR).worthless
        spoken = rows.get(WORDS, {})
        rows[MEANING] = {
            row: close for row, close in kept[MEANING] if row in near[MEANING] or (row in spoken and close >= least)
        }
    bests: dict[str, dict[str, float]] = {}
    for name, closenesses in rows.items():
        best = bests.setdefault(name, {})
        for row, closeness in closenesses.items():
            best.setdefault(contents[row], closeness)  # best first: a content counts where its best segment stands
    floors = {name: _floor(name, pairs, bars.get(name, NO_BAR), depth) for name, pairs in found.items()}
    counts = {name: bars.get(name, NO_BAR).counts(pairs[0][1]) for name, pairs in found.items() if pairs}
    scores = fused(bests, floors=floors, counts=counts)
    shown: dict[str, dict[int, float]] = {content: {} for content in scores}
    for row, score in fused(rows, floors=floors, counts=counts).items():
        shown[contents[row]][row] = score
    channels = {row: [name for name in found if row in near[name]] for parts in shown.values() for row in parts}
    return _table(scores, shown, channels)


def _near_enough(pairs: Channel, bar: Bar, found: Channel) -> set[int]:
    return {row for row, closeness in pairs if bar.passes(closeness, found[0][1])}


def _floor(channel: str, found: Channel, bar: Bar, depth: int) -> float:
    """Give the score that is worth nothing: of no word in common, or of everyday texts.

    What a channel that was cut at its depth did not find may be as good as its last.
    """
    least = 0.0 if channel == WORDS else bar.worthless
    return max(least, found[-1][1]) if len(found) >= depth else least


def _table(
    scores: Mapping[str, float], shown: Mapping[str, Mapping[int, float]], channels: Mapping[int, Sequence[str]]
) -> pa.Table:
    rows = [
        (content, score, row, part, channels.get(row, ()))
        for content, score in scores.items()
        for row, part in shown[content].items()
    ]
    columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * len(RANKED)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, RANKED, strict=True)]
    return pa.Table.from_arrays(arrays, schema=RANKED)
