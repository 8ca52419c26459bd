"""The room as a whole: what it holds, what failed, and whether it is sound."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from fastapi.responses import JSONResponse

from strongroom.server.api.form import as_json, problems
from strongroom.server.door.visit import Asks

router = APIRouter(tags=["room"])


@router.get("/status", responses=problems())
def status(visit: Asks) -> JSONResponse:
    """Say what the room holds, how much is analysed, and every failure with its reason."""
    return as_json(visit.room.status())


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
