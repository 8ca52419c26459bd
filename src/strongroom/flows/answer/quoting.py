"""Answers without a language model: the sentences of the sources that answer best, or the word that none does."""

from collections.abc import Mapping, Sequence

import numpy as np

from strongroom.domain.answer import Passage, Sentence
from strongroom.domain.findings import Vector
from strongroom.flows.answer.question import telling_words
from strongroom.flows.answer.weighing import Columns, Weighing
from strongroom.flows.answer.weights import DOUBT, ORDER, TAKEN_UP
from strongroom.flows.vectors import Vectors
from strongroom.ports.tools import TermModel

PASSAGES = 10
"""Passages that quotations are looked for in: the right one is among them for .96 of the questions (bench/RESULTS.md)."""
SURE = -0.5
"""The score of the best sentence from which it is taken for an answer."""
MOST = 3
"""Sentences of an answer."""
WITHIN = 1.5
"""How far behind the best sentence another may be to be quoted too."""
TOP = 10
"""Best sentences that the best one is compared with."""
READ = 6
"""Best sentences that the term model reads once more, where there is one; it reads each alone, not with the question."""
ALONE = 2.0
"""How far ahead a sentence is taken to be that no other passage rivals."""


def quoted(question: str, passages: Sequence[Passage], vectors: Vectors, terms: TermModel | None = None) -> list[Sentence]:
    """Give the sentences that answer a question, best first; none where none does.

    Args:
        question: Standing alone.
        passages: Best first; the first `PASSAGES` are read.
        vectors: Embeds.
        terms: Puts the best sentences in a better order; None where that model is not here.
    """
    if not passages or not telling_words(question):
        return []
    weighing = Weighing(question, passages[:PASSAGES], vectors)
    if not weighing.units:
        return []
    scores = _sum(weighing.columns, ORDER)
    if terms is not None:
        scores += taken_up(scores, question, [unit.text for unit in weighing.units], terms) * TAKEN_UP
    first = int(scores.argmax())
    if sureness(weighing, scores, first) < SURE:
        return []
    chosen = [int(at) for at in np.argsort(-scores, kind="stable")[:MOST] if scores[at] >= scores[first] - WITHIN]
    return [_sentence(weighing.units[at].text, passages[weighing.units[at].passage]) for at in chosen]


def taken_up(scores: Vector, question: str, texts: Sequence[str], terms: TermModel) -> Vector:
    """Give how much of the question each of the best sentences takes up, and to all others the least of it."""
    best = np.argsort(-scores, kind="stable")[:READ]
    found = terms.taken_up(question, [texts[at] for at in best])
    taken = np.full(len(texts), found.min(), np.float32)
    taken[best] = found
    return taken


def sureness(weighing: Weighing, scores: Vector, first: int) -> float:
    """Say how surely the first sentence answers: above 0, rather than not."""
    ahead, above = margins(scores, [unit.passage for unit in weighing.units])
    table = {name: column[first : first + 1] for name, column in weighing.columns.items()}
    own = {name: weight for name, weight in DOUBT.items() if name in table}
    rest = ahead * DOUBT.get("ahead", 0.0) + above * DOUBT.get("above", 0.0) + DOUBT["always"]
    return float(_sum(table, own)[0]) + rest


def margins(scores: Vector, passages: Sequence[int]) -> tuple[float, float]:
    """Say how far the best sentence is ahead of the best of the other passages, and above the mean of the best."""
    first = int(scores.argmax())
    others = [score for score, passage in zip(scores, passages, strict=True) if passage != passages[first]]
    ahead = float(scores[first] - max(others)) if others else ALONE
    return ahead, float(scores[first] - np.sort(scores)[::-1][:TOP].mean())


def _sum(columns: Columns, weights: Mapping[str, float]) -> Vector:
    total: Vector = np.sum([columns[name] * weight for name, weight in weights.items()], axis=0)
    return total


def _sentence(said: str, passage: Passage) -> Sentence:
    return Sentence(text=said, citations=(passage.cite(said),), support="quoted")
