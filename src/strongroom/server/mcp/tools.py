"""The tools of an assistant: search, read, ask, and the containers that there are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

import strongroom
from strongroom.errors import AccessDenied, StrongroomError
from strongroom.room import Room
from strongroom.server.json_form import plain
from strongroom.server.mcp import shown
from strongroom.server.mcp.shown import Shown

INSTRUCTIONS = (
    "A room of raw material: documents, mail, pictures, recordings. Search it in plain words, read what you found, and cite "
    "every claim by name and place, with its link. " + shown.DATA + " If nothing is found, say so; coverage says how much "
    "could be searched."
)
READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=False)
MOST_HITS, MOST_CONTAINERS, MOST_PIECES = 50, 500, 200
WORDS, NAME = 4000, 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who calls a tool."""

    room: Room
    """The room, as they act in it."""
    base: str
    """Where people reach the page, for links."""
    refused: Callable[[str], None]
    """Is told of what they asked for and may not have."""


CallerOf = Callable[[Context[Any, Any]], Caller]


class Tools:
    """The tools; each acts as whoever calls it."""

    def __init__(self, caller_of: CallerOf) -> None:
        """Take what says who calls."""
        self._caller_of = caller_of

    def search(
        self,
        ctx: Context[Any, Any],
        query: Annotated[str, Field(max_length=WORDS, description="Words, exact phrases in quotes, and filters.")],
        limit: Annotated[int, Field(ge=1, le=MOST_HITS, description="How many hits at most.")] = 10,
    ) -> Shown:
        """Find contents; see `DESCRIPTIONS`."""
        with self._called(ctx) as caller:
            return shown.results(caller.base, caller.room.search(query, limit=limit))

    def read(
        self,
        ctx: Context[Any, Any],
        content: Annotated[str, Field(max_length=NAME, description="The sha256, or the name: CONTAINER/BLOB.")],
        page: Annotated[int | None, Field(ge=1, le=1_000_000, description="Only this page.")] = None,
        segment: Annotated[
            str | None, Field(pattern="^[0-9a-f]{32}$", description="A segment of a match: it and what stands around it.")
        ] = None,
        after: Annotated[int, Field(ge=0, le=10_000_000, description="`next` of the reading before, to go on.")] = 0,
    ) -> Shown:
        """Read what a content says; see `DESCRIPTIONS`."""
        with self._called(ctx) as caller:
            limit = 9 if segment else MOST_PIECES
            found = caller.room.text(content, page=page, segment=segment, after=after, limit=limit)
            return shown.text(caller.base, content, found)

    def ask(
        self,
        ctx: Context[Any, Any],
        question: Annotated[str, Field(max_length=WORDS, description="A whole question, in plain words.")],
    ) -> Shown:
        """Answer a question; see `DESCRIPTIONS`."""
        with self._called(ctx) as caller:
            return shown.answer(caller.base, caller.room.ask(question))

    def containers(self, ctx: Context[Any, Any]) -> Shown:
        """Give the containers; see `DESCRIPTIONS`."""
        with self._called(ctx) as caller:
            found = caller.room.containers()
            told = [{"name": one.name, "kind": one.kind, "metadata": plain(one.metadata)} for one in found[:MOST_CONTAINERS]]
            return {"containers": told, "total": len(found), "coverage": shown.coverage(caller.room.coverage())}

    @contextmanager
    def _called(self, ctx: Context[Any, Any]) -> Iterator[Caller]:
        """Give who calls; what cannot be done is told to the assistant in words."""
        caller = self._caller_of(ctx)
        try:
            yield caller
        except StrongroomError as error:
            if isinstance(error, AccessDenied):
                caller.refused(str(error))
            raise ToolError(str(error)) from error


DESCRIPTIONS = {
    "search": (
        "Search the room in plain words. Gives hits with name, sha256, the best matching segments with their place (page, "
        "time) and snippet, and a link to the viewer. Filters may stand in the query: type:pdf, container:letters, "
        'year:1931, lang:en, "an exact phrase", -without. '
    ),
    "read": (
        "Read what a content says, in segments with their places, by its sha256 or its name; a page of it, or what stands "
        "around a segment that a search found. Long texts come in parts: call again with after=next. "
    ),
    "ask": (
        "Ask a question and get sentences that each cite the segment that supports them; or, where nothing in the room "
        "answers it, that nothing was found. "
    ),
    "list_containers": "List the containers that you may see, and how much of them can be searched. ",
}
"""What an assistant reads of each tool."""


def server(caller_of: CallerOf) -> MCPServer[Any]:
    """Give the server, whatever it is reached by.

    Args:
        caller_of: Says who makes a call.
    """
    made: MCPServer[Any] = MCPServer(
        "strongroom",
        title="Strongroom",
        version=strongroom.__version__,
        instructions=INSTRUCTIONS,
        log_level="WARNING",
        subscriptions=False,
    )
    tools = Tools(caller_of)
    for name, tool in (
        ("search", tools.search), ("read", tools.read), ("ask", tools.ask), ("list_containers", tools.containers),
    ):  # fmt: skip
        made.add_tool(tool, name=name, description=DESCRIPTIONS[name] + shown.DATA, annotations=READS)
    return made
