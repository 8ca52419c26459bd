"""Where in a content a segment lies."""

from dataclasses import dataclass, fields

from strongroom.domain.times import clock

Box = tuple[float, float, float, float]
"""Left, top, right, bottom as fractions (0 to 1) of the page or picture, origin at its top left."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Locator:
    """Where in a content a segment lies; every field is optional."""

    char_start: int | None = None
    """First character of the passage in the content's decoded text."""
    char_end: int | None = None
    """One past its last character."""
    page: int | None = None
    """Page or slide, counted from 1."""
    boxes: tuple[Box, ...] = ()
    """The regions on that page or picture, in reading order."""
    t_start: float | None = None
    """Start of the time span in seconds."""
    t_end: float | None = None
    """End of the time span in seconds."""
    part: str | None = None
    """A named part, as its own program names it: ``Sheet1!B3``, ``notes``, ``header``, ``comment by A. Person``."""

    def key(self) -> str:
        """Give a string that is equal for equal locators; it goes into the segment's id."""
        return "|".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if getattr(self, f.name) not in (None, ()))

    def label(self) -> str:
        """Give the place in words that a reader would use: ``page 3, Sheet1!B3``."""
        words = []
        if self.page is not None:
            words.append(f"page {self.page}")
        if self.part:
            words.append(self.part)
        if self.t_start is not None:
            words.append(clock(self.t_start))
        if not words and self.char_start is not None:
            words.append(f"character {self.char_start:,}")
        return ", ".join(words)
