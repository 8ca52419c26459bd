"""Who asks: a session of the page, or an API key; every handler takes a `Visit`, and there is no way around it."""

import hmac
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from anyio import to_thread
from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from strongroom.domain.scope import Actor
from strongroom.errors import AccessDenied
from strongroom.room import Room
from strongroom.server.door.refusal import Refusal, Unproven
from strongroom.server.door.site import Site, address_of, site_of

CSRF_HEADER, CSRF_FIELD = "x-csrf-token", "csrf"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """One request of somebody who has proved who they are."""

    room: Room
    """The room, as they act in it."""
    actor: Actor
    """Who."""
    csrf: str
    """What each form, or the header ``x-csrf-token``, has to bring; empty for an API key."""
    is_session: bool
    """Whether they came by the page, not by a key."""

    def may(self, action: str) -> bool:
        """Say whether they may do something at all, so that a page need not offer what would be refused."""
        try:
            self.room.scope(action)
        except AccessDenied:
            return False
        return True


async def visit(request: Request) -> Visit:
    """Find out who asks.

    Raises:
        Unproven: No proof, or none that is (still) right.
        TooMany: They ask too often.
        Refusal: A change by a session does not bring the session's token: another site may have asked for it.
    """
    site = site_of(request)
    found = await to_thread.run_sync(prove, site, request, limiter=site.proofs)
    request.scope["strongroom.actor"] = found.actor
    site.actors.take(found.actor.name)
    if found.is_session and request.method not in SAFE:
        brought = request.headers.get(CSRF_HEADER) or await _field(request)
        if not hmac.compare_digest(brought.encode("utf-8", "replace"), found.csrf.encode()):
            await run_in_threadpool(site.note, "refuse", found.actor, address=address_of(request), why="csrf")
            raise Refusal(HTTPStatus.FORBIDDEN, "the request does not bring this session's token: load the page again")
    return found


Asks = Annotated[Visit, Depends(visit)]
"""Parameter of a handler: who asks."""


def prove(site: Site, request: Request) -> Visit:
    """Find out who asks, whatever they ask for.

    Raises:
        Unproven: No proof, or none that is (still) right.
    """
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme:
        return _by_key(site, request, secret.strip() if scheme.lower() == "bearer" else "")
    cookie = request.cookies.get(site.cookie)
    session = site.room.members.session_of(cookie) if cookie else None
    if session is None:
        raise Unproven
    actor = Actor(name=session.actor)
    return Visit(room=site.as_actor(actor), actor=actor, csrf=session.csrf, is_session=True)


def _by_key(site: Site, request: Request, secret: str) -> Visit:
    address = address_of(request)
    site.wrong_addresses.need(address)
    actor = site.room.members.actor_of_key(secret)
    if actor is None:
        site.wrong_addresses.spend(address)
        site.note("refuse", Actor(name="-"), address=address, why="key")
        raise Unproven(
            "this API key opens nothing: it was revoked, is over, or is not whole; make one: strongroom users key NAME"
        )
    return Visit(room=site.as_actor(actor), actor=actor, csrf="", is_session=False)


async def _field(request: Request) -> str:
    if not request.headers.get("content-type", "").startswith(FORMS):
        return ""
    form: FormData = await request.form()
    value = form.get(CSRF_FIELD)
    return value if isinstance(value, str) else ""
