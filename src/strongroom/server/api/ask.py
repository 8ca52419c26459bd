"""Questions, answered from what the room holds."""

import json
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field

from strongroom.domain.answer import AnswerEvent, Turn
from strongroom.server.api.form import as_json, gives, problems
from strongroom.server.api.work import EVENTS
from strongroom.server.door.visit import Asks
from strongroom.server.json_form import plain

router = APIRouter(tags=["ask"])


class EarlierTurn(BaseModel):
    """An earlier question of the same talk."""

    question: str = Field(max_length=4000, description="As it was asked.")
    answer: str = Field(default="", max_length=40_000, description="What was answered, as one text.")


class Question(BaseModel):
    """A question."""

    question: str = Field(max_length=4000, description="In plain words; filters of the query language narrow what is read.")
    history: list[EarlierTurn] = Field(default=[], max_length=50, description="Earlier questions of the same talk.")


@router.post("/ask", responses=problems() | gives("The answer; or events, if you accept them.", "application/json", EVENTS))
def ask(
    visit: Asks, asked: Question, accept: Annotated[str, Header(max_length=1000, include_in_schema=False)] = ""
) -> Response:
    """Answer a question in sentences that each cite the segment that supports them.

    With `Accept: text/event-stream` the answer comes as events: `looked` once, `told` for each sentence, `answered` once.
    """
    history = [Turn(question=turn.question, answer=turn.answer) for turn in asked.history]
    if EVENTS in accept:
        events = visit.room.asking(asked.question, history=history)
        return StreamingResponse(_events(events), media_type=EVENTS, headers={"x-accel-buffering": "no"})
    return as_json(visit.room.ask(asked.question, history=history))


def _events(events: Iterator[AnswerEvent]) -> Iterator[str]:
    for event in events:
        name = type(event).__name__.lower()
        yield f"event: {name}\ndata: {json.dumps(plain(event), ensure_ascii=False)}\n\n"
