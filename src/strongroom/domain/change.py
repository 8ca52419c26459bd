"""The change feed: what happened to blobs, in order."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One thing that happened to one blob."""

    id: int
    """Rises with every change."""
    at: datetime
    """When (UTC)."""
    event: str
    """``BlobCreated``, ``BlobContentUpdated`` (an append, or pages), ``BlobDeleted``, ``BlobUndeleted``,
    ``BlobPropertiesUpdated``, ``BlobSnapshotCreated`` or ``BlobTierChanged``."""
    container: str
    """The container's name, as it was then."""
    name: str
    """The blob's name."""
    version: str
    """The version that was made, changed or deleted."""
    etag: str
    """Its etag."""
    kind: str
    """``block``, ``append`` or ``page``."""
    size: int
    """Its bytes."""
    content_type: str
    """As its writer gave it."""
