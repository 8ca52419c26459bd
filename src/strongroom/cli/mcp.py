"""`strongroom mcp`: a room as tools of an assistant that starts this command."""

from importlib.util import find_spec
from typing import Annotated

import typer

from strongroom.cli.rooms import RoomOption, open_room
from strongroom.domain.scope import Actor
from strongroom.errors import UsageError
from strongroom.governance.members import VERSION
from strongroom.governance.policy import GENERAL
from strongroom.ports import Act
from strongroom.server.page import PORT


def mcp(
    room: RoomOption = None,
    user: Annotated[
        str | None, typer.Option("--user", "-u", help="Act as this user, with their rights; as the owner if not given.")
    ] = None,
    page_url: Annotated[
        str, typer.Option("--page-url", help="Where the page is, for links to the viewer.")
    ] = f"http://127.0.0.1:{PORT}",
) -> None:
    """Answer an assistant over standard input and output (MCP): search, read, ask, list containers."""
    if find_spec("mcp") is None:
        raise UsageError("MCP is not installed: pip install 'strongroom[mcp]'")
    from strongroom.server.mcp.over_stdio import serve

    with open_room(room) as opened:
        acting = opened if user is None else opened.acting(Actor(name=user), opened.member_policy)
        acting.scope("search")  # an unknown user is told now, not at each call

        def refused(why: str) -> None:
            actor = opened.actor if user is None else Actor(name=user)
            details: dict[str, object] = {"path": "mcp", "why": why}
            opened.ledger.append(Act(verb="refuse", actor=actor, purpose=GENERAL, policy_version=VERSION, details=details))

        serve(acting, base=page_url, refused=refused)
