"""Containers: which there are, what lies in one, and putting files in."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Path, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from strongroom.errors import Conflict, StrongroomError, codes
from strongroom.server.door.site import site_of
from strongroom.server.door.visit import Asks, Visit
from strongroom.server.web.pages import address, page

router = APIRouter(include_in_schema=False)

PAGE = 200
SEE_OTHER = 303


@router.get("/containers")
def containers(visit: Asks) -> Response:
    """Show the containers, and a form to make one."""
    return _containers(visit)


def _containers(visit: Visit, problem: str = "", status: int = 200) -> Response:
    return page(
        visit,
        "containers.html",
        here="Containers",
        status=status,
        containers=visit.room.contained(),
        problem=problem,
        may_create=visit.may("create_container"),
    )


@router.post("/containers")
def create(visit: Asks, name: Annotated[str, Form(max_length=63)] = "") -> Response:
    """Make a container and lead into it."""
    try:
        made = visit.room.create_container(name.strip().lower())
    except StrongroomError as error:
        return _containers(visit, str(error), codes(error).http)
    return RedirectResponse(f"/containers/{made.name}", SEE_OTHER)


@router.get("/containers/{name}")
def container(request: Request, visit: Asks, name: Annotated[str, Path(max_length=63)]) -> Response:
    """Show a page of what a container holds, folder by folder."""
    prefix, after = (request.query_params.get(key, "")[:1024] for key in ("prefix", "after"))
    folder = visit.room.browse(name, prefix=prefix, after=after, limit=PAGE)
    return page(
        visit,
        "container.html",
        here="Containers",
        title=name,
        folder=folder,
        crumbs=crumbs(name, prefix),
        after=after,
        may_fill=visit.may("upload"),
        may_delete=visit.may("delete"),
    )


@router.post("/containers/{name}")
def upload(
    request: Request,
    visit: Asks,
    name: Annotated[str, Path(max_length=63)],
    files: list[UploadFile],
    prefix: Annotated[str, Form(max_length=1024)] = "",
) -> Response:
    """Take files of a form that was sent without script."""
    for one in files:
        if one.filename:
            type_ = one.content_type or "application/octet-stream"
            visit.room.upload(name, prefix + one.filename, one.file, content_type=type_)
    site_of(request).work.start()
    return RedirectResponse(address(f"/containers/{quote(name)}", prefix=prefix), SEE_OTHER)


@router.post("/containers/{name}/delete")
def delete(
    visit: Asks, name: Annotated[str, Path(max_length=63)], confirm: Annotated[str, Form(max_length=63)] = ""
) -> Response:
    """Delete a container whose name was written once more."""
    if confirm.strip() != name:
        return _containers(visit, f"{name} was not deleted: {confirm!r} is not its name", HTTPStatus.CONFLICT)
    try:
        visit.room.delete_container(name)
    except Conflict as error:
        return _containers(visit, str(error), codes(error).http)
    return RedirectResponse("/containers", SEE_OTHER)


def crumbs(name: str, prefix: str) -> list[tuple[str, str]]:
    """Give the folders above and their addresses, the container first."""
    found, at = [(name, address(f"/containers/{quote(name)}"))], ""
    for part in prefix.split("/")[:-1]:
        at += part + "/"
        found.append((part, address(f"/containers/{quote(name)}", prefix=at)))
    return found
