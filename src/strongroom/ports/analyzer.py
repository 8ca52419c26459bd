"""The port that every analyzer is built on, built-in or plug-in."""

from collections.abc import Iterator
from typing import Protocol

from strongroom.domain.analysis import AnalyzerSpec
from strongroom.domain.findings import Finding
from strongroom.ports.source import Source
from strongroom.ports.tools import Tools


class Analyzer(Protocol):
    """Turns one content into segments, members, properties and renditions."""

    @property
    def spec(self) -> AnalyzerSpec:
        """What it is and takes."""

    def analyze(self, source: Source, tools: Tools) -> Iterator[Finding]:
        """Yield what is found, as it is found.

        What was yielded before an error is kept. The same bytes must always give the same findings. Whoever yields a
        `Checkpoint` may be closed there, and called again later with ``source.reached`` at that place.

        Args:
            source: The bytes.
            tools: The models.

        Raises:
            AnalysisError: The content cannot be read (any further); the message is the reason that people see.
        """
