"""Contents: bytes, known by their SHA-256."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """Bytes that one or many blobs hold; analysed once."""

    sha256: str
    """64 hexadecimal digits."""
    size: int
    """Bytes."""
    media_type: str | None
    """What the bytes are, whatever their name says; None until the first analysis."""
    type: str | None
    """The plain type of `strongroom.domain.media`, such as ``image``."""
    depth: int
    """0 for a blob's content, 1 for a member of it, and so on (the least, where there are several)."""
    first_seen_at: datetime
    """UTC."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Name:
    """One place where a content is stored, as shown to a reader."""

    container: str
    """Name of the container."""
    blob: str
    """Name of the blob."""
    member: str = ""
    """Path inside the blob, levels separated by ``!/``; empty for the blob itself."""

    def __str__(self) -> str:
        """Give ``container/blob!/member``."""
        return f"{self.container}/{self.blob}" + (f"!/{self.member}" if self.member else "")
