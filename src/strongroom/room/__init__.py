"""The room: what every door calls."""

from strongroom.room.opening import init, open  # noqa: A004
from strongroom.room.room import Room

__all__ = ["Room", "init", "open"]
