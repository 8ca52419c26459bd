"""One page of a document, before it is drawn."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaf:
    """The measures of a page."""

    number: int
    """Which one, counted from 1."""
    count: int
    """How many the document has."""
    width: float
    """Points (1/72 inch) across, as it is shown."""
    height: float
    """The same, down."""
