"""Leases of blobs and containers."""

from strongroom.vault.contents import Contents


class Leases(Contents):
    """Leases of blobs and containers."""
