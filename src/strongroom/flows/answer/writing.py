"""Answers that a language model writes: sentence by sentence as they come, each checked against what it cites."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from strongroom.analyzers import sentences as borders
from strongroom.domain.answer import Citation, Passage, Sentence
from strongroom.errors import Unreachable
from strongroom.flows.answer.checking import NEAR, Bearing, bears
from strongroom.flows.answer.plainly import plainly
from strongroom.flows.answer.prompting import NOTHING, SOURCES, prompt
from strongroom.ports.chat import ChatModel
from strongroom.ports.tools import TextEmbedder

TOKENS = 600
"""How long an answer may be."""
MOST = 12
"""Sentences of an answer; what a model writes beyond them is not read."""
CITED = 3
"""Citations of a sentence, at most."""

_MARKS = re.compile(r"\[\s*(\d{1,4}(?:\s*[,;]\s*\d{1,4})*)\s*\]")
_AFTER = re.compile(r"\s*(?:\[\s*\d[\d\s,;]*\]\s*[.,;]?\s*)+")
_OPEN = re.compile(r"\s*(?:\[[^\]]*)?$")
_LIST = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*\u2022])\s+")
_REFUSAL = re.compile(r"nothing\s+found", re.IGNORECASE)


@dataclass(kw_only=True, slots=True)
class Written:
    """What became of a model's message; filled while its sentences are taken."""

    dropped: int = 0
    """Sentences that no source bears."""
    is_cut: bool = False
    """Whether the model broke off, so that what follows the last sentence is missing."""
    held: list[Sentence] = field(default_factory=list)
    """Marked sentences that wait for one that is borne: an answer of marked ones alone is none."""


def written(
    question: str, passages: Sequence[Passage], model: ChatModel, text: TextEmbedder, outcome: Written
) -> Iterator[Sentence]:
    """Let a model answer, and give each sentence as soon as it is whole and checked.

    Args:
        question: Standing alone.
        passages: What may be cited; the first are put before the model.
        model: Writes.
        text: Compares sentences with sources.
        outcome: Is told what was dropped.

    Raises:
        Unreachable: The model broke off before a sentence was whole, or does not answer.
        ModelError: It refuses, or what it sends is no message.
    """
    sources = list(passages[:SOURCES])
    told = 0
    for raw in _whole(model, question, sources, outcome):
        if _REFUSAL.search(raw) and NOTHING.lower() in plainly(raw).lower():
            continue
        sentence = checked(raw, sources, text)
        if sentence is None:
            outcome.dropped += 1
        elif sentence.support == "unsupported" and not told:
            outcome.held.append(sentence)
        else:
            ready = [*outcome.held, sentence] if not told else [sentence]
            outcome.held = []
            yield from ready
            told += len(ready)
        if told >= MOST:
            return
    outcome.dropped += len(outcome.held)


def _whole(model: ChatModel, question: str, sources: Sequence[Passage], outcome: Written) -> Iterator[str]:
    """Give whole sentences, with their marks; of a message that breaks off, those that came before."""
    rest, count = "", 0
    pieces = model.write(prompt(question, sources), tokens=TOKENS)
    try:
        for piece in pieces:
            rest += piece
            done, rest = split(rest)
            count += len(done)
            yield from done
    except Unreachable:
        if not count:
            raise
        outcome.is_cut = True
        return
    done, rest = split(rest, last=True)
    yield from done


def split(text: str, *, last: bool = False) -> tuple[list[str], str]:
    """Cut the whole sentences off a text that is still growing.

    A sentence takes the marks with it that stand behind its full stop, so it is whole only when something else follows.

    Args:
        text: What came so far.
        last: Whether no more comes.

    Returns:
        The sentences, and what is not whole yet.
    """
    done: list[str] = []
    start = 0
    edges = sorted({*borders.ends(text, 0, len(text)), *(match.start() for match in re.finditer(r"\n\s*", text))})
    for edge in edges:
        if edge <= start:
            continue
        after = _AFTER.match(text, edge)
        end = after.end() if after else edge
        if not last and _OPEN.match(text, end):
            break
        done.append(text[start:end])
        start = end
    if last and text[start:].strip():
        done.append(text[start:])
        start = len(text)
    return [one for one in done if one.strip()], text[start:]


def checked(raw: str, sources: Sequence[Passage], text: TextEmbedder) -> Sentence | None:
    """Hold a sentence against what it cites, and where that does not bear it against the other sources.

    Args:
        raw: As the model wrote it, with marks.
        sources: Numbered from 1.
        text: The embedder.

    Returns:
        The sentence with the sources that bear it; marked where what it cites is near but does not bear it; None where nothing
        does, or where it holds nothing.
    """
    plain = plainly(_LIST.sub("", _MARKS.sub(" ", raw))).replace(" .", ".").replace(" ,", ",").strip()
    if not any(character.isalnum() for character in plain):
        return None
    cited = _cited(raw, len(sources))
    bearing = {number: bears(plain, sources[number - 1], sources, text) for number in cited}
    holding = [number for number in cited if bearing[number].holds]
    if not holding:
        bearing |= {number: bears(plain, sources[number - 1], sources, text) for number in _others(cited, len(sources))}
        holding = sorted((n for n in bearing if bearing[n].holds), key=lambda n: -bearing[n].closeness)[:1]
    if holding:
        return Sentence(text=plain, citations=_citations(holding, sources, bearing), support="supported")
    near = [number for number in cited if bearing[number].facts and bearing[number].closeness >= NEAR]
    return Sentence(text=plain, citations=_citations(near, sources, bearing), support="unsupported") if near else None


def _cited(raw: str, count: int) -> list[int]:
    """Give the numbers that a sentence cites and that exist, each once."""
    given = [int(number) for marks in _MARKS.findall(raw) for number in re.split(r"\s*[,;]\s*", marks)]
    return list(dict.fromkeys(number for number in given if 1 <= number <= count))[:CITED]


def _others(cited: Sequence[int], count: int) -> list[int]:
    return [number for number in range(1, count + 1) if number not in cited]


def _citations(numbers: Sequence[int], sources: Sequence[Passage], bearing: dict[int, Bearing]) -> tuple[Citation, ...]:
    return tuple(sources[number - 1].cite(bearing[number].quote) for number in numbers)
