"""What people wrote on a blob: its tags and metadata, seen and changed; and its deletion."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Path, Query
from fastapi.responses import RedirectResponse, Response

from strongroom.errors import StrongroomError, codes
from strongroom.server.door.visit import Asks, Visit
from strongroom.server.web.pages import address, page

router = APIRouter(include_in_schema=False)

SEE_OTHER = 303
SPARE = 3
"""Empty rows for new names."""
Container = Annotated[str, Path(max_length=63)]
BlobName = Annotated[str, Form(max_length=1024, alias="name")]
Words = Annotated[list[str] | None, Form(max_length=100)]


@router.get("/containers/{container}/blob")
def blob(visit: Asks, container: Container, name: Annotated[str, Query(max_length=1024)] = "") -> Response:
    """Show what is told of a blob."""
    return _blob(visit, container, name)


@router.post("/containers/{container}/blob/tags")
def set_tags(visit: Asks, container: Container, name: BlobName, keys: Words = None, values: Words = None) -> Response:
    """Put tags in the place of those before."""
    try:
        visit.room.set_tags(container, name, paired(keys, values))
    except StrongroomError as error:
        return _blob(visit, container, name, str(error), codes(error).http)
    return _back(container, name)


@router.post("/containers/{container}/blob/metadata")
def set_metadata(visit: Asks, container: Container, name: BlobName, keys: Words = None, values: Words = None) -> Response:
    """Put metadata in the place of what was there."""
    try:
        visit.room.set_metadata(container, name, paired(keys, values))
    except StrongroomError as error:
        return _blob(visit, container, name, str(error), codes(error).http)
    return _back(container, name)


@router.post("/containers/{container}/blob/delete")
def delete(visit: Asks, container: Container, name: BlobName, confirm: Annotated[str, Form(max_length=63)] = "") -> Response:
    """Delete a blob, once the container's name was written."""
    if confirm.strip() != container:
        problem = f"it was not deleted: {confirm!r} is not the name of its container, {container}"
        return _blob(visit, container, name, problem, HTTPStatus.CONFLICT)
    try:
        visit.room.delete_blob(container, name)
    except StrongroomError as error:
        return _blob(visit, container, name, str(error), codes(error).http)
    folder = name[: name.rfind("/") + 1]
    return RedirectResponse(address(f"/containers/{quote(container)}", prefix=folder), SEE_OTHER)


def paired(keys: list[str] | None, values: list[str] | None) -> dict[str, str]:
    """Give names with their values; rows without a name are empty ones."""
    rows = zip(keys or [], values or [], strict=False)
    return {key.strip(): value for key, value in rows if key.strip()}


def _back(container: str, name: str) -> Response:
    return RedirectResponse(address(f"/containers/{quote(container)}/blob", name=name), SEE_OTHER)


def _blob(visit: Visit, container: str, name: str, problem: str = "", status: int = 200) -> Response:
    return page(
        visit,
        "blob.html",
        here="Containers",
        title=name,
        status=status,
        container=container,
        blob=visit.room.blob(container, name),
        folder=name[: name.rfind("/") + 1],
        problem=problem,
        spare=SPARE,
        may_tag=visit.may("tag"),
        may_delete=visit.may("delete"),
    )
