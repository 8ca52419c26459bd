"""What was looked up since the catalog last changed: as long as nothing is written, it need not be looked up again."""

import threading
from collections import OrderedDict
from typing import Any

from strongroom.vault.read import Pieces

MOST = 8192
"""Entries that are kept: some 40 MiB of blobs that have much to tell."""
MOST_PIECES = 100_000
"""Pieces of blobs of many that are kept: some 35 MiB."""


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


class Many:
    """The pieces of blobs that have many, whatever else is written meanwhile; any number of threads may use it.

    A download asks for one range after another, and to load 50,000 pieces for each takes a third of a second.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._guard = threading.Lock()
        self._found: OrderedDict[tuple[int, str], Pieces] = OrderedDict()
        self._count = 0

    def get(self, version_id: int, etag: str) -> Pieces | None:
        """Give the pieces of a version, as they are as long as it has an etag."""
        with self._guard:
            found = self._found.get((version_id, etag))
            if found is not None:
                self._found.move_to_end((version_id, etag))
            return found

    def keep(self, version_id: int, etag: str, pieces: Pieces) -> None:
        """Keep pieces; what was not asked for longest is forgotten, also where there is but one of more than are kept."""
        with self._guard:
            if (version_id, etag) in self._found:
                return
            self._found[version_id, etag] = pieces
            self._count += len(pieces)
            while self._count > MOST_PIECES:
                self._count -= len(self._found.popitem(last=False)[1])

    def drop(self, version_id: int, etag: str) -> None:
        """Forget the pieces of a version, whose objects were not where they were said to be."""
        with self._guard:
            self._count -= len(self._found.pop((version_id, etag), ()))
