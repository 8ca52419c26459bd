"""What a copy of a blob has otherwise than its source."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from strongroom.domain.blob import Copy


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """What a copy has otherwise than its source; None takes what that has."""

    kind: str | None = None
    """``block`` makes a block blob of any; a copy of the same kind is refused where one of another kind is."""
    content_type: str | None = None
    """Its content type."""
    headers: Mapping[str, str] | None = None
    """Its further HTTP headers."""
    md5: bytes | None = None
    """MD5 of its bytes."""
    metadata: Mapping[str, str] | None = None
    """The user's own names and values."""
    tags: Mapping[str, str] | None = None
    """Index tags."""
    tier: str | None = None
    """Access tier; an archived source can be copied only with another one."""
    is_sealed: bool | None = False
    """Whether a copy of an append blob takes no more."""
    immutable_until: datetime | None = None
    """Until when it can be neither changed nor deleted (UTC); a copy does not take this over."""
    is_immutability_locked: bool = False
    """Whether that date can only be put off."""
    has_legal_hold: bool = False
    """Whether it is under legal hold."""
    is_archive_readable: bool = True
    """Whether an archived source may be copied at all, given a tier."""
    record: Copy | None = None
    """How it is told to be a copy: its id, source and status."""


AS_IT_IS = Changes()
