"""``strongroom lifecycle``: rules by which blobs get cheaper or go as they grow old."""

import json as json_module
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from strongroom.cli.rooms import JsonOption, QuietOption, RoomOption, open_room
from strongroom.cli.show import printable
from strongroom.domain.lifecycle import Act
from strongroom.errors import UsageError
from strongroom.server.json_form import to_json

lifecycle_app = typer.Typer(help="Lifecycle rules: what becomes of blobs as they grow old.", no_args_is_help=True)


@lifecycle_app.command(epilog="Example: strongroom lifecycle show > rules.json")
def show(room: RoomOption = None) -> None:
    """Print the rules, as JSON in the form of Azure's management policies."""
    with open_room(room) as opened:
        print(to_json(opened.lifecycle()))


@lifecycle_app.command("set", epilog="Example: strongroom lifecycle set rules.json")
def set_(
    file: Annotated[Path, typer.Argument(help="JSON in the form of Azure's management policies.", exists=True, dir_okay=False)],
    room: RoomOption = None,
) -> None:
    """Set the rules, in the place of those before; `strongroom serve` runs them once a day."""
    try:
        document = json_module.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise UsageError(f"{file} is not valid JSON: {error}") from error
    if not isinstance(document, dict):
        raise UsageError(f'{file} has no object {{"rules": [...]}}')
    with open_room(room) as opened:
        count = opened.set_lifecycle(document)
    Console().print(f"{count:,} rules are set. Try them: strongroom lifecycle run --dry-run")


@lifecycle_app.command(epilog="Example: strongroom lifecycle run --dry-run")
def run(
    room: RoomOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done.")] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Do now what the rules say; what is protected, leased, or has snapshots is left."""
    console = Console()

    def tell(act: Act) -> None:
        if not quiet and not json:
            which = "" if act.blob.is_current else f" of {act.blob.version}"
            told = f"left: {act.refusal}" if act.refusal else act.action
            name = printable(f"{act.blob.container}/{act.blob.name}")
            console.print(f"{escape(name)}{which}: {escape(told)}", soft_wrap=True, highlight=False)

    with open_room(room) as opened:
        ran = opened.run_lifecycle(dry_run=dry_run, on_act=tell)
    if json:
        print(to_json({"done": dict(ran.done), "left": ran.left, "dry_run": dry_run}))
        return
    done = ", ".join(f"{count:,} {action}" for action, count in sorted(ran.done.items())) or "nothing"
    console.print(f"{'Would do' if dry_run else 'Did'}: {done}. Left: {ran.left:,}.")
