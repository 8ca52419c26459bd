"""Embeddings that are asked for again and again: words, and sentences of the same few documents."""

from collections.abc import Sequence

import numpy as np

from strongroom.domain.findings import Vector
from strongroom.ports.tools import TextEmbedder

KEPT = 16_384
"""Vectors that are kept, 25 MB of them with the default model."""


class Vectors:
    """An embedder that remembers; threads may share it."""

    def __init__(self, text: TextEmbedder) -> None:
        """Remember what one embedder gave."""
        self._text = text
        self._kept: dict[str, Vector] = {}

    def of(self, texts: Sequence[str]) -> Vector:
        """Give the vectors of texts, one a row."""
        found = {text: kept for text in texts if (kept := self._kept.get(text)) is not None}
        fresh = [text for text in dict.fromkeys(texts) if text not in found]
        if fresh:
            found.update(zip(fresh, self._text.embed(fresh), strict=True))
            if len(self._kept) + len(fresh) > KEPT:
                self._kept = {}
            self._kept.update((text, found[text]) for text in fresh[:KEPT])
        rows = [found[text] for text in texts]
        return np.stack(rows) if rows else np.zeros((0, self._text.dimension), np.float32)
