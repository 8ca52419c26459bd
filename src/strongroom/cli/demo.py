"""The demo: sample files, a room, five searches, and the line to type next."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape

import strongroom
from strongroom.cli.progress import shown_progress
from strongroom.cli.samples import write_samples
from strongroom.cli.show import coverage_line, show_results
from strongroom.errors import RoomNotFound

CONTAINER = "samples"
SEARCHES = (
    ("a scanned letter, by what it says", "flooded cellar of the harbour office"),
    ("a photograph, by what it shows", "a tabby cat"),
    ("a passage, by its meaning", "who has to pay when something breaks"),
    ("a moment of a recording, by what is said", "it was the age of foolishness"),
    ("a moment of a film, by what it shows", "a bicycle type:video"),
)


def run(room: Path, *, quiet: bool) -> None:
    """Make sample files and a room beside them, search it, and say what to type next.

    Args:
        room: Directory of the room; one from an earlier demo is used again.
        quiet: Show no progress.
    """
    console = Console()
    samples = room.with_name(room.name + "-files")
    count = write_samples(samples)
    console.print(f"{count} sample files are in {escape(str(samples))}.\n")
    try:
        opened = strongroom.open(room)
    except RoomNotFound:
        opened = strongroom.init(room)
    with opened, shown_progress(quiet=quiet) as on_progress:
        opened.add([f"{samples}/"], to=CONTAINER, on_progress=on_progress)
        opened.analyze(on_progress=on_progress)
        for what, query in SEARCHES:
            console.rule(f"{what}: [bold]{escape(query)}[/]", align="left")
            show_results(console, opened.search(query, limit=2))
            console.print()
        console.print(coverage_line(opened.coverage()).replace("searched", "analysed", 1))
    console.print(f"\nNow try one of your own:\n\n    strongroom search --room {escape(str(room))} 'invoice type:mail'")
