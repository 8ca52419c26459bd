"""``strongroom models``: which models there are, and how they come onto this machine."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from strongroom.cli.progress import shown_progress
from strongroom.cli.show import size_words
from strongroom.domain.settings import Settings
from strongroom.flows.init import settings_of
from strongroom.flows.models import list_models, pull_models
from strongroom.server.json_form import to_json

RoomOption = Annotated[
    Path | None, typer.Option("--room", "-r", envvar="STRONGROOM_ROOM", help="A room whose settings count; else none.")
]
models_app = typer.Typer(help="Machine-learning models: list them, and pull them onto this machine.", no_args_is_help=True)


@models_app.command("list", epilog="Example: strongroom models list")
def list_(
    room: RoomOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """List every model with its task, licence, size and whether it is here."""
    cards = list_models(_settings(room))
    if json:
        print(to_json(cards))
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("model", "task", "licence", "size", "here"):
        table.add_column(heading, no_wrap=heading == "model")  # a name that is cut off cannot be pulled
    for card in cards:
        table.add_row(
            card.name,
            card.task,
            card.licence,
            size_words(card.size) if card.size is not None else "",
            "yes" if card.installed else "no",
        )
    Console().print(table)


@models_app.command(epilog="Example: strongroom models pull")
def pull(
    names: Annotated[list[str] | None, typer.Argument(help="Models by name; without any, the default set.")] = None,
    room: RoomOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Fetch and verify models; what is here already is not fetched again."""
    with shown_progress(quiet=quiet) as on_progress:
        pulled = pull_models(_settings(room), names, on_progress=on_progress)
    Console().print(f"{len(pulled)} models are here and verified: {', '.join(pulled)}.")


def _settings(room: Path | None) -> Settings:
    return settings_of(room or Path.cwd(), os.environ)
