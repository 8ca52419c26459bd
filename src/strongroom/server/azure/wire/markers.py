"""Markers: where the next page of a listing starts, as the client carries it.

A marker is the last name on the page, as with Azurite, so that a client may also begin behind any name that it knows.
Where a name alone does not say it, the marker is ``2!`` and a JSON list in Base64.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

OPAQUE = "2!"


def write_marker(name: str, *more: str | int) -> str:
    """Give the marker behind a name, and of what bears that name behind what ``more`` tells."""
    if not more and not name.startswith(OPAQUE):
        return name
    return OPAQUE + urlsafe_b64encode(json.dumps([name, *more]).encode()).decode()


def read_marker(text: str) -> Sequence[str | int]:
    """Give the name in a marker, and what more it tells; what is no marker of ours is taken for a name."""
    if text.startswith(OPAQUE):
        try:
            found = json.loads(urlsafe_b64decode(text.removeprefix(OPAQUE)))
        except ValueError:
            return (text,)
        if isinstance(found, list) and found and isinstance(found[0], str) and all(type(one) in (str, int) for one in found):
            return found
    return (text,)
