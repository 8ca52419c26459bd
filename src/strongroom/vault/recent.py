"""What was looked up since the catalog last changed: as long as nothing is written, it need not be looked up again."""

from typing import Any

MOST = 8192
"""Entries that are kept: some 40 MiB of blobs that have much to tell."""


class Recent:
    """Found things, by key, as of one revision of the catalog; any number of threads may use it."""

    def __init__(self) -> None:
        """Begin with none."""
        self._state: tuple[object, dict[tuple[object, ...], Any]] = (None, {})

    def get(self, revision: object, key: tuple[object, ...]) -> Any | None:
        """Give what was found under a key in the same revision; None where nothing was."""
        known, found = self._state
        return found.get(key) if known == revision else None

    def keep(self, revision: object, key: tuple[object, ...], value: Any) -> None:
        """Keep what was found in a revision; what was found in others is forgotten."""
        known, found = self._state
        if known != revision or len(found) >= MOST:
            found = {}
            self._state = (revision, found)
        found[key] = value
