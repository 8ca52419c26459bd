"""`browse`: a page of what a container holds, folded at the slashes of names."""

from strongroom.domain.container import Container
from strongroom.domain.folder import Folder
from strongroom.errors import UsageError
from strongroom.vault import Vault

MOST = 5000
"""Entries of a page."""


def browse(vault: Vault, container: Container, *, prefix: str, after: str, limit: int, folded: bool) -> Folder:
    """Give a page of a container.

    Args:
        vault: Where it is.
        container: The container.
        prefix: How names begin.
        after: Where to start, as the page before says; empty for the beginning.
        limit: Entries, at most.
        folded: Whether names are folded at their next ``/``.

    Raises:
        UsageError: The limit is none that can be.
    """
    if not 1 <= limit <= MOST:
        raise UsageError(f"limit is {limit}: it can be 1 to {MOST:,}")
    page = vault.list(container, prefix=prefix, delimiter="/" if folded else "", marker=after, limit=limit)
    return Folder(container=container, prefix=prefix, folders=page.prefixes, blobs=page.blobs, next=page.marker)
