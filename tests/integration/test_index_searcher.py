"""A search shows what the catalog grants at that moment, page after page, with snippets, facets and coverage."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from strongroom.domain.analysis import Coverage
from strongroom.domain.content import Content, Name
from strongroom.domain.findings import Vector
from strongroom.domain.locator import Locator
from strongroom.domain.scope import Actor, Purpose, Scope
from strongroom.domain.segments import segment_schema, to_table
from strongroom.errors import ContainerNotFound, ContentNotFound, ModelMissing, QueryError, UsageError
from strongroom.flows import moments
from strongroom.flows import search as flow
from strongroom.flows.search import Searcher
from strongroom.index import IndexReader, IndexWriter
from strongroom.ports.tools import Look
from strongroom.storage.tables import SegmentTable

SIZE = 64
SCHEMA = segment_schema(SIZE, SIZE)
ALL = Scope(actor=Actor(name="owner"), purpose=Purpose(name="any"), containers=None, policy_version="1")
ONE = Scope(actor=Actor(name="guest"), purpose=Purpose(name="case"), containers=frozenset({1}), policy_version="1")


def vector(text: str) -> Vector:
    total = np.zeros(SIZE, np.float32)
    for word in text.lower().split():
        total += np.random.default_rng(int(sha256(word.encode()).hexdigest()[:8], 16)).normal(size=SIZE)
    return (total / max(float(np.linalg.norm(total)), 1e-9)).astype(np.float32)


class Embedder:
    dimension = SIZE

    def embed(self, texts: Sequence[str], *, query: bool = False) -> Vector:
        return np.stack([vector(text) for text in texts])


class Pictures:
    dimension, input_size = SIZE, 8

    def look(self, pictures: Sequence[Any]) -> list[Look]:
        return [Look(labels=(), label_vector=None, image_vector=vector("zebra")) for _ in pictures]

    def embed_query(self, text: str) -> Vector:
        return vector(text)


@dataclass
class FakeCatalog:
    """Contents by SHA-256, the ids of containers that hold each, and their names."""

    held: dict[str, set[int]] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=lambda: {"letters": 1, "photos": 2})
    changes: int = 0
    counted: int = 0

    @contextmanager
    def read(self) -> Iterator["FakeCatalog"]:
        yield self

    def revision(self, tx: object) -> str:
        return str(self.changes)

    def names(self, tx: object, sha256s: Collection[str], scope: Scope, limit: int = 20) -> dict[str, tuple[Name, ...]]:
        spelt = {number: name for name, number in self.ids.items()}
        given = {
            sha: tuple(Name(container=spelt[i], blob=f"{sha}.txt") for i in sorted(self.held.get(sha, ())) if scope.grants(i))
            for sha in sha256s
        }
        return {sha: names[:limit] for sha, names in given.items() if names}

    def contents(self, tx: object, sha256s: Collection[str]) -> dict[str, Content]:
        first = datetime(2020, 1, 1, tzinfo=UTC)
        return {
            sha: Content(
                sha256=sha, size=ord(sha[0]) * 7 % 11, media_type="text/plain", type="text", depth=0, first_seen_at=first
            )
            for sha in sha256s
        }

    def properties(self, tx: object, sha256s: Collection[str]) -> dict[str, dict[str, object]]:
        return {sha: {"author": "A. Person"} for sha in sha256s if sha == "a"}

    def facets(self, tx: object, sha256s: Collection[str], kinds: Sequence[str], scope: Scope) -> dict[str, dict[str, int]]:
        return {}

    def coverage(self, tx: object, specs: object, scope: Scope) -> Coverage:
        self.counted += 1
        return Coverage(searched=len(self.held), pending=1, failed=0, skipped=0)

    def all_in(self, tx: object, scope: Scope) -> list[SimpleNamespace]:
        return [SimpleNamespace(name=name, id=number) for name, number in self.ids.items() if scope.grants(number)]


@pytest.fixture
def catalog(monkeypatch: pytest.MonkeyPatch) -> FakeCatalog:
    fake = FakeCatalog()
    for module in ("names", "analyses", "coverage", "catalog_containers", "entities"):
        monkeypatch.setattr(flow, module, fake)
    for module in ("names", "contents"):
        monkeypatch.setattr(moments, module, fake)
    return fake


@pytest.fixture
def table(tmp_path: Path) -> SegmentTable:
    return SegmentTable(tmp_path / "segments", SIZE, SIZE)


@pytest.fixture
def searcher(table: SegmentTable, catalog: FakeCatalog) -> Searcher:
    return Searcher(IndexReader(table), catalog, Embedder, Pictures, ())  # type: ignore[arg-type]


def add(
    table: SegmentTable, catalog: FakeCatalog, sha: str, text: str, *, containers: tuple[int, ...] = (1,), **more: Any
) -> None:
    row = {
        "segment_id": f"{sha}-{len(text)}",
        "content_sha256": sha,
        "containers": [str(i) for i in containers],
        "kind": "passage",
    }
    row |= {"text": text, "text_vector": vector(text).astype(np.float16), "type": "text", **more}
    IndexWriter(table).merge(to_table([row], SCHEMA))
    catalog.held[sha] = set(containers)


def test_a_hit_has_its_names_snippet_locator_and_properties(table: SegmentTable, catalog: FakeCatalog, searcher: Searcher):
    add(table, catalog, "a", "The harbour offices were closed", page=3, boxes=[0.0, 0.25, 1.0, 0.5], containers=(1, 2))
    results = searcher.search("harbour office", ALL)
    (hit,) = results.hits
    assert [str(name) for name in hit.names] == ["letters/a.txt", "photos/a.txt"]
    assert hit.properties == {"author": "A. Person"}
    (match,) = hit.matches
    assert match.locator == Locator(page=3, boxes=((0.0, 0.25, 1.0, 0.5),))
    assert [match.snippet[a:b] for a, b in match.marks] == ["harbour", "offices"]
    assert match.channels == ("words", "meaning")
    assert (results.total, results.more, results.offset) == (1, False, 0)
    assert results.coverage.pending == 1
    assert results.took_ms > 0


def test_what_the_catalog_no_longer_grants_is_not_shown(table: SegmentTable, catalog: FakeCatalog, searcher: Searcher):
    add(table, catalog, "a", "harbour")
    add(table, catalog, "b", "harbour")
    catalog.held["a"] = set()  # the index still says container 1
    results = searcher.search("harbour", ONE)
    assert [hit.content for hit in results.hits] == ["b"]
    assert results.total == 1
    assert results.facets["container"] == {"letters": 1}


def test_a_scope_shows_its_containers_only(table: SegmentTable, catalog: FakeCatalog, searcher: Searcher):
    add(table, catalog, "a", "harbour", containers=(1,))
    add(table, catalog, "b", "harbour", containers=(2,))
    add(table, catalog, "c", "harbour", containers=(1, 2))
    assert {hit.content for hit in searcher.search("harbour", ONE).hits} == {"a", "c"}
    both = next(hit for hit in searcher.search("harbour", ONE).hits if hit.content == "c")
    assert [name.container for name in both.names] == ["letters"]
    assert {hit.content for hit in searcher.search("harbour container:photos", ALL).hits} == {"b", "c"}
    assert {hit.content for hit in searcher.search("harbour -container:photos", ALL).hits} == {"a"}
    for text in ("harbour container:photos", "harbour -container:photos", "container:nowhere"):
        with pytest.raises(ContainerNotFound):
            searcher.search(text, ONE)


@pytest.mark.parametrize("query", ["harbour", "type:text", '"harbour"'])
def test_pages_fit_together_however_deep_they_reach(
    table: SegmentTable, catalog: FakeCatalog, searcher: Searcher, monkeypatch: pytest.MonkeyPatch, query: str
):
    monkeypatch.setattr(flow, "DEPTH", 4)
    monkeypatch.setattr(flow, "DEEPEST", 64)
    for n in range(25):
        add(table, catalog, f"c{n:02}", f"harbour {'filler ' * (n % 7)}")
    catalog.held["c03"] = set()
    pages = [searcher.search(query, ALL, limit=5, offset=offset) for offset in range(0, 30, 5)]
    shown = [hit.content for page in pages for hit in page.hits]
    assert len(shown) == len(set(shown)) == 24
    assert [page.more for page in pages] == [True, True, True, True, False, False]
    assert shown[:7] == [hit.content for hit in searcher.search(query, ALL, limit=7).hits]


@pytest.mark.parametrize("words", ["harbour", "type:text"])
def test_hits_are_sorted_over_all_that_was_found(table: SegmentTable, catalog: FakeCatalog, searcher: Searcher, words: str):
    dates = {"a": 2021, "b": 2023, "c": None, "d": 2019, "e": 2020}
    for sha, year in dates.items():
        size = ord(sha) * 7 % 11
        taken_at = year and datetime(year, 5, 1, tzinfo=UTC)
        add(table, catalog, sha, "harbour " + "filler " * (ord(sha) % 5), taken_at=taken_at, size=size)

    def order(sort: str) -> str:
        pages = [searcher.search(words, ALL, limit=2, offset=offset, sort=sort) for offset in (0, 2, 4)]
        assert [page.more for page in pages] == [True, True, False]
        return "".join(hit.content for page in pages for hit in page.hits)

    assert order("newest") == "baedc"
    assert order("oldest") == "deabc"
    assert order("name") == "abcde"
    assert order("size") == "".join(sorted("abcde", key=lambda sha: -(ord(sha) * 7 % 11)))
    assert sorted(order("relevance")) == list("abcde")
    with pytest.raises(UsageError, match="newest"):
        searcher.search(words, ALL, sort="colour")


def test_coverage_is_counted_once_a_state_of_the_catalog(table: SegmentTable, catalog: FakeCatalog, searcher: Searcher):
    for _ in range(3):
        searcher.search("anything", ALL)
    assert catalog.counted == 1
    searcher.search("anything", ONE)
    catalog.changes += 1
    searcher.search("anything", ALL)
    assert catalog.counted == 3


def test_facets_count_what_was_found(table: SegmentTable, catalog: FakeCatalog, searcher: Searcher):
    add(table, catalog, "a", "harbour", language="en", taken_at=datetime(2001, 5, 5, tzinfo=UTC))
    add(table, catalog, "b", "harbour", language="de", taken_at=datetime(2001, 6, 6, tzinfo=UTC), containers=(1, 2))
    assert searcher.search("harbour", ALL).facets == {
        "type": {"text": 2},
        "container": {"letters": 2, "photos": 1},
        "year": {"2001": 2},
        "language": {"de": 1, "en": 1},
    }


def test_no_model_is_loaded_before_it_is_needed(table: SegmentTable, catalog: FakeCatalog):
    def missing() -> Any:
        raise ModelMissing("the text model is not here: run `strongroom models pull`")

    searcher = Searcher(IndexReader(table), catalog, missing, missing, ())  # type: ignore[arg-type]
    add(table, catalog, "a", "harbour")
    assert searcher.search("type:text", ALL).total == 1
    with pytest.raises(ModelMissing, match="models pull"):
        searcher.search("harbour", ALL)


def test_similar_finds_pictures_that_look_alike(table: SegmentTable, catalog: FakeCatalog, searcher: Searcher):
    def seen(text: str) -> Any:
        return vector(text).astype(np.float16)

    add(table, catalog, "a", "zebra", kind="image", image_vector=seen("zebra"))
    add(table, catalog, "b", "horse", kind="image", image_vector=seen("zebra horse"), containers=(2,))
    pixels = np.zeros((4, 4, 3), np.uint8)
    assert [hit.content for hit in searcher.similar(pixels, ALL).hits] == ["a", "b"]
    assert [hit.content for hit in searcher.similar("a", ALL).hits] == ["b"]
    assert searcher.similar("a", ALL, filters="container:letters").hits == ()
    for sha in ("b", "unknown"):
        with pytest.raises(ContentNotFound):
            searcher.similar(sha, ONE)
    with pytest.raises(UsageError, match="filters only"):
        searcher.similar("a", ALL, filters="zebra")


def test_what_looks_unlike_is_left_out_where_the_model_tells_it(table: SegmentTable, catalog: FakeCatalog, searcher: Searcher):
    add(table, catalog, "a", "zebra", kind="image", image_vector=vector("zebra").astype(np.float16))
    add(table, catalog, "b", "rocket", kind="image", image_vector=vector("rocket").astype(np.float16))
    pixels = np.zeros((4, 4, 3), np.uint8)
    assert [hit.content for hit in searcher.similar(pixels, ALL).hits] == ["a"]
    reads_words = Searcher(IndexReader(table), catalog, Embedder, Pictures, (), pictures_read_words=True)  # type: ignore[arg-type]
    assert [hit.content for hit in reads_words.similar(pixels, ALL).hits] == ["a", "b"]


def test_words_find_looks_where_the_picture_model_reads_words(table: SegmentTable, catalog: FakeCatalog):
    searcher = Searcher(IndexReader(table), catalog, Embedder, Pictures, (), pictures_read_words=True)  # type: ignore[arg-type]
    add(table, catalog, "a", "", kind="image", image_vector=vector("zebra").astype(np.float16), text_vector=None)
    (hit,) = searcher.search("zebra", ALL).hits
    assert hit.matches[0].channels == ("looks",)


def test_impossible_requests_say_so(searcher: Searcher):
    with pytest.raises(QueryError):
        searcher.search("type:poem", ALL)
    with pytest.raises(UsageError, match="limit"):
        searcher.search("a", ALL, limit=0)
