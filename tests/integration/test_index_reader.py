"""Channels rank alone and are fused content by content; phrases and exclusions hold whatever found a hit."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from strongroom.domain.findings import Vector
from strongroom.domain.query import parse
from strongroom.domain.segments import Placement, segment_schema, to_table
from strongroom.index import IndexReader, IndexWriter, Ranking
from strongroom.index.fusion import LABELS, LOOKS, MEANING
from strongroom.index.reader import taken
from strongroom.index.relevance import Bar
from strongroom.storage.tables import SegmentTable

SIZE = 64
SCHEMA = segment_schema(SIZE, SIZE)


def vector(*words: str) -> Vector:
    """Embed words so that texts that share words are near each other."""
    total = np.zeros(SIZE, np.float32)
    for word in words:
        total += np.random.default_rng(int(sha256(word.encode()).hexdigest()[:8], 16)).normal(size=SIZE)
    return (total / np.linalg.norm(total)).astype(np.float32)


def passage(content: str, text: str, part: int = 0, **more: Any) -> dict[str, object]:
    given = {"segment_id": f"{content}-{part}", "content_sha256": content, "containers": ["1"], "kind": "passage", "text": text}
    return given | {"type": "text", "text_vector": vector(*text.lower().split()).astype(np.float16)} | more


def picture(content: str, labels: str, **more: Any) -> dict[str, object]:
    given = {"segment_id": f"{content}-p", "content_sha256": content, "containers": ["1"], "kind": "image", "text": labels}
    seen = vector(*labels.split(", ")).astype(np.float16)
    return given | {"type": "image", "label_vector": seen, "image_vector": seen} | more


@pytest.fixture
def table(tmp_path: Path) -> SegmentTable:
    return SegmentTable(tmp_path / "segments", SIZE, SIZE)


@pytest.fixture
def reader(table: SegmentTable) -> IndexReader:
    return IndexReader(table)


def fill(table: SegmentTable, *rows: dict[str, object]) -> None:
    IndexWriter(table).merge(to_table(rows, SCHEMA))


def ask(reader: IndexReader, text: str, **more: Any) -> Ranking:
    query = parse(text)
    seen = vector(*query.meaning.lower().split()) if query.meaning else None
    vectors = {} if seen is None else {MEANING: seen, LABELS: seen}
    return reader.read(lambda view: reader.search(view, query, **({"vectors": vectors, "containers": None} | more)))


def alike(reader: IndexReader, example: Vector, **more: Any) -> Ranking:
    return reader.read(lambda view: reader.similar(view, example, **({"containers": None} | more)))


def segments(table: SegmentTable, ranking: Ranking) -> list[str]:
    rows = ranking.table.column("row").to_pylist()
    named = taken(table.view(), rows, ("segment_id",))
    return [named[row]["segment_id"] for row in rows]


def channels(table: SegmentTable, ranking: Ranking) -> dict[str, set[str]]:
    return dict(zip(segments(table, ranking), map(set, ranking.table.column("channels").to_pylist()), strict=True))


def test_what_is_found_by_words_and_by_meaning_comes_first(table: SegmentTable, reader: IndexReader):
    fill(table, passage("a", "harbour office"), passage("b", "harbour master"), passage("c", "garden flowers"))
    ranking = ask(reader, "harbour office")
    assert ranking.contents[0] == "a"
    assert channels(table, ranking)["a-0"] == {"words", "meaning"}
    assert not ranking.cut


def test_segments_of_one_content_are_one_hit_with_the_best_first(table: SegmentTable, reader: IndexReader):
    fill(
        table,
        *(passage("a", f"filler {n}", n) for n in range(5)),
        passage("a", "zebra crossing", 9),
        passage("b", "zebra herd"),
    )
    ranking = ask(reader, "zebra crossing")
    assert ranking.contents[0] == "a"
    assert segments(table, ranking)[0] == "a-9"
    assert ranking.contents.count("a") == 1


def test_a_phrase_must_occur_even_where_the_meaning_is_near(table: SegmentTable, reader: IndexReader):
    fill(table, passage("a", "annual report"), passage("b", "report annual"), passage("c", "annual reports"))
    assert ask(reader, '"annual report"').contents == ["a"]


def test_two_phrases_may_stand_in_two_segments_of_a_content(table: SegmentTable, reader: IndexReader):
    fill(table, passage("a", "red house"), passage("a", "blue door", 1), passage("b", "red house only"))
    assert ask(reader, '"red house" "blue door"').contents == ["a"]


def test_an_excluded_word_takes_the_whole_content_out(table: SegmentTable, reader: IndexReader):
    fill(table, passage("a", "contract final"), passage("a", "a draft note", 1), passage("b", "contract signed"))
    assert ask(reader, "contract -draft").contents == ["b"]
    assert set(ask(reader, 'contract -"draft notes"').contents) == {"a", "b"}
    assert ask(reader, "-contract").contents == []


def test_many_exclusions_are_left_out_after_ranking(table: SegmentTable, reader: IndexReader, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("strongroom.index.reader.INLINE", 0)
    fill(table, passage("a", "contract draft"), passage("b", "contract signed"))
    assert ask(reader, "contract -draft").contents == ["b"]


def test_a_scope_is_a_filter_and_all_is_none(table: SegmentTable, reader: IndexReader):
    fill(table, passage("a", "harbour", containers=["1"]), passage("b", "harbour", containers=["2", "3"]))
    assert ask(reader, "harbour", containers=frozenset({3})).contents == ["b"]
    assert ask(reader, "harbour", containers=frozenset()).contents == []
    assert ask(reader, "harbour", without=frozenset({2})).contents == ["a"]
    assert set(ask(reader, "harbour").contents) == {"a", "b"}


def test_pictures_are_ranked_by_their_labels_vector_not_by_bm25(table: SegmentTable, reader: IndexReader):
    fill(
        table,
        picture("right", "zebra, horse"),
        picture("shorter", "zebra", label_vector=vector("carpet", "zebra", "stripes", "rug").astype(np.float16)),
    )
    alone = ask(reader, "zebra horse", vectors={LABELS: vector("zebra", "horse")})
    assert alone.contents == ["right", "shorter"]
    assert channels(table, alone)["right-p"] == {"labels"}


def test_without_vectors_pictures_are_found_by_their_labels_words(table: SegmentTable, reader: IndexReader):
    fill(table, picture("a", "zebra, horse"))
    assert ask(reader, "zebras", vectors={}).contents == ["a"]


def test_labels_of_pictures_do_not_crowd_passages_out(table: SegmentTable, reader: IndexReader):
    fill(table, *(picture(f"p{n}", "zebra") for n in range(30)), passage("text", "a long passage that has one zebra in it"))
    ranking = ask(reader, "zebra", depth=10)
    assert "words" in channels(table, ranking)["text-0"]


def test_a_picture_and_a_passage_share_the_top(table: SegmentTable, reader: IndexReader):
    fill(table, *(passage(f"t{n}", f"zebra number{n}") for n in range(20)), picture("p", "zebra"))
    assert ask(reader, "zebra").contents.index("p") <= 1


def test_a_floor_leaves_out_what_is_only_the_least_far(table: SegmentTable, reader: IndexReader):
    fill(table, picture("a", "carpet"), picture("b", "kettle"), passage("c", "minutes of a meeting"))
    assert len(ask(reader, "zebra").contents) == 3
    assert ask(reader, "zebra", bars={MEANING: Bar(least=0.5), LABELS: Bar(least=0.5)}).contents == []


def test_passages_that_words_found_are_told_apart_by_a_meaning_below_the_bar(table: SegmentTable, reader: IndexReader):
    fill(table, passage("a", "zebra carpet"), passage("b", "zebra kettle"), passage("c", "horse carpet"))
    asked = {"vectors": {MEANING: vector("kettle")}, "bars": {MEANING: Bar(least=2.0, worthless=-1.0)}}
    ranking = ask(reader, "zebra", **asked)
    assert ranking.contents == ["b", "a"]
    assert channels(table, ranking)["b-0"] == {"words"}


def test_what_holds_every_word_stands_before_what_is_only_somewhat_near(table: SegmentTable, reader: IndexReader):
    fill(table, passage("said", "the cellar was flooded"), passage("near", "basement"))
    near = {MEANING: vector("basement")}
    doubt = {MEANING: Bar(least=0.2, sure=3.0, worthless=0.0)}
    assert ask(reader, "cellar flooded", vectors=near, bars=doubt).contents == ["said", "near"]
    assert ask(reader, "cellar flooded", vectors=near, bars={MEANING: Bar(least=0.2)}).contents == ["near", "said"]


def test_doubtful_pictures_stand_behind_passages_that_two_channels_agree_on(table: SegmentTable, reader: IndexReader):
    fill(table, passage("a", "zebra crossing"), passage("b", "zebra crossing here"), picture("p", "horse, zebra, mule, donkey"))
    bars = {LABELS: Bar(least=0.0, sure=1.0)}
    assert ask(reader, "zebra crossing", bars=bars).contents == ["a", "b", "p"]


def test_filters_alone_list_the_newest_first(table: SegmentTable, reader: IndexReader):
    from datetime import UTC, datetime

    def dated(content: str, year: int | None) -> dict[str, object]:
        return passage(content, "text", taken_at=datetime(year, 1, 1, tzinfo=UTC) if year else None)

    fill(table, dated("old", 1999), dated("undated", None), dated("new", 2020), passage("other", "text", type="pdf"))
    ranking = ask(reader, "type:text")
    assert ranking.contents == ["new", "old", "undated"]
    assert ask(reader, "type:text after:2000").contents == ["new"]
    short = ask(reader, "type:text", depth=2)
    assert short.contents == ["new", "old"]
    assert short.cut


def test_the_same_query_gives_the_same_ranking(table: SegmentTable, reader: IndexReader):
    fill(table, *(passage(f"c{n:02}", "same words everywhere") for n in range(40)))
    assert ask(reader, "same words", depth=50).table == ask(reader, "same words", depth=50).table


def test_similar_ranks_by_looks_within_filters(table: SegmentTable, reader: IndexReader):
    fill(
        table,
        picture("a", "zebra"),
        picture("b", "zebra, horse"),
        picture("c", "kettle", containers=["2"]),
        passage("d", "zebra"),
    )
    seen = reader.looks("a")
    assert seen is not None
    assert seen.shape == (SIZE,)
    assert alike(reader, seen).contents == ["a", "b", "c"]
    assert alike(reader, seen, containers=frozenset({2})).contents == ["c"]
    assert alike(reader, seen, query=parse("type:text")).contents == []
    assert reader.looks("d") is None
    assert set(channels(table, alike(reader, seen))["a-p"]) == {LOOKS}


def test_placing_moves_contents_between_scopes_and_forgetting_ends_them(table: SegmentTable, reader: IndexReader):
    fill(table, passage("a", "harbour"), passage("b", "harbour"))
    writer = IndexWriter(table)
    writer.place({"a": Placement(containers=(5,), extensions=("txt",), dated_at=None)})
    assert ask(reader, "harbour", containers=frozenset({5})).contents == ["a"]
    writer.forget(["a"])
    assert ask(reader, "harbour").contents == ["b"]
    writer.supersede(["b"], "other", 1)
    writer.tend()
    assert ask(reader, "harbour").contents == ["b"]


def test_odd_queries_find_nothing_and_break_nothing(table: SegmentTable, reader: IndexReader):
    fill(table, passage("a", "harbour"))
    for text in ("?!", "'", '"\'; DROP"', "a" * 3000, "😀", " ".join(f"w{n}" for n in range(500)), "\x00", "%_*()[]{}\\"):
        ask(reader, text)
