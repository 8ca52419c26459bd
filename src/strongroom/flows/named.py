"""From a name in a container to the content that it means, through archives within archives."""

from strongroom.domain.scope import Scope
from strongroom.errors import BlobNotFound
from strongroom.storage.catalog import Transaction, blobs, containers, members

LEVEL = "!/"
"""Stands between a blob and its member, and between a member and its own."""


def found(tx: Transaction, container: str, rest: str, scope: Scope) -> str:
    """Give the SHA-256 of a blob or member; see `strongroom.flows.fetch.resolve`."""
    holder = containers.get(tx, container, scope)
    levels = rest.split(LEVEL)
    for count in range(len(levels), 0, -1):  # a blob's own name may hold the sign between levels
        try:
            blob = blobs.get(tx, holder, LEVEL.join(levels[:count]))
        except BlobNotFound:
            continue
        sha256 = blob.sha256
        if sha256 is None:
            raise BlobNotFound(f"{container}/{blob.name} has not been read yet: run `strongroom analyze`")
        inside = levels[count:]
        while inside and sha256 is not None:
            sha256, inside = _step(tx, sha256, inside)
        if sha256 is not None:
            return sha256
    raise BlobNotFound(f"there is no {rest!r} in {container}: `strongroom list {container}` shows what there is")


def _step(tx: Transaction, parent: str, levels: list[str]) -> tuple[str | None, list[str]]:
    for count in range(len(levels), 0, -1):
        child = members.find(tx, parent, LEVEL.join(levels[:count]))
        if child is not None:
            return child, levels[count:]
    return None, levels
