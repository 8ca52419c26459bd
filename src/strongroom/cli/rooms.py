"""The options that commands share, and the room that they name."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated

import typer

import strongroom
from strongroom.room import Room

RoomOption = Annotated[
    Path | None,
    typer.Option("--room", "-r", envvar="STRONGROOM_ROOM", help="The room's directory; the current one if not given."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]

given: ContextVar[dict[str, str]] = ContextVar("settings given by --set")
"""Settings for this run."""


@contextmanager
def open_room(path: Path | None) -> Iterator[Room]:
    """Open the room that a command is about, with the settings that were given for this run."""
    with strongroom.open(path or Path.cwd(), **given.get()) as room:
        yield room
