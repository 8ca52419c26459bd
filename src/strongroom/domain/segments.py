"""The one Arrow schema that travels from analyzer to hit."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

import numpy as np
import pyarrow as pa

from strongroom.domain.analysis import AnalyzerSpec
from strongroom.domain.findings import Segment, Vector

VECTORS = ("text_vector", "label_vector", "image_vector")
"""The vector columns; null where a segment has none."""


def segment_schema(text_dimension: int, picture_dimension: int) -> pa.Schema:
    """Give the schema of the segments table.

    Args:
        text_dimension: Length of ``text_vector`` and ``label_vector``.
        picture_dimension: Length of ``image_vector``.
    """
    text_vector = pa.list_(pa.float16(), text_dimension)
    return pa.schema(
        [
            pa.field("segment_id", pa.string(), nullable=False),
            pa.field("content_sha256", pa.string(), nullable=False),
            pa.field("containers", pa.list_(pa.string())),
            pa.field("kind", pa.string()),
            pa.field("type", pa.string()),
            pa.field("media_type", pa.string()),
            pa.field("extensions", pa.list_(pa.string())),
            pa.field("size", pa.int64()),
            pa.field("char_start", pa.int64()),
            pa.field("char_end", pa.int64()),
            pa.field("page", pa.int32()),
            pa.field("boxes", pa.list_(pa.float32())),
            pa.field("t_start", pa.float64()),
            pa.field("t_end", pa.float64()),
            pa.field("part", pa.string()),
            pa.field("text", pa.string()),
            pa.field("language", pa.string()),
            pa.field("text_vector", text_vector),
            pa.field("label_vector", text_vector),
            pa.field("image_vector", pa.list_(pa.float16(), picture_dimension)),
            pa.field("taken_at", pa.timestamp("us", "UTC")),
            pa.field("analyzer", pa.string()),
            pa.field("version", pa.int32()),
            pa.field("duration", pa.float64()),
        ]
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Placement:
    """What a content's segments repeat from the catalog, so that a search can filter before it ranks."""

    containers: tuple[int, ...]
    """Ids of the containers that hold the content, itself or inside a blob."""
    extensions: tuple[str, ...]
    """Lower-case extensions of its names, without the dot."""
    dated_at: datetime | None
    """The best date known from outside the bytes: the oldest file time (UTC)."""


def segment_id(sha256_hex: str, spec: AnalyzerSpec, number: int, segment: Segment) -> str:
    """Derive a segment's id from content, analyzer, version, its number in the run, kind and locator.

    The same bytes read by the same analyzer give the same ids, so that writing them twice changes nothing; the number keeps
    two segments apart that an analyzer puts in the same place.
    """
    key = f"{sha256_hex}|{spec.name}|{spec.version}|{number}|{segment.kind}|{segment.locator.key()}"
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def to_table(rows: Iterable[dict[str, object]], schema: pa.Schema) -> pa.Table:
    """Put rows into a table of the schema; a column that a row lacks is null."""
    columns: dict[str, list[object]] = {name: [] for name in schema.names}
    for row in rows:
        for name, column in columns.items():
            column.append(row.get(name))
    return pa.table({name: pa.array(column, schema.field(name).type) for name, column in columns.items()}, schema=schema)


def segment_row(
    segment: Segment,
    spec: AnalyzerSpec,
    *,
    number: int,
    sha256_hex: str,
    size: int,
    media_type: str,
    type_: str,
    placement: Placement,
    duration: float | None = None,
) -> dict[str, object]:
    """Give one row of the segments table.

    Args:
        segment: What the analyzer yielded.
        spec: The analyzer.
        number: How many segments the analyzer yielded of the content before it.
        sha256_hex: The content.
        size: Its bytes.
        media_type: Its media type.
        type_: Its plain type.
        placement: Where the catalog has it.
        duration: Seconds that it takes, if it is a recording.
    """
    locator = segment.locator
    return {
        "segment_id": segment_id(sha256_hex, spec, number, segment),
        "content_sha256": sha256_hex,
        "containers": [str(container) for container in placement.containers],
        "kind": segment.kind,
        "type": type_,
        "media_type": media_type,
        "extensions": list(placement.extensions),
        "size": size,
        "char_start": locator.char_start,
        "char_end": locator.char_end,
        "page": locator.page,
        "boxes": [edge for box in locator.boxes for edge in box] or None,
        "t_start": locator.t_start,
        "t_end": locator.t_end,
        "part": locator.part,
        "text": segment.text or None,
        "language": segment.language,
        "text_vector": _half(segment.text_vector),
        "label_vector": _half(segment.label_vector),
        "image_vector": _half(segment.image_vector),
        "taken_at": _utc(segment.taken_at or placement.dated_at),
        "analyzer": spec.name,
        "version": spec.version,
        "duration": duration,
    }


def _half(vector: Vector | None) -> object:
    return None if vector is None else np.asarray(vector, np.float16)


def _utc(instant: datetime | None) -> datetime | None:
    if instant is None:
        return None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
