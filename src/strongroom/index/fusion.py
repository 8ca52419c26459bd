"""Putting several rankings of the same things together: texts by their scores, pictures by rank, then the best of both.

Words and meaning judge the same passages, so their scores are brought to one scale and added (a convex combination:
Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", 2023). Picture channels have nothing in
common with them but ranks (reciprocal ranks: Cormack, Clarke and Büttcher, 2009). A film has both, a letter only one: so a
thing counts as much as its better side, lest two poor sides outdo a good one. See docs/decisions,
0007-joining-words-and-meaning.md and 0011-sure-meaning.md.
"""

from collections.abc import Hashable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

K = TypeVar("K", bound=Hashable)

RANK_CONSTANT = 10
"""How little the first rank is worth more than the second."""
SHOWN = 0.95
"""What the best picture is worth, beside 1 of a passage that is the best by words and by meaning: words that were written
or said are surer than what a model sees."""
SECOND = 0.1
"""What the poorer side of a thing that is found by its texts and by its pictures adds."""

WORDS, MEANING, LABELS, LOOKS = "words", "meaning", "labels", "looks"
"""The channels: BM25 of the text; vectors of the text; vectors of a picture's labels; vectors of its looks."""

SHARES: Mapping[str, float] = {WORDS: 0.3, MEANING: 0.7}
"""Shares of the text channels in the score of a text, where neither is in doubt (bench/RESULTS.md)."""
PICTURE_CHANNELS = (LABELS, LOOKS)


def firsts(keys: Iterable[K]) -> list[K]:
    """Give each key once, where it first stands."""
    return list(dict.fromkeys(keys))


def ordered(scores: Mapping[K, float]) -> dict[K, float]:
    """Order keys by falling score; equal scores in the order of the keys, so that pages are stable."""
    return dict(sorted(scores.items(), key=_falling))


def _falling(item: tuple[Any, float]) -> tuple[float, Any]:
    return -item[1], item[0]


def joined(
    channels: Mapping[str, Mapping[K, float]], floors: Mapping[str, float], counts: Mapping[str, float] = MappingProxyType({})
) -> dict[K, float]:
    """Add the scores that the text channels give.

    Each channel's scores are stretched so that its best is 1 and its floor is 0, which is also what a key gets that the
    channel did not find.

    Args:
        channels: Scores by key, for each text channel that ran.
        floors: The score of each channel that is worth nothing; 0 where a channel is not named.
        counts: How much of its share each channel has, from 0 to 1; 1 where it is not named. What one lacks falls to the
            others, so that a text which is the best by all of them is worth 1 whatever the doubt.

    Returns:
        Scores from 0 to 1, highest first.
    """
    shares = {channel: SHARES[channel] * counts.get(channel, 1.0) for channel in channels}
    whole = sum(shares.values())
    total: dict[K, float] = {}
    for channel in sorted(channels):
        floor = floors.get(channel, 0.0)
        best = max(channels[channel].values(), default=floor) - floor
        for key, score in channels[channel].items():
            part = (score - floor) / best if best > 0 else 1.0
            total[key] = total.get(key, 0.0) + part * shares[channel] / whole
    return ordered(total)


def fused(
    found: Mapping[str, Mapping[K, float]],
    *,
    floors: Mapping[str, float] = MappingProxyType({}),
    counts: Mapping[str, float] = MappingProxyType({}),
) -> dict[K, float]:
    """Join all channels of one search.

    The best picture stands right behind a passage that is the best by words and by meaning, unless it is in doubt.

    Args:
        found: Scores by key, for each channel that ran.
        floors: The score that is worth nothing in a text channel.
        counts: How much each channel counts, from 0 to 1; 1 where it is not named.

    Returns:
        The score of each key, highest first.
    """
    texts = joined({channel: scores for channel, scores in found.items() if channel in SHARES}, floors, counts)
    # twenty passages that are nearly as good as the first must not drown the pictures
    texts = {key: min(score, ranked) for (key, score), ranked in zip(texts.items(), by_rank(texts).values(), strict=True)}
    pictures: dict[K, float] = {}
    channels = [channel for channel in PICTURE_CHANNELS if channel in found]
    for channel in channels:
        for key, score in by_rank(ordered(found[channel])).items():
            pictures[key] = pictures.get(key, 0.0) + SHOWN * score * counts.get(channel, 1.0) / len(channels)
    sides = {key: sorted((texts.get(key, 0.0), pictures.get(key, 0.0))) for key in {**texts, **pictures}}
    return ordered({key: better + SECOND * poorer for key, (poorer, better) in sides.items()})


def by_rank(keys: Iterable[K]) -> dict[K, float]:
    """Score keys that come best first, each once: 1 for the first, and less for each one further down."""
    return {key: (RANK_CONSTANT + 1) / (RANK_CONSTANT + rank) for rank, key in enumerate(keys, start=1)}
