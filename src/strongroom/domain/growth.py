"""How what a room stores grew, and what it comes to now."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True, slots=True)
class Amount:
    """So many blobs, and their bytes."""

    size: int = 0
    """Bytes, as their readers count them."""
    blobs: int = 0
    """Blobs, with their earlier versions and snapshots."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """What was stored at the end of a day, week or month."""

    until: date
    """Its last day (UTC)."""
    total: Amount
    """All together."""
    parts: tuple[Amount, ...]
    """As `Growth.parts` names them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Growth:
    """What was stored at each time, by what is still known now.

    What was deleted counts until its day as long as the room knows of it: while it can be restored, or stays as an earlier
    version. What is gone for good counts nowhere, in the past neither.
    """

    by: str
    """``container`` or ``type``."""
    step: str
    """``day``, ``week`` or ``month``: what lies between two points."""
    parts: tuple[str, ...]
    """The largest by name, by falling size; the last may be ``others``."""
    points: tuple[Point, ...]
    """In order of time, at most some 400, from the first write to today; none of an empty room."""
    current: Amount
    """Blobs that a read without a version gives, now."""
    kept: Amount
    """Earlier versions and snapshots beside them, and what is deleted and can be restored."""
    contents: int
    """Different contents among them, with what lies inside archives and mails."""
    stored: int
    """Bytes that the vault takes for all of it: what several blobs share counts once, and what is mounted not at all."""
