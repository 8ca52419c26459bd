"""Containers: named sets of blobs, stored or mounted."""

from dataclasses import dataclass, field
from datetime import datetime

STORED, MOUNTED = "stored", "mounted"


@dataclass(frozen=True, kw_only=True, slots=True)
class Container:
    """A named set of blobs; the unit of access, retention and policy."""

    id: int
    """The catalog's key; never used again for another container."""
    name: str
    """Azure's rule: 3 to 63 of a-z, 0-9 and single hyphens."""
    kind: str
    """``stored``: bytes are in the vault. ``mounted``: bytes stay where they are and are only read."""
    url: str | None
    """Where a mount's bytes are: ``file:///…``, ``s3://…``, ``az://…``, ``gs://…``."""
    etag: str
    """Changes with every change of the container's own properties."""
    created_at: datetime
    """UTC."""
    modified_at: datetime
    """UTC."""
    metadata: dict[str, str] = field(default_factory=dict)
    """The user's own names and values."""
    keeps_versions: bool = False
    """Whether a blob that is overwritten or deleted stays as an earlier version."""
