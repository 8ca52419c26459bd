"""Hits on recordings are moments: grouped, with their times and frames, and those in subtitles beside them among them."""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import strongroom
from strongroom.domain.analysis import State
from strongroom.domain.findings import PASSAGE, SHOT, UTTERANCE
from strongroom.domain.hit import Hit, Results
from strongroom.domain.media import type_of
from strongroom.domain.outcome import KeptMember, Outcome, Run
from strongroom.domain.scope import Actor, Purpose, Scope
from strongroom.domain.segments import segment_schema, to_table
from strongroom.flows.search import Searcher
from strongroom.index import IndexReader, IndexWriter
from strongroom.ports.tools import Look
from strongroom.room import Room
from strongroom.server.json_form import results_json
from strongroom.storage.catalog import analyses
from strongroom.storage.tables import SegmentTable

SIZE = 64
SCHEMA = segment_schema(SIZE, SIZE)
KINDS = {"mp4": "video/mp4", "wav": "audio/wav", "srt": "application/x-subrip", "vtt": "text/vtt", "txt": "text/plain"}


def vector(text: str) -> np.ndarray:
    total = np.zeros(SIZE, np.float32)
    for word in text.lower().split():
        total += np.random.default_rng(int(sha256(word.encode()).hexdigest()[:8], 16)).normal(size=SIZE)
    return (total / max(float(np.linalg.norm(total)), 1e-9)).astype(np.float32)


class Embedder:
    dimension = SIZE

    def embed(self, texts: list[str], *, query: bool = False) -> np.ndarray:
        return np.stack([vector(text) for text in texts])


class Pictures:
    dimension, input_size = SIZE, 8

    def look(self, pictures: list[Any]) -> list[Look]:
        return [Look(labels=(), label_vector=None, image_vector=vector("zebra")) for _ in pictures]

    def embed_query(self, text: str) -> np.ndarray:
        return vector(text)


class Shelf:
    """A real catalog with an index that is written by hand."""

    def __init__(self, room: Room, folder: Path) -> None:
        self.room, self.folder = room, folder
        self.table = SegmentTable(folder / "segments", SIZE, SIZE)
        self.searcher = Searcher(IndexReader(self.table), room._parts.catalog, Embedder, Pictures, ())  # type: ignore[arg-type,return-value]
        self.count = 0

    def put(self, *names: str, to: str = "tapes") -> None:
        for name in names:
            file = self.folder / "files" / to / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(name.rpartition("/")[2].encode())
        self.room.add([f"{self.folder / 'files' / to}/"], to=to)
        for name in names:
            self.tell(self.sha(name, to), name)

    def sha(self, name: str, to: str = "tapes") -> str:
        found = next(blob.sha256 for blob in self.room.list(to) if blob.name == name)
        assert found is not None
        return found

    def tell(self, sha: str, name: str, *runs: Run) -> None:
        kind = KINDS.get(name.rpartition(".")[2], "application/zip")
        outcome = Outcome(sha256=sha, media_type=kind, type=type_of(kind), runs=runs)
        self.room._parts.catalog.change(lambda tx: analyses.record(tx, [outcome]))

    def add(self, sha: str, name: str, text: str, at: float | None = None, kind: str = PASSAGE, **more: Any) -> None:
        self.count += 1
        media_type = KINDS[name.rpartition(".")[2]]
        row: Mapping[str, object] = {
            "segment_id": f"{self.count:032x}",
            "content_sha256": sha,
            "containers": [str(one.id) for one in self.room.containers()],
            "extensions": [name.rpartition(".")[2]],
            "kind": kind,
            "type": type_of(media_type),
            "text": text or None,
            "text_vector": vector(text).astype(np.float16) if text else None,
            "t_start": at,
            "t_end": None if at is None else at + 5,
            **more,
        }
        IndexWriter(self.table).merge(to_table([dict(row)], SCHEMA))

    def say(self, name: str, text: str, at: float | None = None, kind: str = PASSAGE, to: str = "tapes", **more: Any) -> None:
        self.add(self.sha(name, to), name, text, at, kind, **more)

    def search(self, query: str, scope: Scope | None = None, **more: Any) -> Results:
        return self.searcher.search(query, scope or self.room.scope("search"), **more)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with strongroom.init(tmp_path / "room") as room:
        yield Shelf(room, tmp_path)


def found(results: Results) -> list[str]:
    return [str(hit.names[0]) for hit in results.hits]


def only(results: Results) -> Hit:
    (hit,) = results.hits
    return hit


def test_a_hit_on_a_recording_has_up_to_five_moments_best_first(shelf: Shelf):
    shelf.put("talk.wav", "notes.txt")
    for number in range(8):
        shelf.say("talk.wav", "harbour " * (number + 1) + "wall", at=10.0 * number, kind=UTTERANCE)
        shelf.say("notes.txt", "harbour " * (number + 1) + "wall")
    hits = {hit.type: hit for hit in shelf.search("harbour").hits}
    assert (len(hits["audio"].matches), len(hits["text"].matches)) == (5, 3)
    scores = [match.score for match in hits["audio"].matches]
    assert scores == sorted(scores, reverse=True)


def test_a_moment_has_its_time_and_in_a_video_the_frame_to_ask_for(shelf: Shelf):
    shelf.put("film.mp4", "talk.wav", "notes.txt")
    shelf.say("film.mp4", "harbour wall", at=12.5, kind=UTTERANCE)
    shelf.say("talk.wav", "harbour wall", at=3.0, kind=UTTERANCE)
    shelf.say("notes.txt", "harbour wall")
    best = {hit.type: hit.matches[0] for hit in shelf.search("harbour").hits}
    assert [(m.t_start, m.t_end, m.frame) for m in (best["video"], best["audio"], best["text"])] == [
        (12.5, 17.5, 12.5),
        (3.0, 8.0, None),
        (None, None, None),
    ]


def test_json_has_the_moment_in_the_hit_and_in_each_match(shelf: Shelf):
    shelf.put("film.mp4")
    shelf.say("film.mp4", "harbour wall", at=12.5, kind=UTTERANCE)
    hit = json.loads(results_json(shelf.search("harbour")))["hits"][0]
    for place in (hit, hit["matches"][0]):
        assert (place["t_start"], place["t_end"], place["frame"]) == (12.5, 17.5, 12.5)
    assert hit["matches"][0]["locator"]["t_start"] == 12.5


@pytest.mark.parametrize("name", ["film.srt", "film.en.vtt", "film.pt-BR.srt", "film.en.sdh.srt", "film.SRT"])
def test_a_hit_in_subtitles_is_a_moment_of_the_recording_beside_them(shelf: Shelf, name: str):
    shelf.put("reels/film.mp4", f"reels/{name}", "film.srt", "reels/films.srt")
    KINDS.setdefault("SRT", KINDS["srt"])
    shelf.say(f"reels/{name}", "the harbour wall leans", at=61.0)
    hit = only(shelf.search("harbour"))
    assert str(hit.names[0]) == "tapes/reels/film.mp4"
    (match,) = hit.matches
    assert (match.locator.part, match.t_start, match.frame) == (name, 61.0, 61.0)


def test_what_is_heard_and_what_is_in_the_subtitles_are_moments_of_one_hit(shelf: Shelf):
    shelf.put("film.mp4", "film.srt")
    shelf.say("film.srt", "harbour harbour", at=61.0)
    shelf.say("film.mp4", "harbour wall", at=9.0, kind=UTTERANCE)
    results = shelf.search("harbour")
    hit = only(results)
    assert results.total == 1
    assert {(match.t_start, match.locator.part) for match in hit.matches} == {(61.0, "film.srt"), (9.0, None)}


def test_subtitles_without_a_recording_are_found_themselves(shelf: Shelf):
    shelf.put("film.part2.srt", "film.mp4", "other.srt", "other.txt")
    shelf.say("film.part2.srt", "harbour wall", at=1.0)
    shelf.say("other.srt", "harbour wall", at=1.0)
    assert set(found(shelf.search("harbour"))) == {"tapes/film.part2.srt", "tapes/other.srt"}


def test_a_recording_is_found_by_the_words_beside_it_where_recordings_are_asked_for(shelf: Shelf):
    shelf.put("film.mp4", "film.srt", "lone.srt", "notes.txt")
    for name in ("film.srt", "lone.srt", "notes.txt"):
        shelf.say(name, "harbour wall", at=1.0)
    assert found(shelf.search("harbour type:video")) == ["tapes/film.mp4"]
    assert found(shelf.search("harbour type:audio")) == []
    assert "tapes/film.srt" in found(shelf.search("harbour -type:video"))


def test_subtitles_are_grouped_only_with_what_the_scope_shows(shelf: Shelf):
    shelf.put("film.mp4", "film.srt")
    shelf.put("film.mp4", to="other")
    shelf.put("film.srt", to="alone")
    shelf.say("film.srt", "harbour wall", at=1.0)
    ids = {one.name: one.id for one in shelf.room.containers()}
    who = (Actor(name="guest"), Purpose(name="case"))
    alone = Scope(actor=who[0], purpose=who[1], containers=frozenset({ids["alone"], ids["other"]}), policy_version="1")
    assert found(shelf.search("harbour", alone)) == ["alone/film.srt"]
    assert found(shelf.search("harbour")) == ["tapes/film.mp4"]


def test_subtitles_in_an_archive_are_moments_of_the_recording_in_it(shelf: Shelf):
    shelf.put("tapes.zip")
    vault = shelf.room._parts.vault
    members = tuple(
        KeptMember(path=path, object=vault.keep([path.encode()])) for path in ("reel/film.mp4", "reel/film.srt", "film.srt")
    )
    shelf.tell(shelf.sha("tapes.zip"), "tapes.zip", Run(analyzer="archive", version=1, state=State.DONE, members=members))
    for member in members:
        shelf.tell(member.object.sha256, member.path)
    shelf.add(members[1].object.sha256, "film.srt", "harbour wall", 7.0)
    hit = only(shelf.search("harbour"))
    assert str(hit.names[0]) == "tapes/tapes.zip!/reel/film.mp4"
    assert hit.matches[0].locator.part == "film.srt"


def test_pages_fit_together_with_recordings_found_by_words_beside_them(shelf: Shelf):
    names = [f"film{number}" for number in range(6)]
    shelf.put(*(f"{name}.mp4" for name in names), *(f"{name}.srt" for name in names))
    for number, name in enumerate(names):
        shelf.say(f"{name}.srt", "harbour " * (number + 1) + "wall", at=1.0)
        shelf.say(f"{name}.mp4", "harbour cellar " * (number + 1), at=2.0, kind=UTTERANCE)
    pages = [found(shelf.search("harbour", limit=2, offset=offset)) for offset in (0, 2, 4, 6)]
    assert pages[3] == []
    assert sorted(name for page in pages for name in page) == [f"tapes/{name}.mp4" for name in names]


def test_a_still_finds_its_video_at_the_moment(shelf: Shelf):
    shelf.put("film.mp4", "film.srt")
    shelf.say("film.mp4", "", at=0.0, kind=SHOT, image_vector=vector("ocean").astype(np.float16))
    shelf.say("film.mp4", "", at=42.0, kind=SHOT, image_vector=vector("zebra").astype(np.float16))
    hit = only(shelf.searcher.similar(np.zeros((8, 8, 3), np.uint8), shelf.room.scope("similar")))
    assert (hit.type, hit.matches[0].t_start, hit.matches[0].frame) == ("video", 42.0, 42.0)


def test_labels_of_shots_do_not_crowd_passages_out(shelf: Shelf):
    shelf.put("film.mp4", "notes.txt")
    rows = [
        {
            "segment_id": f"{number:030x}ff",
            "content_sha256": shelf.sha("film.mp4"),
            "containers": ["1"],
            "kind": SHOT,
            "type": "video",
            "text": "harbour",
            "label_vector": vector("harbour").astype(np.float16),
            "t_start": float(number),
            "t_end": float(number) + 1,
        }
        for number in range(400)
    ]
    IndexWriter(shelf.table).merge(to_table(rows, SCHEMA))
    shelf.say("notes.txt", "We walked along the harbour all day and saw the old wall, the boats and the gulls.")
    assert "tapes/notes.txt" in found(shelf.search("harbour"))
