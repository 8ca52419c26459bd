"""Reading blobs: what is told of one, and its bytes, as of one moment."""

import io
from collections.abc import Callable, Sequence
from contextlib import suppress
from sqlite3 import Connection
from typing import BinaryIO

from strongroom.domain.blob import Blob, Look
from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import MOUNTED, Container
from strongroom.errors import BlobNotFound, RoomDamaged, SourceChanged
from strongroom.storage.catalog import blobs, glance, holders, leases
from strongroom.storage.catalog.holders import Piece
from strongroom.vault.contents import Contents
from strongroom.vault.read import Again, Pieces, open_pieces
from strongroom.vault.read import cut as cut_of

AT_ONCE = 1 << 20
"""Bytes up to which a range of several objects is read at once, so that a replacement cannot cut it off."""
SHORT = 64 << 10
"""Bytes up to which a range of one object is read at once."""
FEW_PIECES = 8
"""Pieces of a blob that is remembered."""
PAGE = "page"
TRIES = 5
"""How often a blob is looked up again when it was replaced before it could be opened."""

Cut = Callable[[Look], tuple[int, int]]
"""Chooses first byte and length of what is read, once it is known how large the blob is; may refuse to read."""


def whole(look: Look) -> tuple[int, int]:
    """Choose all of it."""
    return 0, look.blob.size


def _are_of(pieces: Sequence[Piece], blob: Blob) -> bool:
    """Say whether pieces are those of a blob as it was told of: it may be gone since, or have been appended to."""
    total = pieces.total if isinstance(pieces, Pieces) else sum(piece.length for piece in pieces)
    return total == blob.size or (blob.kind == "append" and total > blob.size)


class Reads(Contents):
    """Reading blobs."""

    def get(self, container: Container, name: str, version: str | None = None) -> Blob:
        """Give a blob.

        Raises:
            BlobNotFound: There is none.
        """
        with self._catalog.read() as tx:
            return blobs.get(tx, container, name, version)

    def look(self, container: Container, name: str, version: str | None = None, *, condition: Condition = ALWAYS) -> Look:
        """Give all that is told of a blob, as of one moment.

        Args:
            container: Where.
            name: The blob.
            version: The version or snapshot; None for the current one.
            condition: What must hold of it for a read (`Condition.check_read`), the lease included.

        Raises:
            BlobNotFound: There is none.
            ConditionFailed: The condition does not hold.
        """
        if self._catalog.dialect == "sqlite":
            return self._glance(container, name, version, condition)[0]
        with self._catalog.read() as tx:
            return blobs.look(tx, container, name, version, condition)

    def versions(self, container: Container, name: str) -> list[Blob]:
        """Give every version and snapshot of a blob, newest first."""
        with self._catalog.read() as tx:
            return blobs.all_versions(tx, container, name)

    def fetch(
        self,
        container: Container,
        name: str,
        version: str | None = None,
        *,
        condition: Condition = ALWAYS,
        cut: Cut = whole,
    ) -> tuple[Look, BinaryIO]:
        """Look at a blob and open a range of it, as one act: if it is replaced between, it is looked at again.

        Args:
            container: Where, stored or mounted.
            name: The blob.
            version: The version or snapshot; None for the current one.
            condition: What must hold of it for a read.
            cut: Chooses the range.

        Returns:
            What it is, and a stream whose position 0 is the range's first byte; of a mounted one it may go on beyond the range.

        Raises:
            BlobNotFound: There is none.
            ConditionFailed: The condition does not hold.
            SourceChanged: A mounted file is not what it was when it was listed.
            RoomDamaged: The vault lacks its bytes.
        """
        for _ in range(TRIES):
            look, pieces = self._look(container, name, version, condition)
            start, length = cut(look)
            if container.kind == MOUNTED:
                return look, self._open_mounted(look.blob, start)
            if not _are_of(pieces, look.blob):
                continue
            with suppress(FileNotFoundError, SourceChanged):
                return look, self._open(look.blob, pieces, start, length)
            self._many.drop(look.blob.id, look.blob.etag)
        raise RoomDamaged(f"the vault lacks the bytes of {name}: run `strongroom check`")

    def _look(self, container: Container, name: str, version: str | None, condition: Condition) -> tuple[Look, Sequence[Piece]]:
        """Give what is told of a blob, with its pieces, as of one moment on SQLite."""
        if self._catalog.dialect == "sqlite":
            look, pieces = self._glance(container, name, version, condition)
            if pieces is not None:
                return look, pieces
        with self._catalog.read() as tx:
            look = blobs.look(tx, container, name, version, condition)
            if container.kind == MOUNTED:
                return look, ()
            return look, self._pieces(look.blob, lambda: holders.pieces(tx, look.blob.id))

    def _pieces(self, blob: Blob, load: Callable[[], Sequence[Piece]]) -> Sequence[Piece]:
        """Load the pieces of a blob, or remember them where they were many: those of a page blob alone change under an etag."""
        known = None if blob.kind == PAGE else self._many.get(blob.id, blob.etag)
        if known is not None:
            return known
        found = load()
        if blob.kind == PAGE or len(found) <= FEW_PIECES:
            return found
        known = Pieces(found)
        self._many.keep(blob.id, blob.etag, known)
        return known

    def _open(self, blob: Blob, pieces: Sequence[Piece], start: int, length: int) -> BinaryIO:
        """Open a range; a short one is read at once: later an object may be gone, and a stream costs more than its bytes."""
        if len(pieces) == 1 and length <= SHORT and blob.kind != PAGE:
            body = self._bodies.open(pieces[0].object_id, pieces[0].place)
            try:
                data = body.read_at(pieces[0].start + start, length)
            finally:
                body.close()
            if len(data) == length:
                return io.BytesIO(data)
        stream = open_pieces(self._bodies, pieces, start, length, self._again(blob))
        if length > AT_ONCE or len(cut_of(pieces, start, length)) == 1:
            return stream
        with stream:
            return io.BytesIO(stream.read())

    def _again(self, blob: Blob) -> Again | None:
        """Give how the pieces of a page blob are found anew: some may be overwritten while others are read."""
        if blob.kind != PAGE or not blob.is_current:
            return None

        def pieces() -> Sequence[Piece]:
            with self._catalog.read() as tx:
                return holders.pieces(tx, blob.id)

        return pieces

    def _glance(
        self, container: Container, name: str, version: str | None, condition: Condition
    ) -> tuple[Look, Sequence[Piece] | None]:
        """Give what `_look` gives, but for the pieces of a page blob: from memory, where nothing was written since."""
        key = (container.id, name, version)
        found = self._recent.get(self._catalog.glance(glance.revision, is_one=True), key)
        if found is not None:
            blob = found[0].blob
            condition.check_read(name, blob.etag, blob.modified_at, lambda: blob.tags)
            leases.check_read(None, condition.lease_id, name)
            return found  # type: ignore[no-any-return]

        def act(connection: Connection) -> tuple[Look, Sequence[Piece] | None, object]:
            revision = glance.revision(connection)
            look = glance.look(connection, container, name, version, condition)
            if container.kind == MOUNTED or look.blob.kind == PAGE:
                return look, () if container.kind == MOUNTED else None, revision
            return look, self._pieces(look.blob, lambda: glance.pieces(connection, look.blob.id)), revision

        look, pieces, revision = self._catalog.glance(act)
        if look.lease is None and len(pieces or ()) <= FEW_PIECES:
            self._recent.keep(revision, key, (look, pieces))
        return look, pieces

    def _open_mounted(self, blob: Blob, start: int) -> BinaryIO:
        with self._catalog.read() as tx:
            holder = holders.holder(tx, blob.id)
        if holder is None:
            raise BlobNotFound(f"{blob.name} was removed meanwhile")
        place = self._place(holder)
        place.verify()
        stream = place.open()
        stream.seek(start)
        return stream

    def read(self, container: Container, name: str, *, start: int = 0, length: int | None = None) -> tuple[Blob, BinaryIO]:
        """Look a blob up and open a range of it, as one act; see `fetch`.

        Raises:
            BlobNotFound: There is none.
            RoomDamaged: The vault lacks its bytes.
        """
        look, stream = self.fetch(container, name, cut=lambda one: (start, one.blob.size if length is None else length))
        return look.blob, stream

    def open(self, blob: Blob, start: int = 0, length: int | None = None) -> BinaryIO:
        """Open a range of a stored blob as a seekable stream, whose position 0 is the range's first byte.

        Raises:
            FileNotFoundError: The version was removed meanwhile: get the blob again.
        """
        with self._catalog.read() as tx:
            pieces = holders.pieces(tx, blob.id)
        if not _are_of(pieces, blob):
            raise FileNotFoundError(f"{blob.name} was removed meanwhile")
        return open_pieces(self._bodies, pieces, start, length)
