"""Making a room, and opening one."""

import os
from pathlib import Path

from strongroom.errors import RoomNotFound
from strongroom.flows.init import make_room, settings_of
from strongroom.flows.parts import open_parts
from strongroom.room.room import Room
from strongroom.storage.layout import Layout


def init(path: Path | str, **settings: object) -> "Room":
    """Make a room and open it.

    Args:
        path: A directory that is new or empty.
        settings: Any of `strongroom.domain.settings.Settings`; they are written into the room's ``settings.toml``.

    Raises:
        AlreadyExists: The directory is a room already, or holds other files.
    """
    make_room(Path(path), settings)
    return open(path)


def open(path: Path | str, **settings: object) -> "Room":  # noqa: A001 - it is read as `strongroom.open`
    """Open a room.

    Args:
        path: Its directory.
        settings: Any of `strongroom.domain.settings.Settings`, for this opening only.

    Raises:
        RoomNotFound: The directory is no room.
        RoomVersionError: A newer Strongroom wrote it.
        SettingError: A setting has a value it cannot have.
    """
    layout = Layout(root=Path(path).absolute())
    if not layout.settings.exists():
        raise RoomNotFound(f"{path} is not a room: make one with `strongroom init {path}`, or name yours with --room")
    return Room(open_parts(layout.root, settings_of(layout.root, os.environ, **settings), threads=os.cpu_count() or 1))
