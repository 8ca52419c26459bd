"""Pages of page blobs: 512 bytes each, written in any order; what was never written, or cleared, is zeros."""

from dataclasses import dataclass

from strongroom.errors import ConditionFailed

PAGE = 512
"""Bytes of a page."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageRange:
    """A range of whole pages."""

    start: int
    """Its first byte."""
    end: int
    """The byte behind its last one."""
    is_clear: bool = False
    """Whether it was cleared since the snapshot that it is compared with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SequenceCondition:
    """What must hold of a page blob's sequence number for its pages to be written."""

    at_most: int | None = None
    """It is this or less."""
    below: int | None = None
    """It is less than this."""
    equal: int | None = None
    """It is this."""

    def check(self, name: str, number: int) -> None:
        """Hold the condition against the present number.

        Raises:
            ConditionFailed: It does not hold (``SequenceNumberConditionNotMet``).
        """
        fits = (
            (self.at_most is None or number <= self.at_most)
            and (self.below is None or number < self.below)
            and (self.equal is None or number == self.equal)
        )
        if not fits:
            raise ConditionFailed(
                f"{name} has the sequence number {number}, which is not the one expected: read it again, then repeat",
                code="SequenceNumberConditionNotMet",
            )


ANY_NUMBER = SequenceCondition()
