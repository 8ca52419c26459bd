"""Copies, and what is written from elsewhere."""

from strongroom.vault.contents import Contents


class Copies(Contents):
    """Copies, and what is written from elsewhere."""
