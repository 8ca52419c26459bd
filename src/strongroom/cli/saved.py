"""``strongroom searches``: searches that are kept, and what they report."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from strongroom.cli.rooms import JsonOption, RoomOption, open_room
from strongroom.cli.show import printable, show_results
from strongroom.server.json_form import results_json, to_json

searches_app = typer.Typer(help="Searches that are kept, and alerts of what comes to match them.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="Number of the search, as `strongroom searches list` shows it.")]


@searches_app.command(epilog="Example: strongroom searches save flood 'harbour flood type:pdf' --watch")
def save(
    name: Annotated[str, typer.Argument(help="What you call it.")],
    query: Annotated[str, typer.Argument(help="As for `strongroom search`.")],
    room: RoomOption = None,
    watch: Annotated[bool, typer.Option("--watch", help="Report what comes to match, while `strongroom serve` runs.")] = False,
    webhook: Annotated[str | None, typer.Option("--webhook", help="Post new matches to this URL, too.")] = None,
) -> None:
    """Keep a search."""
    with open_room(room) as opened:
        kept = opened.save_search(name, query, watch=watch, webhook=webhook)
    console = Console()
    console.print(f"Kept as number {kept.id}.")
    if kept.is_watching:
        console.print(
            f"Atom feed: /feeds/{kept.id}/{kept.feed_secret} on the page (whoever knows it reads it).", soft_wrap=True
        )
    if kept.webhook:
        console.print(f"What is posted is signed with: {kept.signing_secret}", soft_wrap=True)


@searches_app.command("list", epilog="Example: strongroom searches list")
def list_(room: RoomOption = None, json: JsonOption = False) -> None:
    """List the searches that you keep."""
    with open_room(room) as opened:
        found = opened.saved_searches()
    if json:
        print(to_json(found))
        return
    table = Table("no.", "name", "query", "watches", "new", box=None, header_style="bold")
    for one in found:
        watches = "yes" if one.is_watching else ""
        table.add_row(str(one.id), escape(printable(one.name)), escape(printable(one.query)), watches, str(one.unseen))
    Console().print(table if found else "You keep no search: strongroom searches save NAME QUERY")


@searches_app.command(epilog="Example: strongroom searches run 3")
def run(number: Number, room: RoomOption = None, json: JsonOption = False) -> None:
    """Search again."""
    with open_room(room) as opened:
        results = opened.search(opened.news(number).search.query)
    if json:
        print(results_json(results))
    else:
        show_results(Console(), results)


@searches_app.command(epilog="Example: strongroom searches news 3")
def news(number: Number, room: RoomOption = None, json: JsonOption = False) -> None:
    """Show what came to match a search, the newest first; it then counts as seen."""
    with open_room(room) as opened:
        found = opened.news(number, see=True)
    if json:
        print(to_json(found))
        return
    for match in found.matches:
        new = "new " if match.is_unseen else ""
        line = f"{match.found_at:%Y-%m-%d %H:%M} {new}{printable(str(match.names[0]))}"
        Console().print(escape(line), soft_wrap=True)
    if not found.matches:
        Console().print("Nothing came to match it yet.")


@searches_app.command(epilog="Example: strongroom searches delete 3")
def delete(number: Number, room: RoomOption = None) -> None:
    """Keep a search no more."""
    with open_room(room) as opened:
        opened.delete_search(number)
    Console().print("It is kept no more.")
