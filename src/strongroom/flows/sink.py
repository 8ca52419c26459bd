"""Where a worker's segments gather: languages and vectors are made a slice at a time, over many contents at once."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

import pyarrow as pa

from strongroom.domain.analysis import AnalyzerSpec
from strongroom.domain.findings import Segment
from strongroom.domain.segments import Placement, segment_row, to_table
from strongroom.ports import Tools

SLICE_ROWS = 256
SLICE_CHARACTERS = 400_000
"""A slice is embedded when it has this many rows or characters, so that memory does not grow with the content."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """What every segment of one content repeats."""

    sha256: str
    """The content."""
    size: int
    """Bytes."""
    media_type: str
    """Media type."""
    type: str
    """Plain type."""
    placement: Placement
    """Where the catalog has it."""
    duration: float | None = None
    """Seconds that it takes, if it is a recording and this is known."""


Known: TypeAlias = tuple[datetime | None, float | None]
"""The content's own date, and its seconds if it is a recording, where they are known by now."""
Row: TypeAlias = tuple[Segment, AnalyzerSpec, Origin, int, float | None]
"""A segment, its analyzer, its content, its number among all that the analyzer yields of it, and the recording's seconds."""


class SegmentSink:
    """Takes segments of any contents, completes them, and gives Arrow record batches of the one schema."""

    def __init__(self, schema: pa.Schema, tools: Tools, write: Callable[[pa.RecordBatch], None]) -> None:
        """Make an empty sink.

        Args:
            schema: Of the segments table.
            tools: For languages and text vectors.
            write: Takes each finished slice.
        """
        self._schema = schema
        self._tools = tools
        self._write = write
        self._rows: list[Row] = []
        self._characters = 0

    def add(self, segment: Segment, spec: AnalyzerSpec, origin: Origin, *, number: int, known: Known) -> bool:
        """Take one segment.

        Args:
            segment: What the analyzer yielded.
            spec: The analyzer.
            origin: The content.
            number: How many segments the analyzer yielded of the content before it.
            known: What else is known of the content.

        Returns:
            Whether a slice was finished by it, which takes a second or so.
        """
        dated_at, duration = known
        if segment.taken_at is None and dated_at is not None:
            segment = replace(segment, taken_at=dated_at)
        self._rows.append((segment, spec, origin, number, duration))
        self._characters += len(segment.text)
        if len(self._rows) < SLICE_ROWS and self._characters < SLICE_CHARACTERS:
            return False
        self.flush()
        return True

    def flush(self) -> None:
        """Finish the open slice."""
        if not self._rows:
            return
        rows = [
            segment_row(
                segment,
                spec,
                number=number,
                sha256_hex=origin.sha256,
                size=origin.size,
                media_type=origin.media_type,
                type_=origin.type,
                placement=origin.placement,
                duration=duration,
            )
            for segment, spec, origin, number, duration in self._completed()
        ]
        self._rows, self._characters = [], 0
        for batch in to_table(rows, self._schema).to_batches():
            self._write(batch)

    def _completed(self) -> list[Row]:
        wanted = [i for i, (segment, *_) in enumerate(self._rows) if needs_vector(segment)]
        done = list(self._rows)
        if wanted:
            vectors = self._tools.text.embed([done[i][0].text for i in wanted])
            for i, vector in zip(wanted, vectors, strict=True):
                segment, spec, origin, number, duration = done[i]
                language = segment.language or self._tools.languages.detect(segment.text)
                done[i] = (replace(segment, text_vector=vector, language=language), spec, origin, number, duration)
        return done


def needs_vector(segment: Segment) -> bool:
    """Say whether a segment's text is still to be embedded: it has words, and no vector from its own analyzer."""
    own = (segment.text_vector, segment.label_vector, segment.image_vector)
    return bool(segment.text.strip()) and all(vector is None for vector in own)
