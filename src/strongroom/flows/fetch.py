"""`get`: from a name to the bytes."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

from strongroom.domain.content import Content
from strongroom.domain.scope import Scope
from strongroom.errors import BlobNotFound, ContentNotFound, StorageError, UsageError
from strongroom.flows.named import found
from strongroom.flows.parts import Parts
from strongroom.storage.catalog import Transaction, contents, names

R = TypeVar("R")

CHUNK = 1024**2


def resolve(parts: Parts, name: str, scope: Scope) -> str:
    """Give the SHA-256 of what a name means in a scope.

    Args:
        parts: An open room.
        name: ``CONTAINER/BLOB``, ``CONTAINER/BLOB!/MEMBER`` (to any depth), or a SHA-256.
        scope: What may be seen.

    Raises:
        UsageError: The name has none of these forms.
        ContainerNotFound: The scope shows no such container.
        BlobNotFound: There is no such blob or member.
        ContentNotFound: No live blob in the scope holds this SHA-256.
    """
    with parts.catalog.read() as tx:
        if re.fullmatch(r"[0-9a-fA-F]{64}", name):
            sha256 = name.lower()
            if sha256 not in names.names(tx, [sha256], scope, limit=1):
                raise ContentNotFound(f"no blob here holds the content {sha256}")
            return sha256
        container, _, rest = name.partition("/")
        if not rest:
            raise UsageError(f"{name!r} names no blob: write CONTAINER/BLOB, as `strongroom list CONTAINER` shows them")
        return found(tx, container, rest, scope)


def content(tx: Transaction, sha256: str) -> Content:
    """Give what is known of a content that was there a moment ago.

    Raises:
        ContentNotFound: It was deleted meanwhile.
    """
    found = contents.contents(tx, [sha256]).get(sha256)
    if found is None:
        raise ContentNotFound(f"the content {sha256} was deleted meanwhile")
    return found


def copy(parts: Parts, sha256: str, out: BinaryIO) -> int:
    """Write a content to a stream, in constant memory; gives the number of bytes."""
    with parts.vault.source(sha256) as source, source.open() as stream:
        shutil.copyfileobj(stream, out, CHUNK)
        return source.size


def to_file(write: Callable[[BinaryIO], int], file: Path) -> int:
    """Write a file that appears only when it is whole.

    Raises:
        StorageError: It cannot be written.
    """

    def write_path(partial: Path) -> int:
        with partial.open("wb") as out:
            return write(out)

    return whole(write_path, file)


def whole(write: Callable[[Path], R], file: Path) -> R:
    """Have a file written under another name in its folder, and give it its own when it is whole.

    Raises:
        StorageError: It cannot be written.
    """
    partial = file.with_name(f".{file.name[:100]}.{os.getpid()}.partial")
    try:
        written = write(partial)
        partial.replace(file)
    except OSError as error:
        partial.unlink(missing_ok=True)
        if isinstance(error, StorageError | BlobNotFound):
            raise
        raise StorageError(f"{file} cannot be written: {error.strerror or error}") from error
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return written
