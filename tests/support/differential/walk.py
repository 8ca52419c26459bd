"""One sequence of requests on two servers, as long as they are in the same state."""

import os
from collections.abc import Iterator
from random import Random

from differential.compare import Difference, Side, differences
from differential.operations import START, any_operation
from differential.rest import Answer, Ask, Rest

LENGTH = 18
"""Requests after those with which every sequence begins."""

BREAK = {"x-ms-lease-action": "break", "x-ms-lease-break-period": "0"}


def walk(rng: Random, ours: Rest, theirs: Rest) -> Iterator[tuple[Ask, list[Difference]]]:
    """Ask both servers the same; end where one did what the other refused, after which all would differ.

    Yields:
        Each request, and in what the replies differ.
    """
    sides = [Side(rest, f"seq{os.urandom(6).hex()}") for rest in (ours, theirs)]
    try:
        for ask in [*START, *(any_operation(rng) for _ in range(LENGTH))]:
            mine, other = (side.ask(ask) for side in sides)
            found = list(differences(ask, (sides[0], mine), (sides[1], other)))
            yield ask, found
            if _have_parted(mine, other, found):
                return
    finally:
        for side in sides:
            _clear(side)


def _have_parted(mine: Answer, other: Answer, found: list[Difference]) -> bool:
    did_one = (mine.status < 300) != (other.status < 300)
    return did_one or other.status >= 500 or any("etag" in difference.what.lower() for difference in found)


def _clear(side: Side) -> None:
    for name in ("one", "two"):
        query = {"restype": "container"}
        side.ask(Ask(operation="", method="PUT", path=name, query={**query, "comp": "lease"}, headers=BREAK))
        side.ask(Ask(operation="", method="DELETE", path=name, query=query))
