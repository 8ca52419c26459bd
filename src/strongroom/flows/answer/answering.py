"""`ask`: a question, with those before it, to the events of its answer."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from strongroom.domain.analysis import Coverage
from strongroom.domain.answer import Answer, Answered, AnswerEvent, Kind, Looked, Passage, Sentence, Told, Turn
from strongroom.domain.query import Query, Term, parse
from strongroom.domain.scope import Scope
from strongroom.errors import UsageError
from strongroom.flows.answer.following import standing_alone
from strongroom.flows.answer.prompting import SOURCES
from strongroom.flows.answer.quoting import PASSAGES, quoted
from strongroom.flows.answer.writing import Written, written
from strongroom.flows.parts import Parts
from strongroom.ports.chat import ChatModel

LONGEST = 2_000
"""Characters that a question may have."""
NEAREST = 3
"""Passages that are named where nothing answers the question."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """What is written down of a question before anything of its answer is shown, or sent to a model."""

    question: str
    """As it was asked."""
    asked: str
    """What was looked for."""
    kind: Kind
    """How it is answered."""
    model: str
    """The language model; empty where there is none."""
    contents: tuple[str, ...]
    """SHA-256 of the contents that are cited; of an answer that a model writes, of all that is put before it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Search:
    """A question, and what was found for it."""

    question: str
    asked: str
    plain: str
    passages: Sequence[Passage]
    coverage: Coverage
    begun: float

    def answer(self, sentences: Sequence[Sentence], kind: Kind, model: str = "", *, outcome: Written | None = None) -> Answer:
        """Put the answer together."""
        found = any(sentence.support != "unsupported" for sentence in sentences)
        return Answer(
            question=self.question,
            asked=self.asked,
            sentences=tuple(sentences),
            kind=kind,
            found=found,
            coverage=self.coverage,
            model=model,
            nearest=() if found else tuple(passage.cite(passage.text) for passage in self.passages[:NEAREST]),
            dropped=outcome.dropped if outcome else 0,
            is_cut=outcome.is_cut if outcome else False,
            took_ms=(perf_counter() - self.begun) * 1000,
        )

    def looked(self, limit: int) -> Looked:
        """Say what the answer is made of."""
        return Looked(asked=self.asked, sources=tuple(passage.cite(passage.text) for passage in self.passages[:limit]))


def answering(
    parts: Parts,
    question: str,
    history: Sequence[Turn],
    scope: Scope,
    *,
    on_asking: Callable[[Asking], None],
    on_answer: Callable[[Answer], None],
) -> Iterator[AnswerEvent]:
    """Answer a question.

    Args:
        parts: An open room.
        question: In plain words; filters of the query language (``container:letters``) narrow what is read.
        history: Earlier questions of the same talk, oldest first.
        scope: What may be read.
        on_asking: Writes the act down; called before any source is sent to a model, and before anything is given.
        on_answer: Is told of an answer that a model wrote, when it is whole and not yet given.

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
    model = parts.toolbox.chat
    asked = standing_alone(question, history, model)
    query = _loose(parse(asked))
    passages, coverage = parts.searcher.passages(query, scope, limit=PASSAGES)
    search = _Search(question=question, asked=asked, plain=query.meaning, passages=passages, coverage=coverage, begun=begun)
    if model is None:
        return _quotations(parts, search, on_asking)
    sent = tuple(dict.fromkeys(passage.content for passage in passages[:SOURCES]))
    on_asking(Asking(question=question, asked=asked, kind="written", model=model.name, contents=sent))
    return _writing(parts, search, model, on_answer)


def _quotations(parts: Parts, search: _Search, on_asking: Callable[[Asking], None]) -> Iterator[AnswerEvent]:
    sentences = quoted(search.plain, search.passages, parts.vectors, parts.toolbox.terms)
    cited = tuple(dict.fromkeys(citation.content for sentence in sentences for citation in sentence.citations))
    on_asking(Asking(question=search.question, asked=search.asked, kind="quoted", model="", contents=cited))
    answer = search.answer(sentences, "quoted")
    return iter([search.looked(PASSAGES), *(Told(sentence=sentence) for sentence in sentences), Answered(answer=answer)])


def _writing(parts: Parts, search: _Search, model: ChatModel, on_answer: Callable[[Answer], None]) -> Iterator[AnswerEvent]:
    yield search.looked(SOURCES)
    told, outcome = list[Sentence](), Written()
    if search.passages:
        for sentence in written(search.plain, search.passages, model, parts.toolbox.text, outcome):
            told.append(sentence)
            yield Told(sentence=sentence)
    answer = search.answer(told, "written", model.name, outcome=outcome)
    on_answer(answer)
    yield Answered(answer=answer)


def _loose(query: Query) -> Query:
    """Let what stands in quotation marks be words: a question's quotation marks are seldom a demand."""
    return replace(query, terms=tuple(Term(text=term.text) for term in query.terms))
