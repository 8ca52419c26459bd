"""`strongroom pending`, `failures`, `retry` and `stop`: what waits, what could not be read, and ending an analysis."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from strongroom.cli.rooms import JsonOption, RoomOption, open_room
from strongroom.cli.show import printable
from strongroom.domain.analysis import Failure
from strongroom.domain.status import Waiting
from strongroom.server.json_form import to_json

AfterOption = Annotated[str, typer.Option("--after", help="Go on where the page before ended: its `next`.")]
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Files on a page.")]
AnalyzerOption = Annotated[str | None, typer.Option("--analyzer", help="Only what this one could not read.")]
ReasonOption = Annotated[
    str | None, typer.Option("--reason", help="Only what could not be read for this reason, word for word.")
]


def pending(room: RoomOption = None, after: AfterOption = "", limit: LimitOption = 100, json: JsonOption = False) -> None:
    """List which files are yet to be read, and by which analyzers."""
    with open_room(room) as opened:
        page = opened.pending(after=after, limit=limit)
    if json:
        print(to_json(page))
        return
    _show_waiting(Console(), page.waiting)
    _tell_next(page.next)


def failures(
    room: RoomOption = None,
    after: AfterOption = "",
    limit: LimitOption = 100,
    analyzer: AnalyzerOption = None,
    reason: ReasonOption = None,
    json: JsonOption = False,
) -> None:
    """List every file that could not be read, wholly or in part, with the reason; `strongroom status` counts the reasons."""
    with open_room(room) as opened:
        page = opened.failures(after=after, limit=limit, analyzer=analyzer, reason=reason)
    if json:
        print(to_json(page))
        return
    _show_failures(Console(), page.failures)
    _tell_next(page.next)


def retry(
    names: Annotated[list[str] | None, typer.Argument(help="Of these; all that failed if not given.")] = None,
    room: RoomOption = None,
    analyzer: AnalyzerOption = None,
    reason: ReasonOption = None,
) -> None:
    """Have what failed read again by the next `strongroom analyze`, or the one that runs."""
    with open_room(room) as opened:
        count = opened.retry(names or None, analyzer=analyzer, reason=reason)
    Console().print(f"{count:,} files will be read again.")


def stop(room: RoomOption = None) -> None:
    """Have the analysis of the room finish what it has in hand and end, wherever it was started; all is kept.

    Servers read nothing more, whatever arrives, until somebody starts it again: there, or by `strongroom analyze`.
    """
    with open_room(room) as opened:
        opened.stop_analysis()
    Console().print("What is in hand is finished, and nothing more is read. It goes on with: strongroom analyze")


def _show_waiting(console: Console, waiting: Sequence[Waiting]) -> None:
    for one in waiting:
        line = Text(printable(one.name), style="bold")
        line.append(f"  {', '.join(one.analyzers) or 'a first look'}", style="dim")
        console.print(line, soft_wrap=True)
    if not waiting:
        console.print("Nothing waits.")


def _show_failures(console: Console, failures: Sequence[Failure]) -> None:
    for one in failures:
        line = Text(printable(one.name), style="bold")
        line.append(f"  {one.analyzer}: {printable(one.reason)}", style="default")
        console.print(line, soft_wrap=True)
    if not failures:
        console.print("There is none.")


def _tell_next(following: str | None) -> None:
    if following is not None:
        Console().print(Text(f"more: add --after {following}", style="dim"), soft_wrap=True)
