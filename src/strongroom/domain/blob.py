"""Blobs: named files in a container, with versions."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Blob:
    """One version of a named file in a container."""

    id: int
    """The catalog's key of this version."""
    container: str
    """Name of the container."""
    name: str
    """As the user gave it; may hold ``/``; at most 1,024 characters. Never a path of the vault."""
    version: str
    """Version id: the UTC instant of writing in Azure's form, unique within the blob."""
    is_current: bool
    """Whether a read without a version gives this one."""
    size: int
    """Bytes."""
    etag: str
    """Changes with every change of the bytes or properties."""
    content_type: str
    """As given by the writer, else ``application/octet-stream``; analysis does not trust it."""
    sha256: str | None
    """SHA-256 of the bytes, in hexadecimal; None until a fingerprint step has read bytes that came out of order."""
    md5: bytes | None
    """MD5 of the bytes, where the writer gave or asked for it."""
    created_at: datetime
    """When the first version was written (UTC)."""
    modified_at: datetime
    """When this version was last changed (UTC); for a mount, the source's own time."""
    metadata: dict[str, str] = field(default_factory=dict)
    """The user's own names and values."""
    tags: dict[str, str] = field(default_factory=dict)
    """Index tags."""
