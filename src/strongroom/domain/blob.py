"""Blobs: named files in a container, with versions."""

from dataclasses import dataclass, field
from datetime import datetime

from strongroom.domain.lease import Lease


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """How a blob came to be a copy of another."""

    id: str
    """A UUID."""
    source: str
    """URL of what was copied, without its signature."""
    status: str
    """``pending``, ``success``, ``aborted`` or ``failed``."""
    done: int
    """Bytes copied."""
    total: int
    """Bytes to copy."""
    completed_at: datetime | None = None
    """When it ended (UTC)."""
    description: str = ""
    """Why it failed."""
    is_incremental: bool = False
    """Whether it is an incremental copy of a page blob's snapshot."""


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
    kind: str = "block"
    """``block``, ``append`` or ``page``."""
    headers: dict[str, str] = field(default_factory=dict)
    """HTTP headers to give back, by lower-case name: ``cache-control``, ``content-disposition``, ``content-encoding``,
    ``content-language``."""
    is_snapshot: bool = False
    """Whether this version was taken as a snapshot."""
    tier: str | None = None
    """Access tier as it was set: ``Hot``, ``Cool``, ``Cold``, ``Archive``, ``P10`` and so on; None for the default."""
    tier_changed_at: datetime | None = None
    """When the tier was set (UTC)."""
    rehydrating_to: str | None = None
    """The tier to which an archived blob is on its way."""
    copy: Copy | None = None
    """How it came to be a copy; None for what was written here."""
    sequence_number: int = 0
    """Of a page blob, as its writers count."""
    is_sealed: bool = False
    """Whether an append blob takes no more."""
    immutable_until: datetime | None = None
    """Until when the version can be neither changed nor deleted (UTC)."""
    is_immutability_locked: bool = False
    """Whether that date can only be put off."""
    has_legal_hold: bool = False
    """Whether the version can be neither changed nor deleted until the hold is lifted."""
    deleted_at: datetime | None = None
    """When it was deleted, where it can still be restored (UTC)."""
    purge_at: datetime | None = None
    """When a deleted version goes for good (UTC)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What is told of a blob at one moment."""

    blob: Blob
    """The version."""
    lease: Lease | None = None
    """Who alone may write it; None where nobody ever asked for that, and for all but the current version."""
    blocks: int | None = None
    """How often it was appended to; None of what is no append blob."""
