"""Search: a question to hits that the catalog still grants, with snippets, facets and coverage."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from time import perf_counter
from typing import Any

from strongroom.domain.analysis import AnalyzerSpec, Coverage
from strongroom.domain.answer import Passage
from strongroom.domain.content import Content, Name
from strongroom.domain.entities import NAMES as NAMES_OF
from strongroom.domain.findings import Vector
from strongroom.domain.hit import Hit, Match, Results
from strongroom.domain.media import OCTETS, VIDEO
from strongroom.domain.query import Choice, Query, parse
from strongroom.domain.scope import Scope
from strongroom.errors import ContainerNotFound, ContentNotFound, UsageError
from strongroom.flows import sorting
from strongroom.flows.locating import locator
from strongroom.flows.moments import BESIDE, granted, shown, type_name
from strongroom.flows.naming_filter import NamingFilter, naming_filter
from strongroom.flows.passages import best_passages
from strongroom.index import IndexReader, Ranking
from strongroom.index.fusion import LABELS, LOOKS, MEANING
from strongroom.index.reader import DEPTH, FACETS, SHOWN, taken
from strongroom.index.relevance import BACKGROUND, LIKE, Bar, bars
from strongroom.index.snippets import snippet
from strongroom.ports.tools import PictureModel, Pixels, TextEmbedder
from strongroom.storage.catalog import Catalog, analyses, coverage, entities, names
from strongroom.storage.catalog import containers as catalog_containers
from strongroom.storage.tables import View
from strongroom.storage.tables.view import NEWEST, ORDERS

COUNTED = 100
"""Contents of the first that are found whose people, organisations and places are counted."""
NAMES = 20
"""Names shown of a hit."""
EMBEDDED = 1_000
"""Questions whose vectors are kept: whoever turns a page, sorts or narrows down asks the same again."""
DEEPEST = 32 * DEPTH
"""How deep the last page may reach in each channel."""

Rank = Callable[[int], Ranking]
RankIn = Callable[[View, int], Ranking]
_Rows = dict[int, dict[str, Any]]
"""Columns of rows of one view, by row."""


@dataclass(slots=True)
class _Found:
    """A content that was found and is granted."""

    sha256: str
    score: float
    rows: list[dict[str, Any]]
    names: tuple[Name, ...]
    content: Content

    @property
    def best(self) -> list[dict[str, Any]]:
        """The rows that are shown, and looked at for its year and its languages."""
        return self.rows[: shown(self.content)]


class Searcher:
    """Answers searches of one room; threads may share it."""

    def __init__(
        self,
        index: IndexReader,
        catalog: Catalog,
        text: Callable[[], TextEmbedder],
        pictures: Callable[[], PictureModel],
        specs: Sequence[AnalyzerSpec],
        *,
        pictures_read_words: bool = False,
    ) -> None:
        """Put a searcher together; no model is loaded before a search needs it.

        Args:
            index: The segments.
            catalog: What decides on every hit.
            text: Gives the text embedder.
            pictures: Gives the picture model.
            specs: The analyzers, for the coverage.
            pictures_read_words: Whether the picture model is of the CLIP family, so that words find looks.
        """
        self._index, self._catalog, self._text, self._pictures = index, catalog, text, pictures
        self._specs = tuple(specs)
        self._pictures_read_words = pictures_read_words
        self._coverage: dict[Scope, tuple[str, Coverage]] = {}
        self._embedded: dict[str, dict[str, Vector]] = {}

    def search(self, text: str, scope: Scope, *, limit: int = 20, offset: int = 0, sort: str = sorting.RELEVANCE) -> Results:
        """Find contents.

        Args:
            text: The query; see docs/reference/query-language.md.
            scope: What may be seen.
            limit: Hits a page, at most.
            offset: Hits to pass over; pages of one query fit together as long as nothing is written.
            sort: One of `sorting.SORTS`. With words in the query, the best that each channel ranks (1,280 segments) are put
                in order; without, the index is asked in that order, but for names: then the newest 1,280 contents are.

        Raises:
            QueryError: A filter has a value that it cannot have.
            ContainerNotFound: ``container:`` names none that the scope shows.
            ModelMissing: The text model has not been pulled.
            UsageError: There is no such order.
        """
        begun = perf_counter()
        sorting.check(sort)
        query = parse(text)
        vectors = self._vectors(query)
        bar = bars(vectors[MEANING], self._background) if MEANING in vectors else {}
        rank = self._ranked(query, scope, vectors, bar, order=sort if sort in ORDERS else NEWEST)
        is_ranked = sort == sorting.RELEVANCE or (sort in ORDERS and not query.terms)
        later = sorting.RELEVANCE if is_ranked else sort
        return self._results(rank, query, scope, limit=limit, offset=offset, begun=begun, sort=later)

    def similar(self, example: Pixels | str, scope: Scope, *, filters: str = "", limit: int = 20, offset: int = 0) -> Results:
        """Find pictures, and moments of videos, that look like an example.

        Args:
            example: A picture, or the SHA-256 of one in the room (it is not among its own hits).
            scope: What may be seen.
            filters: Filters of the query language; words have no meaning here.
            limit: Hits a page, at most.
            offset: Hits to pass over.

        Raises:
            ContentNotFound: The scope does not show the example, or it has no picture vector.
            UsageError: ``filters`` holds words.
        """
        begun = perf_counter()
        query = parse(filters)
        if query.terms or query.without:
            raise UsageError("a search by example takes filters only, such as type:image or after:2020")
        only, without = self._containers(query, scope)
        later, bar = NamingFilter(later=query.entities), LIKE[self._pictures_read_words]
        itself = example if isinstance(example, str) else ""
        vector = self._looks(itself, scope) if isinstance(example, str) else self._pictures().look([example])[0].image_vector

        def rank(view: View, depth: int) -> Ranking:
            found = self._index.similar(view, vector, containers=only, without=without, query=query, depth=depth, bar=bar)
            return later.narrowed(found, self._catalog, scope)

        return self._results(rank, Query(), scope, limit=limit, offset=offset, begun=begun, leave_out=itself)

    def passages(self, query: Query, scope: Scope, *, limit: int) -> tuple[list[Passage], Coverage]:
        """Give the best segments with text over all contents, and how much of the scope could be searched.

        Args:
            query: What to look for; its phrases must occur.
            scope: What may be seen.
            limit: Passages, at most.

        Raises:
            ContainerNotFound: ``container:`` names none that the scope shows.
            ModelMissing: The text model has not been pulled.
        """
        vectors = {MEANING: self._text().embed([query.meaning], query=True)[0]} if query.terms else {}
        bar = bars(vectors[MEANING], self._background) if vectors else {}
        rank = self._ranked(query, scope, vectors, bar)
        ask = partial(best_passages, self._catalog, rank=rank, scope=scope, types=query.types, limit=limit)
        found = self._index.read(ask) if query.terms else []
        with self._catalog.read() as tx:
            return found, self._covered(tx, scope)

    def _ranked(
        self,
        query: Query,
        scope: Scope,
        vectors: Mapping[str, Vector],
        bar: Mapping[str, Bar],
        *,
        among: Collection[str] | None = None,
        order: str = NEWEST,
    ) -> RankIn:
        """Give what ranks a query in a view, to a depth; ``among`` are the only contents that it may find."""
        only, without = self._containers(query, scope)
        named = naming_filter(self._catalog, query.entities, scope)
        within = named.within
        if among is not None:
            within = frozenset(among) if within is None else within & set(among)

        def rank(view: View, depth: int) -> Ranking:
            ranking = self._index.search(
                view,
                query,
                vectors=vectors,
                containers=only,
                without=without,
                within=within,
                outside=named.outside,
                bars=bar,
                depth=depth,
                order=order,
            )
            return named.narrowed(ranking, self._catalog, scope)

        return rank

    def warm(self) -> None:
        """Load what the first search would wait for: the text model, and the index.

        Raises:
            ModelMissing: The text model has not been pulled.
        """
        query = parse("warm")
        vectors = self._vectors(query)
        bar = bars(vectors[MEANING], self._background)
        self._index.read(
            lambda view: self._index.search(view, query, vectors=vectors, containers=None, without=frozenset(), bars=bar)
        )

    @cached_property
    def _background(self) -> Vector:
        return self._text().embed(BACKGROUND)

    def _vectors(self, query: Query) -> dict[str, Vector]:
        """Embed a query once for each space that it is searched in."""
        if not query.meaning:
            return {}
        kept = self._embedded.get(query.meaning)
        if kept is None:
            vector = self._text().embed([query.meaning], query=True)[0]
            kept = {MEANING: vector, LABELS: vector}
            if self._pictures_read_words:
                looks = self._pictures().embed_query(query.meaning)
                kept |= {LOOKS: looks} if looks is not None else {}
            if len(self._embedded) >= EMBEDDED:
                self._embedded.clear()
            self._embedded[query.meaning] = kept
        return dict(kept)

    def _looks(self, sha256: str, scope: Scope) -> Vector:
        with self._catalog.read() as tx:
            shown = names.names(tx, [sha256], scope, limit=1)
        vector = self._index.looks(sha256) if sha256 in shown else None
        if vector is None:
            raise ContentNotFound(f"{sha256} is no analysed picture in this scope; give a picture file, or analyse first")
        return vector

    def _containers(self, query: Query, scope: Scope) -> tuple[frozenset[int] | None, frozenset[int]]:
        """Give the ids of the containers to search (None is all) and of those to leave out."""
        if query.containers == Choice():
            return scope.containers, frozenset()
        with self._catalog.read() as tx:
            known = {container.name: container.id for container in catalog_containers.all_in(tx, scope)}
        for name in (*query.containers.only, *query.containers.without):
            if name not in known:
                raise ContainerNotFound(f"there is no container {name!r} here; `strongroom list` shows those there are")
        only = frozenset(known[name] for name in query.containers.only) or scope.containers
        return only, frozenset(known[name] for name in query.containers.without)

    def _results(
        self,
        rank: RankIn,
        query: Query,
        scope: Scope,
        *,
        limit: int,
        offset: int,
        begun: float,
        leave_out: str = "",
        sort: str = sorting.RELEVANCE,
    ) -> Results:
        if limit < 1 or offset < 0:
            raise UsageError(f"limit is {limit} and offset {offset}: limit must be 1 or more, and offset 0 or more")

        wanted = slice(offset, offset + limit)
        first, least = (DEPTH, wanted.stop + 1) if sort == sorting.RELEVANCE else (DEEPEST, 1)
        asked = partial(self._granted, scope=scope, types=query.types, first=first, wanted=least, leave_out=leave_out)
        found, cut, segments, facets = self._index.read(lambda view: _read(view, partial(rank, view), asked, wanted, sort))
        page = found[wanted]
        with self._catalog.read() as tx:
            # asked again beside the texts: what was forgotten or withdrawn since the ranking is not shown
            named = names.names(tx, [item.sha256 for item in page], scope, limit=NAMES)
            properties = analyses.properties(tx, list(named))
            facets |= entities.facets(tx, [item.sha256 for item in found[:COUNTED]], NAMES_OF, scope)
            covered = self._covered(tx, scope)
        hits = [
            Hit(
                content=item.sha256,
                media_type=item.content.media_type or OCTETS,
                type=type_name(item.content),
                size=item.content.size,
                score=item.score,
                names=named[item.sha256],
                matches=matches,
                properties=properties.get(item.sha256, {}),
            )
            for item in page
            if item.sha256 in named and (matches := _matches(item, segments, query))
        ]
        return Results(
            hits=tuple(hits),
            total=len(found),
            offset=offset,
            more=len(found) > offset + limit or (cut and bool(page) and sort == sorting.RELEVANCE),
            facets=facets,
            coverage=covered,
            took_ms=(perf_counter() - begun) * 1000,
        )

    def _granted(
        self, rank: Rank, *, scope: Scope, types: Choice, first: int, wanted: int, leave_out: str
    ) -> tuple[list[_Found], bool]:
        """Rank as deep as the page needs, and keep what the catalog grants now.

        A deeper ranking fuses differently, so only contents that the shallower one lacked are taken from it, after all
        of that one's: pages stay as they were.
        """
        found: list[_Found] = []
        seen = {leave_out}
        depth, cut = first, True
        while cut and len(found) < wanted and depth <= DEEPEST:
            ranking = rank(depth)
            fresh = _by_content(ranking, seen)
            with self._catalog.read() as tx:
                given = granted(tx, fresh, scope, types, NAMES)
            for sha256, rows in given.groups.items():
                if sha256 not in seen:
                    score = max(float(row["content_score"]) for row in rows)
                    content = given.known[sha256]
                    found.append(_Found(sha256=sha256, score=score, rows=rows, names=given.named[sha256], content=content))
            seen |= fresh.keys() | given.groups.keys()
            depth, cut = depth * 2, ranking.cut
        return found, cut and depth <= DEEPEST

    def _covered(self, tx: Any, scope: Scope) -> Coverage:
        revision = self._catalog.revision(tx)
        kept = self._coverage.get(scope)
        if kept is None or kept[0] != revision:
            if len(self._coverage) > 1000:  # noqa: PLR2004
                self._coverage.clear()
            self._coverage[scope] = kept = (revision, coverage.coverage(tx, self._specs, scope))
        return kept[1]


def _read(
    view: View, rank: Rank, ask: Callable[[Rank], tuple[list[_Found], bool]], wanted: slice, sort: str
) -> tuple[list[_Found], bool, _Rows, dict[str, dict[str, int]]]:
    """Do all that one version of the index is needed for: the rows that a ranking names are of that version alone."""
    found, cut = ask(rank)
    counted = taken(view, [row["row"] for item in found for row in item.best], FACETS)
    found = sorting.ordered(found, counted, sort)
    shown_rows = [row["row"] for item in found[wanted] for row in item.best]
    return found, cut, taken(view, shown_rows, SHOWN), _facets(found, counted)


def _by_content(ranking: Ranking, seen: set[str]) -> dict[str, list[dict[str, Any]]]:
    grouped: dict[str, list[dict[str, Any]]] = {}
    for row in ranking.table.to_pylist():
        if row["content_sha256"] not in seen:
            grouped.setdefault(row["content_sha256"], []).append(row)
    return grouped


def _matches(item: _Found, segments: _Rows, query: Query) -> tuple[Match, ...]:
    matches = []
    for row in item.best:
        segment = segments.get(row["row"])
        if segment is not None:
            cut = snippet(segment["text"] or "", query)
            place = locator(segment)
            shows = type_name(item.content) == VIDEO
            matches.append(
                Match(
                    segment_id=segment["segment_id"],
                    kind=segment["kind"],
                    locator=replace(place, part=row[BESIDE]) if BESIDE in row else place,
                    frame=place.t_start if shows else None,
                    snippet=cut.text,
                    marks=cut.marks,
                    score=row["segment_score"],
                    channels=tuple(row["channels"]),
                )
            )
    return tuple(matches)


def _facets(found: Sequence[_Found], rows: _Rows) -> dict[str, dict[str, int]]:
    """Count the values of the found contents; the most frequent first."""
    counts: dict[str, dict[str, int]] = {"type": {}, "container": {}, "year": {}, "language": {}}

    def count(facet: str, values: set[str]) -> None:
        for value in values:
            counts[facet][value] = counts[facet].get(value, 0) + 1

    for item in found:
        count("type", {type_name(item.content)})
        count("container", {name.container for name in item.names})
        best = [rows[row["row"]] for row in item.best]
        date = sorting.date_of(item, rows)
        count("year", {str(date.year)} if date else set())
        count("language", {row["language"] for row in best if row["language"]})
    return {facet: dict(sorted(values.items(), key=lambda pair: (-pair[1], pair[0]))) for facet, values in counts.items()}
