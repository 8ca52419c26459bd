"""The commands of the command line, a function each."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

import strongroom
from strongroom.cli import demo as demo_module
from strongroom.cli import feed, look, recordings, work
from strongroom.cli.ask import ask
from strongroom.cli.containers import containers_app
from strongroom.cli.entities import entities
from strongroom.cli.export import batch, export
from strongroom.cli.keys import keys_app
from strongroom.cli.lifecycle import lifecycle_app
from strongroom.cli.mcp import mcp
from strongroom.cli.models import models_app
from strongroom.cli.progress import shown_progress
from strongroom.cli.rooms import JsonOption, QuietOption, RoomOption, given, open_room
from strongroom.cli.sas import sas
from strongroom.cli.saved import searches_app
from strongroom.cli.serve import serve
from strongroom.cli.settings import show_settings
from strongroom.cli.show import coverage_line, show_blobs, show_results, show_status, size_words
from strongroom.cli.users import users_app
from strongroom.domain.analysis import Cost
from strongroom.domain.status import Added
from strongroom.errors import UsageError
from strongroom.server.json_form import results_json, to_json

FAILED_FILES = 10
"""Exit code of `add` when some files could not be read; the others are in."""

app = typer.Typer(
    help="Put a pile of raw files in, and find things in it in plain words.",
    epilog="Start with: strongroom init myroom && cd myroom && strongroom add ~/letters --to letters",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(models_app, name="models")
app.add_typer(containers_app, name="container")
app.add_typer(lifecycle_app, name="lifecycle")
app.add_typer(keys_app, name="keys")
app.add_typer(users_app, name="users")
app.add_typer(searches_app, name="searches")


def _version(value: bool) -> None:
    if value:
        print(f"strongroom {strongroom.__version__}")
        raise typer.Exit


@app.callback()
def options(
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A setting for this run; see `strongroom settings`.")
    ] = None,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Put a pile of raw files in, and find things in it in plain words."""
    del version
    pairs = [given.partition("=") for given in settings or ()]
    for name, equals, _ in pairs:
        if not equals:
            raise UsageError(f"--set {name}: write NAME=VALUE, as in --set office=builtin")
    given.set({name: value for name, _, value in pairs})


@app.command(epilog="Example: strongroom init myroom")
def init(path: Annotated[Path, typer.Argument(help="A new or empty directory.")] = Path()) -> None:
    """Make a room."""
    strongroom.init(path, **given.get()).close()
    where = "" if path.resolve() == Path.cwd() else f" --room {escape(str(path))}"
    Console().print(f"Made a room in {escape(str(path.resolve()))}. Fill it: strongroom add PATH --to CONTAINER{where}")


@app.command(epilog="Example: strongroom add ~/letters ~/scan.pdf --to letters")
def add(
    paths: Annotated[list[str], typer.Argument(help="Files and folders.", show_default=False)],
    to: Annotated[str, typer.Option("--to", help="The container; made if it does not exist.")],
    room: RoomOption = None,
    later: Annotated[bool, typer.Option("--later", help="Only store; analyse with `strongroom analyze`.")] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Copy files into a container and analyse them.

    A folder keeps its name, as with `cp -r`; end it with / to take only what is in it. Adding again does no work for
    files of the same name, size and time.
    """
    with open_room(room) as opened, shown_progress(quiet=quiet) as on_progress:
        added = opened.add(paths, to=to, on_progress=on_progress)
        analyzed = None if later else opened.analyze(on_progress=on_progress)
        coverage = opened.coverage()
    if json:
        print(to_json({"added": added, "analyzed": analyzed, "coverage": coverage}))
    else:
        _tell_added(added)
        Console().print(coverage_line(coverage).replace("searched", "analysed", 1))
    return FAILED_FILES if added.refused else 0


def _tell_added(added: Added) -> None:
    console = Console()
    unchanged = f", {added.unchanged:,} unchanged" if added.unchanged else ""
    ignored = f", {added.ignored:,} that are not files left out" if added.ignored else ""
    console.print(f"Added {added.added:,} files ({size_words(added.size)}) to {added.container}{unchanged}{ignored}.")
    for refused in added.refused:
        console.print(f"  not added: {escape(refused.name)}: {escape(refused.reason)}", soft_wrap=True, style="red")


@app.command(epilog="Example: strongroom mount s3://archive/letters --as letters")
def mount(
    url: Annotated[str, typer.Argument(help="A folder, or a file://, s3://, az:// or gs:// URL.")],
    name: Annotated[str, typer.Option("--as", help="The container's name.")],
    room: RoomOption = None,
    later: Annotated[bool, typer.Option("--later", help="Only list; analyse with `strongroom analyze`.")] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make a container of files that stay where they are; nothing is copied and nothing there is written."""
    with open_room(room) as opened, shown_progress(quiet=quiet) as on_progress:
        scanned = opened.mount(url, name=name, on_progress=on_progress)
        analyzed = None if later else opened.analyze(on_progress=on_progress)
        coverage = opened.coverage()
    if json:
        print(to_json({"scanned": scanned, "analyzed": analyzed, "coverage": coverage}))
        return
    Console().print(
        f"Mounted {escape(url)} as {name}: {scanned.added:,} new, {scanned.changed:,} changed, {scanned.deleted:,} gone, "
        f"{scanned.unchanged:,} as before."
    )
    Console().print(coverage_line(coverage).replace("searched", "analysed", 1))


@app.command(epilog="Example: strongroom analyze --retry-failed")
def analyze(
    room: RoomOption = None,
    container: Annotated[list[str] | None, typer.Option("--container", "-c", help="Only these containers.")] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Try again what failed.")] = False,
    cheap: Annotated[bool, typer.Option("--cheap", help="Only the first pass: no scans; read them with another run.")] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Go on reading what arrives, until it is stopped.")] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Read what is not read yet, and look at mounts for changes; stop it at any time, it goes on from there."""
    depth = Cost.CHEAP if cheap else Cost.LAST
    with open_room(room) as opened, shown_progress(quiet=quiet) as on_progress:
        analyzed = opened.analyze(
            containers=container,
            retry_failed=retry_failed,
            depth=depth,
            on_progress=on_progress,
            until=(lambda: False) if follow else None,
        )
        coverage = opened.coverage()
    if json:
        print(to_json({"analyzed": analyzed, "coverage": coverage}))
        return
    failed = f", {analyzed.failed:,} failed (see strongroom status)" if analyzed.failed else ""
    console = Console()
    console.print(f"Read {analyzed.contents:,} contents in {analyzed.seconds:,.1f} s{failed}; {analyzed.segments:,} segments.")
    if analyzed.is_stopped:
        console.print("It was stopped; what was read is kept, and `strongroom analyze` goes on from there.")
    console.print(coverage_line(coverage).replace("searched", "analysed", 1))


@app.command(epilog="Example: strongroom search '\"harbour office\" invoice type:pdf after:2019'")
def search(
    query: Annotated[str, typer.Argument(help='Words, "exact phrases", -without, and filters such as size>1MB.')],
    room: RoomOption = None,
    type_: Annotated[
        list[str] | None, typer.Option("--type", "-t", help="image, pdf, text, document, mail, audio, video …")
    ] = None,
    container: Annotated[list[str] | None, typer.Option("--container", "-c", help="Only these containers.")] = None,
    ext: Annotated[list[str] | None, typer.Option("--ext", help="Only these extensions.")] = None,
    lang: Annotated[list[str] | None, typer.Option("--lang", help="Only these languages (en, de …).")] = None,
    before: Annotated[str | None, typer.Option("--before", help="Dated before: 2020, 2020-05 or 2020-05-31.")] = None,
    after: Annotated[str | None, typer.Option("--after", help="Dated on or after.")] = None,
    duration: Annotated[
        list[str] | None, typer.Option("--duration", help='Only recordings of this length: ">10m", "<=1h30m".')
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Hits on a page.")] = 10,
    offset: Annotated[int, typer.Option("--offset", min=0, help="Hits to pass over.")] = 0,
    sort: Annotated[str, typer.Option("--sort", help="relevance, newest, oldest, name or size.")] = "relevance",
    json: JsonOption = False,
) -> None:
    """Find things, in plain words."""
    many = {"type": type_, "container": container, "ext": ext, "lang": lang}
    filters = [f'{key}:"{value}"' for key, values in many.items() for value in values or ()]
    filters += [f"{key}:{value}" for key, value in (("before", before), ("after", after)) if value]
    filters += [f"duration:{''.join(length.split())}" for length in duration or ()]
    with open_room(room) as opened:
        results = opened.search(" ".join([query, *filters]), limit=limit, offset=offset, sort=sort)
    if json:
        print(results_json(results))
    else:
        show_results(Console(), results)


app.command(epilog="Example: strongroom export '\"harbour office\"' -o found.xlsx")(export)
app.command(epilog="Example: strongroom batch terms.txt -o hits.xlsx")(batch)
app.command(epilog="Example: strongroom ask 'When was the cellar flooded?'")(ask)


@app.command(epilog="Example: strongroom similar photo.jpg")
def similar(
    file: Annotated[Path, typer.Argument(help="A picture on this machine.", exists=True, dir_okay=False)],
    room: RoomOption = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Hits on a page.")] = 10,
    offset: Annotated[int, typer.Option("--offset", min=0, help="Hits to pass over.")] = 0,
    json: JsonOption = False,
) -> None:
    """Find pictures and videos that look like a picture of yours."""
    with open_room(room) as opened:
        results = opened.similar(file, limit=limit, offset=offset)
    if json:
        print(results_json(results))
    else:
        show_results(Console(), results)


@app.command(epilog="Example: strongroom get letters/1931/april.pdf -o april.pdf")
def get(
    name: Annotated[str, typer.Argument(help="CONTAINER/BLOB, CONTAINER/BLOB!/MEMBER, or a SHA-256.")],
    room: RoomOption = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write here; else to standard output.")] = None,
) -> None:
    """Write the bytes of a blob, a member or a content."""
    if output is None and sys.stdout.isatty():
        raise UsageError("this would write bytes to the terminal: give -o FILE, or send the output elsewhere")
    with open_room(room) as opened:
        if output is None:
            opened.get(name, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        else:
            opened.get_to_file(name, output)


@app.command(epilog="Example: strongroom page letters/scan.pdf 3 --mark cellar -o page3.png")
def page(
    name: Annotated[str, typer.Argument(help="CONTAINER/BLOB, CONTAINER/BLOB!/MEMBER, or a SHA-256.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The picture to write (PNG).")],
    number: Annotated[int, typer.Argument(min=1, help="The page, counted from 1.")] = 1,
    room: RoomOption = None,
    mark: Annotated[list[str] | None, typer.Option("--mark", "-m", help="Words to mark on it.")] = None,
) -> None:
    """Draw a page of a PDF or office file, or a picture, with words marked on it."""
    with open_room(room) as opened:
        output.write_bytes(opened.page(name, number, marks=mark or ()))


app.command(epilog="Example: strongroom transcript recordings/talk.mp4 --format srt -o talk.srt")(recordings.transcript)
app.command(epilog="Example: strongroom clip recordings/talk.mp4 --from 1:02:03 --to 1:02:40 -o moment.mp4")(recordings.clip)
app.command(epilog="Example: strongroom frame recordings/talk.mp4 1:02:03 -o frame.png")(recordings.frame)


@app.command("list", epilog="Example: strongroom list letters --prefix 1931/")
def list_(
    container: Annotated[str | None, typer.Argument(help="A container; without it, the containers.")] = None,
    room: RoomOption = None,
    prefix: Annotated[str, typer.Option("--prefix", help="Only names that begin so.")] = "",
    json: JsonOption = False,
) -> None:
    """List the containers, or the blobs of one."""
    with open_room(room) as opened:
        if container is None:
            containers = opened.containers()
            if json:
                print(to_json(containers))
            for one in () if json else containers:
                print(one.name)
        elif json:
            print(to_json(list(opened.list(container, prefix=prefix))))
        else:
            show_blobs(Console(), opened.list(container, prefix=prefix))


@app.command(epilog="Example: strongroom status --json")
def status(room: RoomOption = None, json: JsonOption = False) -> None:
    """Say what the room holds, how much of it is analysed, and what could not be read, by reason."""
    with open_room(room) as opened:
        found = opened.status()
    if json:
        print(to_json(found))
    else:
        show_status(Console(), found)


@app.command(epilog="Example: strongroom check --deep")
def check(
    room: RoomOption = None,
    deep: Annotated[bool, typer.Option("--deep", help="Also read every byte and compare its SHA-256.")] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Hold vault, catalog and index against each other; exit code 6 when they do not agree."""
    with open_room(room) as opened, shown_progress(quiet=quiet) as on_progress:
        faults = opened.check(deep=deep, on_progress=on_progress)
    if json:
        print(to_json({"faults": faults}))
    else:
        for fault in faults:
            Console().print(f"{fault.kind}: {escape(fault.subject)}: {escape(fault.detail)}", soft_wrap=True)
        Console().print(f"{len(faults):,} faults." if faults else "Vault, catalog and index agree.")
    return 6 if faults else 0


app.command(epilog="Example: strongroom show letters/1931/april.pdf")(look.show)
app.command(epilog="Example: strongroom text letters/1931/april.pdf --page 3")(look.text)
app.command(epilog="Example: strongroom entities --kind organisation")(entities)
app.command(epilog="Example: strongroom growth --by type")(look.growth)
app.command(epilog="Example: strongroom pending --limit 20")(work.pending)
app.command(epilog="Example: strongroom failures --analyzer pdf")(work.failures)
app.command(epilog="Example: strongroom retry letters/1931/april.pdf")(work.retry)
app.command(epilog="Example: strongroom stop")(work.stop)
app.command(epilog="Example: strongroom serve --room myroom")(serve)
app.command(epilog="Example: strongroom mcp --room myroom --user assistant")(mcp)
app.command(epilog="Example: strongroom changes --since 2026-11-24")(feed.changes)
app.command(epilog="Example: strongroom inventory letters -o letters.parquet")(feed.inventory)
app.command(epilog="Example: strongroom sas letters/1931/april.pdf --permissions r --expires 7d")(sas)


@app.command(epilog="Example: strongroom settings")
def settings(room: RoomOption = None, json: JsonOption = False) -> None:
    """List every setting with its value, its variable and what it means."""
    show_settings(room, json=json)


@app.command(epilog="Example: strongroom demo --room demo-room")
def demo(
    room: Annotated[Path, typer.Option("--room", "-r", help="Where the demo's room is made.")] = Path("demo-room"),
    quiet: QuietOption = False,
) -> None:
    """Make sample files, put them in a room, and search it five times."""
    demo_module.run(room, quiet=quiet)
