"""What lies inside archives and messages, as folders that can only be read: ``pack.zip!`` beside ``pack.zip``.

The names are those of the command line: ``letters/pack.zip!/diary/march.md``. Only a share that is read only has them.
"""

from collections.abc import Iterator

from wsgidav.dav_error import HTTP_FORBIDDEN, HTTP_INSUFFICIENT_STORAGE, DAVError

from strongroom.domain.card import Inside
from strongroom.errors import NotFound
from strongroom.server.dav.asking import MOST_ENTRIES, PAGE, Collection, room_of, told
from strongroom.server.dav.bridge import Environ
from strongroom.server.dav.file import File
from strongroom.server.dav.names import is_shown

SIGN = "!"
"""Behind the name of what something lies inside of."""


class Pack(Collection):
    """What lies inside a content, or in one of the folders there."""

    def __init__(self, environ: Environ, holder: str, inner: str) -> None:
        """Take what it is.

        Args:
            environ: Of the request.
            holder: Name of the content in the room: ``letters/pack.zip``.
            inner: Folder in it, without slashes at its ends; empty for all.
        """
        super().__init__(f"/{holder}{SIGN}" + (f"/{inner}" if inner else ""), environ)
        self._holder, self._inner = holder, inner

    def get_member_names(self) -> list[str]:
        """Give the names of what it holds."""
        return [one.name for one in self.get_member_list()]

    def get_member_list(self) -> list["Pack | Member"]:
        """Give what it holds.

        Raises:
            DAVError: That is more than one listing can tell.
        """
        with told(self.environ):
            found, files = self._entries()
            full = room_of(self.environ).holding([one.sha256 for one in files])
        packs = [Pack(self.environ, f"{self._holder}{SIGN}/{one.path}", "") for one in files if one.sha256 in full]
        return list((found | {pack.name: pack for pack in packs}).values())

    def _entries(self) -> tuple[dict[str, "Pack | Member"], list[Inside]]:
        """Give folders and files by name, and the files as the room tells of them."""
        prefix = f"{self._inner}/" if self._inner else ""
        found: dict[str, Pack | Member] = {}
        files: dict[str, Inside] = {}
        for one in inside(self.environ, self._holder):
            name, _, rest = one.path.removeprefix(prefix).partition("/")
            if not one.path.startswith(prefix) or not is_shown(name) or isinstance(found.get(name), Pack):
                continue
            if rest:
                found[name] = Pack(self.environ, self._holder, prefix + name)
                files.pop(name, None)
            elif name not in found:
                found[name], files[name] = Member(self.environ, self._holder, one), one
        return found, list(files.values())

    def create_collection(self, name: str) -> None:
        """Refuse: what lies inside a file is not changed."""
        raise DAVError(HTTP_FORBIDDEN, f"{name} cannot be made inside a file: only its container is written to")

    def create_empty_resource(self, name: str) -> "Member":
        """Refuse: what lies inside a file is not changed."""
        raise DAVError(HTTP_FORBIDDEN, f"{name} cannot be put inside a file: only its container is written to")

    def delete(self) -> None:
        """Refuse: what lies inside a file goes with it alone."""
        raise DAVError(HTTP_FORBIDDEN, "it lies inside a file: delete that")


class Member(File):
    """One file inside a content."""

    def __init__(self, environ: Environ, holder: str, member: Inside) -> None:
        """Take what it is, and inside of what."""
        container, _, name = f"{holder}{SIGN}/{member.path}".partition("/")
        super().__init__(f"/{container}/{name}", environ, container, None, name)
        self._member = member

    def get_content_length(self) -> int:
        """Give the bytes."""
        return self._member.size

    def get_etag(self) -> str | None:
        """Give what changes whenever the bytes do."""
        return self._member.sha256

    def begin_write(self, *, content_type: str | None = None) -> None:  # type: ignore[override]
        """Refuse: what lies inside a file is not changed."""
        del content_type
        raise DAVError(HTTP_FORBIDDEN, "it lies inside a file, which is not changed")

    def delete(self) -> None:
        """Refuse: what lies inside a file goes with it alone."""
        raise DAVError(HTTP_FORBIDDEN, "it lies inside a file: delete that")


def leads_inside(part: str) -> bool:
    """Say whether a part of a path can be the folder of what lies inside a file."""
    return part.endswith(SIGN) and part != SIGN


def inside(environ: Environ, holder: str) -> Iterator[Inside]:
    """Give all that lies directly inside a content.

    Raises:
        NotFound: There is no such content.
        DAVError: There is more than one listing can tell.
    """
    after, more = 0, True
    while more:
        page = room_of(environ).inside(holder, after=after, limit=PAGE)
        yield from page.members
        after, more = after + len(page.members), page.more
        if after > MOST_ENTRIES:
            raise DAVError(HTTP_INSUFFICIENT_STORAGE, f"more than {MOST_ENTRIES:,} files inside: look at them on the page")


def opened(environ: Environ, parts: list[str]) -> Pack | Member:
    """Give what a path names that leads inside a file.

    Args:
        environ: Of the request.
        parts: Of the path; one of them leads inside.

    Raises:
        NotFound: It names nothing.
    """
    at = max(place for place, part in enumerate(parts) if leads_inside(part))
    holder, inner = "/".join(parts[: at + 1])[: -len(SIGN)], "/".join(parts[at + 1 :])
    is_folder = False
    for one in inside(environ, holder):
        if one.path == inner:
            return Member(environ, holder, one)
        is_folder = is_folder or not inner or one.path.startswith(f"{inner}/")
    if not is_folder:
        raise NotFound(f"there is no {inner!r} in {holder}")
    return Pack(environ, holder, inner)
