"""Progress, as frozen events handed to a callback; nothing below the rim prints."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

SECONDS = "seconds"
"""The unit where recordings are counted by how long they are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far one step of a verb has come."""

    step: str
    """What is being done now, in words for people: ``adding``, ``reading pictures``."""
    done: int
    """Units finished."""
    total: int | None
    """Units in all; None while it is not known."""
    unit: str = "files"
    """What is counted: ``files``, ``bytes``, ``contents``, or `SECONDS` of recordings, which people read as a clock."""
    failed: int = 0
    """Of those finished, how many failed."""
    detail: str = ""
    """What is being worked on, or the reason of the newest failure."""


OnProgress: TypeAlias = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Take progress and show nothing."""
