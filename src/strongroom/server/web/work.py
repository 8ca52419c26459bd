"""Work: what is being read, how far that is, and what could not be read."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from strongroom.server.door.site import site_of
from strongroom.server.door.visit import Asks
from strongroom.server.web.failing import groups, names_of, of_reason
from strongroom.server.web.pages import page

router = APIRouter(include_in_schema=False)

PAGE = 100
REASON = 4000
SEE_OTHER = 303


@router.get("/work")
def work(request: Request, visit: Asks) -> Response:
    """Show how far the reading is, and what could not be read, by reason."""
    return page(
        visit,
        "work.html",
        here="Work",
        work=site_of(request).work.state(visit.room),
        status_of=visit.room.status(),
        groups=groups(visit.room),
        may_read=visit.may("analyze"),
        may_retry=visit.may("retry"),
    )


@router.get("/work/failures")
def failures(request: Request, visit: Asks) -> Response:
    """Show a page of what could not be read, of one reason or of all."""
    reason, after = request.query_params.get("reason", "")[:REASON], request.query_params.get("after", "")[:200]
    room = visit.room
    found = of_reason(room, reason, after, PAGE) if reason else room.failures(after=after, limit=PAGE)
    return page(
        visit,
        "failures.html",
        here="Work",
        title="What could not be read",
        reason=reason,
        failures=found,
        after=after,
        may_retry=visit.may("retry"),
    )


@router.post("/work")
def start(request: Request, visit: Asks) -> Response:
    """Have read what waits."""
    site = site_of(request)
    visit.room.scope("analyze")
    site.note("start_work", visit.actor)
    site.work.start()
    return RedirectResponse("/work", SEE_OTHER)


@router.post("/work/retry")
def retry(
    request: Request,
    visit: Asks,
    content: Annotated[str, Form(max_length=2000)] = "",
    reason: Annotated[str, Form(max_length=REASON)] = "",
) -> Response:
    """Have one content, or all that failed for a reason, or all that failed, read again."""
    visit.room.scope("retry")
    if content:
        visit.room.retry([content])
    else:
        visit.room.retry(names_of(visit.room, reason) if reason else None)
    site_of(request).work.start()
    return RedirectResponse("/work", SEE_OTHER)
