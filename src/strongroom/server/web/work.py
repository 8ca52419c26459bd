"""Work: what is being read, how far that is, and what could not be read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from strongroom.domain.status import FailureGroup
from strongroom.server.door.site import site_of
from strongroom.server.door.visit import Asks
from strongroom.server.web.pages import page

router = APIRouter(include_in_schema=False)

PAGE = 100
GROUPS = 50
"""Reasons on a page."""
REASON = 4000
AFTER = 200
SEE_OTHER = 303


@router.get("/work")
def work(request: Request, visit: Asks) -> Response:
    """Show how far the reading is, and what could not be read, by reason."""
    room = visit.room
    failed, skipped = (_number(request, name) for name in ("failed", "skipped"))
    return page(
        visit,
        "work.html",
        here="Work",
        work=site_of(request).work.state(room),
        types=room.coverage_by_type(),
        lines=lines,
        failed=room.failure_groups(after=failed, limit=GROUPS),
        failed_after=failed,
        skipped=room.failure_groups(skipped=True, after=skipped, limit=GROUPS),
        skipped_after=skipped,
        may_read=visit.may("analyze"),
        may_retry=visit.may("retry"),
    )


@router.get("/work/pending")
def pending(request: Request, visit: Asks) -> Response:
    """Show a page of what is yet to be read, and by which analyzers."""
    after = request.query_params.get("after", "")[:AFTER]
    return page(
        visit,
        "pending.html",
        here="Work",
        title="What is yet to be read",
        pending=visit.room.pending(after=after, limit=PAGE),
        after=after,
    )


@router.get("/work/failures")
def failures(request: Request, visit: Asks) -> Response:
    """Show a page of what could not be read, of one reason and one analyzer or of all."""
    given = request.query_params
    reason, analyzer = given.get("reason", "")[:REASON], given.get("analyzer", "")[:AFTER]
    after = given.get("after", "")[:AFTER]
    return page(
        visit,
        "failures.html",
        here="Work",
        title="What could not be read",
        reason=reason,
        analyzer=analyzer,
        failures=visit.room.failures(after=after, limit=PAGE, reason=reason or None, analyzer=analyzer or None),
        after=after,
        may_retry=visit.may("retry"),
    )


@router.post("/work")
def start(request: Request, visit: Asks) -> Response:
    """Have read what waits, also after a stop."""
    site = site_of(request)
    visit.room.resume_analysis()
    site.note("start_work", visit.actor)
    site.work.start()
    return RedirectResponse("/work", SEE_OTHER)


@router.post("/work/stop")
def stop(visit: Asks) -> Response:
    """Have the reading finish what it has in hand, and end."""
    visit.room.stop_analysis()
    return RedirectResponse("/work", SEE_OTHER)


@router.post("/work/retry")
def retry(
    request: Request,
    visit: Asks,
    content: Annotated[str, Form(max_length=2000)] = "",
    reason: Annotated[str, Form(max_length=REASON)] = "",
    analyzer: Annotated[str, Form(max_length=AFTER)] = "",
) -> Response:
    """Have one content, or all that one analyzer could not read for a reason, or all that failed, read again."""
    if content:
        visit.room.retry([content])
    else:
        visit.room.retry(reason=reason or None, analyzer=analyzer or None)
    site_of(request).work.start()
    return RedirectResponse("/work", SEE_OTHER)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """What could not be read for one reason, as the page shows it."""

    group: FailureGroup
    """The reason with its files."""
    readers: str
    """Who says so."""
    analyzer: str
    """The one who does; empty where several say the same of the same number of files."""


def lines(groups: Sequence[FailureGroup]) -> list[Line]:
    """Put groups that say the same of the same files on one line: a scan is often refused by both of its readers."""
    found = []
    for _, alike in groupby(groups, lambda one: (one.count, one.reason, one.state, [each.sha256 for each in one.examples])):
        first, *others = alike
        readers = ", ".join(one.analyzer for one in (first, *others))
        found.append(Line(group=first, readers=readers, analyzer="" if others else first.analyzer))
    return found


def _number(request: Request, name: str) -> int:
    given = request.query_params.get(name, "")
    return int(given) if re.fullmatch(r"[0-9]{1,9}", given) else 0
