"""Putting several rankings of the same contents together.

Reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009): a content scores the sum, over the rankings it is in, of
weight / (10 + its rank). Only ranks count, so that BM25 and cosines need no common scale.
"""

from collections.abc import Iterable, Mapping, Sequence

RANK_CONSTANT = 10
"""How little the first rank is worth more than the second. The paper has 60; 10 ranked better (bench/RESULTS.md)."""

WORDS, MEANING, LABELS, LOOKS = "words", "meaning", "labels", "looks"
"""The channels: BM25 of the text; vectors of the text; vectors of a picture's labels; vectors of its looks."""

TEXT_CHANNELS: Mapping[str, float] = {WORDS: 1.0, MEANING: 1.25}
"""Weights of the channels of text; meaning counts a little more (bench/RESULTS.md)."""
PICTURE_CHANNELS = (LABELS, LOOKS)


def firsts(keys: Iterable[str]) -> list[str]:
    """Give each key once, where it first stands: a content ranks where its best segment does."""
    return list(dict.fromkeys(keys))


def weights(channels: Iterable[str]) -> dict[str, float]:
    """Weigh the channels of one search.

    A passage is found by its words and by its meaning, a picture mostly by one channel of its own. So that the best
    picture is worth as much as the best passage, the picture channels share the weight that the text channels have.

    Args:
        channels: The channels that ran.
    """
    ran = set(channels)
    texts = sum(weight for channel, weight in TEXT_CHANNELS.items() if channel in ran)
    pictures = len(ran & set(PICTURE_CHANNELS))
    return {
        channel: (texts or 1.0) / pictures if channel in PICTURE_CHANNELS else TEXT_CHANNELS.get(channel, 1.0)
        for channel in ran
    }


def fuse(rankings: Mapping[str, Sequence[str]], weight: Mapping[str, float]) -> dict[str, float]:
    """Fuse rankings.

    Args:
        rankings: For each channel its keys, best first, each once.
        weight: The weight of each channel.

    Returns:
        The score of each key, highest first; equal scores in the order of the keys, so that pages are stable.
    """
    scores: dict[str, float] = {}
    for channel in sorted(rankings):
        for rank, key in enumerate(rankings[channel], start=1):
            scores[key] = scores.get(key, 0.0) + weight[channel] / (RANK_CONSTANT + rank)
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))
