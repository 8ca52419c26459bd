"""How a blob becomes a copy of another, without moving a byte."""

from dataclasses import replace

from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import Container
from strongroom.storage.catalog import blobs, holders, landings
from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.etags import lock_names
from strongroom.storage.catalog.landings import Landed, Landing


def copy(
    tx: Transaction,
    source: tuple[Container, str, str | None],
    target: Container,
    landing: Landing | str,
    *,
    condition: Condition = ALWAYS,
) -> Landed:
    """Make a blob of another one's objects, without moving a byte.

    Args:
        tx: The transaction.
        source: Container, name and version (None for the current one).
        target: Where to.
        landing: What the new blob is to be, its bytes coming from the source; a name alone takes all else from it too.
        condition: What must hold of the blob that is there.

    Raises:
        BlobNotFound: There is no such source.
        ConditionFailed: The condition does not hold.
    """
    container, name, version = source
    new = landing if isinstance(landing, str) else landing.name
    for container_id, names in sorted(_by_container(container.id, name, target.id, new).items()):
        lock_names(tx, container_id, names)
    row = blobs.find(tx, container, name, version)
    if isinstance(landing, str):
        landing = Landing(
            name=new,
            size=0,
            pieces=(),
            sha256=None,
            content_type=row.content_type,
            headers=row.headers,
            metadata=row.metadata,
            tags=blobs.get(tx, container, name, version).tags,
        )
    pieces = tuple(holders.pieces(tx, row.id))
    whole = replace(landing, pieces=pieces, size=row.size, sha256=row.sha256, md5=row.md5, kind=row.kind)
    return landings.land(tx, target, [whole], condition)


def _by_container(source: int, name: str, target: int, new: str) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {source: {name}}
    found.setdefault(target, set()).add(new)
    return found
