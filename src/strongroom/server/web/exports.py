"""Taking results away: tables, dossiers, and many searches at once."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from starlette.responses import FileResponse

from strongroom.domain.export import FORMS, MEDIA_TYPES, TABLES, USUAL, XLSX, ZIP
from strongroom.errors import UsageError
from strongroom.flows.export.batch import queries_of
from strongroom.server.door.files import handed
from strongroom.server.door.visit import Asks
from strongroom.server.web.examples import example
from strongroom.server.web.pages import page

router = APIRouter(include_in_schema=False)

DOSSIER = 100
"""Hits of a dossier that is made while somebody waits."""
BATCH = 500
"""Queries of a batch that is made while somebody waits."""


@router.get("/export")
def export(
    request: Request,
    visit: Asks,
    *,
    q: Annotated[str, Query(max_length=4000)] = "",
    form: Annotated[str, Query(max_length=10)] = XLSX,
    sort: Annotated[str, Query(max_length=20)] = "relevance",
    like: Annotated[str, Query(max_length=100)] = "",
) -> FileResponse:
    """Hand over what a search finds, in words or by a picture."""
    if form not in FORMS or not (q.strip() or like):
        raise UsageError(f"give a search, and one of the forms {', '.join(FORMS)}")
    limit = DOSSIER if form == ZIP else USUAL
    name = "dossier.zip" if form == ZIP else f"found.{form}"
    by = example(request, like, visit.actor.name)
    return handed(
        lambda file: visit.room.export(q, file, limit=limit, sort=sort or "relevance", like=by), name, MEDIA_TYPES[form]
    )


@router.get("/exports")
def exports(request: Request, visit: Asks) -> Response:
    """Show the form of many searches."""
    visit.room.scope("export")
    query = request.query_params.get("q", "")[:4000]
    return page(visit, "exports.html", here="Export", forms=TABLES, query=query, queries="", problem="", batch=BATCH)


@router.post("/exports")
def batch(
    visit: Asks,
    queries: Annotated[str, Form(max_length=1_000_000)] = "",
    form: Annotated[str, Form(max_length=10)] = XLSX,
    exact: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Hand over the table of many searches."""
    try:
        wanted = _wanted(queries, form, exact=bool(exact))
        return handed(lambda file: visit.room.batch(wanted, file), f"hits.{form}", MEDIA_TYPES[form])
    except UsageError as error:
        problem = str(error)
    return page(
        visit, "exports.html", here="Export", status=400, forms=TABLES, query="", queries=queries, problem=problem, batch=BATCH
    )


def _wanted(queries: str, form: str, *, exact: bool) -> list[str]:
    wanted = queries_of(queries, exact=exact)
    if len(wanted) > BATCH:
        raise UsageError(f"{len(wanted):,} queries are too many for the page: give {BATCH}, or use `strongroom batch`")
    if form not in TABLES:
        raise UsageError(f"{form!r} is no form of a table: give one of {', '.join(TABLES)}")
    return wanted
