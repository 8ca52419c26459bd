"""What is changed of a blob without its bytes: metadata, headers, tier, tags, holds; and what is deleted, restored."""

from strongroom.vault.contents import Contents


class Properties(Contents):
    """What is changed of a blob without its bytes: metadata, headers, tier, tags, holds; and what is deleted, restored."""
