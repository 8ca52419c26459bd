"""Asking: a question answered in sentences that are shown as they come, each with what it rests on."""

from collections.abc import Iterator, Sequence

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from strongroom.domain.answer import Answer, Answered, AnswerEvent, Citation, Told, Turn
from strongroom.errors import StrongroomError, UsageError
from strongroom.server.door.visit import Asks
from strongroom.server.web.pages import FORGET, address, fragment, written

router = APIRouter(include_in_schema=False)

MOST_TURNS = 8
"""Earlier questions of a talk that are kept."""
CUT = "<!-- the answer -->"
"""Where the page is parted, so that sentences are sent as they are ready."""


def source_of(citation: Citation) -> str:
    """Give the address of the viewer that shows what a sentence rests on."""
    return address(f"/view/{citation.content}", segment=citation.segment_id, q=f'"{citation.quote}"' if citation.quote else "")


@router.get("/ask")
def ask(request: Request, visit: Asks) -> Response:
    """Answer a question, sentence by sentence; with ``part`` only the answer."""
    question = request.query_params.get("q", "").strip()
    before = tuple(one for one in request.query_params.getlist("before") if one.strip())[-MOST_TURNS:]
    part = bool(request.query_params.get("part"))
    head, foot = "", ""
    if not part:
        whole = written(visit, "ask.html", here="Search", title=question or "Ask", q=question, before=before, cut=CUT)
        head, _, foot = whole.partition(CUT)
    try:
        events = visit.room.asking(question, history=[Turn(question=one) for one in before]) if question else iter(())
    except UsageError as error:
        told = fragment("_problem.html", problem=str(error))
        return Response(head + told + foot, 400, headers=FORGET, media_type="text/html")
    pieces = _pieces(events, head, foot, (*before, question))
    return StreamingResponse(pieces, headers=FORGET, media_type="text/html; charset=utf-8")


def _pieces(events: Iterator[AnswerEvent], head: str, foot: str, asked: Sequence[str]) -> Iterator[str]:
    yield head
    number = 0
    try:
        for event in events:
            if isinstance(event, Told):
                number += 1
                yield fragment("_sentence.html", sentence=event.sentence, number=number, source_of=source_of)
            elif isinstance(event, Answered):
                yield _end(event.answer, asked)
    except StrongroomError as error:
        yield fragment("_problem.html", problem=str(error))
    yield foot


def _end(answer: Answer, asked: Sequence[str]) -> str:
    return fragment("_answered.html", answer=answer, asked=asked, source_of=source_of, coverage=answer.coverage)
