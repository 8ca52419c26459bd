"""How well words, meaning and both rank on judged collections: nDCG@10, and what hybrid search gains over words alone.

Run: ``python bench/judged.py [FOLDER…] [--split test] [--again]``. Each folder is one collection, in one of two forms:

* BEIR: ``corpus.jsonl`` (``_id``, ``title``, ``text``), ``queries.jsonl`` (``_id``, ``text``), and ``qrels/SPLIT.tsv`` with
  a line of headings;
* TREC: files ``*.trec``, ``*.xml`` or ``*.sgml`` of ``<DOC>`` with ``<DOCNO>``, ``topics*`` of ``<top>`` with ``<num>`` and
  ``<title>``, and ``qrels*`` of four columns.

Each document becomes a text file of a room (kept in the user's cache directory; ``--again`` makes it anew), which is analysed
and searched as any other. A document with the identifier of the query is no hit, as with BEIR's own figures. Without a folder,
the documents and questions of ``bench/answers.py`` are taken.
"""

import argparse
import csv
import json
import re
import shutil
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import log2
from pathlib import Path

import numpy as np
import platformdirs
from answers import documents, questions
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

import strongroom
from strongroom.domain.query import parse
from strongroom.domain.settings import Settings
from strongroom.index import IndexReader
from strongroom.index.fusion import MEANING, firsts
from strongroom.index.reader import COLUMNS
from strongroom.models.store import ModelStore
from strongroom.models.text import load_text_embedder

FIRST = 10
DEEP = 200
"""Segments that a channel alone is asked for, so that ten contents come of them."""
_DOCUMENT = re.compile(r"<DOC>\s*(.*?)</DOC>", re.DOTALL | re.IGNORECASE)
_NUMBER = re.compile(r"<DOCNO>\s*(.*?)\s*</DOCNO>", re.DOTALL | re.IGNORECASE)
_TOPIC = re.compile(r"<num>\s*(?:Number:)?\s*(\S+?)\s*(?:</num>)?\s*<title>\s*(.*?)\s*(?=<)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")

Search = Callable[[str], Sequence[str]]
"""A query to the SHA-256s of contents, best first."""


@dataclass(frozen=True, kw_only=True)
class Collection:
    """Documents, queries, and what answers which."""

    name: str
    documents: Mapping[str, str]
    queries: Mapping[str, str]
    judged: Mapping[str, Mapping[str, int]]
    """Grades by document, for each query; 0 and what is not there is no answer."""


def read(folder: Path, split: str) -> Collection:
    """Read a collection of either form."""
    if (folder / "corpus.jsonl").exists():
        texts = {one["_id"]: f"{one.get('title', '')}\n\n{one['text']}".strip() for one in _lines(folder / "corpus.jsonl")}
        queries = {one["_id"]: one["text"] for one in _lines(folder / "queries.jsonl")}
        rows = list(csv.reader((folder / "qrels" / f"{split}.tsv").open(encoding="utf-8"), delimiter="\t"))[1:]
        return Collection(name=folder.name, documents=texts, queries=queries, judged=_judged(rows))
    files = [file for ending in ("trec", "xml", "sgml") for file in sorted(folder.glob(f"*.{ending}"))]
    found = (part[1] for file in files for part in _DOCUMENT.finditer(file.read_text("utf-8", "replace")))
    texts = {number[1]: _TAG.sub(" ", _NUMBER.sub("", part)).strip() for part in found if (number := _NUMBER.search(part))}
    topics = "".join(file.read_text("utf-8", "replace") for file in sorted(folder.glob("topics*")))
    queries = {topic[1]: " ".join(topic[2].split()) for topic in _TOPIC.finditer(topics)}
    split_ = (line.split() for file in sorted(folder.glob("qrels*")) for line in file.read_text("utf-8").splitlines())
    return Collection(
        name=folder.name,
        documents=texts,
        queries=queries,
        judged=_judged((query, document, grade) for query, _, document, grade in split_),
    )


def own(debian: Path) -> Collection:
    """Give the documents and the questions of `answers`."""
    texts = {Path(name).stem: text for name, text in documents(debian)}
    asked = {question.text: question.document for question in questions() if question.key and question.document in texts}
    return Collection(
        name="own questions",
        documents=texts,
        queries={text: text for text in asked},
        judged={text: {document: 1} for text, document in asked.items()},
    )


def _lines(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8") as opened:
        yield from (json.loads(line) for line in opened if line.strip())


def _judged(rows: Iterable[Sequence[str]]) -> dict[str, dict[str, int]]:
    judged: dict[str, dict[str, int]] = {}
    for query, document, grade in rows:
        if int(grade) > 0:
            judged.setdefault(query, {})[document] = int(grade)
    return judged


def room_of(collection: Collection, place: Path, *, again: bool) -> Path:
    """Make the room of a collection, if it is not there."""
    stamp = sha256(json.dumps([*collection.documents.items()]).encode()).hexdigest()[:16]
    path = place / f"{re.sub(r'[^a-z0-9]+', '-', collection.name.lower())}-{stamp}"
    if again or not (path / "done").exists():
        shutil.rmtree(path, ignore_errors=True)
        (path / "in").mkdir(parents=True)
        for text in collection.documents.values():
            (path / "in" / f"{_content(text)}.txt").write_bytes(text.encode())
        with strongroom.init(path / "room", entity_model="none") as room:
            room.add([f"{path / 'in'}/"], to="collection")
            room.analyze()
        (path / "done").touch()
    return path / "room"


def _content(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _plain(query: str) -> str:
    """Give a query without quotation marks and leading minus signs: in a collection these are no operators."""
    return re.sub(r"(?:^|(?<=\s))-+|[\"\u201c\u201d\u201e\u00ab\u00bb]", " ", query).strip()


def ndcg(found: Sequence[str], grades: Mapping[str, int]) -> float:
    """Give nDCG of the first ten, with gains of 2^grade - 1."""

    def gain(values: Iterable[int]) -> float:
        return sum((2**grade - 1) / log2(place + 2) for place, grade in enumerate(values))

    return gain(grades.get(one, 0) for one in found[:FIRST]) / gain(sorted(grades.values(), reverse=True)[:FIRST])


def searches(room: strongroom.Room) -> dict[str, Search]:
    """Give the searches that are compared: words and meaning each alone, and the search that people get."""
    embedder = load_text_embedder(Settings(), ModelStore())
    reader = IndexReader(room._parts.table)  # noqa: SLF001 - the room has no search by one channel

    def words(text: str) -> Sequence[str]:
        return reader.read(lambda view: reader.search(view, parse(text), vectors={}, containers=None, depth=DEEP)).contents

    def meaning(text: str) -> Sequence[str]:
        vector = embedder.embed([parse(text).meaning], query=True)[0]
        wanted = ("content_sha256",)
        near = reader.read(lambda view: view.nearest(COLUMNS[MEANING], vector, columns=wanted, limit=DEEP))
        return firsts(near.column("content_sha256").to_pylist())

    def hybrid(text: str) -> Sequence[str]:
        return [hit.content for hit in room.search(text, limit=FIRST + 1).hits]

    return {"words": words, "meaning": meaning, "hybrid": hybrid}


def measured(collection: Collection, room_path: Path) -> tuple[dict[str, NDArray[np.float64]], float]:
    """Give nDCG@10 of each judged query by each search, and the median milliseconds of a hybrid one."""
    named: dict[str, set[str]] = {}
    for document, text in collection.documents.items():
        named.setdefault(_content(text), set()).add(document)
    scores: dict[str, list[float]] = {}
    took = []
    with strongroom.open(room_path) as room:
        ways = searches(room)
        for query, grades in sorted(collection.judged.items()):
            text = _plain(collection.queries[query])
            for way, search in ways.items():
                begun = time.perf_counter()
                contents = search(text)
                if way == "hybrid":
                    took.append((time.perf_counter() - begun) * 1000)
                # equal texts are one content under several names: the best judged of them counts
                found = [max(named[one], key=lambda name: (grades.get(name, 0), name)) for one in contents]
                scores.setdefault(way, []).append(ndcg([name for name in found if name != query], grades))
    return {way: np.array(values) for way, values in scores.items()}, statistics.median(took)


def between(words: NDArray[np.float64], hybrid: NDArray[np.float64]) -> tuple[float, float]:
    """Give the bounds within which the gain lies in 95 of 100 samples of the queries (paired bootstrap)."""
    chosen = np.random.default_rng(1).integers(0, len(words), size=(2000, len(words)))
    low, high = np.quantile(hybrid[chosen].mean(axis=1) / words[chosen].mean(axis=1) - 1, (0.025, 0.975))
    return float(low), float(high)


def main() -> None:
    """Measure each collection and print one line for it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--debian", type=Path, default=Path("/usr/share/doc"))
    parser.add_argument("--rooms", type=Path, default=platformdirs.user_cache_path("strongroom") / "bench" / "judged")
    given = parser.parse_args()
    collections = [read(folder, given.split) for folder in given.folders] or [own(given.debian)]
    table = Table(title="nDCG@10", title_justify="left")
    for heading in ("", "documents", "queries", "words", "meaning", "hybrid", "gain over words", "in 95 of 100", "ms a search"):
        table.add_column(heading, justify="left" if not heading else "right")
    gains = []
    for collection in collections:
        scores, took = measured(collection, room_of(collection, given.rooms, again=given.again))
        low, high = between(scores["words"], scores["hybrid"])
        means = {way: values.mean() for way, values in scores.items()}
        gains.append(means["hybrid"] / means["words"] - 1)
        figures = [f"{means[way]:.3f}".lstrip("0") for way in ("words", "meaning", "hybrid")]
        counts = [f"{len(collection.documents):,}", f"{len(collection.judged):,}"]
        bounds = f"{low:+.1%} to {high:+.1%}"
        table.add_row(collection.name, *counts, *figures, f"{gains[-1]:+.1%}", bounds, f"{took:.0f}")
    Console(width=160).print(table)
    print(f"gain over words: mean of {len(gains)} collections {statistics.mean(gains):+.1%}, least {min(gains):+.1%}")


if __name__ == "__main__":
    main()
