"""The text of a content as a viewer shows it: passage by passage, line by line, or as cells."""

from dataclasses import dataclass

from strongroom.domain.locator import Locator


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """One segment of a content."""

    segment_id: str
    """As a `strongroom.Match` has it."""
    kind: str
    """``passage``, ``image``, ``properties``, ``shot``, ``utterance``, or a plug-in's own word."""
    locator: Locator
    """Where in the content."""
    text: str
    """What it says; the labels of a picture; empty where it has none."""
    language: str | None
    """ISO 639-1 code."""
    analyzer: str
    """Which analyzer found it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """A part of the segments of a content, in reading order."""

    sha256: str
    """The content."""
    pieces: tuple[Piece, ...]
    """By page, time and place; header and properties first."""
    total: int
    """How many there are, on the page that was asked for or in all."""
    after: int
    """How many lie before these."""

    @property
    def more(self) -> bool:
        """Whether there are more behind these."""
        return self.after + len(self.pieces) < self.total


@dataclass(frozen=True, kw_only=True, slots=True)
class Lines:
    """Some lines of a plain text."""

    sha256: str
    """The content."""
    start: int
    """Number of the first one, counted from 1."""
    lines: tuple[str, ...]
    """Without their ends."""
    chars: tuple[int, ...]
    """The character of the decoded text at which each begins: what locators count by."""
    more: bool
    """Whether the text goes on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """Some rows of a table or of one sheet."""

    sha256: str
    """The content."""
    sheets: tuple[str, ...]
    """Names of the sheets; one empty name for a table without sheets."""
    sheet: str
    """Which one this is of."""
    start: int
    """Number of the first row asked for, counted from 1."""
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    """Numbers of rows that hold something, and their cells from the first column on."""
    more: bool
    """Whether the sheet goes on."""
