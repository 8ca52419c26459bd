"""``/v1/chat/completions`` and ``/v1/models``, as OpenAI documents them, as far as a room can answer."""

import json
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, Field

from strongroom.domain.answer import Answered, AnswerEvent, Told, Turn
from strongroom.errors import NotFound, StrongroomError, UsageError
from strongroom.server.chat.faults import error_of
from strongroom.server.chat.markdown import Footnotes, ending
from strongroom.server.door.links import base_of
from strongroom.server.door.problem import instance_of, problem_of
from strongroom.server.door.visit import Asks
from strongroom.server.json_form import plain

log = logging.getLogger("strongroom.server")

PREFIX = "/v1"
MODEL = "strongroom"
MOST_TURNS, MOST_ANSWER = 8, 4000
"""Earlier questions that are kept, and characters of each answer."""
HEADERS = {"x-accel-buffering": "no"}

router = APIRouter(prefix=PREFIX, include_in_schema=False)


class Part(BaseModel):
    """A part of a message."""

    type: str = Field(max_length=100)
    text: str = Field(default="", max_length=100_000)


class Message(BaseModel):
    """A message of the talk."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = Field(default=None)

    def said(self) -> str:
        """Give its words."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text").strip()
        return (self.content or "").strip()


class Wanted(BaseModel):
    """What a chat program sends; what a room has no use for, such as a temperature, is passed over."""

    model: str = Field(default=MODEL, max_length=200)
    messages: list[Message] = Field(min_length=1, max_length=1000)
    stream: bool | None = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Completion:
    """One answer that is being given."""

    id: str
    """Names it."""
    created: int
    """Seconds since 1970."""

    def whole(self, message: dict[str, Any]) -> dict[str, Any]:
        """Give it at once."""
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        return self._as("chat.completion", choice)

    def piece(self, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        """Give a piece of it."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return self._as("chat.completion.chunk", choice)

    def _as(self, kind: str, choice: dict[str, Any]) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": MODEL, "choices": [choice]}


@router.get("/models")
def models(visit: Asks) -> JSONResponse:
    """Give the one model that there is."""
    visit.room.scope("ask")
    return JSONResponse({"object": "list", "data": [_model()]})


@router.get("/models/{name}")
def model(visit: Asks, name: str) -> JSONResponse:
    """Tell of a model."""
    visit.room.scope("ask")
    _need_model(name)
    return JSONResponse(_model())


@router.post("/chat/completions")
def complete(request: Request, visit: Asks, wanted: Wanted) -> Response:
    """Answer the last message of the user from the room; what was said before it lets a question follow on another."""
    _need_model(wanted.model)
    question, history = talk_of(wanted.messages)
    events = visit.room.asking(question, history=history)
    completion = Completion(id=f"chatcmpl-{uuid4().hex}", created=int(time.time()))
    base = base_of(request)
    if wanted.stream:
        pieces = _pieces(events, completion, base, instance_of(request))
        return StreamingResponse(pieces, media_type="text/event-stream", headers=HEADERS)
    notes = Footnotes(base)
    content = "".join(_texts(events, notes, base))
    return JSONResponse(completion.whole(_message(content, notes)))


def talk_of(messages: Sequence[Message]) -> tuple[str, list[Turn]]:
    """Give the question of a talk, and the questions before it with their answers.

    Raises:
        UsageError: There is none.
    """
    asked = [(at, one.said()) for at, one in enumerate(messages) if one.role == "user" and one.said()]
    if not asked or any(one.role == "user" for one in messages[asked[-1][0] + 1 :]):
        raise UsageError("the last message of the user has no text: write a question in it")
    turns = []
    for (at, question), (then, _) in pairwise(asked):
        answers = [one.said() for one in messages[at + 1 : then] if one.role == "assistant"]
        turns.append(Turn(question=question[:MOST_ANSWER], answer="\n".join(answers)[:MOST_ANSWER]))
    return asked[-1][1], turns[-MOST_TURNS:]


def _texts(events: Iterator[AnswerEvent], notes: Footnotes, base: str) -> Iterator[str]:
    """Yield the pieces of an answer's Markdown."""
    apart = ""
    for event in events:
        if isinstance(event, Told):
            yield apart + notes.sentence(event.sentence)
            apart = "\n\n"
        elif isinstance(event, Answered):
            yield apart + ending(event.answer, notes, base)


def _pieces(events: Iterator[AnswerEvent], completion: Completion, base: str, instance: str) -> Iterator[str]:
    """Yield the events of a stream; what breaks on the way is told in it, as its status is sent already."""
    try:
        yield _event(completion.piece({"role": "assistant", "content": ""}))
        for text in _texts(events, Footnotes(base), base):
            yield _event(completion.piece({"content": text}))
        yield _event(completion.piece({}, "stop"))
        yield "data: [DONE]\n\n"
    except Exception as error:
        if not isinstance(error, StrongroomError):
            log.exception("an answer broke off: %s", instance)
        yield _event(error_of(problem_of(error, instance)))


def _message(content: str, notes: Footnotes) -> dict[str, Any]:
    cited = []
    for number, one in enumerate(notes.sources, 1):
        mark = f"[{number}]"
        at = content.index(mark)
        where = {"start_index": at, "end_index": at + len(mark), "title": plain(one.place), "url": notes.link(one)}
        cited.append({"type": "url_citation", "url_citation": where})
    return {"role": "assistant", "content": content, "refusal": None, "annotations": cited}


def _event(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value)}\n\n"


def _need_model(name: str) -> None:
    if name != MODEL:
        raise NotFound(f"there is no model {name!r} here: {MODEL} is the one that answers")


def _model() -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": 0, "owned_by": "strongroom"}
