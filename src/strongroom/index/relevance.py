"""When a nearest neighbour is not near: a vector search always answers, even about zebras in a room without one.

A cosine has no absolute meaning: unrelated texts lie near 0.05 with one model and near 0.75 with another. So a query is
first compared with everyday texts that have nothing to do with it, and what a segment must be closer than is measured
from there. The bars are low, since a right answer left out is worse than a wrong one at the end of the list.

Labels of pictures are decorrelated, so that unrelated ones lie near 0 whatever the model; how far apart the query holds
everyday texts says how large a cosine means something. Measured with the default models on 17 photographs of
scikit-image, without kinds: a right label lies between 0.07 and 0.46, an unrelated one mostly below 0.05 and at most at 0.17.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from strongroom.domain.findings import Vector
from strongroom.index.fusion import LABELS, MEANING

BACKGROUND = (
    "The committee approved the minutes of the previous meeting.",
    "She planted tomatoes and beans behind the house.",
    "Quarterly revenue rose by four percent.",
    "a wooden chair beside a window",
    "The train to the coast leaves at noon.",
    "Install the package and restart the server.",
    "a brown dog on a beach",
    "Mix the flour with butter and sugar.",
    "He injured his knee during the second half of the match.",
    "The court dismissed the appeal.",
    "a red car parked in a street",
    "Stars form when clouds of gas collapse.",
    "The patient was given antibiotics for ten days.",
    "an old church with a tall tower",
    "Please find the signed contract attached.",
    "The choir sang until late in the evening.",
)
"""Everyday texts of many kinds."""


SURE = 0.55
"""How far of the way from unrelated to equal the nearest passage lies where meaning counts in full. Passages that answer lie
from 0.2 to 0.8 of it; from 0.5 to 0.65 all rank alike (bench/RESULTS.md)."""

SEEN = 0.3
"""The cosine of labels at which a picture counts in full, at the least: a question about rent or repairs lies up to 0.19 from
a suit or a palace, what a picture does show mostly beyond 0.3 (35 queries of the sample files)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """What one channel may bring in, and how much it counts."""

    least: float
    """The least cosine."""
    of_best: float = 0.0
    """The least share of the best cosine."""
    sure: float | None = None
    """The best cosine at which the channel counts in full; None counts it in full always."""
    worthless: float = -1.0
    """The cosine of what has nothing to do with the query. What lies below ``least`` does not come in by itself, but counts
    from here on where words found it."""

    def passes(self, closeness: float, best: float) -> bool:
        """Say whether a segment is near enough."""
        return closeness >= self.least and (not self.of_best or closeness >= self.of_best * best)

    def counts(self, best: float) -> float:
        """Give the weight (0.1 to 1) of a channel whose best segment is so close.

        Doubtful pictures then stand behind passages that words and meaning agree on, in their own order; and a doubtful
        meaning leaves the order of passages to the words.
        """
        if self.sure is None or self.sure <= self.least:
            return 1.0
        return min(1.0, max(0.1, (best - self.least) / (self.sure - self.least)))


NO_BAR = Bar(least=-1.0)
LIKE = {False: Bar(least=0.3), True: NO_BAR}
"""What a picture must be nearer than to look like another: with the default model; and with one of the CLIP family, whose
unrelated pictures lie anywhere, so that none is left out. Measured with the default model on 20 pictures of scikit-image:
of those that have nothing in common 95 in 100 lie below 0.26 and the nearest (the moon, and a field of galaxies) at 0.49; a
quarter cut out of a picture lies between 0.53 and 0.81 from the whole."""


def bars(query: Vector, background: Vector) -> Mapping[str, Bar]:
    """Give the bar of each channel in the text space.

    Args:
        query: The query's vector, unit length.
        background: Vectors of `BACKGROUND`, one a row, unit length.
    """
    cosines = background @ query
    unrelated, spread = float(np.median(cosines)), float(np.std(cosines))
    return {
        MEANING: Bar(least=unrelated + 0.12 * (1 - unrelated), sure=unrelated + SURE * (1 - unrelated), worthless=unrelated),
        LABELS: Bar(least=0.5 * spread, of_best=0.25, sure=max(3 * spread, SEEN)),
    }


def firm(query: Vector, background: Vector) -> Mapping[str, Bar]:
    """Give bars that a segment passes only where it surely answers: an alert must not report the nearest of a few.

    Measured with MiniLM-L6: sentences that say the same in other words lie from 0.20 to 0.77 of the way from unrelated to
    equal, sentences of the same thing that say something else up to 0.50.

    Args:
        query: The query's vector, unit length.
        background: Vectors of `BACKGROUND`, one a row, unit length.
    """
    cosines = background @ query
    unrelated, spread = float(np.median(cosines)), float(np.std(cosines))
    meaning = Bar(least=unrelated + 0.52 * (1 - unrelated), worthless=unrelated)
    return {MEANING: meaning, LABELS: Bar(least=3 * spread)}
