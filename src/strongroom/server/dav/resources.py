"""What a share holds: its root, folders and files."""

import mimetypes
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

from wsgidav.dav_error import (
    HTTP_FORBIDDEN,
    HTTP_INSUFFICIENT_STORAGE,
    DAVError,
    PRECONDITION_CODE_PropfindFiniteDepth,
)
from wsgidav.dav_provider import DAVCollection, DAVNonCollection

from strongroom.domain.blob import Blob
from strongroom.domain.media import OCTETS
from strongroom.errors import AccessDenied, NotFound, StrongroomError, codes
from strongroom.flows.opening import OpenContent
from strongroom.room import Room
from strongroom.server.dav.bridge import Environ
from strongroom.server.dav.door import PATH, SITE, VISIT
from strongroom.server.dav.names import FOLDER_MARK, is_folder, is_shown, is_taken
from strongroom.server.door.site import Site
from strongroom.server.door.visit import Visit

MOST_ENTRIES, PAGE = 20_000, 1000
"""Of one folder: a listing is one document, made in memory."""
TYPE = re.compile(r"(application|audio|font|image|message|model|text|video)/[a-z0-9.+-]+")
ACTIVE = re.compile(r"html|xml|svg|script|css|flash|java")
SANDBOX = "default-src 'none'; sandbox"
"""A browser that opens a file here gives it no script and no origin."""


def room_of(environ: Environ) -> Room:
    """Give the room, as whoever asks acts in it."""
    return cast("Visit", environ[VISIT]).room


@contextmanager
def told(environ: Environ) -> Iterator[None]:
    """Tell what cannot be done as WebDAV does; what may not be done goes into the ledger."""
    try:
        yield
    except StrongroomError as error:
        if isinstance(error, AccessDenied):
            site, actor = cast("Site", environ[SITE]), cast("Visit", environ[VISIT]).actor
            site.note("refuse", actor, address=environ["REMOTE_ADDR"], path=f"{PATH}{environ['PATH_INFO']}", why=str(error))
        raise DAVError(codes(error).http, str(error)) from error


class Collection(DAVCollection):  # type: ignore[misc]
    """What holds other things."""

    def get_descendants(self, **how: Any) -> list[Any]:
        """Give what it holds, and what that holds.

        Raises:
            DAVError: A listing of the whole tree is asked for.
        """
        if self.environ["REQUEST_METHOD"] == "PROPFIND" and how.get("depth", "infinity") == "infinity":
            raise DAVError(HTTP_FORBIDDEN, "list one folder at a time", err_condition=PRECONDITION_CODE_PropfindFiniteDepth)
        return cast("list[Any]", super().get_descendants(**how))


class Root(Collection):
    """The share itself: a folder for each container that whoever asks may see."""

    def get_member_names(self) -> list[str]:
        """Give the containers."""
        with told(self.environ):
            return [one.name for one in room_of(self.environ).containers()]

    def get_member_list(self) -> list["Folder"]:
        """Give the containers as folders."""
        return [Folder(f"/{name}", self.environ, name, "") for name in self.get_member_names()]

    def create_collection(self, name: str) -> None:
        """Refuse: a container has rules, which are set where it is made."""
        raise DAVError(HTTP_FORBIDDEN, f"make the container {name} on the page, or with `strongroom container create`")

    def create_empty_resource(self, name: str) -> "File":
        """Refuse: files lie in containers."""
        raise DAVError(HTTP_FORBIDDEN, f"{name} needs a container: put it into one of the folders")


class Folder(Collection):
    """A container, or what lies behind a slash in it."""

    def __init__(self, path: str, environ: Environ, container: str, name: str, mark: Blob | None = None) -> None:
        """Take what it is.

        Args:
            path: In the share.
            environ: Of the request.
            container: Name of the container.
            name: How the names of what it holds begin, without the last slash; empty for the container.
            mark: The blob that stands for it, where it is empty.
        """
        super().__init__(path, environ)
        self._container, self._name, self._mark = container, name, mark

    def get_last_modified(self) -> float | None:
        """Give when it was made, where there is a blob that stands for it."""
        return self._mark.modified_at.timestamp() if self._mark else None

    def get_member_names(self) -> list[str]:
        """Give the names of what it holds."""
        return [one.name for one in self.get_member_list()]

    def get_member_list(self) -> list["Folder | File"]:
        """Give what it holds.

        Raises:
            DAVError: That is more than one listing can tell.
        """
        found: dict[str, Folder | File] = {}
        prefix, after = f"{self._name}/" if self._name else "", ""
        with told(self.environ):
            while True:
                page = room_of(self.environ).browse(self._container, prefix=prefix, after=after, limit=PAGE)
                for folder in page.folders:
                    self._keep(found, folder[len(prefix) : -1], None)
                for blob in page.blobs:
                    self._keep(found, blob.name[len(prefix) :], blob)
                if len(found) > MOST_ENTRIES:
                    raise DAVError(HTTP_INSUFFICIENT_STORAGE, f"more than {MOST_ENTRIES:,} entries: look at them on the page")
                if page.next is None:
                    return list(found.values())
                after = page.next

    def _keep(self, found: dict[str, "Folder | File"], name: str, blob: Blob | None) -> None:
        if not is_shown(name) or isinstance(found.get(name), Folder):
            return
        path, whole = f"{self.path.rstrip('/')}/{name}", f"{self._name}/{name}" if self._name else name
        if blob is None or is_folder(blob):
            found[name] = Folder(path, self.environ, self._container, whole, blob)
        else:
            found[name] = File(path, self.environ, self._container, blob)

    # writing, where the share is writable

    def create_collection(self, name: str) -> None:
        """Make a folder: an empty blob that stands for it."""
        _make_folder(self.environ, f"{self.path.rstrip('/')}/{name}", overwrite=False)

    def create_empty_resource(self, name: str) -> "File":
        """Give a file that is about to be written; one that is locked before is there at once, and empty (RFC 4918, 7.3)."""
        path = f"{self.path.rstrip('/')}/{name}"
        container, whole = _taken(path)
        file = File(path, self.environ, container, None, whole)
        if self.environ["REQUEST_METHOD"] == "LOCK":
            file.write([], mimetypes.guess_type(name)[0] or OCTETS)
        return file

    def delete(self) -> None:
        """Delete the blob that stands for it; what it held is deleted before.

        Raises:
            DAVError: It is a container.
        """
        if not self._name:
            raise DAVError(HTTP_FORBIDDEN, "delete a container on the page, or with `strongroom container delete`")
        with told(self.environ):
            room = room_of(self.environ)
            try:
                room.blob(self._container, self._name)
            except NotFound:  # it was there by what it held alone
                room.scope("delete")
            else:
                room.delete_blob(self._container, self._name)
        _let_go(self)

    def copy_move_single(self, dest_path: str, *, is_move: bool) -> None:
        """Make a folder elsewhere; what it holds follows."""
        del is_move
        _make_folder(self.environ, dest_path, overwrite=True)
        _take_along(self, dest_path)


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
        _taken(self.path)
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
        _let_go(self)

    def support_recursive_move(self, dest_path: str) -> bool:
        """Say that it is copied, and deleted then."""
        del dest_path
        return False

    def copy_move_single(self, dest_path: str, *, is_move: bool) -> None:
        """Write the same bytes elsewhere."""
        del is_move
        container, name = _taken(dest_path)
        with told(self.environ):
            room = room_of(self.environ)
            with room.open(f"{self._container}/{self._blob_name}") as source:
                room.upload(container, name, source.chunks(), content_type=self.get_content_type())
        _take_along(self, dest_path)
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


def _taken(path: str) -> tuple[str, str]:
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


def _take_along(one: "Folder | File", path: str) -> None:
    """Copy what programs noted at a file or a folder to its copy."""
    other = one.provider.get_resource_inst(path, one.environ)
    if other is not None and one.provider.prop_manager is not None:
        one.provider.prop_manager.copy_properties(one.get_ref_url(), other.get_ref_url(), one.environ)


def _let_go(one: "Folder | File") -> None:
    """Forget what was noted at what is deleted, and its locks."""
    one.remove_all_properties(recursive=True)
    one.remove_all_locks(recursive=True)


def _make_folder(environ: Environ, path: str, *, overwrite: bool) -> None:
    container, name = _taken(path)
    mark: dict[str, Any] = {FOLDER_MARK: "true"}
    with told(environ):
        room_of(environ).upload(container, name, b"", metadata=mark, overwrite=overwrite)
