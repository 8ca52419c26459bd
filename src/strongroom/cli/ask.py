"""`strongroom ask`: a question, and its answer with the place of each sentence."""

from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from strongroom.cli.rooms import JsonOption, RoomOption, open_room
from strongroom.cli.show import coverage_line, printable
from strongroom.domain.answer import Answer, Sentence
from strongroom.server.json_form import to_json

NOTHING = "Nothing found that answers this."


def ask(
    question: Annotated[str, typer.Argument(help="In plain words; filters such as container:letters narrow what is read.")],
    room: RoomOption = None,
    container: Annotated[list[str] | None, typer.Option("--container", "-c", help="Only these containers.")] = None,
    json: JsonOption = False,
) -> None:
    """Ask a question; each sentence of the answer says where it stands."""
    filters = [f'container:"{name}"' for name in container or ()]
    with open_room(room) as opened:
        answer = opened.ask(" ".join([question, *filters]))
    if json:
        print(to_json(answer))
    else:
        show_answer(Console(), answer)


def show_answer(console: Console, answer: Answer) -> None:
    """Print an answer: its sentences, each with its places, and how much was read."""
    for sentence in answer.sentences:
        console.print(_sentence(sentence, answer), soft_wrap=True)
        for citation in sentence.citations:
            console.print(Text(f"   {printable(citation.place)}", style="cyan"), soft_wrap=True)
    if not answer.found:
        console.print(NOTHING)
        for citation in answer.nearest:
            console.print(Text(f"   nearest: {printable(citation.place)}", style="dim"), soft_wrap=True)
    how = "quoted from the sources" if answer.kind == "quoted" else f"written by {printable(answer.model)}, and checked"
    line = coverage_line(answer.coverage, answer.took_ms).replace("searched", "read", 1)
    console.print(Text(f"{how}; {line}" if answer.found else line, style="dim"))


def _sentence(sentence: Sentence, answer: Answer) -> Text:
    said = printable(sentence.text)
    text = Text(f"“{said}”" if answer.kind == "quoted" else said)
    if sentence.support == "unsupported":
        text.append("  [no source bears this]", style="red")
    return text
