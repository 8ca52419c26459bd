"""A part of what a container holds, as a reader browses it."""

from dataclasses import dataclass

from strongroom.domain.blob import Blob
from strongroom.domain.container import Container


@dataclass(frozen=True, kw_only=True, slots=True)
class Folder:
    """Blobs and folders whose names begin alike, a page of them."""

    container: Container
    """Where."""
    prefix: str
    """How their names begin."""
    folders: tuple[str, ...]
    """Beginnings of names up to the next ``/``, behind which there is more."""
    blobs: tuple[Blob, ...]
    """Blobs, by name."""
    next: str | None
    """Give it as ``after`` for the next page; None at the end."""
