"""The room as a whole: what it holds, what failed, and whether it is sound."""

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from strongroom.domain.status import Contained, FailureGroups, Pending
from strongroom.server.api.form import Limit, Offset, as_json, problems
from strongroom.server.door.site import site_of
from strongroom.server.door.visit import Asks

router = APIRouter(tags=["room"])


class Retry(BaseModel):
    """What is to be read again: all that failed, where nothing is given."""

    names: list[Annotated[str, Field(max_length=4000)]] | None = Field(
        default=None, max_length=1000, description="`CONTAINER/BLOB`, or SHA-256s."
    )
    analyzer: str | None = Field(default=None, max_length=200, description="Without names: what this one could not read.")
    reason: str | None = Field(
        default=None, max_length=4000, description="Without names: what could not be read for this reason, word for word."
    )


Analyzer = Annotated[str | None, Query(max_length=200, description="Only what this one could not read.")]
Reason = Annotated[str | None, Query(max_length=4000, description="Only what could not be read for this reason.")]
After = Annotated[str, Query(max_length=4000, description="`next` of the page before.")]


@router.get("/status", responses=problems())
def status(visit: Asks) -> JSONResponse:
    """Say what the room holds, how much of it is analysed, by container and by type, and what could not be read, by reason."""
    return as_json(visit.room.status())


@router.get("/coverage/containers", responses=problems(), response_model=list[Contained])
def contained(visit: Asks) -> JSONResponse:
    """Give each container that you may see, with what it holds and how much of that is analysed."""
    return as_json(visit.room.contained())


@router.get("/pending", responses=problems(), response_model=Pending)
def pending(visit: Asks, after: After = "", limit: Limit = 100) -> JSONResponse:
    """Give what is yet to be read, and by which analyzers, a page at a time."""
    return as_json(visit.room.pending(after=after, limit=limit))


@router.get("/failures", responses=problems())
def failures(
    visit: Asks, after: After = "", limit: Limit = 100, analyzer: Analyzer = None, reason: Reason = None
) -> JSONResponse:
    """Give what could not be read, with its reason, a page at a time; also of one analyzer or one reason."""
    return as_json(visit.room.failures(after=after, limit=limit, analyzer=analyzer, reason=reason))


@router.get("/failures/groups", responses=problems(), response_model=FailureGroups)
def failure_groups(
    visit: Asks,
    *,
    skipped: Annotated[bool, Query(description="What a limit left out and what nothing here reads, not what failed.")] = False,
    after: Offset = 0,
    limit: Limit = 100,
) -> JSONResponse:
    """Give what could not be read by reason and analyzer, the most frequent first, each with a few of its files."""
    return as_json(visit.room.failure_groups(skipped=skipped, after=after, limit=limit))


@router.post("/failures/retry", status_code=HTTPStatus.ACCEPTED, responses=problems(404))
def retry(request: Request, visit: Asks, wanted: Retry) -> JSONResponse:
    """Have what failed read again, by a process of its own: what is named, what failed alike, or all of it."""
    count = visit.room.retry(wanted.names, analyzer=wanted.analyzer, reason=wanted.reason)
    site_of(request).work.start()
    return as_json({"contents": count}, HTTPStatus.ACCEPTED)


@router.get("/growth", responses=problems())
def growth(
    visit: Asks, by: Annotated[Literal["container", "type"], Query(description="What the parts are.")] = "container"
) -> JSONResponse:
    """Say how many bytes and blobs were stored at each time, in all and by part, and now."""
    return as_json(visit.room.growth(by=by))


@router.get("/check", responses=problems())
def check(
    visit: Asks, *, deep: Annotated[bool, Query(description="Also read every byte and compare its SHA-256.")] = False
) -> JSONResponse:
    """Hold vault, catalog and index against each other."""
    return as_json({"faults": visit.room.check(deep=deep)})


@router.get("/lifecycle", responses=problems())
def lifecycle(visit: Asks) -> JSONResponse:
    """Give the lifecycle rules, in the form of Azure's management policies."""
    return as_json(visit.room.lifecycle())


@router.put("/lifecycle", responses=problems())
def set_lifecycle(
    visit: Asks, rules: Annotated[dict[str, Any], Body(description="A management policy, as Azure writes it.")]
) -> JSONResponse:
    """Set the lifecycle rules, in the place of those before."""
    return as_json({"rules": visit.room.set_lifecycle(rules)})


@router.post("/lifecycle/run", responses=problems())
def run_lifecycle(
    visit: Asks, *, dry_run: Annotated[bool, Query(description="Only tell what would be done.")] = True
) -> JSONResponse:
    """Do what the lifecycle rules say now, or only tell it."""
    return as_json(visit.room.run_lifecycle(dry_run=dry_run))
