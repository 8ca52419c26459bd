"""Values to text that people read."""

from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from strongroom.domain.analysis import Coverage
from strongroom.domain.blob import Blob
from strongroom.domain.clip import Clip
from strongroom.domain.findings import PICTURES
from strongroom.domain.hit import Hit, Match, Results
from strongroom.domain.status import Status
from strongroom.domain.times import clock
from strongroom.domain.transcript import Transcript

NAMES = 3
FAILURES = 20
KILO = 1000
COVERED = ("analysed", "pending", "failed", "not read")
"""Headings of what a coverage counts."""


def size_words(size: int) -> str:
    """Give a number of bytes as disk makers count it: ``3.2 MB``."""
    if size < KILO:
        return f"{size} bytes"
    amount, units = float(size), ["bytes", "kB", "MB", "GB", "TB", "PB"]
    while amount >= KILO and len(units) > 1:
        amount /= KILO
        units.pop(0)
    return f"{amount:,.1f} {units[0]}"


def printable(text: str) -> str:
    """Give a text that cannot move the cursor or break a line, whatever a file's name holds."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def coverage_line(coverage: Coverage, took_ms: float | None = None) -> str:
    """Say how much was searched: ``searched 12,480 of 12,512 (20 pending, 12 failed)``."""
    parts = ((coverage.pending, "pending"), (coverage.failed, "failed"), (coverage.skipped, "not read by any analyzer"))
    rest = ", ".join(f"{count:,} {word}" for count, word in parts if count)
    line = f"searched {coverage.searched:,} of {coverage.total:,}" + (f" ({rest})" if rest else "")
    return line + (f" in {took_ms:,.0f} ms" if took_ms is not None else "")


def show_results(console: Console, results: Results) -> None:
    """Print a page of hits, with the line that tells what was searched."""
    for number, hit in enumerate(results.hits, results.offset + 1):
        _show_hit(console, number, hit)
    if not results.hits:
        console.print("Nothing found.")
    console.print(Text(coverage_line(results.coverage, results.took_ms), style="dim"))
    if results.more:
        console.print(Text(f"more: add --offset {results.offset + len(results.hits)}", style="dim"))


def _show_hit(console: Console, number: int, hit: Hit) -> None:
    head = Text(f"{number}. ", style="bold")
    head.append(printable(str(hit.names[0])), style="bold")
    length = hit.properties.get("duration")
    lasting = f", {clock(length)} long" if isinstance(length, int | float) else ""
    head.append(f"  {hit.type}, {size_words(hit.size)}{lasting}", style="dim")
    console.print(head)
    for match in hit.matches:
        console.print(_match_text(match), style="", soft_wrap=True)
    for name in hit.names[1:NAMES]:
        console.print(Text(f"   also {printable(str(name))}", style="dim"))
    if len(hit.names) > NAMES:
        console.print(Text(f"   and {len(hit.names) - NAMES:,} more", style="dim"))


def _match_text(match: Match) -> Text:
    place = match.locator.label()
    text = Text("   " + (f"{place}: " if place else ""), style="cyan")
    if not match.snippet and match.kind in PICTURES:
        text.append("looks like it", style="dim")
    snippet = Text(printable(match.snippet), style="default")
    for start, end in match.marks:
        snippet.stylize("bold yellow", start, end)
    text.append_text(snippet)
    return text


def transcript_line(said: Transcript) -> str:
    """Say where a transcript comes from, and how far it is."""
    sources = {
        "speech": "written down from the sound",
        "subtitles": f"from the subtitles {said.title} in the file",
        "beside": f"from the subtitles beside it, {said.title}",
    }
    line = printable(sources[said.source])
    if said.reached is None:
        return line if said.source == "speech" else f"{line}; the sound has not given any words"
    of = f" of {clock(said.duration)}" if said.duration is not None else ""
    return f"{line}; speech is written down up to {clock(said.reached)}{of}: `strongroom analyze` goes on from there"


def clip_line(clip: Clip, file: Path) -> str:
    """Say what a clip holds, and how it came about."""
    how = [f"{' and '.join(clip.copied)} as in the recording"] if clip.copied else []
    how += [f"{' and '.join(clip.encoded)} encoded anew"] if clip.encoded else []
    span = f"{clock(clip.t_start, 1)} to {clock(clip.t_end, 1)}"
    return f"Wrote {printable(str(file))} ({size_words(clip.size)}): {span}, {', '.join(how)}."


def show_status(console: Console, status: Status) -> None:
    """Print what a room holds, how much of it is analysed, and what could not be read, by reason."""
    table = Table(box=None, pad_edge=False)
    table.add_column("container")
    table.add_column("kind")
    for heading in ("blobs", "size", *COVERED):
        table.add_column(heading, justify="right")
    for one in status.containers:
        where, counts = one.container.url or one.container.kind, _counts(one.coverage)
        table.add_row(one.container.name, where, f"{one.blobs:,}", size_words(one.size), *counts)
    console.print(table if status.containers else "The room is empty: fill it with `strongroom add PATH --to CONTAINER`.")
    _show_types(console, status)
    rate = f", {status.rate:,.1f} contents a second" if status.rate else ""
    console.print(f"\n{coverage_line(status.coverage)}; {status.segments:,} segments{rate}")
    for what, reader in sorted(status.readers.items()):
        console.print(Text(f"{what}: {reader}", style="dim"))
    if status.missing_models:
        names = ", ".join(status.missing_models)
        console.print(f"Models missing: {names}. Get them with `strongroom models pull`.", style="red")
    _show_failures(console, status)


def _counts(part: Coverage) -> tuple[str, ...]:
    return tuple(f"{count:,}" for count in (part.searched, part.pending, part.failed, part.skipped))


def _show_types(console: Console, status: Status) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("type")
    for heading in COVERED:
        table.add_column(heading, justify="right")
    for name, part in sorted(status.types.items()):
        table.add_row(name, *_counts(part))
    if status.types:
        console.print()
        console.print(table)


def _show_failures(console: Console, status: Status) -> None:
    if not status.failure_groups:
        return
    console.print("\nCould not be read, by reason (file by file: `strongroom failures`):")
    for group in status.failure_groups[:FAILURES]:
        line = Text(f"  {group.count:,}  ", style="bold")
        line.append(f"{group.analyzer}: {printable(group.reason)}", style="default")
        if group.examples:
            line.append(f"  {printable(group.examples[0].name)}", style="dim")
        console.print(line, soft_wrap=True)
    if len(status.failure_groups) > FAILURES:
        console.print(f"  and for {len(status.failure_groups) - FAILURES:,} more reasons: see `strongroom status --json`")


def show_blobs(console: Console, blobs: Iterable[Blob]) -> None:
    """Print one line a blob: size, time, name."""
    for blob in blobs:
        line = f"{size_words(blob.size):>10}  {blob.modified_at:%Y-%m-%d %H:%M}  {printable(blob.name)}"
        console.print(Text(line), soft_wrap=True)
