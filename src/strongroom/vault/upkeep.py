"""Upkeep: what killed processes left behind is swept, and vault and catalog are held against each other."""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from itertools import islice

from strongroom.domain.progress import OnProgress, Progress
from strongroom.domain.status import Fault
from strongroom.errors import StorageError
from strongroom.storage.catalog import Catalog, Transaction, containers, holders, holdings, landings, objects, removals, writers
from strongroom.storage.catalog.holders import Holder
from strongroom.storage.layout import Layout, temporary_folder, writer_of
from strongroom.storage.locks import WriterLock
from strongroom.storage.objects import Objects
from strongroom.vault.commit import Committer
from strongroom.vault.files import CHUNK
from strongroom.vault.source import Place

PAGE = 1000
COPIES_LAST = 24 * 3600
"""Seconds after which a file that was copied for a reader is taken for left behind."""


def sweep(catalog: Catalog, bodies: Objects, layout: Layout, committer: Committer) -> int:
    """Remove what killed processes left behind; see `Vault.sweep`."""
    removed = _sweep_garbage(catalog, bodies)
    with catalog.read() as tx:
        found = writers.all_ids(tx)
        gone = containers.deleted_ids(tx)
    for container_id in gone:
        purge(committer, container_id)
    for writer in found:
        lock = WriterLock(catalog, layout, writer)
        if lock.take():
            try:
                removed += _sweep_writer(catalog, bodies, writer)
            finally:
                lock.release()
    if bodies.directory is not None:
        _sweep_copies(bodies)
    return removed


def _sweep_garbage(catalog: Catalog, bodies: Objects) -> int:
    removed, last = 0, ""
    while True:
        with catalog.read() as tx:
            page = objects.garbage_after(tx, last, PAGE)
        if not page:
            return removed
        bodies.delete(page)
        with catalog.write() as tx:
            objects.forget(tx, [one for one, _ in page])
        removed, last = removed + len(page), page[-1][0]


def _sweep_writer(catalog: Catalog, bodies: Objects, writer: str) -> int:
    """Fence a dead writer first: whoever still holds one of its objects to adopt is refused from then on."""
    with catalog.write() as tx:
        writers.fence(tx, writer)
    removed = 0
    listing = bodies.list(writer)
    while page := list(islice(listing, PAGE)):
        with catalog.read() as tx:
            known = objects.known(tx, [one for one, _ in page])
        lost = [(one, place) for one, place in page if one not in known]
        bodies.delete(lost)
        removed += len(lost)
    with catalog.write() as tx:
        writers.remove(tx, writer)
    return removed


def _sweep_copies(bodies: Objects) -> None:
    assert bodies.directory is not None
    folder = temporary_folder(bodies.directory)
    for one in folder.iterdir() if folder.is_dir() else ():
        if time.time() - one.stat().st_mtime > COPIES_LAST:
            shutil.rmtree(one, ignore_errors=True)


def purge(committer: Committer, container_id: int) -> None:
    """Remove the rows and bytes of a deleted container, a page at a time; an interruption leaves the rest to a sweep."""

    def change(tx: Transaction) -> tuple[bool, frozenset[str]]:
        waiting = removals.drop_blocks(tx, container_id)
        found = removals.some_of_container(tx, container_id, PAGE)
        loosened = landings.drop(tx, [key for key, _ in found]) | waiting
        holdings.change(tx, placed={}, displaced={sha256 for _, sha256 in found if sha256})
        if not found:
            containers.remove(tx, container_id)
        return bool(found), loosened

    while committer.commit((), change):
        pass


class Check:
    """Holds the vault against the catalog; blobs may come and go meanwhile."""

    def __init__(
        self, catalog: Catalog, bodies: Objects, layout: Layout, place_of: Callable[[Holder], Place], on_progress: OnProgress
    ) -> None:
        """Take the parts."""
        self._catalog, self._bodies, self._layout = catalog, bodies, layout
        self._place_of, self._on_progress = place_of, on_progress

    def run(self, *, deep: bool) -> Iterator[Fault]:
        """Give what does not agree; deep reads every stored byte."""
        yield from self._objects()
        yield from self._sizes()
        yield from self._leftovers()
        if deep:
            yield from self._hashes()

    def _objects(self) -> Iterator[Fault]:
        last, done = "", 0
        while True:
            with self._catalog.read() as tx:
                page = objects.after(tx, last, PAGE)
            if not page:
                return
            found = self._bodies.sizes([(one, place) for one, place, _ in page])
            wrong = {one: size for one, _, size in page if found.get(one) != size}
            with self._catalog.read() as tx:
                still = objects.users(tx, list(wrong))
            for one in sorted(wrong.keys() & still.keys()):
                yield _object_fault(one, wrong[one], found.get(one), still[one])
            done, last = done + len(page), page[-1][0]
            self._on_progress(Progress(step="checking objects", done=done, total=None, unit="objects"))

    def _sizes(self) -> Iterator[Fault]:
        with self._catalog.read() as tx:
            wrong = holders.wrong_sums(tx)
        for name, size, total in wrong:
            detail = f"the blob has {size:,} bytes and its objects {total:,}: restore it, or delete it and add it again"
            yield Fault(kind="wrong-size", subject=name, detail=detail)

    def _leftovers(self) -> Iterator[Fault]:
        """Objects without a row are faults only if no process that lives may still be about to give them one."""
        alive: dict[str, bool] = {}
        listing = self._bodies.list()
        while page := list(islice(listing, PAGE)):
            with self._catalog.read() as tx:
                known = objects.known(tx, [one for one, _ in page])
            for one, _ in page:
                writer = writer_of(one)
                if one not in known and not alive.setdefault(writer, self._lives(writer)):
                    yield Fault(
                        kind="leftover-object",
                        subject=one,
                        detail="no blob needs this object: it only takes up space, and the next `strongroom add` sweeps it",
                    )

    def _lives(self, writer: str) -> bool:
        lock = WriterLock(self._catalog, self._layout, writer)
        if lock.take():
            lock.release()
            return False
        return True

    def _hashes(self) -> Iterator[Fault]:
        last, done = 0, 0
        while True:
            with self._catalog.read() as tx:
                page = holders.hashed(tx, after=last, limit=PAGE)
            if not page:
                return
            for holder in page:
                yield from self._hash(holder)
                done, last = done + 1, holder.version_id
                self._on_progress(Progress(step="reading blobs", done=done, total=None, detail=holder.name))

    def _hash(self, holder: Holder) -> Iterator[Fault]:
        digest = sha256()
        try:
            with self._place_of(holder).open() as stream:
                while chunk := stream.read(CHUNK):
                    digest.update(chunk)
        except FileNotFoundError:
            return  # deleted meanwhile, or told of as a missing object
        except StorageError as error:
            yield Fault(kind="missing-object", subject=holder.name, detail=str(error))
            return
        if digest.hexdigest() != holder.sha256:
            detail = f"its bytes have the SHA-256 {digest.hexdigest()} and had {holder.sha256}: restore it from a copy"
            yield Fault(kind="wrong-hash", subject=holder.name, detail=detail)


def _object_fault(object_id: str, size: int, found: int | None, users: Sequence[str]) -> Fault:
    whose = f"{', '.join(users[:3])}{' and others' if len(users) > 3 else ''}" or "nothing"  # noqa: PLR2004
    if found is None:
        detail = f"the vault lacks this object of {size:,} bytes, needed by {whose}: restore it from a copy of the vault"
        return Fault(kind="missing-object", subject=object_id, detail=detail)
    detail = f"the object has {found:,} bytes and should have {size:,}, needed by {whose}: restore it from a copy of the vault"
    return Fault(kind="wrong-size", subject=object_id, detail=detail)
