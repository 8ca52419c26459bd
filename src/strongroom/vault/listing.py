"""Listing by name: pages of any size, by prefix, folded at a delimiter, without counting or skipping rows.

What is behind a common prefix is jumped over, not read: 0.3 ms for 20 prefixes of a million names, against 135 ms for
a DISTINCT over them (measured on SQLite).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from strongroom.domain.blob import Blob
from strongroom.domain.container import Container
from strongroom.storage.catalog import Catalog, Transaction, blobs
from strongroom.storage.names import LEAST, successor

GULP = 100
"""Rows read at a time while prefixes are folded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A part of a listing."""

    entries: tuple[Blob | str, ...]
    """Blobs, and common prefixes as text, in bytewise order of name."""
    marker: str | None
    """Where the next page starts; None at the end."""

    @property
    def blobs(self) -> tuple[Blob, ...]:
        """The blobs alone."""
        return tuple(one for one in self.entries if isinstance(one, Blob))

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The common prefixes alone."""
        return tuple(one for one in self.entries if isinstance(one, str))


def page(tx: Transaction, container: Container, *, prefix: str, delimiter: str, marker: str, limit: int) -> Page:
    """Give a page of current blobs; see `Vault.list`."""
    end = successor(prefix) if prefix else None
    start = max(prefix, marker)
    if not delimiter:
        found = blobs.page(tx, container, start=start, end=end, limit=limit + 1)
        return Page(entries=tuple(found[:limit]), marker=found[limit].name if len(found) > limit else None)
    entries: list[Blob | str] = []
    while True:
        found = blobs.page(tx, container, start=start, end=end, limit=min(GULP, limit + 1 - len(entries)))
        if not found:
            return Page(entries=tuple(entries), marker=None)
        for blob in found:
            if blob.name < start:
                continue  # inside a prefix that was folded already
            if len(entries) == limit:
                return Page(entries=tuple(entries), marker=start)
            folded = _fold(blob.name, prefix, delimiter)
            entries.append(blob if folded is None else folded)
            following = blob.name + LEAST if folded is None else successor(folded)
            if following is None:
                return Page(entries=tuple(entries), marker=None)
            start = following


def _fold(name: str, prefix: str, delimiter: str) -> str | None:
    at = name.find(delimiter, len(prefix))
    return None if at < 0 else name[: at + len(delimiter)]


def walk(catalog: Catalog, container: Container, prefix: str, gulp: int = 1000) -> Iterator[Blob]:
    """Give every current blob below a prefix, in bytewise order, a page at a time."""
    marker: str | None = ""
    while marker is not None:
        with catalog.read() as tx:
            found = page(tx, container, prefix=prefix, delimiter="", marker=marker, limit=gulp)
        yield from found.blobs
        marker = found.marker
