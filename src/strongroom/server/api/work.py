"""Reading what waits: start it, and see how far it has come."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from strongroom.errors import StrongroomError
from strongroom.server.api.form import as_json, gives, problems
from strongroom.server.door.site import Site, site_of
from strongroom.server.door.visit import Asks, Visit
from strongroom.server.json_form import plain
from strongroom.server.work import WorkState

router = APIRouter(prefix="/work", tags=["work"])

EVENTS = "text/event-stream"
LOOKS_EVERY = 1.0
SAYS_EVERY = 15.0
"""Seconds after which something is sent though nothing changed, so that no proxy ends the stream."""
LONGEST = 600.0
"""Seconds of one stream; the browser then opens another, and proves again who asks."""


@router.get("", responses=problems(), response_model=WorkState)
def state(request: Request, visit: Asks) -> JSONResponse:
    """Say how far the reading of what you may see has come."""
    return as_json(site_of(request).work.state(visit.room))


@router.post("", status_code=HTTPStatus.ACCEPTED, responses=problems(), response_model=WorkState)
def start(request: Request, visit: Asks) -> JSONResponse:
    """Have read what is not read yet, in a process of its own that ends when nothing is left; also after a stop."""
    site = site_of(request)
    visit.room.resume_analysis()
    site.note("start_work", visit.actor)
    site.work.start()
    return as_json(site.work.state(visit.room), HTTPStatus.ACCEPTED)


@router.delete("", status_code=HTTPStatus.ACCEPTED, responses=problems(), response_model=WorkState)
def stop(request: Request, visit: Asks) -> JSONResponse:
    """Have the reading end, wherever it was started: the batch in hand is finished, all is kept, and `POST` goes on.

    Until then nothing is read, whatever arrives.
    """
    visit.room.stop_analysis()
    return as_json(site_of(request).work.state(visit.room), HTTPStatus.ACCEPTED)


@router.get(
    "/events",
    responses=problems() | gives("Events `work`: the state as JSON.", EVENTS),
    response_class=StreamingResponse,
)
async def events(request: Request, visit: Asks) -> StreamingResponse:
    """Follow the reading, as server-sent events: one at once, and one whenever something changed."""
    await run_in_threadpool(visit.room.scope, "status")
    return StreamingResponse(_events(site_of(request), visit), media_type=EVENTS, headers={"x-accel-buffering": "no"})


async def _events(site: Site, visit: Visit) -> AsyncIterator[str]:
    began = said = time.monotonic()
    last = ""
    yield "retry: 2000\n\n"
    while not site.ending.is_set() and time.monotonic() - began < LONGEST:
        try:
            state = await run_in_threadpool(site.work.state, visit.room)
        except StrongroomError:
            return  # whoever asks may not see it any more, or the room cannot be read just now
        text = json.dumps(plain(state))
        if text != last:
            last, said = text, time.monotonic()
            yield f"event: work\ndata: {text}\n\n"
        elif time.monotonic() - said > SAYS_EVERY:
            said = time.monotonic()
            yield ": still here\n\n"
        await asyncio.sleep(LOOKS_EVERY)
