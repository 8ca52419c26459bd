"""What a share holds: its root and its folders."""

import mimetypes
from collections.abc import Sequence

from wsgidav.dav_error import HTTP_FORBIDDEN, HTTP_INSUFFICIENT_STORAGE, DAVError

from strongroom.domain.blob import Blob
from strongroom.domain.media import OCTETS
from strongroom.errors import NotFound
from strongroom.server.dav.asking import MOST_ENTRIES, PAGE, Collection, room_of, told
from strongroom.server.dav.bridge import Environ
from strongroom.server.dav.file import File, let_go, make_folder, take_along, taken
from strongroom.server.dav.inside import SIGN, Pack
from strongroom.server.dav.names import is_folder, is_shown


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

    def get_member_list(self) -> list["Folder | File | Pack"]:
        """Give what it holds.

        Raises:
            DAVError: That is more than one listing can tell.
        """
        found: dict[str, Folder | File | Pack] = {}
        prefix, after = f"{self._name}/" if self._name else "", ""
        with told(self.environ):
            while True:
                page = room_of(self.environ).browse(self._container, prefix=prefix, after=after, limit=PAGE)
                for folder in page.folders:
                    self._keep(found, folder[len(prefix) : -1], None)
                for blob in page.blobs:
                    self._keep(found, blob.name[len(prefix) :], blob)
                found |= self._packs(page.blobs)
                if len(found) > MOST_ENTRIES:
                    raise DAVError(HTTP_INSUFFICIENT_STORAGE, f"more than {MOST_ENTRIES:,} entries: look at them on the page")
                if page.next is None:
                    return list(found.values())
                after = page.next

    def _keep(self, found: dict[str, "Folder | File | Pack"], name: str, blob: Blob | None) -> None:
        if not is_shown(name) or isinstance(found.get(name), Folder):
            return
        path, whole = f"{self.path.rstrip('/')}/{name}", f"{self._name}/{name}" if self._name else name
        if blob is None or is_folder(blob):
            found[name] = Folder(path, self.environ, self._container, whole, blob)
        else:
            found[name] = File(path, self.environ, self._container, blob)

    def _packs(self, blobs: Sequence[Blob]) -> dict[str, "Folder | File | Pack"]:
        """Give what lies inside the archives and messages among some blobs, each as a folder beside it.

        Only to who lists, and where nothing can be written: what copies, moves or deletes a folder does it with the archives
        themselves.
        """
        if self.environ["REQUEST_METHOD"] != "PROPFIND" or not self.provider.is_readonly():
            return {}
        shown = {blob.sha256: blob for blob in blobs if blob.sha256 and is_shown(blob.name.rpartition("/")[2] + SIGN)}
        full = room_of(self.environ).holding(list(shown))
        names = [blob.name for blob in blobs if blob.sha256 in full]
        packs = [Pack(self.environ, f"{self._container}/{name}", "") for name in names]
        return {pack.name: pack for pack in packs}

    # writing, where the share is writable

    def create_collection(self, name: str) -> None:
        """Make a folder: an empty blob that stands for it."""
        make_folder(self.environ, f"{self.path.rstrip('/')}/{name}", overwrite=False)

    def create_empty_resource(self, name: str) -> "File":
        """Give a file that is about to be written; one that is locked before is there at once, and empty (RFC 4918, 7.3)."""
        path = f"{self.path.rstrip('/')}/{name}"
        container, whole = taken(path)
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
        let_go(self)

    def copy_move_single(self, dest_path: str, *, is_move: bool) -> None:
        """Make a folder elsewhere; what it holds follows."""
        del is_move
        make_folder(self.environ, dest_path, overwrite=True)
        take_along(self, dest_path)
