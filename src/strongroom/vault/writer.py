"""This process as a writer of objects: its id, its locks, and the streams that it makes durable."""

import os
import secrets
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import md5 as new_md5
from hashlib import sha256 as new_sha256
from itertools import chain, count

from strongroom.domain.chunk import Chunk
from strongroom.domain.outcome import KeptObject
from strongroom.storage.catalog import Catalog, writers
from strongroom.storage.layout import WRITER_DIGITS, Layout, object_id
from strongroom.storage.locks import WriterLock
from strongroom.storage.objects import FILE, PACK, SMALL, Objects

LARGE = 256 << 10
"""Bytes of a chunk from which a second thread pays."""


class Digest:
    """Hashes and counts what streams through."""

    def __init__(self, *, with_md5: bool) -> None:
        """Begin."""
        self._sha256 = new_sha256()
        self._md5 = new_md5(usedforsecurity=False) if with_md5 else None
        self.size = 0

    def through(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """Pass chunks on; of large ones the MD5, the slowest, is computed beside the SHA-256 and whatever the taker does."""
        with ThreadPoolExecutor(1, thread_name_prefix="md5") as pool:  # no thread before it is asked
            beside: Future[None] | None = None
            for chunk in chunks:
                if beside is not None:
                    beside.result()
                beside = self._md5_beside(pool, chunk)
                self._sha256.update(chunk)
                self.size += len(chunk)
                yield chunk
            if beside is not None:
                beside.result()

    def _md5_beside(self, pool: ThreadPoolExecutor, chunk: Chunk) -> "Future[None] | None":
        if self._md5 is None:
            return None
        if len(chunk) >= LARGE:
            return pool.submit(self._md5.update, chunk)
        self._md5.update(chunk)
        return None

    def kept(self, object_id: str, place: str) -> KeptObject:
        """Give what was hashed, as an object."""
        return KeptObject(
            object_id=object_id,
            place=place,
            size=self.size,
            sha256=self._sha256.hexdigest(),
            md5=None if self._md5 is None else self._md5.digest(),
        )


class Writer:
    """Makes objects under ids of its own; any number of threads may use it.

    It registers when its first object is made and holds a lock as long as the process lives, so that `sweep` can tell
    objects that are about to be adopted from those that a killed process left behind. A forked child becomes a writer
    of its own.
    """

    def __init__(self, catalog: Catalog, objects: Objects, layout: Layout) -> None:
        """Prepare, without registering."""
        self._catalog, self._objects, self._layout = catalog, objects, layout
        self._guard = threading.Lock()
        self._pid = os.getpid()
        self._begin()

    def _begin(self) -> None:
        self._id: str | None = None
        self._lock: WriterLock | None = None
        self._numbers = count()
        self._open: set[str] = set()

    def keep(self, chunks: Iterable[Chunk], *, with_md5: bool = False) -> KeptObject:
        """Make a stream durable as one object, in constant memory.

        Raises:
            StorageFull: No space is left; nothing stays behind.
        """
        digest = Digest(with_md5=with_md5)
        stream = digest.through(chunks)
        head = list(_up_to(stream, SMALL))
        if digest.size == 0:
            return digest.kept("", PACK)
        place = self._objects.small_place if digest.size <= SMALL else FILE
        new = self.new_id()
        try:
            if place == PACK:
                self._objects.write_packed({new: b"".join(head)})
            else:
                self._objects.write(new, chain(head, stream))
        except BaseException:
            self.settle([new])  # neither store leaves anything of a write that raised
            raise
        return digest.kept(new, place)

    def new_id(self) -> str:
        """Give the id of an object that is about to be written."""
        with self._guard:
            if self._pid != os.getpid():
                self._pid = os.getpid()
                if self._lock is not None:
                    self._lock.leave()
                self._begin()
            if self._id is None:
                self._register()
            assert self._id is not None
            new = object_id(self._id, next(self._numbers))
            self._open.add(new)
            return new

    def _register(self) -> None:
        new = secrets.token_hex(WRITER_DIGITS // 2)
        lock = WriterLock(self._catalog, self._layout, new)
        if not lock.take():
            raise AssertionError(f"two writers drew the id {new}")  # one in 2^64
        try:
            with self._catalog.write() as tx:
                writers.register(tx, new)
        except BaseException:
            lock.release()
            raise
        self._id, self._lock = new, lock

    def settle(self, ids: Iterable[str]) -> None:
        """Say that objects have got their rows, or that their bytes are removed again."""
        with self._guard:
            self._open.difference_update(ids)

    def discard(self, kept: KeptObject) -> None:
        """Remove an object that got no row."""
        if kept.object_id and kept.is_new:
            self._objects.delete([(kept.object_id, kept.place)])
            self.settle([kept.object_id])

    def close(self) -> None:
        """Give the lock back; the writer's row stays if an object may still lack its own, so that a sweep looks."""
        with self._guard:
            if self._id is None or self._lock is None or self._pid != os.getpid():
                return
            if not self._open:
                with self._catalog.write() as tx:
                    writers.remove(tx, self._id)
            self._lock.release()
            self._begin()


def _up_to(stream: Iterator[Chunk], size: int) -> Iterator[Chunk]:
    """Give chunks until there are more than so many bytes, or no more; all may be kept while the next one is asked for."""
    taken = 0
    for chunk in stream:
        taken += len(chunk)
        if taken > size:
            yield chunk
            return
        yield bytes(chunk)
