"""The segments table: one Lance dataset, kept open, written by merging on the segment's id.

See https://lance.org for the format. Every write is a new version, so readers never wait for writers.
"""

import errno
import os
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Lock, RLock
from typing import Any, TypeVar

import pyarrow as pa

from strongroom.domain.segments import VECTORS, Placement, segment_schema
from strongroom.errors import (
    RoomDamaged,
    RoomVersionError,
    SettingError,
    StorageError,
    StorageFull,
    StrongroomError,
    Unreachable,
)
from strongroom.storage.tables import predicates, upkeep
from strongroom.storage.tables.kept import Kept
from strongroom.storage.tables.view import View

R = TypeVar("R")

ROWS_A_MERGE = 20_000
CONTENTS_A_CHANGE = 1_000
ATTEMPTS = 12
LATER = frozenset({"duration"})
"""Columns that the first tables do not have."""
REMOTE_SECONDS = 1.0
"""How old the view of a table on an object store may be: looking for a newer version is a listing there."""


def _lance() -> Any:
    os.environ.setdefault("LANCE_LOG", "error")  # read once, at import; its warnings are not for users
    os.environ.setdefault("LANCE_INCLUDE_VECTOR_CENTROIDS", "false")  # megabytes in the statistics of an index
    # by default two cores less than there are, so that on two the channels of a search wait for each other: 21 ms, not 15
    os.environ.setdefault("LANCE_CPU_THREADS", str(len(os.sched_getaffinity(0)) + 1))
    import lance

    return lance


class SegmentTable:
    """All segments of a room."""

    def __init__(
        self, url: str | Path, text_dimension: int, picture_dimension: int, *, storage_options: Mapping[str, str] | None = None
    ) -> None:
        """Open the table, or create it where there is none.

        Args:
            url: A local directory or an object-store URL.
            text_dimension: Length of the text model's vectors.
            picture_dimension: Length of the picture model's vectors.
            storage_options: Keys and endpoint of the object store.

        Raises:
            SettingError: The table holds vectors of another length.
            RoomVersionError: The table has other columns.
            StorageError: It cannot be read or made.
        """
        self.url = str(url)
        self.schema = segment_schema(text_dimension, picture_dimension)
        self._options = dict(storage_options or {}) or None
        self._remote = "://" in self.url and not self.url.startswith("file://")
        self._reading, self._writing = Lock(), RLock()
        self._looked = 0.0
        self._cleaned = 0
        self._dataset = self._tried(self._open)
        self._check()
        self.kept = Kept()
        self._view = View(self._dataset, self.kept.of(self._dataset))
        # two objects over one cache: reads never wait for a writer of this process
        self._writer = self._tried(lambda: self._open(self._dataset.session()))

    def _open(self, session: Any = None) -> Any:
        lance = _lance()
        try:
            return lance.dataset(self.url, storage_options=self._options, session=session)
        except (ValueError, OSError) as error:
            if "not found" not in str(error).lower():
                raise
        return self._create("create")

    def _create(self, mode: str) -> Any:
        lance = _lance()
        try:
            made = lance.write_dataset(
                self.schema.empty_table(), self.url, schema=self.schema, mode=mode, storage_options=self._options
            )
        except (ValueError, OSError) as error:
            if "already exists" not in str(error).lower():
                raise
            return lance.dataset(self.url, storage_options=self._options)  # another process was first
        upkeep.index_scalars(made)
        return made

    def _widen(self) -> None:
        """Add the columns that came later to a table of an earlier Strongroom; nothing is written but its schema."""
        found, wants = self._dataset.schema.names, self.schema.names
        if len(found) < len(wants) and found == wants[: len(found)] and set(wants[len(found) :]) <= LATER:
            self._dataset = self._open()  # another process may have been first
            missing = [self.schema.field(name) for name in wants if name not in self._dataset.schema.names]
            if missing:
                self._dataset.add_columns(pa.schema(missing))

    def _check(self) -> None:
        self._tried(self._widen)
        found = self._dataset.schema
        if found.names != self.schema.names:
            raise RoomVersionError(
                f"the index at {self.url} was written by another version of Strongroom; use that version to read it"
            )
        for column in VECTORS:
            has, wants = found.field(column).type.list_size, self.schema.field(column).type.list_size
            if has == wants:
                continue
            if self._dataset.count_rows() == 0:
                self._dataset = self._tried(lambda: self._create("overwrite"))
                return
            setting = "picture_model" if column == "image_vector" else "text_model"
            raise SettingError(
                f"{setting} gives vectors of {wants} numbers, but the index was written with {has}: "
                f"set {setting} back to the model that wrote it, or analyse the files anew in a new room"
            )

    # Reading

    def view(self) -> View:
        """Give the newest version, held still; its caches are shared with all others, so it costs next to nothing."""
        now = time.monotonic()
        with self._reading:
            if not self._remote or now - self._looked > REMOTE_SECONDS:
                self._looked = now
                if self._dataset.latest_version != self._dataset.version:
                    self._dataset = self._open(self._dataset.session())
                    self._view = View(self._dataset, self.kept.of(self._dataset))
            return self._view

    def look(self) -> None:
        """Have the next view be the newest version, on an object store too."""
        with self._reading:
            self._looked = -REMOTE_SECONDS

    def read(self, act: Callable[[View], R]) -> R:
        """Run something on one version, and on a newer one if that version was cleaned away meanwhile."""
        return self._tried(lambda: act(self.view()))

    @property
    def version(self) -> int:
        """The version that a read gives now; it rises with every write."""
        return self.read(lambda view: view.version)

    def count(self, where: str | None = None) -> int:
        """Count rows."""
        return self.read(lambda view: view.count(where))

    def rows(self, columns: Sequence[str], where: str | None = None, limit: int | None = None) -> pa.Table:
        """Give some columns of the rows where a predicate holds."""
        return self.read(lambda view: view.rows(columns, where, limit))

    def scan(self, columns: Sequence[str], where: str | None = None) -> Iterator[pa.RecordBatch]:
        """Give the same batch by batch, of one version, in constant memory."""
        yield from self._tried(lambda: self.view().batches(columns, where))

    # Writing

    def merge(self, table: pa.Table) -> None:
        """Add rows, replacing those with the same ``segment_id``; doing it twice changes nothing."""
        whole = upkeep.copied(table.cast(self.schema))
        for start in range(0, whole.num_rows, ROWS_A_MERGE):
            self._written(partial(_upsert, rows=upkeep.copied(whole.slice(start, ROWS_A_MERGE))))

    def delete(self, sha256s: Iterable[str], analyzer: str | None = None, version: int | None = None) -> None:
        """Delete the rows of contents, of one analyzer and version where they are given; old versions still hold them."""
        for some in _chunks(sha256s):
            self._written(partial(_remove, where=predicates.of_contents(some, analyzer, version)))

    def place(self, placements: Mapping[str, Placement]) -> None:
        """Say where contents are now; a date that the content itself or an earlier placement gave stays."""
        for some in _chunks(placements):
            found = self.rows(("segment_id", "content_sha256", "taken_at"), predicates.of_contents(some))
            if found.num_rows == 0:
                continue
            places = [placements[sha256] for sha256 in found.column("content_sha256").to_pylist()]
            dates = found.column("taken_at").to_pylist()
            change = pa.table(
                {
                    "segment_id": found.column("segment_id").combine_chunks(),
                    "containers": [[str(number) for number in place.containers] for place in places],
                    "extensions": [list(place.extensions) for place in places],
                    "taken_at": [date or place.dated_at for date, place in zip(dates, places, strict=True)],
                },
                schema=pa.schema([self.schema.field(n) for n in ("segment_id", "containers", "extensions", "taken_at")]),
            )
            self._written(partial(_update, rows=change))

    # Upkeep

    def tail(self) -> int:
        """Count the rows that the word index does not hold yet; they are found, but slowly."""
        return self.read(lambda view: view.tail)

    def tend(self, *, finish: bool = False) -> None:
        """Do what is due: merge small fragments, bring indexes up to date, remove old versions.

        Args:
            finish: Whether a burst of writing is over, so that even a short tail is indexed.
        """
        with self._writing:  # the writer's dataset belongs to one thread at a time
            self._writer.checkout_latest()
            due = upkeep.tail(self._writer) >= (1 if finish else upkeep.TAIL)
            if due and upkeep.small_fragments(self._writer) >= upkeep.SMALL_FRAGMENTS:
                self._written(lambda latest: upkeep.compact(latest, deletions=0.1))
            if due:
                self._written(upkeep.index_vectors)
            if due or finish:
                self._written(partial(upkeep.catch_up, finish=finish))
            if finish and upkeep.scattered(self._writer):  # fragments in and out of an index are never merged with each other
                self._written(lambda latest: upkeep.compact(latest, deletions=0.1, whole=True))
            if due and self._writer.version - self._cleaned >= upkeep.SMALL_FRAGMENTS:
                self._written(lambda latest: upkeep.clean(latest, upkeep.KEPT))
                self._cleaned = self._writer.version

    def erase(self, sha256s: Iterable[str], *, alone: bool = False) -> None:
        """Delete the rows of contents from this version, from every index and from all that is on disk.

        Args:
            sha256s: The contents.
            alone: Whether no other process writes, so that what interrupted writers left is removed too.
        """
        self.delete(sha256s)
        self._written(lambda dataset: upkeep.compact(dataset, deletions=0.0))
        self._written(upkeep.index_words)  # compaction keeps a deleted row's words in the word list
        self._written(upkeep.catch_up)
        self._written(lambda dataset: upkeep.clean(dataset, timedelta(0), unverified=alone))

    # Errors and conflicts

    def _written(self, change: Callable[[Any], object]) -> None:
        def on_newest() -> None:
            self._writer.checkout_latest()
            change(self._writer)

        with self._writing:
            self._tried(on_newest)
        self._looked = 0.0

    def _tried(self, act: Callable[[], R]) -> R:
        attempt = 0
        while True:
            try:
                return act()
            except (OSError, ValueError, RuntimeError) as error:
                attempt += 1
                if isinstance(error, StrongroomError):
                    raise
                if attempt == ATTEMPTS or not _passing(error):
                    raise _told(error, self.url) from error
                time.sleep(random.uniform(0, 0.02 * 2 ** min(attempt, 6)))  # noqa: S311
                self._looked = 0.0


def _upsert(dataset: Any, rows: pa.Table) -> None:
    dataset.merge_insert("segment_id").when_matched_update_all().when_not_matched_insert_all().execute(rows)


def _update(dataset: Any, rows: pa.Table) -> None:
    dataset.merge_insert("segment_id").when_matched_update_all().execute(rows)


def _remove(dataset: Any, where: str) -> None:
    dataset.delete(where)


def _passing(error: Exception) -> bool:
    """Say whether trying again on the newest version may help: a conflict, or an old version that was cleaned away."""
    text = str(error).lower()
    return "conflict" in text or "not found:" in text or "concurrent" in text or "borrowed" in text


def _told(error: Exception, url: str) -> Exception:
    text = str(error)
    if getattr(error, "errno", None) == errno.ENOSPC or "No space left" in text:
        return StorageFull(f"no space is left for the index at {url}: free some and run the command again")
    if "not found:" in text.lower():
        return RoomDamaged(f"the index at {url} misses one of its files: run `strongroom check`. {text[:200]}")
    if "://" in url and any(word in text for word in ("error sending request", "Connection", "timed out", "dns")):
        return Unreachable(f"the index at {url} cannot be reached: check the network and the keys. {text[:200]}")
    if isinstance(error, OSError):
        return StorageError(f"the index at {url} cannot be used: {text[:300]}")
    return error


def _chunks(values: Iterable[str]) -> Iterator[list[str]]:
    rest = list(values)
    for start in range(0, len(rest), CONTENTS_A_CHANGE):
        yield rest[start : start + CONTENTS_A_CHANGE]
