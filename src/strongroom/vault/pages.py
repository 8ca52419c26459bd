"""Page blobs: pages put, cleared, listed and compared."""

from strongroom.vault.contents import Contents


class Pages(Contents):
    """Page blobs: pages put, cleared, listed and compared."""
