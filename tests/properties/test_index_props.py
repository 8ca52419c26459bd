"""A scope hides what it does not grant and changes nothing else."""

from collections.abc import Iterator
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strongroom.domain.query import Term, parse
from strongroom.domain.segments import segment_schema, to_table
from strongroom.index import IndexReader, IndexWriter
from strongroom.index.snippets import snippet
from strongroom.index.tokens import folded
from strongroom.storage.tables import SegmentTable

WORDS = ["harbour", "office", "zebra", "report", "annual"]


@pytest.fixture(scope="module")
def reader() -> Iterator[IndexReader]:
    schema = segment_schema(8, 8)
    rows = [
        {
            "segment_id": f"s{n}",
            "content_sha256": f"c{n // 2}",
            "containers": [str(n // 2 % 4), str(n // 2 % 3)],
            "kind": "passage",
            "text": f"{WORDS[n % 5]} {WORDS[n // 2 % 5]} {n}",
            "type": ("text", "pdf")[n // 2 % 2],
        }
        for n in range(60)
    ]
    with TemporaryDirectory() as folder:
        table = SegmentTable(folder + "/segments", 8, 8)
        IndexWriter(table).merge(to_table(rows, schema))
        yield IndexReader(table)


queries = st.lists(st.sampled_from([*WORDS, '"harbour office"', "-zebra", "type:pdf", "-type:text"]), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=queries, scope=st.frozensets(st.integers(0, 4)))
def test_a_scoped_search_gives_exactly_the_unscoped_hits_that_it_grants(
    reader: IndexReader, words: list[str], scope: frozenset[int]
):
    query = parse(" ".join(words))

    def found(containers: frozenset[int] | None) -> list[str]:
        return reader.read(lambda view: reader.search(view, query, vectors={}, containers=containers)).contents

    everything = found(None)
    granted = {f"c{n}" for n in range(30) if {n % 4, n % 3} & scope}
    assert set(found(scope)) == set(everything) & granted


@given(st.text(max_size=400), st.lists(st.text(min_size=1, max_size=8), max_size=4), st.booleans())
def test_marks_lie_in_the_snippet_in_order(text: str, words: list[str], exact: bool):  # noqa: FBT001
    from dataclasses import replace

    query = replace(parse(""), terms=tuple(Term(text=word, exact=exact) for word in words))
    cut = snippet(text, query, 80)
    assert len(cut.text) <= 82
    ends = [0, *(place for mark in cut.marks for place in mark), len(cut.text)]
    assert ends == sorted(ends)
    assert all(start < end for start, end in cut.marks)


@given(st.text(max_size=100))
def test_folding_keeps_track_of_every_character(text: str):
    plain, places = folded(text)
    assert len(places) == len(plain) + 1
    assert places == sorted(places)
    assert places[-1] == len(text)
