"""What one client, and all together, may ask of the server."""

from dataclasses import dataclass
from typing import Self

from strongroom.domain.settings import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Bounds of a server; each is a setting."""

    header_bytes: int
    """Bytes of a request's first line and headers together."""
    target_bytes: int
    """Bytes of a request's URL."""
    header_seconds: float
    """Seconds in which the headers must have come."""
    body_seconds: float
    """Seconds for which a client may send nothing of its body, or read nothing of the answer."""
    keep_alive_seconds: int
    """Seconds for which a connection without a request stays open."""
    connections: int
    """Connections at a time."""
    uploads: int
    """Requests with a body that are worked on at a time; others wait."""
    threads: int
    """Requests without a body that are worked on at a time; others wait."""
    wait_seconds: float
    """Seconds for which a request waits for its turn."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Give the limits that a room's settings state."""
        return cls(
            header_bytes=settings.serve_header_bytes,
            target_bytes=settings.serve_target_bytes,
            header_seconds=settings.serve_header_seconds,
            body_seconds=settings.serve_body_seconds,
            keep_alive_seconds=settings.serve_keep_alive_seconds,
            connections=settings.serve_connections,
            uploads=settings.serve_uploads,
            threads=settings.serve_threads,
            wait_seconds=settings.serve_wait_seconds,
        )
