"""Whether a source bears a sentence: what it names, counts and dates must stand there, and it must mean much the same.

No model of entailment is at hand, so this is a sieve, not a proof: a sentence that it lets through uses the source's own
facts, but may join them wrongly. See docs/explanation/answers.md.
"""

# ruff: noqa: SIM905 - word lists read best as prose
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from strongroom.domain.answer import Passage
from strongroom.flows.answer.question import ASKING, telling_words
from strongroom.flows.answer.units import units
from strongroom.index.tokens import STOP_WORDS, fold, stem, words
from strongroom.ports.tools import TextEmbedder

CLOSE, NEAR = 0.72, 0.45
"""Cosine with the source's best sentences from which it bears a sentence; and from which it does if most words are there."""
SHARED = 0.6
"""Of a sentence's telling words, how many must stand in the source where it is only near."""

_OPENERS = frozenset(
    "according however furthermore also additionally although after before during while moreover both each all most several "
    "since because despite unlike instead later then finally first second third together only about around between under over "
    "upon within without once yes people somebody someone nobody nothing everything everybody work".split()
)
"""Words that a sentence may begin with though its source has them not."""
_DIGITS = re.compile(r"\d+(?:[.,'\u2019\u00a0\u202f]\d+)*")
_SEPARATOR = re.compile(r"[,'\u2019\u00a0\u202f](?=\d{3}(?!\d))")
_NAME = re.compile(r"(?<![\w'\u2019])[^\W\d_a-z][\w'\u2019-]*")
_NOT = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|cannot|without|refused|denied|\w+n['\u2019]t)\b", re.IGNORECASE
)
_ONES = {word: number for number, word in enumerate(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen".split()
)}  # fmt: skip
_TENS = {word: 10 * number for number, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
_SPELT = re.compile(rf"\b(?:({'|'.join(_TENS)})(?:[\s-]({'|'.join(list(_ONES)[1:10])}))?|({'|'.join(_ONES)}))\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bearing:
    """How a source bears a sentence."""

    facts: bool
    """Whether all that the sentence names and counts stands in the source."""
    meaning: bool
    """Whether the source says much the same, and not the opposite."""
    quote: str
    """The source's words that come nearest."""
    closeness: float
    """Their cosine with the sentence."""

    @property
    def holds(self) -> bool:
        """Whether the source bears the sentence."""
        return self.facts and self.meaning


def bears(sentence: str, passage: Passage, beside: Sequence[Passage], text: TextEmbedder) -> Bearing:
    """Say how a passage bears a sentence.

    Args:
        sentence: Without marks.
        passage: What it cites.
        beside: Other passages; those of the same content may hold names that the passage leaves out ("he", "the Council").
        text: The embedder.
    """
    parts = units(passage.text) or [" ".join(passage.text.split())]
    spans = parts + [f"{one} {two}" for one, two in pairwise(parts)]
    vectors = text.embed([sentence, *spans])
    closeness = vectors[1:] @ vectors[0]
    best = int(closeness.argmax())
    cosine = float(closeness[best])
    same = cosine >= CLOSE or (cosine >= NEAR and _shared(sentence, passage.text) >= SHARED)
    turned = bool(_NOT.search(sentence)) != bool(_NOT.search(spans[best]))
    around = " ".join([passage.text, str(passage.name), *(one.text for one in beside if one.content == passage.content)])
    facts = numbers(sentence) <= numbers(passage.text) and named(sentence) <= _stems(around)
    meaning = same and not turned and _opens_known(sentence, around)
    return Bearing(facts=facts, meaning=meaning, quote=spans[best], closeness=cosine)


def numbers(text: str) -> frozenset[str]:
    """Give the numbers of a text, in digits, whether they stand there in digits or in words."""
    plain = _SEPARATOR.sub("", text)
    found = {match[0].replace(",", ".").strip(".") for match in _DIGITS.finditer(plain)}
    for tens, ones, single in _SPELT.findall(text):
        spelt = _TENS.get(tens.lower(), 0) + _ONES.get((ones or single).lower(), 0)
        found.add(str(spelt))
    return frozenset(found)


def named(text: str) -> frozenset[str]:
    """Give the stems of the words of a text that are written like names: capitals, but for the word that it begins with."""
    found: set[str] = set()
    first = next((start for _, start, _ in words(text)), 0)
    for match in _NAME.finditer(text):
        word = fold(match[0]).split("'")[0].split("\u2019")[0]
        if match.start() > first and word not in STOP_WORDS and word not in _ONES and word not in _TENS and len(word) > 1:
            found.update(stem(piece) for piece in word.split("-") if piece)
    return frozenset(found)


def _opens_known(sentence: str, around: str) -> bool:
    """Say whether the first word stands in the source, or is one that opens any sentence: else it may be a name."""
    first = next((fold(word) for word, _, _ in words(sentence)), "")
    common = first in ASKING or first in _OPENERS or first in _ONES or first in _TENS or first.isdecimal()
    return common or stem(first) in _stems(around)


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(fold(word)) for word, _, _ in words(text))


def _shared(sentence: str, source: str) -> float:
    wanted, there = {stem(word) for word in telling_words(sentence)}, _stems(source)
    return len(wanted & there) / len(wanted) if wanted else 0.0
