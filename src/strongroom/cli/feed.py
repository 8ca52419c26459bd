"""The commands that list what happened to blobs, and what blobs there are, as tables."""

import json as json_module
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from strongroom.cli.rooms import JsonOption, RoomOption, open_room
from strongroom.cli.show import printable
from strongroom.errors import UsageError
from strongroom.flows.fetch import to_file
from strongroom.flows.inventory import form_of
from strongroom.server.json_form import plain


def changes(
    room: RoomOption = None,
    since: Annotated[str | None, typer.Option("--since", help="From then on: 2026-11-24 or 2026-11-24T18:30 (UTC).")] = None,
    json: JsonOption = False,
) -> None:
    """List what happened to blobs, oldest first; kept from when the setting change_feed is on. JSON is one object a line."""
    begin = None if since is None else _instant(since)
    with open_room(room) as opened:
        if not opened.settings.change_feed:
            hint = "changes are not written down here: put `change_feed = true` into settings.toml of the room"
            Console(stderr=True).print(f"strongroom: {hint}", soft_wrap=True)
        for change in opened.changes(since=begin):
            if json:
                print(json_module.dumps(plain(change), ensure_ascii=False))
            else:
                print(f"{change.at:%Y-%m-%d %H:%M:%S}  {change.event:21}  {printable(f'{change.container}/{change.name}')}")


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no instant: write 2026-11-24 or 2026-11-24T18:30") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def inventory(
    container: Annotated[str, typer.Argument(help="The container.")],
    room: RoomOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write here, as its ending says; else CSV to standard output.")
    ] = None,
    prefix: Annotated[str, typer.Option("--prefix", help="Only names that begin so.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Earlier versions, snapshots and what is deleted too.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="As CSV.")] = False,
    parquet: Annotated[bool, typer.Option("--parquet", help="As Parquet.")] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON, one object a line.")] = False,
) -> None:
    """Write a table of a container's blobs, with the columns of Azure's blob inventory."""
    asked = [form for form, is_asked in (("csv", csv), ("parquet", parquet), ("json", json)) if is_asked]
    if len(asked) > 1:
        raise UsageError("give one of --csv, --parquet and --json")
    form = asked[0] if asked else "csv" if output is None else form_of(output.name)
    if output is None and form == "parquet" and sys.stdout.isatty():
        raise UsageError("this would write bytes to the terminal: give -o FILE, or send the output elsewhere")
    with open_room(room) as opened:
        if output is None:
            opened.inventory(container, sys.stdout.buffer, form, prefix=prefix, everything=everything)
            sys.stdout.buffer.flush()
            return
        count = to_file(lambda out: opened.inventory(container, out, form, prefix=prefix, everything=everything), output)
    Console(stderr=True).print(f"Wrote {count:,} rows to {escape(str(output))}.", soft_wrap=True)
