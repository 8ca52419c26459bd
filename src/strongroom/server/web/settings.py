"""Settings: what the room goes by, who may come in, by which keys, and what was done in it."""

import json
import re
from dataclasses import dataclass, fields
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from strongroom.domain.settings import PREFIX, Settings
from strongroom.domain.user import OWNER_ROLE, READER, ROLES
from strongroom.errors import StrongroomError, codes
from strongroom.server.door.visit import Asks, Visit
from strongroom.server.web.pages import ENVIRONMENT, page

router = APIRouter(include_in_schema=False)

SEE_OTHER = 303
ENTRIES = 50
KEY_DAYS = 90
SECRET = re.compile(r"(?<=://)[^/@\s]*@|\?.*")
"""What of an address may be a proof: the user's part and the query."""
HASH = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")
"""A SHA-256, of which the beginning is enough to know it by."""
UserName = Annotated[str, Path(max_length=64)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What a change has to tell, above the page."""

    problem: str = ""
    """Why it was not made."""
    done: str = ""
    """What was."""
    secret: str = ""
    """A link or a key, shown this once."""
    status: int = 200
    """HTTP status."""


QUIET = Told()


@router.get("/settings")
def settings(visit: Asks) -> Response:
    """Show what the room goes by; to owners, who may come in too."""
    return _settings(visit, QUIET)


@router.get("/settings/ledger")
def ledger(request: Request, visit: Asks) -> Response:
    """Show what was done, the newest first."""
    before = request.query_params.get("before", "")
    known = int(before) if re.fullmatch(r"[0-9]{1,18}", before) else None
    entries = visit.room.acts(before=known, limit=ENTRIES)
    return page(visit, "ledger.html", title="Ledger", entries=entries, before=known, more=len(entries) == ENTRIES)


@router.post("/settings/users")
def add_user(
    visit: Asks,
    name: Annotated[str, Form(max_length=64)] = "",
    role: Annotated[str, Form(max_length=20)] = READER,
    password: Annotated[str, Form(max_length=1000)] = "",
    containers: Annotated[list[str] | None, Form(max_length=1000)] = None,
) -> Response:
    """Let somebody in."""
    try:
        visit.room.add_user(name.strip(), role=role, containers=containers or None, password=password or None)
    except StrongroomError as error:
        return _refused(visit, error)
    return RedirectResponse("/settings#users", SEE_OTHER)


@router.post("/settings/users/{name}/change")
def change_user(
    visit: Asks,
    name: UserName,
    role: Annotated[str, Form(max_length=20)] = READER,
    everything: Annotated[str, Form(max_length=10)] = "",
    containers: Annotated[list[str] | None, Form(max_length=1000)] = None,
) -> Response:
    """Give somebody another role, and let them see everything or some containers only."""
    only = None if everything or role == OWNER_ROLE else containers or []
    try:
        visit.room.change_user(name, role=role, containers=only, everything=only is None)
    except StrongroomError as error:
        return _refused(visit, error)
    return RedirectResponse("/settings#users", SEE_OTHER)


@router.post("/settings/users/{name}/remove")
def remove_user(visit: Asks, name: UserName) -> Response:
    """Let somebody in no more."""
    visit.room.remove_user(name)
    return RedirectResponse("/settings#users", SEE_OTHER)


@router.post("/settings/users/{name}/password")
def set_password(visit: Asks, name: UserName, password: Annotated[str, Form(max_length=1000)] = "") -> Response:
    """Give somebody another password."""
    try:
        visit.room.set_password(name, password)
    except StrongroomError as error:
        return _refused(visit, error)
    return _settings(visit, Told(done=f"{name} has another password, and has to sign in with it."))


@router.post("/settings/users/{name}/link")
def link(request: Request, visit: Asks, name: UserName) -> Response:
    """Make a link that lets somebody in once."""
    base = str(request.app.state.url or request.base_url).rstrip("/")
    secret = f"{base}/login?token={visit.room.link(name)}"
    return _settings(visit, Told(done=f"This link lets {name} in, once and within a day. It is shown only now.", secret=secret))


@router.post("/settings/keys")
def make_key(
    visit: Asks,
    user: Annotated[str, Form(max_length=64)] = "",
    label: Annotated[str, Form(max_length=200)] = "",
    days: Annotated[int, Form(ge=1, le=3650)] = KEY_DAYS,
) -> Response:
    """Make a key for a program; its secret is shown once."""
    try:
        key, secret = visit.room.make_key(user or visit.actor.name, label=label.strip(), days=days)
    except StrongroomError as error:
        return _refused(visit, error)
    return _settings(
        visit, Told(done=f"The new key of {key.actor}. It is shown only now: keep it where it is used.", secret=secret)
    )


@router.post("/settings/keys/{key}/revoke")
def revoke_key(visit: Asks, key: Annotated[str, Path(max_length=32)]) -> Response:
    """Let a key open nothing any more."""
    visit.room.revoke_key(key)
    return RedirectResponse("/settings#api-keys", SEE_OTHER)


def values(found: Settings) -> list[tuple[str, str, str, bool, str]]:
    """Give each setting: name, value without secrets, variable, whether somebody chose it, and what it means."""
    usual = Settings()
    return [
        (
            one.name,
            SECRET.sub("…", str(getattr(found, one.name))),
            PREFIX + one.name.upper(),
            getattr(found, one.name) != getattr(usual, one.name),
            str(one.metadata["help"]),
        )
        for one in fields(Settings)
    ]


def _refused(visit: Visit, error: StrongroomError) -> Response:
    return _settings(visit, Told(problem=str(error), status=codes(error).http))


def _settings(visit: Visit, told: Told) -> Response:
    room, is_owner = visit.room, visit.may("manage")
    return page(
        visit,
        "settings.html",
        title="Settings",
        status=told.status,
        told=told,
        is_owner=is_owner,
        readers=room.readers(),
        missing=room.missing_models(),
        segments=room.segments(),
        values=values(room.settings) if is_owner else [],
        users=room.users() if is_owner else [],
        keys=room.keys() if is_owner else [],
        roles=ROLES,
        key_days=KEY_DAYS,
        containers=[one.name for one in room.containers()],
    )


def details(given: dict[str, object]) -> str:
    """Write what an entry of the ledger says, for people: long lists as their counts, hashes by their beginnings."""
    said = []
    for name, one in given.items():
        if isinstance(one, list) and len(one) > 1:
            said.append(f"{name} {len(one)} of them")
        elif one not in (None, [], ""):
            said.append(f"{name} {json.dumps(one, ensure_ascii=False)}")
    return HASH.sub(r"\1…", ", ".join(said))


ENVIRONMENT.filters["details"] = details
