"""`strongroom entities`: what the room's texts name."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from strongroom.cli.rooms import JsonOption, RoomOption, open_room
from strongroom.cli.show import printable
from strongroom.server.json_form import to_json


def entities(
    like: Annotated[str, typer.Argument(help="Words that the name holds.", show_default=False)] = "",
    kind: Annotated[
        str | None,
        typer.Option("--kind", "-k", help="One of organisation, person, place, date, amount, address and number."),
    ] = None,
    content: Annotated[str | None, typer.Option("--in", help="What one content names: CONTAINER/BLOB, or a SHA-256.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="How many at most.")] = 50,
    offset: Annotated[int, typer.Option("--offset", help="How many to pass over.")] = 0,
    room: RoomOption = None,
    json: JsonOption = False,
) -> None:
    """List the people, organisations, places, dates, amounts, addresses and numbers that most contents name."""
    with open_room(room) as opened:
        found = opened.entities(kind=kind, like=like, content=content, after=offset, limit=limit)
    if json:
        print(to_json({"entities": found}))
        return
    console = Console()
    if not found:
        console.print("Nothing is named yet: analyse the room first, and see `strongroom models list`.")
        return
    table = Table(box=None, header_style="bold")
    table.add_column("kind")
    table.add_column("name")
    table.add_column("contents", justify="right")
    table.add_column("also spelt")
    for one in found:
        others = ", ".join(printable(spelling) for spelling in one.spellings[1:4])
        table.add_row(one.kind, Text(printable(one.name)), f"{one.contents:,}", Text(others, style="dim"))
    console.print(table)
