"""Passages are cut into what can be quoted, a question's kind of answer is told, and sentences are weighed by it."""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.domain.answer import Passage
from strongroom.domain.content import Name
from strongroom.domain.findings import Vector
from strongroom.domain.locator import Locator
from strongroom.flows.answer.question import telling_words
from strongroom.flows.answer.quoting import READ, margins, quoted, taken_up
from strongroom.flows.answer.units import LONGEST, is_heading, units
from strongroom.flows.answer.wanted import OTHER, wanted
from strongroom.flows.answer.weighing import Weighing
from strongroom.flows.answer.weights import DOUBT, ORDER
from strongroom.flows.vectors import Vectors
from strongroom.index.tokens import fold, stem, words

SIZE = 128


class Embedder:
    dimension = SIZE

    def __init__(self) -> None:
        self.embedded: list[str] = []

    def embed(self, texts: Sequence[str], *, query: bool = False) -> Vector:
        self.embedded += texts
        return np.stack([self._one(text) for text in texts])

    def _one(self, text: str) -> Vector:
        total = np.full(SIZE, 1e-6, np.float32)
        for word, _, _ in words(text):
            seed = int(sha256(stem(fold(word)).encode()).hexdigest()[:8], 16)
            total += np.random.default_rng(seed).normal(size=SIZE).astype(np.float32)
        return (total / np.linalg.norm(total)).astype(np.float32)


def passage(text: str, number: int = 1) -> Passage:
    name = Name(container="letters", blob=f"{number}.txt")
    return Passage(
        segment_id=f"s{number}",
        content=f"c{number}",
        name=name,
        media_type="text/plain",
        kind="passage",
        locator=Locator(),
        text=text,
        score=1 / number,
    )


def kind(question: str) -> str:
    return wanted(question, frozenset(fold(word) for word, _, _ in words(question))).kind


def test_a_text_is_cut_at_its_sentences():
    assert units("The drain broke. It was\nreplaced in May.\n\nA new crane came.") == [
        "The drain broke.",
        "It was replaced in May.",
        "A new crane came.",
    ]


def test_a_question_stays_with_what_answers_it():
    assert units("WYNN: When did you come?\n\nZALESKI: In 1947. By ship.") == [
        "WYNN: When did you come? ZALESKI: In 1947. By ship."
    ]


def test_items_of_a_list_are_units():
    assert units("Needed:\n- two eggs and flour\n- a pint of milk") == ["Needed:", "- two eggs and flour", "- a pint of milk"]


@given(st.text(alphabet=st.sampled_from(list("abc .?!\n-1;:,")), max_size=400))
def test_no_letter_is_lost_but_in_units_of_nearly_nothing(text: str):
    found = units(text)
    assert all(0 < len(unit) <= 2 * LONGEST for unit in found)
    assert len(found) <= len(text)


def test_a_text_without_a_border_is_cut_all_the_same():
    found = units("x" * 5000)
    assert "".join(found) == "x" * 5000
    assert max(map(len, found)) <= LONGEST


@pytest.mark.parametrize(
    ("unit", "heading"), [("3. New crane", True), ("Iris plants dataset -----", True), ("It was full of water.", False)]
)
def test_headings_are_told(unit: str, *, heading: bool):
    assert is_heading(unit) is heading


@pytest.mark.parametrize(
    ("question", "wants"),
    [
        ("Who built it?", "name"),
        ("When was it built?", "time"),
        ("How many boxes were wet?", "count"),
        ("How much did it cost?", "money"),
        ("How long is the lease valid?", "span"),
        ("How deep was the water?", "length"),
        ("Where does she live?", "place"),
        ("Why was it closed?", "reason"),
        ("What happened to the scanner?", OTHER),
    ],
)
def test_what_a_question_wants(question: str, wants: str):
    assert kind(question) == wants


@pytest.mark.parametrize(
    ("question", "text", "there"),
    [
        ("When did it close?", "It closed on 3 October 2019.", True),
        ("When did it close?", "It closed after the report.", False),
        ("Who built the Tarn Bridge?", "The Tarn Bridge is closed.", False),
        ("Who built the Tarn Bridge?", "The Tarn Bridge was planned by Ada Holm.", True),
        ("How much is the rent?", "The rent is \u00a31,180.", True),
        ("How much is the rent?", "The rent is high.", False),
        ("How many boxes were wet?", "Some sixty boxes were wet.", True),
    ],
)
def test_whether_a_text_has_what_is_wanted(question: str, text: str, *, there: bool):
    asked = wanted(question, frozenset(fold(word) for word, _, _ in words(question)))
    assert asked.is_in(text) is there


def test_what_the_answer_is_of_is_told():
    assert wanted("What colour are the petals?", frozenset()).focus == {"colour"}
    assert wanted("How many boxes were wet?", frozenset()).focus == {"boxes"}


def test_the_words_of_a_question_that_ask_do_not_tell():
    assert telling_words("When did the Harbour Master see it, and how?") == ["harbour", "master", "see"]


def test_every_measure_that_is_weighed_is_measured():
    weighing = Weighing(
        "When was the cellar flooded?", [passage("The cellar was flooded in 1934. It rained.")], Vectors(Embedder())
    )
    assert set(ORDER) <= set(weighing.columns)
    assert set(DOUBT) - {"ahead", "above", "always"} <= set(weighing.columns)
    assert all(len(column) == len(weighing.units) == 2 for column in weighing.columns.values())
    assert all(np.isfinite(column).all() for column in weighing.columns.values())


def test_the_sentence_that_takes_the_question_up_comes_first():
    papers = [
        passage("It rained on Sunday. The cellar was flooded on 27 February 1934. The mayor spoke."),
        passage("Eggs and flour.", 2),
    ]
    found = quoted("When was the cellar flooded?", papers, Vectors(Embedder()))
    assert found[0].text == "The cellar was flooded on 27 February 1934."
    assert found[0].citations[0].segment_id == "s1"


class Liking:
    """A term model that likes some sentences, and remembers how many it read."""

    def __init__(self, liked: str) -> None:
        self.liked, self.read = liked, 0

    def taken_up(self, question: str, texts: Sequence[str]) -> Vector:
        self.read += len(texts)
        return np.array([5.0 * (self.liked in text) for text in texts], np.float32)


def test_a_term_model_changes_the_order_among_the_best_and_reads_no_more_than_those():
    scores = np.arange(20.0, 0.0, -1.0)
    terms = Liking("17")
    taken = taken_up(scores, "Which?", [f"sentence {at}" for at in range(20)], terms)
    assert terms.read == READ < 17
    assert not taken.any()
    assert taken_up(scores, "Which?", [f"sentence {at}" for at in range(20)], Liking("sentence 3")).nonzero()[0].tolist() == [3]
    papers = [passage("The cellar was flooded on 27 February 1934."), passage("The cellar was flooded on 3 May 1935.", 2)]
    for liked, number in (("1934", 1), ("1935", 2)):
        found = quoted("When was the cellar flooded?", papers, Vectors(Embedder()), Liking(liked))
        assert found[0].citations[0].segment_id == f"s{number}"


@pytest.mark.parametrize("question", ["", "?", "when is it", "Who?"])
def test_a_question_without_a_telling_word_has_no_answer(question: str):
    assert quoted(question, [passage("The cellar was flooded.")], Vectors(Embedder())) == []


@pytest.mark.parametrize("text", ["", "...", "\n\n---\n"])
def test_a_passage_without_words_answers_nothing(text: str):
    assert quoted("When was the cellar flooded?", [passage(text)], Vectors(Embedder())) == []


def test_a_sentence_that_no_other_passage_rivals_is_far_ahead():
    assert margins(np.array([3.0, 1.0]), [0, 0])[0] == 2.0
    assert margins(np.array([3.0, 1.0, 2.5]), [0, 0, 1])[0] == 0.5


def test_a_text_is_embedded_once():
    embedder = Embedder()
    vectors = Vectors(embedder)
    first = vectors.of(["one", "two", "one"])
    assert np.array_equal(vectors.of(["two", "one"]), first[[1, 0]])
    assert embedder.embedded == ["one", "two"]
    assert vectors.of([]).shape == (0, SIZE)
