"""`strongroom show`, `text` and `growth`: one content at a time, and how the whole grew."""

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text as Styled

from strongroom.cli.rooms import JsonOption, RoomOption, open_room
from strongroom.cli.show import printable, size_words
from strongroom.domain.card import Card
from strongroom.domain.growth import Growth
from strongroom.domain.text import Piece
from strongroom.server.json_form import to_json

NameArgument = Annotated[str, typer.Argument(help="CONTAINER/BLOB, CONTAINER/BLOB!/MEMBER or a SHA-256.")]
SHOWN = 10
"""Names, members and versions that are printed."""
POINTS = 15
"""Points in time that are printed."""


def show(name: NameArgument, room: RoomOption = None, json: JsonOption = False) -> None:
    """Show what is known of one content: where it is, what it is, how it was read, what it holds, what it was."""
    with open_room(room) as opened:
        card = opened.card(name)
    if json:
        print(to_json(card))
    else:
        show_card(Console(), card)


def show_card(console: Console, card: Card) -> None:
    """Print a card."""
    console.print(Styled(printable(str(card.names[0])), style="bold"), soft_wrap=True)
    console.print(f"{card.media_type or 'not looked at yet'}, {size_words(card.size)}, sha256 {card.sha256}", soft_wrap=True)
    for known in card.names[1:SHOWN]:
        console.print(Styled(f"also {printable(str(known))}", style="dim"), soft_wrap=True)
    if card.name_count > SHOWN:
        console.print(Styled(f"and under {card.name_count - SHOWN:,} more names", style="dim"))
    for parent in card.parents[:SHOWN]:
        console.print(Styled(f"lies in {printable(str(parent.name))}", style="dim"), soft_wrap=True)
    _tables(console, card)


def _tables(console: Console, card: Card) -> None:
    readings = [(f"{one.analyzer} {one.version}", one) for one in card.readings]
    members, versions = card.members.members[:SHOWN], card.history[:SHOWN] if len(card.history) > 1 else ()
    _rows(console, "property", ((key, _value(value)) for key, value in sorted(card.properties.items())))
    _rows(console, "read by", ((who, f"{one.state}, {one.segments:,} segments. {one.reason or ''}") for who, one in readings))
    _rows(console, "holds", ((one.path, f"{one.media_type or ''}, {size_words(one.size)}") for one in members))
    if card.members.total > SHOWN:
        console.print(Styled(f"and {card.members.total - SHOWN:,} more: see --json", style="dim"))
    _rows(console, "version", ((one.version, f"{one.container}/{one.blob}, {size_words(one.size)}") for one in versions))


def _rows(console: Console, title: str, rows: Iterable[tuple[str, str]]) -> None:
    table = Table(box=None, pad_edge=False, show_header=False, title=title, title_justify="left", title_style="dim")
    for name, value in rows:
        table.add_row(Styled(printable(name), style="cyan"), printable(value))
    if table.row_count:
        console.print(table)


def _value(value: object) -> str:
    words = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return words if len(words) <= 200 else words[:199] + "…"  # noqa: PLR2004


def text(
    name: NameArgument,
    room: RoomOption = None,
    page: Annotated[int | None, typer.Option("--page", help="Only of this page.")] = None,
    json: JsonOption = False,
) -> None:
    """Print the whole text that was found in one content, each piece with its place."""
    with open_room(room) as opened:
        after, pieces = 0, list[Piece]()
        while True:
            part = opened.text(name, page=page, after=after, limit=1000)
            if json:
                pieces += part.pieces
            for piece in () if json else part.pieces:
                typer.echo(_piece(piece))
            after += len(part.pieces)
            if not part.more:
                break
    if json:
        print(to_json(pieces))


def _piece(piece: Piece) -> str:
    place = piece.locator.label()
    said = "\n".join(printable(line.expandtabs()) for line in piece.text.splitlines())
    return f"[{printable(place)}] {said}" if place else said


def growth(
    room: RoomOption = None,
    by: Annotated[str, typer.Option("--by", help="container or type.")] = "container",
    json: JsonOption = False,
) -> None:
    """Tell how many bytes and blobs were stored at each time, and what they come to now."""
    with open_room(room) as opened:
        grown = opened.growth(by=by)
    if json:
        print(to_json(grown))
    else:
        show_growth(Console(), grown)


def show_growth(console: Console, grown: Growth) -> None:
    """Print how a room grew."""
    table = Table(box=None, pad_edge=False)
    for heading in (f"until ({grown.step}s)", "blobs", "size", *map(printable, grown.parts)):
        table.add_column(heading, justify="left" if heading.startswith("until") else "right")
    step = max(1, -(-len(grown.points) // POINTS))
    for point in reversed(grown.points[::-1][::step]):
        parts = (size_words(part.size) for part in point.parts)
        table.add_row(point.until.isoformat(), f"{point.total.blobs:,}", size_words(point.total.size), *parts)
    console.print(table if grown.points else "The room is empty.")
    console.print(
        f"Now {grown.current.blobs:,} blobs ({size_words(grown.current.size)}) of {grown.contents:,} contents; "
        f"{grown.kept.blobs:,} earlier versions and deleted blobs that can be restored ({size_words(grown.kept.size)}); "
        f"the vault takes {size_words(grown.stored)}.",
        soft_wrap=True,
    )
