"""`ask`: a question, with those before it, to the events of its answer."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from strongroom.domain.answer import Answer, Answered, AnswerEvent, Kind, Looked, Passage, Told, Turn
from strongroom.domain.query import Query, Term, parse
from strongroom.domain.scope import Scope
from strongroom.errors import UsageError
from strongroom.flows.answer.following import standing_alone
from strongroom.flows.answer.quoting import quoted
from strongroom.flows.parts import Parts

LONGEST = 2_000
"""Characters that a question may have."""
PASSAGES = 24
"""Passages that an answer is looked for in."""
NEAREST = 3
"""Passages that are named where nothing answers the question."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """What is written down of a question before anything of its answer is shown."""

    question: str
    """As it was asked."""
    asked: str
    """What was looked for."""
    kind: Kind
    """How it is answered."""
    model: str
    """The language model; empty where there is none."""
    contents: tuple[str, ...]
    """SHA-256 of the contents that are cited, or are put before the model."""


def answering(
    parts: Parts, question: str, history: Sequence[Turn], scope: Scope, on_asking: Callable[[Asking], None]
) -> Iterator[AnswerEvent]:
    """Answer a question.

    Args:
        parts: An open room.
        question: In plain words; filters of the query language (``container:letters``) narrow what is read.
        history: Earlier questions of the same talk, oldest first.
        scope: What may be read.
        on_asking: Writes the act down.

    Raises:
        UsageError: It asks nothing, or is too long.
        ContainerNotFound: ``container:`` names none that the scope shows.
        ModelMissing: The text model has not been pulled.
    """
    begun = perf_counter()
    if not question.strip():
        raise UsageError("a question needs words: ask for something, such as: when was the cellar flooded?")
    if len(question) > LONGEST:
        raise UsageError(f"the question has {len(question):,} characters: ask in at most {LONGEST:,}")
    asked = standing_alone(question, history)
    query = _loose(parse(asked))
    passages, coverage = parts.searcher.passages(query, scope, limit=PASSAGES)
    sentences = quoted(query.meaning, passages, parts.toolbox.text)
    cited = tuple(dict.fromkeys(citation.content for sentence in sentences for citation in sentence.citations))
    on_asking(Asking(question=question, asked=asked, kind="quoted", model="", contents=cited))
    answer = Answer(
        question=question,
        asked=asked,
        sentences=tuple(sentences),
        kind="quoted",
        found=bool(sentences),
        coverage=coverage,
        model="",
        nearest=() if sentences else tuple(passage.cite(passage.text) for passage in passages[:NEAREST]),
        took_ms=(perf_counter() - begun) * 1000,
    )
    return _quotations(answer, passages)


def _quotations(answer: Answer, passages: Sequence[Passage]) -> Iterator[AnswerEvent]:
    yield Looked(asked=answer.asked, sources=tuple(passage.cite(passage.text) for passage in passages))
    for sentence in answer.sentences:
        yield Told(sentence=sentence)
    yield Answered(answer=answer)


def _loose(query: Query) -> Query:
    """Let what stands in quotation marks be words: a question's quotation marks are seldom a demand."""
    return replace(query, terms=tuple(Term(text=term.text) for term in query.terms))
