"""Access tiers: https://learn.microsoft.com/rest/api/storageservices/set-blob-tier."""

from strongroom.errors import Conflict, UsageError

HOT, COOL, COLD, ARCHIVE = "Hot", "Cool", "Cold", "Archive"
BLOCK_TIERS = (HOT, COOL, COLD, ARCHIVE)
"""Of block blobs, each cheaper to keep than the one before."""

GIB = 1 << 30
PAGE_TIERS = {
    "P4": 32 * GIB,
    "P6": 64 * GIB,
    "P10": 128 * GIB,
    "P15": 256 * GIB,
    "P20": 512 * GIB,
    "P30": 1024 * GIB,
    "P40": 2048 * GIB,
    "P50": 4096 * GIB,
    "P60": 8192 * GIB,
    "P70": 16384 * GIB,
    "P80": 32768 * GIB,
}
"""Of page blobs, in rising order, with the bytes that one may have in each."""

_SPELT = {one.lower(): one for one in (*BLOCK_TIERS, *PAGE_TIERS)}


def spelt(text: str) -> str | None:
    """Give a tier as it is spelt, whatever the letters' case; None where there is none of this name."""
    return _SPELT.get(text.strip().lower())


def check(tier: str, *, kind: str, size: int = 0, present: str | None = None) -> None:
    """Refuse a tier that a blob cannot have.

    Args:
        tier: As `spelt` gives it.
        kind: ``block``, ``append`` or ``page``.
        size: The blob's bytes.
        present: The tier that it is in.

    Raises:
        UsageError: Blobs of this kind are in no such tier (``AccessTierNotSupportedForBlobType``).
        Conflict: A page blob has a higher one (``CannotChangeToLowerTier``), or is too large for this one.
    """
    if (kind == "block" and tier not in BLOCK_TIERS) or (kind == "page" and tier not in PAGE_TIERS) or kind == "append":
        raise UsageError(f"a blob of kind {kind} cannot be in tier {tier}", code="AccessTierNotSupportedForBlobType")
    if kind != "page":
        return
    if size > PAGE_TIERS[tier]:
        raise Conflict(f"the blob is too large for tier {tier}", code="BlobTierInadequateForContentLength")
    if present in PAGE_TIERS and PAGE_TIERS[present] > PAGE_TIERS[tier]:
        raise Conflict(f"the blob is in tier {present} already, which is higher", code="CannotChangeToLowerTier")
