"""When a nearest neighbour is not near: a vector search always answers, even about zebras in a room without one.

A cosine has no absolute meaning: unrelated texts lie near 0.1 with one model and near 0.75 with another. So a query is
first compared with everyday texts that have nothing to do with it; what a segment must be closer than is measured from
there. The floor is low, since a right answer left out is worse than a wrong one at the end of the list.
"""

from collections.abc import Mapping

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

SHARES = {MEANING: 0.12, LABELS: 0.18}
"""For each channel in the text space, how far from unrelated (0) to equal (1) a segment must be."""


def floors(query: Vector, background: Vector) -> Mapping[str, float]:
    """Give the least cosine that each channel in the text space may bring in.

    Args:
        query: The query's vector, unit length.
        background: Vectors of `BACKGROUND`, one a row, unit length.
    """
    unrelated = float(np.median(background @ query))
    return {channel: unrelated + share * (1 - unrelated) for channel, share in SHARES.items()}
