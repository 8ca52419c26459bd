"""Work: what is being read, how far that is, and what could not be read."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from strongroom.server.door.site import site_of
from strongroom.server.door.visit import Asks
from strongroom.server.web.pages import page

router = APIRouter(include_in_schema=False)

PAGE = 100
SEE_OTHER = 303


@router.get("/work")
def work(request: Request, visit: Asks) -> Response:
    """Show how far the reading is, and a page of what failed."""
    after = request.query_params.get("after", "")[:200]
    return page(
        visit,
        "work.html",
        here="Work",
        work=site_of(request).work.state(visit.room),
        status_of=visit.room.status(),
        failures=visit.room.failures(after=after, limit=PAGE),
        after=after,
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
def retry(request: Request, visit: Asks, content: Annotated[str, Form(max_length=64)] = "") -> Response:
    """Have one content, or all that failed, read again."""
    visit.room.retry([content] if content else None)
    site_of(request).work.start()
    return RedirectResponse("/work", SEE_OTHER)
