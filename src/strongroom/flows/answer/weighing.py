"""How well each sentence of some passages answers a question: the measures that the scores of `quoting` are made of.

Words are matched softly: the same stem, or a word whose vector is near ("rescued", "saving"). How much a word of the question
matters, and whether a sentence takes it up though it has no such word, is told by leaving the word out: where the sentence
comes nearer to the question without it, it says nothing about it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from strongroom.domain.answer import Passage
from strongroom.domain.findings import Vector
from strongroom.flows.answer.question import telling_words
from strongroom.flows.answer.units import is_heading, units
from strongroom.flows.answer.wanted import KINDS, OTHER, TYPED, Wanted, wanted
from strongroom.flows.vectors import Vectors
from strongroom.index.tokens import fold, stem, words

FAR, SAME = 0.35, 0.8
"""Cosine of two words at which they have nothing to do with each other, and at which they mean nearly the same."""
ALIKE = 0.85
"""What a word that means the same counts, beside 1 of the word itself."""
BEFORE, AFTER, BESIDE = 0.9, 0.8, 0.7
"""What a word counts that stands in the sentence before, in the one after, or elsewhere in the passage or in its name."""
LEAST = 0.25
"""The least weight of a word, however common it is among the passages."""
SLIGHT = 0.03
"""The least by which leaving a word out is taken to change a question."""
MANY = 8
"""Words of a question that make it a long one."""
WORDS = 24
"""Words of a question that are weighed: each is left out once, which takes an embedding."""
SHORT = 40
"""Letters below which a unit is short."""

Columns = Mapping[str, Vector]


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """One sentence of a passage."""

    passage: int
    """Which of the passages."""
    text: str
    """The sentence."""


class Weighing:
    """One question and the sentences that may answer it."""

    def __init__(self, question: str, passages: Sequence[Passage], vectors: Vectors) -> None:
        """Cut the passages and embed what is to be compared.

        Args:
            question: Standing alone, with one telling word at least.
            passages: Best first.
            vectors: Embeds.
        """
        self._vectors, self._passages = vectors, passages
        self.words = telling_words(question)[:WORDS]
        self.wanted: Wanted = wanted(question, frozenset(fold(word) for word, _, _ in words(question)))
        self.units = [Unit(passage=at, text=text) for at, one in enumerate(passages) for text in units(one.text)]
        self._of = np.array([unit.passage for unit in self.units], np.intp)
        asked = vectors.of([question, *(_without(question, word) for word in self.words)])
        self._change = np.maximum(1 - asked[1:] @ asked[0], 0.0)
        self._near = vectors.of([unit.text for unit in self.units]) @ asked.T
        self._near_passage = (vectors.of([one.text for one in passages]) @ asked.T)[self._of]

    @cached_property
    def _stems(self) -> list[frozenset[str]]:
        return [_stems(telling_words(one.text) + telling_words(str(one.name))) for one in self._passages]

    @cached_property
    def _weights(self) -> Vector:
        """The weight of each word of the question: the fewer passages hold it, the more."""
        count = np.array([sum(stem(word) in held for held in self._stems) for word in self.words])
        weights: Vector = np.maximum(np.log((len(self._passages) + 1) / (count + 0.5)), LEAST)
        return weights

    @cached_property
    def _has(self) -> Vector:
        return np.array([self.wanted.is_in(unit.text) for unit in self.units], np.float32)

    def _held(self, texts: Sequence[str]) -> Vector:
        """Give how far each text holds each word of the question, shape (texts, words), 0 to 1."""
        asked, stems = self._vectors.of(self.words), [stem(word) for word in self.words]
        held = np.zeros((len(texts), len(self.words)), np.float32)
        for row, text in enumerate(texts):
            there = telling_words(text)
            if not there:
                continue
            near = (asked @ self._vectors.of(there).T).max(axis=1)
            held[row] = np.clip((near - FAR) / (SAME - FAR), 0, 1) * ALIKE
            found = _stems(there)
            held[row, [at for at, one in enumerate(stems) if one in found]] = 1
        return held

    @cached_property
    def _in_unit(self) -> Vector:
        held = self._held([unit.text for unit in self.units])
        if self.wanted.kind != OTHER:  # "how deep" is held by "four feet"
            for at, word in enumerate(self.words):
                if word in TYPED:
                    held[:, at] = np.maximum(held[:, at], ALIKE * self._has)
        return held

    @cached_property
    def _around(self) -> Vector:
        held, of = self._in_unit, self._of
        before, after = np.zeros_like(held), np.zeros_like(held)
        same = of[1:] == of[:-1]
        before[1:][same], after[:-1][same] = held[:-1][same], held[1:][same]
        around: Vector = np.maximum(held, np.maximum(before * BEFORE, after * AFTER))
        return around

    @cached_property
    def _in_passage(self) -> Vector:
        whole = self._held([f"{one.text} {one.name}" for one in self._passages])
        beside: Vector = np.maximum(self._around, whole[self._of] * BESIDE)
        return beside

    @cached_property
    def columns(self) -> Columns:
        """All measures, one number a unit each."""
        return {**self._likeness(), **self._holding(), **self._taking_up(), **self._form(), **self._kind()}

    def _likeness(self) -> Columns:
        score = np.array([one.score for one in self._passages])[self._of]
        return {"near": self._near[:, 0], "near_passage": self._near_passage[:, 0], "score": score, "first": 1 / (1 + self._of)}

    def _holding(self) -> Columns:
        share = self._weights / self._weights.sum()
        matter = self._change / max(float(self._change.sum()), SLIGHT)
        return {
            "held": self._in_unit @ share,
            "held_around": self._around @ share,
            "held_passage": self._in_passage @ share,
            "exact": (self._in_unit >= 1) @ share,
            "matter": self._in_passage @ matter,
            "matter_unit": self._in_unit @ matter,
            "least": self._in_passage.min(axis=1),
            "missing": (1 - self._in_passage) @ self._weights,
            "last": self._in_passage[:, -1],
            **self._focus(),
        }

    def _focus(self) -> Columns:
        focus = np.array([word in self.wanted.focus for word in self.words])
        if not focus.any():
            none = np.full(len(self.units), 0.6)
            return {"focus": none, "focus_unit": none, "has_focus": np.zeros(len(self.units))}
        least, most = self._in_passage[:, focus].min(axis=1), self._in_unit[:, focus].max(axis=1)
        return {"focus": least, "focus_unit": most, "has_focus": np.ones(len(self.units))}

    def _taking_up(self) -> Columns:
        """Measure what leaving each word out does: above 0, the text says something about it."""
        gain = self._near[:, :1] - self._near[:, 1:]
        gain_passage = self._near_passage[:, :1] - self._near_passage[:, 1:]
        scale, lacking = np.maximum(self._change, SLIGHT), 1 - self._in_passage
        turns = [np.where(lacking > 0, one / scale, np.inf).min(axis=1) for one in (gain, gain_passage)]
        turn, turn_passage = (np.clip(np.where(np.isinf(one), 0.5, one), -1, 1) for one in turns)
        return {
            "turn": turn,
            "turn_passage": turn_passage,
            "gain": (gain * lacking).sum(axis=1),
            "gain_passage": (gain_passage * lacking).sum(axis=1),
            "last_turn": np.clip(gain[:, -1] / scale[-1], -1, 1),
        }

    def _form(self) -> Columns:
        texts = [unit.text for unit in self.units]
        return {
            "length": np.log([len(text) for text in texts]),
            "asks": np.array([text.rstrip("\"'\u201d\u2019)").endswith("?") for text in texts], np.float32),
            "short": np.array([len(text) < SHORT for text in texts], np.float32),
            "heading": np.array([is_heading(text) for text in texts], np.float32),
            "long_question": np.full(len(texts), min(len(self.words), MANY) / MANY),
        }

    def _kind(self) -> Columns:
        typed = float(self.wanted.kind != OTHER)
        columns = {"has": self._has * typed, "lacks": (1 - self._has) * typed}
        for kind in KINDS:
            asked = float(self.wanted.kind == kind)
            columns |= {f"wants_{kind}": np.full(len(self.units), asked), f"has_{kind}": self._has * asked}
        return columns


def _without(question: str, word: str) -> str:
    kept, at = [], 0
    for spelt, start, end in words(question):
        if fold(spelt) == word:
            kept.append(question[at:start])
            at = end
    return " ".join(("".join(kept) + question[at:]).split())


def _stems(folded: Sequence[str]) -> frozenset[str]:
    return frozenset(stem(word) for word in folded)
