"""Listing by name: pages of any size, by prefix, folded at a delimiter, without counting or skipping rows.

What is behind a common prefix is jumped over, not read: 0.3 ms for 20 prefixes of a million names, against 135 ms for
a DISTINCT over them (measured on SQLite).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from strongroom.domain.blob import Blob
from strongroom.domain.container import Container
from strongroom.domain.lease import Lease
from strongroom.storage.catalog import Catalog, Transaction, blobs, leases
from strongroom.storage.catalog import listing as rows
from strongroom.storage.catalog.listing import PLAIN, Entry, Start, Wants
from strongroom.storage.names import successor
from strongroom.vault.contents import Contents


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A part of a listing with all that the protocol tells of it."""

    entries: tuple[Entry | str, ...]
    """Rows, and common prefixes as text, in bytewise order."""
    leases: Mapping[str, Lease]
    """Leases of the blobs, by name; those that never had one are left out."""
    tags: Mapping[int, Mapping[str, str]]
    """Tags by key of row, where they were asked for."""
    following: Start | None
    """Where the next page starts; None at the end."""


def listed(
    tx: Transaction,
    container: Container,
    *,
    prefix: str = "",
    delimiter: str = "",
    start: Start | None = None,
    limit: int = 5000,
    wants: Wants = PLAIN,
) -> Listed:
    """Give a page of a container's blobs; see `Listings.list_blobs`."""
    end = successor(prefix) if prefix else None
    begin = start or Start()
    if begin.name < prefix:
        begin = Start(name=prefix)
    found: list[Entry | str]
    if delimiter:
        found = rows.folded(tx, container.id, wants, prefix=prefix, delimiter=delimiter, start=begin, end=end, limit=limit + 1)
    else:
        found = list(rows.flat(tx, container.id, wants, start=begin, end=end, limit=limit + 1))
    shown = found[:limit]
    blobs_shown = [one for one in shown if not isinstance(one, str)]
    held = _held(tx, container, [one.name for one in blobs_shown], is_folded=bool(delimiter))
    tags = rows.tags_of(tx, blobs_shown) if wants.tags else {}
    following = _following(shown[-1], found[limit]) if len(found) > limit else None
    return Listed(entries=tuple(shown), leases=held, tags=tags, following=following)


def _held(tx: Transaction, container: Container, names: Sequence[str], *, is_folded: bool) -> Mapping[str, Lease]:
    """Give the leases of names in order; what is folded between them may have any number."""
    if is_folded or not names:
        return leases.among(tx, container.id, names)
    return leases.between(tx, container.id, names[0], names[-1])


def _following(last: Entry | str, then: Entry | str) -> Start:
    if isinstance(last, str):
        return Start(name=last, is_after=True)
    if not isinstance(then, str) and then.name == last.name:
        return Start(name=last.name, version=last.version)
    return Start(name=last.name, is_after=True)


class Listings(Contents):
    """Lists of a container's blobs."""

    def list_blobs(
        self,
        container: Container,
        *,
        prefix: str = "",
        delimiter: str = "",
        start: Start | None = None,
        limit: int = 5000,
        wants: Wants = PLAIN,
    ) -> Listed:
        """Give a page of a container's blobs in bytewise order of name, with snapshots, versions and more where asked.

        Args:
            container: Of which.
            prefix: Only names that begin so.
            delimiter: Names are folded after its first occurrence behind the prefix.
            start: Where to start; None for the beginning.
            limit: Entries on the page, at least 1.
            wants: What is listed, and what is told of it.
        """
        with self._catalog.read() as tx:
            return listed(tx, container, prefix=prefix, delimiter=delimiter, start=start, limit=limit, wants=wants)


def page(tx: Transaction, container: Container, *, prefix: str, delimiter: str, marker: str, limit: int) -> Page:
    """Give a page of current blobs; see `Vault.list`."""
    end = successor(prefix) if prefix else None
    start = max(prefix, marker)
    if not delimiter:
        flat = blobs.page(tx, container, start=start, end=end, limit=limit + 1)
        return Page(entries=tuple(flat[:limit]), marker=flat[limit].name if len(flat) > limit else None)
    names = rows.folded(
        tx, container.id, PLAIN, prefix=prefix, delimiter=delimiter, start=Start(name=start), end=end, limit=limit + 1
    )
    plain = [one.name for one in names[:limit] if not isinstance(one, str)]
    found = list(blobs.current_rows(tx, container.id, plain).values())
    known = {blob.name: blob for blob in blobs.blobs_of(tx, container.name, found)}
    told = (one if isinstance(one, str) else known.get(one.name) for one in names[:limit])
    entries = tuple(one for one in told if one is not None)  # on PostgreSQL one may be gone since the names were read
    then = names[limit] if len(names) > limit else None
    return Page(entries=entries, marker=then if then is None or isinstance(then, str) else then.name)


def walk(catalog: Catalog, container: Container, prefix: str, gulp: int = 1000) -> Iterator[Blob]:
    """Give every current blob below a prefix, in bytewise order, a page at a time."""
    marker: str | None = ""
    while marker is not None:
        with catalog.read() as tx:
            found = page(tx, container, prefix=prefix, delimiter="", marker=marker, limit=gulp)
        yield from found.blobs
        marker = found.marker
