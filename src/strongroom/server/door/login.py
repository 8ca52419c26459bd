"""Signing in, by a link or a password, and signing out."""

import re
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from strongroom.domain.scope import Actor
from strongroom.server.door.refusal import Refusal, TooMany
from strongroom.server.door.site import LoginForm, Site, address_of, site_of
from strongroom.server.door.visit import Asks

router = APIRouter(include_in_schema=False)

HOME = "/"
PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")
"""A path of this site: no host before it, and nothing that a browser would read as one."""
WRONG = "this name and password do not open the room"
USED = "this link was used, or is over: make another with `strongroom users link NAME`"


@router.get("/login")
def login(
    request: Request,
    token: Annotated[str, Query(max_length=200)] = "",
    next_: Annotated[str, Query(alias="next", max_length=4000)] = HOME,
) -> Response:
    """Let in whom a link lets in; else show the form."""
    site = site_of(request)
    if not token:
        return _form(request, site, next_, "", HTTPStatus.OK)
    if "prefetch" in request.headers.get("sec-purpose", ""):  # a look ahead must not use the link up
        raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "links that let somebody in are not fetched ahead")
    address = address_of(request)
    site.wrong_addresses.need(address)
    actor = site.room.members.take_link(token)
    if actor is None:
        site.wrong_addresses.spend(address)
        site.note("refuse", Actor(name="-"), address=address, why="link")
        return _form(request, site, next_, USED, HTTPStatus.UNAUTHORIZED)
    return _let_in(request, site, actor, next_, "link")


@router.post("/login")
def login_by_password(
    request: Request,
    name: Annotated[str, Form(max_length=64)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    next_: Annotated[str, Form(alias="next", max_length=4000)] = HOME,
) -> Response:
    """Let in whom a password lets in."""
    site, address = site_of(request), address_of(request)
    _need_own_form(request)
    tried = ((site.wrong_addresses, address), (site.wrong_names, name))
    try:
        for bucket, key in tried:
            bucket.take(key)  # before the password is compared, so that many at once are no way around it
    except TooMany as error:
        return _form(request, site, next_, f"too many wrong passwords; {error.detail}", error.status)
    actor = site.room.members.actor_of_password(name, password)
    if actor is None:
        site.note("refuse", Actor(name="-"), address=address, name=name, why="password")
        return _form(request, site, next_, WRONG, HTTPStatus.UNAUTHORIZED)
    for bucket, key in tried:
        bucket.give_back(key)
    return _let_in(request, site, actor, next_, "password")


@router.post("/logout")
def logout(request: Request, visit: Asks) -> Response:
    """End the session."""
    end_session(request, site_of(request), visit.actor)
    answer = RedirectResponse("/login", HTTPStatus.SEE_OTHER)
    answer.delete_cookie(site_of(request).cookie, path="/")
    answer.headers["clear-site-data"] = '"cache"'
    return answer


def end_session(request: Request, site: Site, actor: Actor) -> None:
    """Forget the session that a request came by."""
    secret = request.cookies.get(site.cookie)
    if secret:
        site.room.members.end_session(secret)
        site.note("logout", actor, address=address_of(request))


def safe_next(path: str) -> str:
    """Give where a login leads: the path, if it is one of this site; else the first page."""
    parts = urlsplit(path) if PATH.fullmatch(path) else None
    return path if parts is not None and not parts.scheme and not parts.netloc else HOME


def _let_in(request: Request, site: Site, actor: Actor, path: str, how: str) -> Response:
    session, secret = site.room.members.begin_session(actor, instead_of=request.cookies.get(site.cookie))
    site.note("login", actor, address=address_of(request), how=how)
    answer = RedirectResponse(safe_next(path), HTTPStatus.SEE_OTHER)
    seconds = int((session.expires_at - session.created_at).total_seconds())
    answer.set_cookie(site.cookie, secret, max_age=seconds, path="/", secure=site.is_secure, httponly=True, samesite="lax")
    return answer


def _form(request: Request, site: Site, path: str, message: str, status: int) -> Response:
    form = LoginForm(next=safe_next(path), message=message, status=int(status), has_users=site.room.members.is_shared())
    return site.pages.login(request, form)


def _need_own_form(request: Request) -> None:
    """Refuse a form that another site sent: it would sign the reader in as somebody else (login CSRF).

    Raises:
        Refusal: It is one.
    """
    sent_by = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    own = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if sent_by not in ("same-origin", "none") or not own:
        raise Refusal(HTTPStatus.FORBIDDEN, "this form was sent by another site: open the login page here, and sign in there")
