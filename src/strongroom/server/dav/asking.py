"""Whoever asks a share: the room as they act in it, what they are told, and how deep they may list."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from wsgidav.dav_error import HTTP_FORBIDDEN, DAVError, PRECONDITION_CODE_PropfindFiniteDepth
from wsgidav.dav_provider import DAVCollection

from strongroom.errors import AccessDenied, StrongroomError, codes
from strongroom.room import Room
from strongroom.server.dav.bridge import Environ
from strongroom.server.dav.door import PATH, SITE, VISIT
from strongroom.server.door.site import Site
from strongroom.server.door.visit import Visit

MOST_ENTRIES, PAGE = 20_000, 1000
"""Of one folder: a listing is one document, made in memory."""


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
