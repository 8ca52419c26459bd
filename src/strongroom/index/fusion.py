"""Putting several rankings of the same things together: texts by their scores, then texts and pictures by rank.

Words and meaning judge the same passages, so their scores are brought to one scale and added (a convex combination:
Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", 2023). What they find
and what the picture channels find have nothing in common but ranks: reciprocal rank fusion (Cormack, Clarke and Büttcher,
2009) adds weight / (10 + rank), so that neither drowns the other. See docs/decisions/0007-joining-words-and-meaning.md.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

K = TypeVar("K", bound=Hashable)

RANK_CONSTANT = 10
"""How little the first rank is worth more than the second."""

WORDS, MEANING, LABELS, LOOKS = "words", "meaning", "labels", "looks"
"""The channels: BM25 of the text; vectors of the text; vectors of a picture's labels; vectors of its looks."""

SHARES: Mapping[str, float] = {WORDS: 0.4, MEANING: 0.6}
"""Shares of the text channels in the score of a text (bench/RESULTS.md)."""
PICTURE_CHANNELS = (LABELS, LOOKS)


def firsts(keys: Iterable[K]) -> list[K]:
    """Give each key once, where it first stands."""
    return list(dict.fromkeys(keys))


def ordered(scores: Mapping[K, float]) -> dict[K, float]:
    """Order keys by falling score; equal scores in the order of the keys, so that pages are stable."""
    return dict(sorted(scores.items(), key=_falling))


def _falling(item: tuple[Any, float]) -> tuple[float, Any]:
    return -item[1], item[0]


def joined(channels: Mapping[str, Mapping[K, float]], floors: Mapping[str, float]) -> dict[K, float]:
    """Add the scores that the text channels give.

    Each channel's scores are stretched so that its best is 1 and its floor is 0, which is also what a key gets that the
    channel did not find.

    Args:
        channels: Scores by key, for each text channel that ran.
        floors: The score of each channel that is worth nothing; 0 where a channel is not named.

    Returns:
        Scores from 0 to 1, highest first.
    """
    whole = sum(SHARES[channel] for channel in channels)
    total: dict[K, float] = {}
    for channel in sorted(channels):
        floor = floors.get(channel, 0.0)
        best = max(channels[channel].values(), default=floor) - floor
        for key, score in channels[channel].items():
            part = (score - floor) / best if best > 0 else 1.0
            total[key] = total.get(key, 0.0) + part * SHARES[channel] / whole
    return ordered(total)


def fused(
    found: Mapping[str, Mapping[K, float]],
    *,
    floors: Mapping[str, float] = MappingProxyType({}),
    counts: Mapping[str, float] = MappingProxyType({}),
) -> dict[K, float]:
    """Join all channels of one search.

    The texts weigh what the best of them is worth: 1 where words and meaning agree on it. The picture channels weigh 1
    together, so the best picture stands beside the best passage that all agree on, and before one that few do.

    Args:
        found: Scores by key, for each channel that ran.
        floors: The score that is worth nothing in a text channel.
        counts: How much each picture channel counts, from 0 to 1; 1 where it is not named.

    Returns:
        The score of each key, highest first.
    """
    texts = joined({channel: scores for channel, scores in found.items() if channel in SHARES}, floors)
    rankings, weight = {"": list(texts)}, {"": next(iter(texts.values()), 0.0)}
    pictures = [channel for channel in PICTURE_CHANNELS if channel in found]
    for channel in pictures:
        rankings[channel] = list(ordered(found[channel]))
        weight[channel] = counts.get(channel, 1.0) / len(pictures)
    return fuse(rankings, weight)


def fuse(rankings: Mapping[str, Sequence[K]], weight: Mapping[str, float]) -> dict[K, float]:
    """Fuse rankings by rank.

    Args:
        rankings: Some rankings by name, best first, each key once in each.
        weight: The weight of each.

    Returns:
        The score of each key, highest first.
    """
    scores: dict[K, float] = {}
    for name in sorted(rankings):
        for rank, key in enumerate(rankings[name], start=1):
            scores[key] = scores.get(key, 0.0) + weight[name] / (RANK_CONSTANT + rank)
    return ordered(scores)
