"""The files of a share: read in place from any byte on, and written where the share is writable."""

import mimetypes
import re
from collections.abc import Iterable
from typing import Any, BinaryIO, cast

from wsgidav.dav_error import HTTP_FORBIDDEN, DAVError
from wsgidav.dav_provider import DAVCollection, DAVNonCollection

from strongroom.domain.blob import Blob
from strongroom.domain.media import OCTETS
from strongroom.flows.opening import OpenContent
from strongroom.server.dav.asking import room_of, told
from strongroom.server.dav.bridge import Environ
from strongroom.server.dav.door import SITE
from strongroom.server.dav.names import FOLDER_MARK, is_taken
from strongroom.server.door.site import Site

TYPE = re.compile(r"(application|audio|font|image|message|model|text|video)/[a-z0-9.+-]+")
ACTIVE = re.compile(r"html|xml|svg|script|css|flash|java")
SANDBOX = "default-src 'none'; sandbox"
"""A browser that opens a file here gives it no script and no origin."""


class File(DAVNonCollection):  # type: ignore[misc]
    """A blob."""

    def __init__(self, path: str, environ: Environ, container: str, blob: Blob | None, name: str = "") -> None:
        """Take what it is.

        Args:
            path: In the share.
            environ: Of the request.
            container: Name of the container.
            blob: The blob; None for one that is about to be written.
            name: Of that one.
        """
        super().__init__(path, environ)
        self._container, self._blob, self._blob_name = container, blob, blob.name if blob else name

    def get_content_length(self) -> int:
        """Give the bytes."""
        return self._blob.size if self._blob else 0

    def get_content_type(self) -> str:
        """Give what the bytes are; nothing that a browser would run."""
        given = (self._blob.content_type if self._blob else OCTETS).partition(";")[0].strip().lower()
        if given == OCTETS:
            given = mimetypes.guess_type(self.name)[0] or OCTETS
        return given if TYPE.fullmatch(given) and not ACTIVE.search(given) else OCTETS

    def get_creation_date(self) -> float | None:
        """Give when it was first written."""
        return self._blob.created_at.timestamp() if self._blob else None

    def get_last_modified(self) -> float | None:
        """Give when it was last changed."""
        return self._blob.modified_at.timestamp() if self._blob else None

    def get_etag(self) -> str | None:
        """Give what changes whenever the bytes do."""
        return self._blob.etag.strip('"') if self._blob else None

    def support_etag(self) -> bool:
        """Say that there are etags."""
        return True

    def support_ranges(self) -> bool:
        """Say that parts can be read."""
        return True

    def get_content(self) -> BinaryIO:
        """Open the bytes."""
        with told(self.environ):
            return cast("BinaryIO", _Readable(room_of(self.environ).open(f"{self._container}/{self._blob_name}"), self.environ))

    def finalize_headers(self, environ: Environ, response_headers: list[tuple[str, str]]) -> None:
        """Keep a browser from running what it is."""
        del environ
        response_headers += [("Content-Security-Policy", SANDBOX), ("Content-Disposition", "attachment")]

    # writing, where the share is writable

    def begin_write(self, *, content_type: str | None = None) -> "_Writable":
        """Give what takes the bytes."""
        taken(self.path)
        given = (content_type or "").partition(";")[0].strip().lower()
        kind = given if TYPE.fullmatch(given) else mimetypes.guess_type(self.name)[0] or OCTETS
        return _Writable(self, kind)

    def write(self, chunks: Iterable[bytes], content_type: str) -> None:
        """Write the bytes, in constant memory; what is new is then read."""
        with told(self.environ):
            room = room_of(self.environ)
            self._blob = room.upload(self._container, self._blob_name, iter(chunks), content_type=content_type)
        cast("Site", self.environ[SITE]).work.start()

    def delete(self) -> None:
        """Delete the blob."""
        with told(self.environ):
            room_of(self.environ).delete_blob(self._container, self._blob_name)
        let_go(self)

    def support_recursive_move(self, dest_path: str) -> bool:
        """Say that it is copied, and deleted then."""
        del dest_path
        return False

    def copy_move_single(self, dest_path: str, *, is_move: bool) -> None:
        """Write the same bytes elsewhere."""
        del is_move
        container, name = taken(dest_path)
        with told(self.environ):
            room = room_of(self.environ)
            with room.open(f"{self._container}/{self._blob_name}") as source:
                room.upload(container, name, source.chunks(), content_type=self.get_content_type())
        take_along(self, dest_path)
        cast("Site", self.environ[SITE]).work.start()


class _Readable:
    """The bytes of a content, as WsgiDAV reads them."""

    def __init__(self, content: OpenContent, environ: Environ) -> None:
        self._content, self._environ, self._at = content, environ, 0

    def seek(self, offset: int) -> None:
        self._at = offset

    def read(self, size: int) -> bytes:
        with told(self._environ):
            data = self._content.read_at(self._at, size)
        self._at += len(data)
        return data

    def close(self) -> None:
        with told(self._environ):
            self._content.close()


class _Writable:
    """Takes the bytes of a file."""

    def __init__(self, file: File, content_type: str) -> None:
        self._file, self._type = file, content_type

    def writelines(self, chunks: Iterable[bytes]) -> None:
        self._file.write(chunks, self._type)

    def close(self) -> None:
        """Do nothing: the bytes are durable when `writelines` returns."""


def taken(path: str) -> tuple[str, str]:
    """Give container and name of a file or folder that is to be written.

    Raises:
        DAVError: Nothing of this name is taken.
    """
    container, _, name = path.strip("/").partition("/")
    if not name:
        raise DAVError(HTTP_FORBIDDEN, "put it into a container: one of the folders of this share")
    refused = [part for part in name.split("/") if not is_taken(part)]
    if refused:
        raise DAVError(HTTP_FORBIDDEN, f"{refused[0]!r} is no name that is taken here: it cannot be shown, or is litter")
    return container, name


def take_along(one: DAVCollection | DAVNonCollection, path: str) -> None:
    """Copy what programs noted at a file or a folder to its copy."""
    other = one.provider.get_resource_inst(path, one.environ)
    if other is not None and one.provider.prop_manager is not None:
        one.provider.prop_manager.copy_properties(one.get_ref_url(), other.get_ref_url(), one.environ)


def let_go(one: DAVCollection | DAVNonCollection) -> None:
    """Forget what was noted at what is deleted, and its locks."""
    one.remove_all_properties(recursive=True)
    one.remove_all_locks(recursive=True)


def make_folder(environ: Environ, path: str, *, overwrite: bool) -> None:
    """Write the blob that stands for a folder, where it is empty."""
    container, name = taken(path)
    mark: dict[str, Any] = {FOLDER_MARK: "true"}
    with told(environ):
        room_of(environ).upload(container, name, b"", metadata=mark, overwrite=overwrite)
