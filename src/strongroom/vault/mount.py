"""Mounted containers: how a look at the place becomes rows, and how a mounted version is read."""

import mimetypes
from collections.abc import Iterator
from itertools import islice

from strongroom.domain.container import MOUNTED, Container
from strongroom.domain.progress import OnProgress, Progress
from strongroom.domain.status import Scanned
from strongroom.errors import NameRefused, SourceChanged, UsageError
from strongroom.storage.catalog import Transaction, blobs, landings, removals
from strongroom.storage.catalog.blobs import DEFAULT_TYPE
from strongroom.storage.catalog.holders import Holder
from strongroom.storage.catalog.landings import Landing
from strongroom.storage.mounts import Listed, Mount, Spool
from strongroom.storage.names import LEAST, check_blob_name
from strongroom.vault.commit import Committer
from strongroom.vault.source import Place

PAGE = 1000


def mounted_place(mount: Mount, holder: Holder) -> Place:
    """Give the place of a mounted version, which must still be what it was when it was listed."""

    def verify() -> None:
        present = mount.look(holder.name)
        if present is None or present.stamp != holder.stamp:
            raise SourceChanged(
                f"{holder.name} in {holder.url} has changed since it was listed: `strongroom analyze` looks again"
            )

    return Place(
        name=holder.name, open=lambda: mount.open(holder.name), file=mount.path(holder.name), is_ours=False, verify=verify
    )


class Scan:
    """One look at a mount, from its listing to rows."""

    def __init__(self, container: Container, mount: Mount, committer: Committer, on_progress: OnProgress) -> None:
        """Take the parts.

        Raises:
            UsageError: The container is not a mount.
        """
        if container.kind != MOUNTED:
            raise UsageError(f"{container.name} is not a mount: its blobs change only by `strongroom add`")
        self._container, self._mount, self._committer, self._on_progress = container, mount, committer, on_progress
        self._added = self._changed = self._deleted = self._unchanged = self._refused = 0

    def run(self) -> Scanned:
        """List the place, then apply what differs, a page at a time; an interruption leaves the rest for the next look."""
        spool = Spool()
        try:
            spool.fill(self._watched())
            self._apply(iter(spool))
        finally:
            spool.close()
        return Scanned(
            container=self._container.name,
            added=self._added,
            changed=self._changed,
            deleted=self._deleted,
            unchanged=self._unchanged,
            ignored=self._mount.ignored + self._refused,
        )

    def _watched(self) -> Iterator[Listed]:
        for number, listed in enumerate(self._mount.list(), 1):
            if number % PAGE == 0:
                self._on_progress(Progress(step="listing", done=number, total=None, detail=listed.name))
            try:
                check_blob_name(listed.name)
            except NameRefused:
                self._refused += 1
                continue
            yield listed

    def _apply(self, listing: Iterator[Listed]) -> None:
        """Merge the listing and the rows, both in order of name."""
        start = ""
        while page := list(islice(listing, PAGE)):
            start = self._merge(page, start, page[-1].name)
        self._merge([], start, None)

    def _merge(self, page: list[Listed], start: str, last: str | None) -> str:
        """Bring the names from ``start`` to ``last`` in line; gives where the next page starts."""
        end = None if last is None else last + LEAST

        def change(tx: Transaction) -> tuple[tuple[int, int, int, int], frozenset[str]]:
            before = blobs.stamped(tx, self._container, start=start, end=end)
            new = [one for one in page if before.get(one.name) != one.stamp]
            gone = [name for name in before if name not in names]
            if new:
                landings.land(tx, self._container, [_landing(one) for one in new])
            if gone:
                removals.remove_all(tx, self._container, gone)
            added = sum(one.name not in before for one in new)
            return (added, len(new) - added, len(gone), len(page) - len(new)), frozenset()

        names = {one.name for one in page}
        added, changed, deleted, unchanged = self._committer.commit((), change)
        self._added += added
        self._changed += changed
        self._deleted += deleted
        self._unchanged += unchanged
        return end or ""


def _landing(listed: Listed) -> Landing:
    return Landing(
        name=listed.name,
        size=listed.size,
        pieces=(),
        sha256=None,
        content_type=mimetypes.guess_type(listed.name, strict=False)[0] or DEFAULT_TYPE,
        stamp=listed.stamp,
        modified_at=listed.modified_at,
    )
