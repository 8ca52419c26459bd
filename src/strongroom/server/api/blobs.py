"""Blobs: listed, written, read, tagged and deleted by name."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from strongroom.domain.media import OCTETS
from strongroom.server.api.body import written
from strongroom.server.api.containers import Prefix, Value, Word
from strongroom.server.api.form import MOST, NAME_CHARACTERS, ContainerName, Limit, as_json, problems
from strongroom.server.api.ranged import BYTES, ranged
from strongroom.server.door.site import site_of
from strongroom.server.door.visit import Asks

router = APIRouter(prefix="/containers/{container}", tags=["blobs"])

BlobName = Annotated[
    str, Path(min_length=1, max_length=NAME_CHARACTERS, description="Name of the blob, with `/` between folders.")
]
BlockId = Annotated[
    str, Query(pattern="^[A-Za-z0-9+/=_-]{1,64}$", description="Names the part; all ids of one blob are equally long.")
]
Blocks = Annotated[
    list[Annotated[str, Field(max_length=64)]],
    Body(embed=True, max_length=50_000, description="Ids of the parts, in order."),
]
ContentType = Annotated[str, Header(max_length=200, include_in_schema=False)]
Overwrite = Annotated[bool, Query(description="Whether a blob of this name is replaced.")]
Lease = Annotated[str | None, Header(max_length=100, alias="x-lease-id", description="The lease that you hold.")]
Labels = Annotated[dict[Word, Value], Body(max_length=100, description="Names and values, in the place of those before.")]


@router.get("/blobs", responses=problems(404))
def blobs(
    visit: Asks,
    container: ContainerName,
    prefix: Prefix = "",
    after: Annotated[str, Query(max_length=4 * NAME_CHARACTERS, description="`next` of the page before.")] = "",
    limit: Limit = MOST,
    *,
    folded: Annotated[bool, Query(description="Whether what lies in folders is left for their own pages.")] = False,
) -> JSONResponse:
    """Give a page of what a container holds, in bytewise order of name."""
    return as_json(visit.room.browse(container, prefix=prefix, after=after, limit=limit, folded=folded))


@router.put(
    "/blobs/{name:path}",
    status_code=HTTPStatus.CREATED,
    responses=problems(404, 409, 412, 507),
    openapi_extra={"requestBody": {"content": {OCTETS: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def put(
    request: Request,
    visit: Asks,
    container: ContainerName,
    name: BlobName,
    *,
    content_type: ContentType = OCTETS,
    lease: Lease = None,
    overwrite: Overwrite = True,
) -> JSONResponse:
    """Write a blob of any size: the body is its bytes. What is new is then read, by a process of its own."""
    room = visit.room
    blob = await written(
        request,
        lambda chunks: room.upload(container, name, chunks, content_type=content_type, overwrite=overwrite, lease_id=lease),
    )
    site_of(request).work.start()
    return as_json(blob, HTTPStatus.CREATED)


@router.head("/blobs/{name:path}", include_in_schema=False)
@router.get("/blobs/{name:path}", responses=problems(404, 416) | BYTES, response_class=Response)
def get(
    request: Request,
    visit: Asks,
    container: ContainerName,
    name: BlobName,
    *,
    inline: Annotated[bool, Query(description="Whether a browser may show it, where that is safe.")] = False,
) -> Response:
    """Give the bytes of a blob, or of a member of one (`NAME!/MEMBER`), wholly or in part."""
    return ranged(request, visit.room.open(f"{container}/{name}", is_part="range" in request.headers), name, inline=inline)


@router.delete("/blobs/{name:path}", status_code=HTTPStatus.NO_CONTENT, responses=problems(404, 409, 412))
def delete(visit: Asks, container: ContainerName, name: BlobName, lease: Lease = None) -> Response:
    """Delete a blob; it can be restored for the days that the room keeps what is deleted."""
    visit.room.delete_blob(container, name, lease_id=lease)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.get("/properties/{name:path}", responses=problems(404))
def properties(visit: Asks, container: ContainerName, name: BlobName) -> JSONResponse:
    """Give what is told of a blob: etag, metadata, tags, tier, holds."""
    return as_json(visit.room.blob(container, name))


@router.put("/tags/{name:path}", responses=problems(404, 409, 412))
def set_tags(visit: Asks, container: ContainerName, name: BlobName, tags: Labels, lease: Lease = None) -> JSONResponse:
    """Put tags in the place of all that a blob has."""
    return as_json(visit.room.set_tags(container, name, tags, lease_id=lease))


@router.put("/metadata/{name:path}", responses=problems(404, 409, 412))
def set_metadata(visit: Asks, container: ContainerName, name: BlobName, metadata: Labels, lease: Lease = None) -> JSONResponse:
    """Put metadata in the place of all that a blob has."""
    return as_json(visit.room.set_metadata(container, name, metadata, lease_id=lease))


@router.get("/uploads/{name:path}", responses=problems(404))
def waiting(visit: Asks, container: ContainerName, name: BlobName) -> JSONResponse:
    """Give the parts of a blob that have come and wait: `{"blocks": {ID: bytes}}`. A broken upload goes on from there."""
    return as_json({"blocks": visit.room.uploaded_blocks(container, name)})


@router.put(
    "/uploads/{name:path}",
    status_code=HTTPStatus.CREATED,
    responses=problems(404, 409, 412, 507),
    openapi_extra={"requestBody": {"content": {OCTETS: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def put_block(
    request: Request, visit: Asks, container: ContainerName, name: BlobName, *, block: BlockId, lease: Lease = None
) -> JSONResponse:
    """Send a part of a blob: the body is its bytes."""
    size = await written(request, lambda chunks: visit.room.upload_block(container, name, block, chunks, lease_id=lease))
    return as_json({"block": block, "size": size}, HTTPStatus.CREATED)


@router.post("/uploads/{name:path}", status_code=HTTPStatus.CREATED, responses=problems(404, 409, 412, 507))
def finish(
    request: Request,
    visit: Asks,
    container: ContainerName,
    name: BlobName,
    *,
    blocks: Blocks,
    type_: Annotated[str, Query(alias="type", max_length=200, description="What the bytes are, as you say.")] = OCTETS,
    lease: Lease = None,
    overwrite: Overwrite = True,
) -> JSONResponse:
    """Make a blob of its parts, in the order given."""
    blob = visit.room.finish_upload(container, name, blocks, content_type=type_, overwrite=overwrite, lease_id=lease)
    site_of(request).work.start()
    return as_json(blob, HTTPStatus.CREATED)
