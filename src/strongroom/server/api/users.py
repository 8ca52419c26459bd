"""Who may come in, and by which keys; for owners."""

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from strongroom.domain.user import User
from strongroom.server.api.form import as_json, problems
from strongroom.server.door.visit import Asks

router = APIRouter(tags=["users"])

UserName = Annotated[str, Path(pattern="^[A-Za-z0-9._@-]{1,64}$", description="The user's name.")]


class NewUser(BaseModel):
    """A user to be made."""

    name: str = Field(max_length=64, description="Up to 64 letters, digits and `. _ @ -`.")
    role: Literal["owner", "editor", "reader"] = Field(default="reader", description="What they may do.")
    containers: list[Annotated[str, Field(max_length=63)]] | None = Field(
        default=None, max_length=1000, description="Names of the only containers that they see; none given is all."
    )
    password: str | None = Field(default=None, max_length=1000, description="Without one they come in by links and keys.")


class UserChange(BaseModel):
    """What is to become of a user; what is not given stays."""

    role: Literal["owner", "editor", "reader"] | None = Field(default=None, description="What they may do.")
    containers: list[Annotated[str, Field(max_length=63)]] | None = Field(
        default=None, max_length=1000, description="Names of the only containers that they see; `null` is all, `[]` none."
    )


class NewKey(BaseModel):
    """A key to be made."""

    label: str = Field(default="", max_length=200, description="What it is for.")
    days: int = Field(default=90, ge=1, le=3650, description="For how many days it opens.")


class NewPassword(BaseModel):
    """Another password."""

    password: str = Field(max_length=1000, description="10 characters or more.")


@router.get("/users", responses=problems(), response_model=list[User])
def users(visit: Asks) -> JSONResponse:
    """Give the users, by name."""
    return as_json(visit.room.users())


@router.post("/users", status_code=HTTPStatus.CREATED, responses=problems(404, 409), response_model=User)
def add_user(visit: Asks, user: NewUser) -> JSONResponse:
    """Let somebody in."""
    made = visit.room.add_user(user.name, role=user.role, containers=user.containers, password=user.password)
    return as_json(made, HTTPStatus.CREATED)


@router.patch("/users/{name}", responses=problems(404, 409), response_model=User)
def change_user(visit: Asks, name: UserName, wanted: UserChange) -> JSONResponse:
    """Give a user another role or other containers, from their next request on; the last owner stays one."""
    everything = "containers" in wanted.model_fields_set and wanted.containers is None
    user = visit.room.change_user(name, role=wanted.role, containers=wanted.containers, everything=everything)
    return as_json(user)


@router.delete("/users/{name}", status_code=HTTPStatus.NO_CONTENT, responses=problems(404))
def remove_user(visit: Asks, name: UserName) -> Response:
    """Let somebody in no more: sessions, links and keys end at once."""
    visit.room.remove_user(name)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.put("/users/{name}/password", status_code=HTTPStatus.NO_CONTENT, responses=problems(404))
def set_password(visit: Asks, name: UserName, given: NewPassword) -> Response:
    """Give a user another password; their sessions end."""
    visit.room.set_password(name, given.password)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post("/users/{name}/link", status_code=HTTPStatus.CREATED, responses=problems(404))
def link(request: Request, visit: Asks, name: UserName) -> JSONResponse:
    """Make a link that lets a user in, once and within a day."""
    path = f"/login?token={visit.room.link(name)}"
    return as_json({"path": path, "url": str(request.base_url).rstrip("/") + path}, HTTPStatus.CREATED)


@router.post("/users/{name}/keys", status_code=HTTPStatus.CREATED, responses=problems(404))
def make_key(visit: Asks, name: UserName, wanted: NewKey) -> JSONResponse:
    """Make an API key; its secret is told only now."""
    key, secret = visit.room.make_key(name, label=wanted.label, days=wanted.days)
    return as_json({"key": key, "secret": secret}, HTTPStatus.CREATED)


@router.get("/keys", responses=problems())
def keys(visit: Asks) -> JSONResponse:
    """Give every API key, without its secret."""
    return as_json(visit.room.keys())


@router.delete("/keys/{key}", status_code=HTTPStatus.NO_CONTENT, responses=problems(404))
def revoke_key(visit: Asks, key: Annotated[str, Path(pattern="^[0-9a-f]{1,32}$", description="The key's id.")]) -> Response:
    """Let an API key open nothing any more."""
    visit.room.revoke_key(key)
    return Response(status_code=HTTPStatus.NO_CONTENT)
