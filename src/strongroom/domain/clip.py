"""A piece cut out of a recording."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Clip:
    """What a file that was cut out of a recording holds."""

    content: str
    """SHA-256 of the recording."""
    t_start: float
    """Where the file really begins, in seconds of the recording: a picture that is copied begins at a keyframe."""
    t_end: float
    """Where it ends."""
    copied: tuple[str, ...]
    """What was copied as it is: ``picture``, ``sound``."""
    encoded: tuple[str, ...]
    """What was encoded anew, because the file's format cannot hold it as it is, or an exact start was asked for."""
    size: int
    """Bytes of the file."""
