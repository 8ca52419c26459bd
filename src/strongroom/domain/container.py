"""Containers: named sets of blobs, stored or mounted."""

from dataclasses import dataclass, field
from datetime import datetime

STORED, MOUNTED = "stored", "mounted"


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessPolicy:
    """A stored access policy: what a SAS that names it inherits, and loses when the policy goes."""

    id: str
    """At most 64 characters."""
    start: datetime | None = None
    """From when (UTC)."""
    expiry: datetime | None = None
    """Until when (UTC)."""
    permission: str = ""
    """Letters of Azure's SAS permissions."""


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
    public: str = "none"
    """What anybody may read without signing in: ``none``, ``blob`` (blobs of a known name) or ``container`` (listing too)."""
    access_policies: tuple[AccessPolicy, ...] = ()
    """Stored access policies, to which a SAS may refer."""
    legal_holds: tuple[str, ...] = ()
    """Tags of the legal holds on all that it holds; while there is one, nothing in it is changed or deleted."""
    immutable_days: int = 0
    """Days after its last change in which a blob here can be neither changed nor deleted; 0 for none."""
    is_immutability_locked: bool = False
    """Whether those days can only become more."""
    deleted_at: datetime | None = None
    """When it was deleted, where it can still be restored (UTC)."""
    purge_at: datetime | None = None
    """When a deleted container goes for good (UTC)."""
