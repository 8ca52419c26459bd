"""The commands of recordings: what is said in them, and moments cut out of them."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from strongroom.cli.rooms import JsonOption, RoomOption, open_room
from strongroom.cli.show import clip_line, transcript_line
from strongroom.domain import captions
from strongroom.domain.times import seconds
from strongroom.domain.transcript import Transcript
from strongroom.errors import UsageError
from strongroom.flows.fetch import to_file
from strongroom.flows.frame import form_of
from strongroom.server.json_form import to_json

JSON = "json"
TEXT = "txt"


def transcript(
    name: Annotated[str, typer.Argument(help="CONTAINER/BLOB, CONTAINER/BLOB!/MEMBER, a SHA-256, or the id of a hit.")],
    room: RoomOption = None,
    form: Annotated[
        str | None, typer.Option("--format", "-f", help="txt, srt, vtt or json; by the ending of -o, else txt, if not given.")
    ] = None,
    times: Annotated[bool, typer.Option("--times", help="Begin each paragraph of txt with its time.")] = False,
    language: Annotated[
        str | None, typer.Option("--lang", help="In this language, where there are subtitles in several (en, de …).")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write here; else to standard output.")] = None,
) -> None:
    """Write down what is said in a recording, or what its subtitles say where speech is not written down."""
    chosen = form or (output.suffix.lower().lstrip(".") if output is not None else TEXT)
    if chosen not in (*captions.FORMS, JSON):
        raise UsageError(f"{chosen!r} is no form of a transcript: it can be {', '.join(captions.FORMS)} or json")
    with open_room(room) as opened:
        said = opened.transcript(name, language=language)
    text = _formed(said, chosen, times=times)
    Console(stderr=True).print(Text(transcript_line(said), style="dim"), soft_wrap=True)
    if output is None:
        sys.stdout.write(text)
    else:
        to_file(lambda out: out.write(text.encode("utf-8", "replace")), output)


def _formed(said: Transcript, form: str, *, times: bool) -> str:
    if form == JSON:
        return to_json(said) + "\n"
    if form == TEXT:
        return captions.plain(said.utterances, times=times)
    return captions.FORMS[form](said.utterances)


def clip(
    name: Annotated[str, typer.Argument(help="The id of a hit (segment_id of search --json), or a recording as for `get`.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write; its ending says the format.")],
    room: RoomOption = None,
    begin: Annotated[str | None, typer.Option("--from", help="Begin here: 1:02:03, 62:03.5 or 3723.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="End here.")] = None,
    around: Annotated[float, typer.Option("--around", min=0, help="Seconds more before and after.")] = 0.0,
    exact: Annotated[
        bool, typer.Option("--exact", help="Begin at this very frame; the picture is encoded anew for it.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Cut a moment out of a recording, as it is where the file's format allows; a picture begins at the keyframe before."""
    t_start, t_end = (None if text is None else seconds(text) for text in (begin, end))
    with open_room(room) as opened:
        made = opened.clip(name, output, t_start=t_start, t_end=t_end, around=around, exact=exact)
    if json:
        print(to_json(made))
    else:
        Console().print(Text(clip_line(made, output)), soft_wrap=True)


def frame(
    name: Annotated[str, typer.Argument(help="A video as for `get`, or the id of a hit.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The picture to write: .png or .jpg.")],
    at: Annotated[str | None, typer.Argument(help="The time: 1:02:03, 62:03.5 or 3723; the hit's if not given.")] = None,
    room: RoomOption = None,
) -> None:
    """Write the picture that a video shows at a time, upright."""
    form = form_of(output.name)
    with open_room(room) as opened:
        picture = opened.frame(name, None if at is None else seconds(at), form=form)
    to_file(lambda out: out.write(picture), output)
