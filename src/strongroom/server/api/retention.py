"""How long what a room holds is kept, and the lists that tell of it."""

import itertools
import tempfile
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated, BinaryIO, cast

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field

from strongroom.errors import UsageError
from strongroom.server.api.containers import Prefix
from strongroom.server.api.form import ContainerName, as_json, gives, problems
from strongroom.server.api.ranged import disposition
from strongroom.server.door.visit import Asks

router = APIRouter(tags=["retention"])

CHUNK = 1 << 18


class Form(StrEnum):
    """How an inventory is written."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


TYPES = {Form.CSV: "text/csv", Form.JSON: "application/json", Form.PARQUET: "application/vnd.apache.parquet"}


class Days(BaseModel):
    """For how many days what is deleted can be restored; what is not given stays."""

    blobs: int | None = Field(default=None, ge=0, le=365, description="Deleted and overwritten blobs.")
    containers: int | None = Field(default=None, ge=0, le=365, description="Deleted containers.")


@router.put("/retention", responses=problems())
def keep_deleted(visit: Asks, days: Days) -> JSONResponse:
    """Say for how many days what is deleted can be restored; without any it tells what was said."""
    blobs, containers = visit.room.keep_deleted(blob_days=days.blobs, container_days=days.containers)
    return as_json({"blobs": blobs, "containers": containers})


@router.get("/retention/containers", responses=problems())
def deleted_containers(visit: Asks) -> JSONResponse:
    """Give the deleted containers that can be restored."""
    return as_json(visit.room.deleted_containers())


@router.get("/changes", responses=problems())
def changes(
    visit: Asks,
    since: Annotated[
        datetime | None, Query(description="From when on, with its zone; from the beginning if not given.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=5000, description="How many at most.")] = 1000,
) -> JSONResponse:
    """Give what happened to the blobs that you may see, in order (setting `change_feed`); go on from the last one's time."""
    if since is not None and since.tzinfo is None:
        raise UsageError(f"since={since.isoformat()} has no zone: write it with Z or an offset")
    return as_json(list(itertools.islice(visit.room.changes(since=since), limit)))


@router.get(
    "/containers/{container}/inventory.{form}",
    responses=problems(404) | gives("The table.", *TYPES.values()),
    response_class=Response,
)
def inventory(
    visit: Asks,
    container: ContainerName,
    form: Annotated[Form, Path(description="`csv`, `json` or `parquet`.")],
    prefix: Prefix = "",
    *,
    everything: Annotated[bool, Query(description="Earlier versions, snapshots and what is deleted too.")] = False,
) -> StreamingResponse:
    """Give a table of the blobs of a container."""
    out = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - closed when it is sent
    try:
        visit.room.inventory(container, out, form.value, prefix=prefix, everything=everything)
        headers = {"content-length": str(out.tell()), "content-disposition": disposition(f"{container}.{form.value}")}
        out.seek(0)
        return StreamingResponse(_sent(out), media_type=TYPES[form], headers=headers)
    except BaseException:
        out.close()
        raise


def _sent(out: BinaryIO) -> Iterator[bytes]:
    with out:
        yield from iter(lambda: out.read(CHUNK), b"")
