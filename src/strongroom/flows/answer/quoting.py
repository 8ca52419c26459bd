"""Answers without a language model: the sentences of the sources that answer best."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from strongroom.analyzers import sentences as borders
from strongroom.domain.answer import Passage, Sentence
from strongroom.ports.tools import TextEmbedder

LEAST = 0.45
"""Cosine of the question below which nothing answers it."""
MOST = 3
"""Sentences of an answer."""


def quoted(question: str, passages: Sequence[Passage], text: TextEmbedder) -> list[Sentence]:
    """Give the sentences that answer a question, best first; none where none does."""
    cut = [(passage, part) for passage in passages for part in parts_of(passage.text)]
    if not cut:
        return []
    scores = text.embed([part for _, part in cut]) @ text.embed([question], query=True)[0]
    order = [int(at) for at in np.argsort(-scores, kind="stable")[:MOST] if scores[at] >= LEAST]
    return [Sentence(text=cut[at][1], citations=(cut[at][0].cite(cut[at][1]),), support="quoted") for at in order]


def parts_of(text: str) -> list[str]:
    """Cut a text into its sentences, white space made plain."""
    edges = [0, *borders.ends(text, 0, len(text)), len(text)]
    cut = [" ".join(text[start:end].split()) for start, end in pairwise(edges)]
    return [part for part in cut if part]
