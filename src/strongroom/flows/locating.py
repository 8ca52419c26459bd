"""The locator that a row of the segments table holds."""

from typing import Any

from strongroom.domain.locator import Locator


def locator(segment: dict[str, Any]) -> Locator:
    """Give the locator that a row of the segments table holds."""
    edges = segment["boxes"] or []
    return Locator(
        char_start=segment["char_start"],
        char_end=segment["char_end"],
        page=segment["page"],
        boxes=tuple((edges[at], edges[at + 1], edges[at + 2], edges[at + 3]) for at in range(0, len(edges) - 3, 4)),
        t_start=segment["t_start"],
        t_end=segment["t_end"],
        part=segment["part"],
    )
