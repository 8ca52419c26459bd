"""MCP over standard input and output: an assistant's program starts it, and talks to one room as one actor."""

from collections.abc import Callable

import anyio

from strongroom.room import Room
from strongroom.server.mcp.tools import Caller, server


def serve(room: Room, *, base: str, refused: Callable[[str], None]) -> None:
    """Answer until standard input ends; nothing but the protocol is written to standard output.

    Args:
        room: Open, as its actor acts in it.
        base: Where people reach the page, for links.
        refused: Is told of what was asked for and may not be had.
    """
    caller = Caller(room=room, base=base.rstrip("/"), refused=refused)
    anyio.run(server(lambda _: caller).run_stdio_async)
