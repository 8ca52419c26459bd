"""Pages for people who are not signed in, and for what could not be done."""

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from strongroom.server.door.problem import Problem
from strongroom.server.door.site import LoginForm, Pages
from strongroom.server.web.pages import FORGET, fragment


def login(request: Request, form: LoginForm) -> Response:
    """Show the form of signing in."""
    del request
    text = fragment("login.html", title="Sign in", next=form.next, message=form.message, has_users=form.has_users)
    return HTMLResponse(text, form.status, headers=FORGET)


def fault(request: Request, problem: Problem) -> Response:
    """Show what could not be done; into a page that is open already only the sentence."""
    if request.query_params.get("part"):
        text = fragment("_problem.html", problem=problem.detail or problem.title)
    else:
        text = fragment("outside.html", title=problem.title, detail=problem.detail, instance=problem.instance)
    return HTMLResponse(text, problem.status, headers=FORGET)


PAGES = Pages(login=login, fault=fault)
"""How the door shows what it has to tell."""
