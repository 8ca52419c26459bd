"""`strongroom export` and `strongroom batch`: what is found, as files for other programs and other people."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from strongroom.cli.progress import shown_progress
from strongroom.cli.rooms import JsonOption, QuietOption, RoomOption, open_room
from strongroom.cli.show import size_words
from strongroom.domain.export import MOST, USUAL
from strongroom.errors import SourceUnread
from strongroom.flows.export.batch import FIRST_MOST, queries_of
from strongroom.server.json_form import to_json

CODED = 8 << 20
"""Bytes of a list of queries, at most."""
TOLD = 5
"""Things that were left out which are printed."""


def export(
    query: Annotated[str, typer.Argument(help="As for `strongroom search`, filters included.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="found.xlsx, .csv, .json, or .zip for a dossier.")],
    room: RoomOption = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=MOST, help="Hits at most.")] = USUAL,
    sort: Annotated[str, typer.Option("--sort", help="relevance, newest, oldest, name or size.")] = "relevance",
    originals: Annotated[bool, typer.Option("--originals", help="Put the files themselves into a dossier.")] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write what a search finds to a table, or to a dossier that opens in any browser, without a server."""
    with open_room(room) as opened, shown_progress(quiet=quiet) as on_progress:
        done = opened.export(query, output, limit=limit, sort=sort, originals=originals, on_progress=on_progress)
    if json:
        print(to_json(done))
        return
    console = Console()
    console.print(f"Wrote {done.hits:,} hits to {escape(str(output))} ({size_words(done.size)}).", soft_wrap=True)
    if done.is_cut:
        console.print(f"There are more: narrow the query, or give --limit up to {MOST:,}.")
    for one in done.left_out[:TOLD]:
        console.print(f"Left out: {escape(one)}", soft_wrap=True)
    if len(done.left_out) > TOLD:
        console.print(f"… and {len(done.left_out) - TOLD:,} more, which the dossier names.")


def batch(
    queries: Annotated[Path, typer.Argument(help="One query a line; - reads them from standard input.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="hits.xlsx, .csv or .json.")],
    room: RoomOption = None,
    first: Annotated[int, typer.Option("--first", min=1, max=FIRST_MOST, help="Hits that are told of each query.")] = 3,
    exact: Annotated[bool, typer.Option("--exact", help="Look for each line word for word.")] = False,
    column: Annotated[str | None, typer.Option("--column", help="The list is CSV with a head: take this column.")] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Search for each line of a list, and write a table of how often it is found, and where."""
    wanted = queries_of(_read(queries), exact=exact, column=column)
    with open_room(room) as opened, shown_progress(quiet=quiet) as on_progress:
        done = opened.batch(wanted, output, first=first, on_progress=on_progress)
    if json:
        print(to_json(done))
        return
    problems = f"; {done.problems:,} could not be read, which the table says" if done.problems else ""
    Console().print(
        f"{done.found:,} of {done.queries:,} queries found something{problems}: {escape(str(output))}", soft_wrap=True
    )


def _read(file: Path) -> str:
    try:
        if str(file) == "-":
            data = sys.stdin.buffer.read(CODED + 1)
        else:
            with file.open("rb") as stream:
                data = stream.read(CODED + 1)
    except OSError as error:
        raise SourceUnread(f"{file} cannot be read: {error.strerror or error}") from error
    if len(data) > CODED:
        raise SourceUnread(f"{file} is too large for a list of queries: give at most {CODED >> 20} MiB")
    return data.decode("utf-8-sig", "replace")
