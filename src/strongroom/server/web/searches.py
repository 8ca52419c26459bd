"""Saved searches: what is kept, what came to match, and the feed that tells of it elsewhere."""

import hmac
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import escape

from strongroom.domain.saved import News
from strongroom.domain.scope import Actor
from strongroom.errors import AccessDenied, Conflict, UsageError
from strongroom.flows.export.cells import clean
from strongroom.server.door.links import base_of, view
from strongroom.server.door.refusal import Refusal
from strongroom.server.door.site import address_of, site_of
from strongroom.server.door.visit import Asks, Visit
from strongroom.server.web.pages import page

router = APIRouter(include_in_schema=False)

HERE = "Saved searches"
Number = Annotated[int, Path(ge=1, le=2**62)]


@router.get("/searches")
def searches(request: Request, visit: Asks) -> Response:
    """Show the searches that are kept, and the form that keeps another."""
    return _list(visit, query=request.query_params.get("q", "")[:4000])


def _list(visit: Visit, *, query: str, problem: str = "", name: str = "", webhook: str = "") -> Response:
    values = {"query": query, "problem": problem, "name": name, "webhook": webhook}
    status = HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK
    may_post = bool(visit.room.settings.webhook_hosts)
    found = visit.room.saved_searches()
    return page(visit, "searches.html", here=HERE, status=status, searches=found, may_post=may_post, **values)


@router.post("/searches")
def save(
    visit: Asks,
    name: Annotated[str, Form(max_length=1000)] = "",
    query: Annotated[str, Form(max_length=4000)] = "",
    watch: Annotated[str, Form(max_length=10)] = "",
    webhook: Annotated[str, Form(max_length=2048)] = "",
) -> Response:
    """Keep a search."""
    try:
        visit.room.save_search(name or query[:100], query, watch=bool(watch), webhook=webhook.strip() or None)
    except (UsageError, Conflict) as error:
        return _list(visit, query=query, problem=str(error), name=name, webhook=webhook)
    return RedirectResponse("/searches", HTTPStatus.SEE_OTHER)


@router.get("/searches/{number}")
def news(request: Request, visit: Asks, number: Number) -> Response:
    """Show what came to match a search; it then counts as seen."""
    found = visit.room.news(number, see=True)
    feed = f"{base_of(request)}/feeds/{number}/{found.search.feed_secret}"
    return page(visit, "news.html", here=HERE, title=found.search.name, news=found, feed=feed)


@router.post("/searches/{number}/watch")
def watch(visit: Asks, number: Number, on: Annotated[str, Form(max_length=10)] = "") -> Response:
    """Let a search watch, or no more."""
    visit.room.watch_search(number, watch=bool(on))
    return RedirectResponse("/searches", HTTPStatus.SEE_OTHER)


@router.post("/searches/{number}/delete")
def delete(visit: Asks, number: Number) -> Response:
    """Keep a search no more."""
    visit.room.delete_search(number)
    return RedirectResponse("/searches", HTTPStatus.SEE_OTHER)


@router.get("/feeds/{number}/{secret}")
def feed(request: Request, number: Number, secret: Annotated[str, Path(max_length=200)]) -> Response:
    """Tell feed readers, who cannot sign in, of new matches: whoever knows the address sees what the search's owner may see."""
    site, address = site_of(request), address_of(request)
    site.wrong_addresses.need(address)
    search = site.room.search_by_number(number)
    proved = hmac.compare_digest(secret.encode("utf-8", "replace"), (search.feed_secret if search else "").encode())
    if search is None or not proved:
        site.wrong_addresses.spend(address)
        site.note("refuse", Actor(name="-"), address=address, why="feed")
        raise Refusal(HTTPStatus.FORBIDDEN, "there is no such feed: its search is kept no more, or the address is not whole")
    site.actors.take(search.actor)
    try:
        found = site.as_actor(Actor(name=search.actor)).news(number)
    except AccessDenied as error:
        raise Refusal(HTTPStatus.FORBIDDEN, "whoever kept this search may read here no more") from error
    return Response(atom(found, base_of(request)), media_type="application/atom+xml; charset=utf-8")


def atom(news: News, base: str) -> str:
    """Write an Atom feed (RFC 4287) of what came to match a search, the newest first."""
    search = news.search
    updated = max([search.created_at, *(match.found_at for match in news.matches)])
    entries = [
        "<entry>"
        f"<id>urn:strongroom:{search.id}:{match.content}</id>"
        f"<title>{_text(str(match.names[0]))}</title>"
        f'<link href="{escape(view(base, match.content, q=search.query))}"/>'
        f"<updated>{match.found_at.isoformat()}</updated>"
        f"<summary>{escape(match.type)}, {match.size:,} bytes, SHA-256 {match.content}</summary>"
        "</entry>"
        for match in news.matches
    ]
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<id>urn:strongroom:search:{search.id}:{search.created_at.timestamp():.0f}</id>"
        f"<title>{_text(search.name)}</title><author><name>Strongroom</name></author>"
        f'<link href="{escape(base)}/searches/{search.id}"/><updated>{updated.isoformat()}</updated>'
        f"{''.join(entries)}</feed>\n"
    )


def _text(text: str) -> str:
    return str(escape(clean(text)))
