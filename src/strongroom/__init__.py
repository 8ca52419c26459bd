"""Strongroom: put a pile of raw files in, and find things in it in plain words.

with strongroom.open("myroom") as room:
room.add(["letters/"], to="letters")
room.analyze()
for hit in room.search("flooded cellar").hits:
print(hit.names[0], hit.matches[0].snippet)
"""

from typing import TYPE_CHECKING, Any

from strongroom.domain.hit import Hit, Match, Results
from strongroom.domain.locator import Locator
from strongroom.domain.progress import Progress
from strongroom.domain.settings import Settings
from strongroom.errors import StrongroomError

if TYPE_CHECKING:
    from strongroom.room import Room, init, open  # noqa: A004

__version__ = "0.1.0"

__all__ = ["Hit", "Locator", "Match", "Progress", "Results", "Room", "Settings", "StrongroomError", "init", "open"]

_LAZY = ("Room", "init", "open")


def __getattr__(name: str) -> Any:
    """Load the room, and with it databases and models, when it is first asked for."""
    if name in _LAZY:
        from strongroom import room

        return getattr(room, name)
    raise AttributeError(f"module 'strongroom' has no attribute {name!r}")
