"""Inventories: every version of a container as a table, with the columns of Azure's blob inventory.

https://learn.microsoft.com/azure/storage/blobs/blob-inventory
"""

import csv
import io
import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from strongroom.domain.blob import Blob
from strongroom.domain.lease import Lease, LeaseState
from strongroom.errors import UsageError

BATCH = 5000
"""Rows that are held at a time."""

KINDS = {"block": "BlockBlob", "append": "AppendBlob", "page": "PageBlob"}
KEPT = {
    "Cache-Control": "cache-control",
    "Content-Encoding": "content-encoding",
    "Content-Language": "content-language",
    "Content-Disposition": "content-disposition",
}

TIME = pa.timestamp("ms", tz="UTC")
COLUMNS: Mapping[str, pa.DataType] = {
    "Name": pa.string(),
    "Creation-Time": TIME,
    "Last-Modified": TIME,
    "ETag": pa.string(),
    "Content-Length": pa.int64(),
    "Content-Type": pa.string(),
    "Content-MD5": pa.string(),
    **dict.fromkeys(KEPT, pa.string()),
    "BlobType": pa.string(),
    "AccessTier": pa.string(),
    "AccessTierChangeTime": TIME,
    "AccessTierInferred": pa.bool_(),
    "ArchiveStatus": pa.string(),
    "Metadata": pa.string(),
    "Tags": pa.string(),
    "TagCount": pa.int64(),
    "Snapshot": pa.string(),
    "VersionId": pa.string(),
    "IsCurrentVersion": pa.bool_(),
    "Deleted": pa.bool_(),
    "DeletedTime": TIME,
    "RemainingRetentionDays": pa.int64(),
    "LeaseStatus": pa.string(),
    "LeaseState": pa.string(),
    "LeaseDuration": pa.string(),
    "ServerEncrypted": pa.bool_(),
    "CopyId": pa.string(),
    "CopyStatus": pa.string(),
    "CopySource": pa.string(),
    "CopyProgress": pa.string(),
    "CopyCompletionTime": TIME,
    "CopyStatusDescription": pa.string(),
    "ImmutabilityPolicyUntilDate": TIME,
    "ImmutabilityPolicyMode": pa.string(),
    "LegalHold": pa.bool_(),
    "x-ms-blob-sequence-number": pa.int64(),
    "Content-SHA256": pa.string(),
}
"""Columns with their types in Parquet. The last one is Strongroom's own; the others are spelt as Azure does."""

Row = dict[str, object]


def row_of(blob: Blob, lease: Lease | None, at: datetime) -> Row:
    """Give a version as a row of an inventory.

    Args:
        blob: The version.
        lease: Its lease, if it ever had one.
        at: The moment from which remaining days count.
    """
    return {
        "Name": f"{blob.container}/{blob.name}",
        "Creation-Time": blob.created_at,
        "Last-Modified": blob.modified_at,
        "ETag": blob.etag,
        "Content-Length": blob.size,
        "Content-Type": blob.content_type or None,
        "Content-MD5": None if blob.md5 is None else b64encode(blob.md5).decode("ascii"),
        **{column: blob.headers.get(kept) for column, kept in KEPT.items()},
        "BlobType": KINDS[blob.kind],
        "Metadata": json.dumps(blob.metadata, ensure_ascii=False) if blob.metadata else None,
        "Tags": json.dumps(blob.tags, ensure_ascii=False) if blob.tags else None,
        "TagCount": len(blob.tags),
        "Snapshot": blob.version if blob.is_snapshot else None,
        "VersionId": None if blob.is_snapshot else blob.version,
        "IsCurrentVersion": blob.is_current,
        "ServerEncrypted": True,
        "LegalHold": blob.has_legal_hold,
        "x-ms-blob-sequence-number": blob.sequence_number if blob.kind == "page" else None,
        "Content-SHA256": blob.sha256,
        **_tier(blob),
        **_deleted(blob, at),
        **_lease(lease),
        **_copy(blob),
        **_policy(blob),
    }


def _tier(blob: Blob) -> Row:
    inferred = blob.tier is None and blob.kind == "block"
    pending = blob.rehydrating_to
    return {
        "AccessTier": "Hot" if inferred else blob.tier,
        "AccessTierChangeTime": blob.tier_changed_at,
        "AccessTierInferred": inferred,
        "ArchiveStatus": None if pending is None else f"rehydrate-pending-to-{pending.lower()}",
    }


def _deleted(blob: Blob, at: datetime) -> Row:
    left = None if blob.purge_at is None else max(0, (blob.purge_at - at).days)
    return {"Deleted": blob.deleted_at is not None, "DeletedTime": blob.deleted_at, "RemainingRetentionDays": left}


def _lease(lease: Lease | None) -> Row:
    if lease is None:
        return {"LeaseStatus": "unlocked", "LeaseState": LeaseState.AVAILABLE.value, "LeaseDuration": None}
    lasting = ("infinite" if lease.is_infinite else "fixed") if lease.state is LeaseState.LEASED else None
    status = "locked" if lease.is_active else "unlocked"
    return {"LeaseStatus": status, "LeaseState": lease.state.value, "LeaseDuration": lasting}


def _copy(blob: Blob) -> Row:
    copy = blob.copy
    return {
        "CopyId": copy and copy.id,
        "CopyStatus": copy and copy.status,
        "CopySource": copy and copy.source,
        "CopyProgress": copy and f"{copy.done}/{copy.total}",
        "CopyCompletionTime": copy and copy.completed_at,
        "CopyStatusDescription": (copy and copy.description) or None,
    }


def _policy(blob: Blob) -> Row:
    until = blob.immutable_until
    mode = None if until is None else "Locked" if blob.is_immutability_locked else "Unlocked"
    return {"ImmutabilityPolicyUntilDate": until, "ImmutabilityPolicyMode": mode}


def write_csv(rows: Iterable[Row], out: BinaryIO) -> int:
    """Write rows as CSV in UTF-8, with a line of names; gives how many there were."""
    text = io.TextIOWrapper(out, "utf-8", errors="backslashreplace", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    count = 0
    for row in rows:
        writer.writerow(_plain(row[name]) for name in COLUMNS)
        count += 1
    text.detach()
    return count


def write_json(rows: Iterable[Row], out: BinaryIO) -> int:
    """Write rows as JSON, one a line; gives how many there were."""
    count = 0
    for row in rows:
        document = {name: row[name] if isinstance(row[name], bool | int) else _plain(row[name]) for name in COLUMNS}
        shown = {name: value for name, value in document.items() if value != ""}
        out.write(json.dumps(shown, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
        count += 1
    return count


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def write_parquet(rows: Iterable[Row], out: BinaryIO) -> int:
    """Write rows as Parquet, some thousands at a time; gives how many there were."""
    schema = pa.schema(list(COLUMNS.items()))
    count = 0
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for batch in _batches(rows):
            writer.write_table(pa.Table.from_pylist(batch, schema=schema))
            count += len(batch)
    return count


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, BATCH)):
        yield batch


FORMS: Mapping[str, Callable[[Iterable[Row], BinaryIO], int]] = {
    "csv": write_csv,
    "json": write_json,
    "parquet": write_parquet,
}
"""How each form is written."""


def form_of(name: str) -> str:
    """Give the form that a file's ending names.

    Raises:
        UsageError: There is none of this ending.
    """
    ending = name.rpartition(".")[2].lower()
    if ending not in FORMS:
        raise UsageError(f"{name} has none of the endings .csv, .json and .parquet: say --csv, --json or --parquet")
    return ending
