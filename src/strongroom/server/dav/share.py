"""A room as WsgiDAV serves it: the root's folders are the containers, and the slashes of blobs' names make the others."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring, tostring
from wsgidav.dav_error import HTTP_BAD_REQUEST, HTTP_FORBIDDEN, HTTP_INSUFFICIENT_STORAGE, DAVError
from wsgidav.dav_provider import DAVProvider
from wsgidav.error_printer import ErrorPrinter
from wsgidav.prop_man.property_manager import PropertyManager
from wsgidav.request_resolver import RequestResolver
from wsgidav.wsgidav_app import WsgiDAVApp

from strongroom.errors import NotFound
from strongroom.server.dav.asking import room_of, told
from strongroom.server.dav.bridge import Environ
from strongroom.server.dav.file import File
from strongroom.server.dav.inside import Pack, leads_inside, opened
from strongroom.server.dav.names import is_folder, is_shown
from strongroom.server.dav.resources import Folder, Root

BLOCK = 1 << 18
WITH_XML = ("PROPFIND", "PROPPATCH", "LOCK")
MOST_PROPERTIES, MOST_CHARACTERS = 10_000, 4096
"""Properties of programs' own that are kept in memory, and the length of each."""


class RoomProvider(DAVProvider):  # type: ignore[misc]
    """Finds what a path names, as whoever asks may see it."""

    def __init__(self, *, is_writable: bool) -> None:
        """Say whether anything may be written."""
        super().__init__()
        self._is_writable = is_writable

    def is_readonly(self) -> bool:
        """Say whether nothing may be written."""
        return not self._is_writable

    def get_resource_inst(self, path: str, environ: Environ) -> Root | Folder | File | Pack | None:
        """Give what a path names; None where it names nothing."""
        parts = [part for part in path.split("/") if part]
        found = self._named(parts, environ) if parts else Root("/", environ)
        if found is not None and found.is_collection and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            raise DAVError(HTTP_FORBIDDEN, "this is a folder: open it in a file manager, by this address")
        return found

    def _named(self, parts: list[str], environ: Environ) -> Folder | File | Pack | None:
        if not all(map(is_shown, parts)):
            return None
        with told(environ):
            try:
                return _found(parts, environ, in_files=self.is_readonly())
            except NotFound:
                return None


def _found(parts: list[str], environ: Environ, *, in_files: bool) -> Folder | File | Pack:
    """Give a folder or a file; of a name that both have, the folder."""
    room, container, name = room_of(environ), parts[0], "/".join(parts[1:])
    path = "/" + "/".join(parts)
    page = room.browse(container, prefix=f"{name}/" if name else "", limit=1)
    if not name or page.folders or page.blobs:
        return Folder(path, environ, container, name)
    try:
        blob = room.blob(container, name)
    except NotFound:
        if not in_files or not any(map(leads_inside, parts[1:])):
            raise
        return opened(environ, parts)
    return Folder(path, environ, container, name, blob) if is_folder(blob) else File(path, environ, container, blob)


class Properties(PropertyManager):  # type: ignore[misc]
    """Keeps what programs note at files, in memory and within bounds."""

    def write_property(self, url: str, name: str, value: Any, dry_run: bool = False, environ: Any = None) -> None:  # noqa: FBT001, FBT002 - the base's signature
        """Keep one.

        Raises:
            DAVError: There are too many, or it is too long.
        """
        count = sum(map(len, (self._dict or {}).values()))
        if count >= MOST_PROPERTIES or len(value) > MOST_CHARACTERS or len(name) > MOST_CHARACTERS:
            raise DAVError(HTTP_INSUFFICIENT_STORAGE, "no more properties are kept here")
        super().write_property(url, name, value, dry_run, environ)


class Resolver(RequestResolver):  # type: ignore[misc]
    """Answers; a body of XML is read before, and passed on without what WsgiDAV would stumble over."""

    def __call__(self, environ: Environ, start_response: Any) -> Iterator[bytes]:
        """Give the answer.

        Raises:
            DAVError: The body is no XML that is read here.
        """
        if environ["REQUEST_METHOD"] in WITH_XML:
            data = environ["wsgi.input"].read()
            whole = _checked(data) if data.strip() else b""
            environ |= {"wsgi.input": BytesIO(whole), "CONTENT_LENGTH": str(len(whole)), "wsgidav.all_input_read": 1}
        yield from super().__call__(environ, start_response)


def _checked(data: bytes) -> bytes:
    """Give XML without comments and instructions.

    Raises:
        DAVError: It is none, is deep, or declares a document type: entities of one would fetch or swell.
    """
    try:
        return bytes(tostring(fromstring(data, forbid_dtd=True), "utf-8"))
    except (DefusedXmlException, ParseError, LookupError, RecursionError, ValueError) as error:
        raise DAVError(HTTP_BAD_REQUEST, "the body is no XML that is read here") from error


def share(path: str, *, is_writable: bool) -> WsgiDAVApp:
    """Give the application.

    Args:
        path: Where it is mounted.
        is_writable: Whether editors may write.
    """
    return WsgiDAVApp(
        {
            "mount_path": path,
            "provider_mapping": {"/": RoomProvider(is_writable=is_writable)},
            "middleware_stack": [ErrorPrinter, Resolver],
            "http_authenticator": {"accept_basic": False, "accept_digest": False, "default_to_digest": False},
            "property_manager": Properties() if is_writable else None,
            "lock_storage": is_writable,
            "block_size": BLOCK,
            "suppress_version_info": True,
            "verbose": 1,
            "logging": {"enable": False},
        }
    )
