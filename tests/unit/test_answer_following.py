"""A question that leans on those before it is made to stand alone, with a model and without."""

from collections.abc import Iterator, Sequence

import pytest

from strongroom.domain.answer import Turn
from strongroom.errors import Unreachable
from strongroom.flows.answer.following import leans, standing_alone
from strongroom.ports.chat import Message


class Writer:
    name = "writer"

    def __init__(self, said: str | None) -> None:
        self.said, self.heard = said, list[Message]()

    def write(self, messages: Sequence[Message], *, tokens: int) -> Iterator[str]:
        self.heard = list(messages)
        if self.said is None:
            raise Unreachable("gone")
        yield self.said


def turns(*questions: str) -> list[Turn]:
    return [Turn(question=question, answer="Something.") for question in questions]


@pytest.mark.parametrize(
    ("before", "question", "asked"),
    [
        (["When was the Tarn Bridge opened?"], "Who designed it?", "Who designed Tarn Bridge?"),
        (["When was the Tarn Bridge opened?"], "What is its length?", "What is Tarn Bridge's length?"),
        (["How deep was the water in the cellar?"], "Why was it there?", "Why was deep water cellar there?"),
        (["Who was harbour master in 1934?"], "And in 1935?", "And in 1935 harbour master 1934?"),
        (["When was the Tarn Bridge opened?", "Who designed it?"], "When did he die?", "When did Tarn Bridge die?"),
        (["When was the Tarn Bridge opened?"], "Who was Henryk Zaleski?", "Who was Henryk Zaleski?"),
        ([], "Who designed it?", "Who designed it?"),
    ],
)
def test_names_and_words_of_the_last_question_are_carried_over(before: list[str], question: str, asked: str):
    assert standing_alone(question, turns(*before)) == asked


def test_filters_are_not_carried_over():
    asked = standing_alone("Who built it?", turns("When was the bridge opened? container:letters"))
    assert "container" not in asked
    assert "bridge" in asked


@pytest.mark.parametrize("question", ["Why?", "And then?", "When was that?", "What did they say?", "In 1935?"])
def test_questions_that_lean(question: str):
    assert leans(question)


@pytest.mark.parametrize("question", ["When was the Tarn Bridge opened?", "Who paid for the new crane in the harbour?"])
def test_questions_that_stand(question: str):
    assert not leans(question)


def test_a_model_rewrites_a_question():
    writer = Writer('"Who designed the Tarn Bridge?"\nThen more.')
    assert standing_alone("Who designed it?", turns("When was it opened?"), writer) == "Who designed the Tarn Bridge?"
    assert "When was it opened?" in writer.heard[1].text


@pytest.mark.parametrize("said", [None, "", "   ", "?", "x" * 1000])
def test_a_model_that_fails_is_done_without(said: str | None):
    asked = standing_alone("Who designed it?", turns("When was the Tarn Bridge opened?"), Writer(said))
    assert asked == "Who designed Tarn Bridge?"


def test_a_model_is_not_asked_about_a_question_that_stands():
    writer = Writer("Something else?")
    question = "Who paid for the new crane in the harbour?"
    assert standing_alone(question, turns("When?"), writer) == question
    assert writer.heard == []


def test_what_a_model_makes_of_it_is_plain():
    writer = Writer("Who designed [the bridge](https://evil.example)? <img src=x>")
    assert standing_alone("Who designed it?", turns("When?"), writer) == "Who designed the bridge?"
