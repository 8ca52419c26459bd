"""Writing whole blobs: one stream, or very many files in few commits."""

import io
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from strongroom.domain.blob import Blob
from strongroom.domain.chunk import Chunk
from strongroom.domain.container import STORED, Container
from strongroom.domain.outcome import KeptObject
from strongroom.domain.status import Refused
from strongroom.errors import NameRefused, SourceChanged, SourceUnread, UsageError
from strongroom.storage.catalog import Transaction, landings
from strongroom.storage.catalog.blobs import DEFAULT_TYPE
from strongroom.storage.catalog.holders import Piece
from strongroom.storage.catalog.landings import Landed, Landing
from strongroom.storage.names import check_blob_name
from strongroom.storage.objects import SMALL, Objects
from strongroom.vault.commit import Committer
from strongroom.vault.files import CHUNK, OpenFile
from strongroom.vault.writer import Writer

BATCH_ITEMS = 512
BATCH_BYTES = 16 << 20
BATCH_SECONDS = 1.0
"""A batch is committed when it has so many items or bytes, or is so old."""

UPLOADS = 16
"""Small objects that are sent to a remote vault at once."""

Bytes = Iterable[Chunk] | BinaryIO | bytes
"""What can be written: chunks, an open file, or bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Traits:
    """What a blob is told to be, beside its name and bytes."""

    kind: str = "block"
    """``block``, ``append`` or ``page``."""
    content_type: str = DEFAULT_TYPE
    """As the writer says; analysis does not trust it."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Further HTTP headers to give back."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """The user's own names and values."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Index tags."""
    md5: bytes | None = None
    """MD5 as the writer states it."""
    size: int = 0
    """Bytes of a page blob, which begins as zeros."""
    sequence_number: int = 0
    """Of a page blob."""
    tier: str | None = None
    """Access tier; None for the default."""
    immutable_until: datetime | None = None
    """Until when it can be neither changed nor deleted (UTC)."""
    is_immutability_locked: bool = False
    """Whether that date can only be put off."""
    has_legal_hold: bool = False
    """Whether it is under legal hold."""


PLAIN = Traits()


@dataclass(frozen=True, kw_only=True, slots=True)
class PutItem:
    """A blob that is to be written."""

    name: str
    """Its name."""
    source: Path | bytes
    """A file of this machine, or the bytes."""
    content_type: str = DEFAULT_TYPE
    """As the writer says."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """The user's own names and values."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Index tags."""


def chunks_of(source: Bytes) -> Iterator[Chunk]:
    """Give what is to be written as chunks."""
    if isinstance(source, bytes | bytearray | memoryview):
        return iter((bytes(source),))
    if isinstance(source, io.IOBase) or hasattr(source, "read"):
        return iter(lambda: source.read(CHUNK), b"")
    return iter(source)


def pieces_of(kept: KeptObject) -> tuple[Piece, ...]:
    """Give one kept object as the pieces of a blob: none where there are no bytes."""
    return (Piece(object_id=kept.object_id, place=kept.place, start=0, length=kept.size),) if kept.size else ()


def need_stored(container: Container) -> None:
    """Refuse to write into a mount.

    Raises:
        UsageError: It is one.
    """
    if container.kind != STORED:
        raise UsageError(f"{container.name} is a mount, whose files are only read: write to another container")


class Batch:
    """Items on their way: small ones in memory, large ones durable already, none with a row yet."""

    def __init__(self, writer: Writer, bodies: Objects) -> None:
        """Begin empty."""
        self._writer, self._bodies = writer, bodies
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        self._small: dict[str, bytes] = {}
        self._bytes = 0
        self._began = time.monotonic()
        self.kept: list[KeptObject] = []
        self.landings: dict[str, Landing] = {}

    def is_due(self, name: str) -> bool:
        """Say whether to commit before an item of this name is taken."""
        old = self.landings and time.monotonic() - self._began > BATCH_SECONDS
        return len(self.landings) >= BATCH_ITEMS or self._bytes >= BATCH_BYTES or bool(old) or name in self.landings

    def take(self, item: PutItem) -> None:
        """Read an item.

        Raises:
            SourceUnread: Its source cannot be read.
            SourceChanged: Its source changed meanwhile.
            NameRefused: No blob may have its name.
        """
        check_blob_name(item.name)
        if isinstance(item.source, bytes):
            self._add(item, self._keep(len(item.source), iter((item.source,))), None)
            return
        file = OpenFile(item.source)
        try:
            self._add(item, self._keep(file.size, file.chunks()), file.stamp)
        finally:
            file.close()

    def _keep(self, size: int, chunks: Iterator[bytes]) -> KeptObject:
        if size > SMALL:
            kept = self._writer.keep(chunks)
        else:
            data = b"".join(chunks)
            new = self._writer.new_id() if data else ""
            if data:
                self._small[new] = data
            kept = KeptObject(object_id=new, place=self._bodies.small_place, size=size, sha256=sha256(data).hexdigest())
        self._bytes += size
        return kept

    def _add(self, item: PutItem, kept: KeptObject, stamp: str | None) -> None:
        self.kept.append(kept)
        self.landings[item.name] = Landing(
            name=item.name,
            size=kept.size,
            pieces=pieces_of(kept),
            sha256=kept.sha256,
            content_type=item.content_type,
            metadata=item.metadata,
            tags=item.tags,
            stamp=stamp,
        )

    def make_durable(self) -> None:
        """Write the small ones: in one commit of the pack, or many at a time to a remote vault."""
        if not self._small:
            return
        if self._bodies.packs:
            self._bodies.write_packed(self._small)
        else:
            with ThreadPoolExecutor(UPLOADS) as pool:
                for _ in pool.map(lambda pair: self._bodies.write(pair[0], (pair[1],)), self._small.items()):
                    pass
        self._small = {}


def put_all(
    container: Container, items: Iterable[PutItem], writer: Writer, bodies: Objects, committer: Committer
) -> Iterator[Blob | Refused]:
    """Write many blobs; see `Vault.put_all`."""
    need_stored(container)
    batch = Batch(writer, bodies)

    def flush() -> tuple[Blob, ...]:
        if not batch.landings:
            return ()
        batch.make_durable()
        new = list(batch.landings.values())

        def change(tx: Transaction) -> tuple[tuple[Blob, ...], frozenset[str]]:
            landed = landings.land(tx, container, new)
            return landed.blobs, landed.loosened

        done = committer.commit(batch.kept, change)
        batch.clear()
        return done

    for item in items:
        if batch.is_due(item.name):
            yield from flush()
        try:
            batch.take(item)
        except (NameRefused, SourceChanged, SourceUnread) as error:
            yield Refused(name=item.name, reason=str(error))
    yield from flush()


def landing(name: str, traits: Traits, kept: KeptObject | None = None) -> Landing:
    """Give what a blob is to be; without an object its bytes are still to be named, with one that lacks its hash to be read."""
    return Landing(
        name=name,
        size=kept.size if kept else traits.size,
        pieces=pieces_of(kept) if kept else (),
        sha256=kept.sha256 or None if kept else None,
        md5=kept.md5 if kept and kept.md5 else traits.md5,
        kind=traits.kind,
        content_type=traits.content_type,
        headers=traits.headers,
        metadata=traits.metadata,
        tags=traits.tags,
        tier=traits.tier,
        sequence_number=traits.sequence_number,
        immutable_until=traits.immutable_until,
        is_immutability_locked=traits.is_immutability_locked,
        has_legal_hold=traits.has_legal_hold,
    )


def land(committer: Committer, kept: Sequence[KeptObject], change: Callable[[Transaction], Landed]) -> Blob:
    """Commit a change that lands one blob."""

    def act(tx: Transaction) -> tuple[Blob, frozenset[str]]:
        landed = change(tx)
        return landed.blobs[0], landed.loosened

    return committer.commit(kept, act)
