"""The shortest way to a small blob: what it is and its bytes, at hand as long as nothing was written since.

SQLite tells a connection by ``PRAGMA data_version`` whether anybody, in any process, has committed since it last asked. While
nobody has, what was seen is seen again at once. Else the blob's rows are read anew, and only if they differ is it told anew.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from strongroom.domain.blob import Look
from strongroom.domain.container import STORED, Container
from strongroom.storage.catalog import Catalog, glance
from strongroom.storage.catalog.glance import Rows
from strongroom.storage.objects import PACK, Objects
from strongroom.vault.contents import Contents

MOST_BYTES = 64 << 20
"""Bytes of blobs that are kept at hand."""
OVERHEAD = 4096
"""Bytes that one is counted for beside its own."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Glimpse:
    """A small blob as it stands."""

    container: Container
    """Where it is."""
    look: Look
    """What it is."""
    data: bytes
    """All its bytes."""
    forms: dict[str, bytes] = field(default_factory=dict)
    """For whoever shows it: forms made of it, which are of use as long as this very value is given."""


@dataclass(slots=True, eq=False)
class _Kept:
    rows: Rows
    glimpse: Glimpse
    epoch: int


class Glancer:
    """Sees small blobs, on one thread."""

    def __init__(self, catalog: Catalog, bodies: Objects) -> None:
        """Begin with nothing at hand."""
        self._catalog, self._bodies = catalog, bodies
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self._bytes = 0
        self._version, self._epoch = -1, 0

    def see(self, container: str, name: str) -> Glimpse | None:
        """Give a current blob whose bytes are packed as one, as of now.

        Returns:
            None where there is none, or it is of another kind, mounted or leased: those are for `Vault.fetch`.

        Raises:
            StorageError: The catalog cannot be read.
        """
        key = (container, name)
        connection = self._catalog.glancing()
        (version,) = connection.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            self._version, self._epoch = version, self._epoch + 1
        kept = self._kept.get(key)
        if kept is not None and kept.epoch == self._epoch:
            self._kept.move_to_end(key)
            return kept.glimpse
        return self._anew(key)

    def _anew(self, key: tuple[str, str]) -> Glimpse | None:
        epoch = self._epoch
        rows = self._catalog.glance(lambda given: glance.rows(given, *key))
        kept = self._kept.get(key)
        if kept is not None and kept.rows == rows:
            kept.epoch = epoch
            self._kept.move_to_end(key)
            return kept.glimpse
        if kept is not None:
            self._drop(key)
        glimpse = None if rows is None else self._glimpse(rows)
        if rows is not None and glimpse is not None:
            self._kept[key] = _Kept(rows, glimpse, epoch)
            self._bytes += len(glimpse.data) + OVERHEAD
            while self._bytes > MOST_BYTES:
                self._drop(next(iter(self._kept)))
        return glimpse

    def _drop(self, key: tuple[str, str]) -> None:
        self._bytes -= len(self._kept.pop(key).glimpse.data) + OVERHEAD

    def _glimpse(self, rows: Rows) -> Glimpse | None:
        container, look, piece = glance.shown(rows)
        size = look.blob.size
        if container.kind != STORED or look.blob.kind != "block":
            return None
        if piece is None:
            return None if size else Glimpse(container=container, look=look, data=b"")
        if piece.place != PACK or piece.start or piece.length != size:
            return None
        try:
            body = self._bodies.open(piece.object_id, piece.place)
        except FileNotFoundError:  # it was replaced meanwhile
            return None
        data = body.read_at(0, size)
        return Glimpse(container=container, look=look, data=data) if len(data) == size else None


class Glances(Contents):
    """Reading small blobs at once."""

    def glancer(self) -> Glancer | None:
        """Give who sees small blobs at once, for one thread; None where the catalog is not on SQLite, or nothing is packed."""
        return Glancer(self._catalog, self._bodies) if self._bodies.packs and self._catalog.dialect == "sqlite" else None
