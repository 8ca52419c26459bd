"""Containers: made, listed, ruled and deleted."""

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from strongroom.errors import ContainerNotFound
from strongroom.server.api.form import NAME_CHARACTERS, ContainerName, as_json, problems
from strongroom.server.door.site import site_of
from strongroom.server.door.visit import Asks
from strongroom.storage.catalog.holds import Keeping

router = APIRouter(prefix="/containers", tags=["containers"])

Word = Annotated[str, Field(max_length=100)]
Value = Annotated[str, Field(max_length=8192)]
Prefix = Annotated[str, Query(max_length=NAME_CHARACTERS, description="Only names that begin so.")]


class NewContainer(BaseModel):
    """A container to be made."""

    name: str = Field(max_length=63, description="3 to 63 of a-z, 0-9 and single hyphens.")
    metadata: dict[Word, Value] = Field(default={}, max_length=100, description="Names and values of your own.")
    keeps_versions: bool = Field(
        default=False, description="Whether a blob that is overwritten or deleted stays as an earlier version."
    )


class NewMount(BaseModel):
    """A container to be made of files that stay where they are."""

    name: str = Field(max_length=63, description="Name of the container.")
    url: str = Field(max_length=4000, description="A folder of the server, or a `file://`, `s3://`, `az://` or `gs://` URL.")


class Rules(BaseModel):
    """What is to become of a container's rules; what is not given stays."""

    keeps_versions: bool | None = Field(default=None, description="Whether earlier versions are kept.")
    public: Literal["none", "blob", "container"] | None = Field(
        default=None, description="What anybody may read by the blob service without signing in."
    )
    immutable_days: int | None = Field(
        default=None, ge=0, le=146_000, description="Days after its last change in which a blob cannot be changed or deleted."
    )
    lock: bool = Field(default=False, description="Whether those days can only become more from now on.")
    add_holds: list[Word] = Field(default=[], max_length=10, description="Tags of legal holds to begin.")
    clear_holds: list[Word] = Field(default=[], max_length=10, description="Tags of legal holds to end.")


@router.get("", responses=problems())
def containers(visit: Asks) -> JSONResponse:
    """Give the containers that you may see, by name."""
    return as_json(visit.room.containers())


@router.post("", status_code=HTTPStatus.CREATED, responses=problems(409))
def create(visit: Asks, wanted: NewContainer) -> JSONResponse:
    """Make an empty container."""
    made = visit.room.create_container(wanted.name, metadata=wanted.metadata, keeps_versions=wanted.keeps_versions)
    return as_json(made, HTTPStatus.CREATED)


@router.post("/mounts", status_code=HTTPStatus.CREATED, responses=problems(404, 409))
def mount(request: Request, visit: Asks, wanted: NewMount) -> JSONResponse:
    """Make a container of files that stay where they are, or look again at one that is mounted already."""
    scanned = visit.room.mount(wanted.url, name=wanted.name)
    site_of(request).work.start()
    return as_json(scanned, HTTPStatus.CREATED)


@router.get("/{container}", responses=problems(404))
def one(visit: Asks, container: ContainerName) -> JSONResponse:
    """Give a container: its kind, its rules, its metadata."""
    found = next((one for one in visit.room.containers() if one.name == container), None)
    if found is None:
        raise ContainerNotFound(f"there is no container {container} that you may see: GET /api/v1/containers lists them")
    return as_json(found)


@router.patch("/{container}", responses=problems(404, 409))
def rule(visit: Asks, container: ContainerName, rules: Rules) -> JSONResponse:
    """Change a container's rules: versions, public access, days of immutability, legal holds."""
    wanted = Keeping(
        keeps_versions=rules.keeps_versions,
        public=rules.public,
        immutable_days=rules.immutable_days,
        lock=rules.lock,
        add_holds=tuple(rules.add_holds),
        clear_holds=tuple(rules.clear_holds),
    )
    return as_json(visit.room.set_container(container, wanted))


@router.delete("/{container}", status_code=HTTPStatus.NO_CONTENT, responses=problems(404, 409))
def delete(
    visit: Asks,
    container: ContainerName,
    confirm: Annotated[str, Query(max_length=63, description="The container's name once more: all that it holds goes.")],
) -> Response:
    """Delete a container with all that it holds; it can be restored for the days that the room keeps what is deleted."""
    if confirm != container:
        raise ContainerNotFound(f"confirm={confirm} is not the name of the container that would be deleted: {container}")
    visit.room.delete_container(container)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post("/{container}/restore", responses=problems(404, 409))
def restore(visit: Asks, container: ContainerName) -> JSONResponse:
    """Bring a deleted container back, with all that it held."""
    return as_json(visit.room.restore_container(container))
