"""The SHA-256 of blobs whose bytes came out of order, or were never ours."""

from collections.abc import Callable
from functools import partial
from hashlib import sha256

from strongroom.errors import SourceChanged, StorageError
from strongroom.storage.catalog import Catalog, blobs, holders
from strongroom.storage.catalog.holders import Holder
from strongroom.vault.files import CHUNK
from strongroom.vault.source import Place

TRIES = 3


def fingerprint(
    catalog: Catalog, place_of: Callable[[Holder], Place], version_id: int, on_beat: Callable[[], None]
) -> str | None:
    """Read a version and note its SHA-256; see `Vault.fingerprint`."""
    for _ in range(TRIES):
        with catalog.read() as tx:
            holder = holders.holder(tx, version_id)
        if holder is None or holder.sha256 is not None:
            return None if holder is None else holder.sha256
        try:
            digest = _read(place_of(holder), holder.size, on_beat)
        except (OSError, SourceChanged) as error:
            if _is_as_it_was(catalog, holder):
                _note_fault(catalog, holder, error)
                return None
            continue
        if catalog.change(partial(blobs.fingerprinted, version_id=version_id, etag=holder.etag, sha256=digest)):
            return digest
    return None


def _read(place: Place, size: int, on_beat: Callable[[], None]) -> str:
    digest, read = sha256(), 0
    place.verify()
    with place.open() as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            read += len(chunk)
            on_beat()
    place.verify()
    if read != size:
        raise SourceChanged(f"it has {read:,} bytes and had {size:,}: mount it again to look for changes")
    return digest.hexdigest()


def _is_as_it_was(catalog: Catalog, holder: Holder) -> bool:
    with catalog.read() as tx:
        present = holders.holder(tx, holder.version_id)
    return present is not None and present.etag == holder.etag


def _note_fault(catalog: Catalog, holder: Holder, error: OSError) -> None:
    reason = str(error) if isinstance(error, StorageError) else f"its bytes are gone ({error})"
    with catalog.write() as tx:
        blobs.fault(tx, holder.version_id, reason)
